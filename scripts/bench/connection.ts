import { connect, type Socket } from 'node:net';

/** An answer, read whole. */
export interface Answer {
  readonly status: number;
  /** The status line and the headers as they came. */
  readonly head: string;
  readonly body: string;
}

interface Waiting {
  readonly startedAt: number;
  resolve(answer: Answer): void;
  reject(error: Error): void;
}

const EMPTY = Buffer.alloc(0);
const HEAD_END = Buffer.from('\r\n\r\n');

/**
 * One keep-alive connection over which requests go one after the other. It speaks as much HTTP/1.1 as the servers under test do and costs
 * little, so that the generator takes no time from them; an answer that it does not understand is an error.
 */
export class Connection {
  readonly #port: number;
  #socket: Socket | undefined;
  #received: Buffer = EMPTY;
  #waiting: Waiting | undefined;
  /** How long each answer took, in milliseconds. */
  readonly latencies: number[] = [];
  /** When the next request should have been sent; its latency counts from then. */
  dueAt: number | undefined;

  constructor(port: number) {
    this.#port = port;
  }

  /** Sends the text of a request and answers what came back. */
  send(request: string): Promise<Answer> {
    const startedAt = this.dueAt ?? performance.now();
    this.dueAt = undefined;
    return new Promise((resolve, reject) => {
      this.#waiting = { startedAt, resolve, reject };
      this.#socket ??= this.#open();
      this.#socket.write(request);
    });
  }

  close(): void {
    this.#socket?.destroy();
    this.#socket = undefined;
  }

  #open(): Socket {
    const socket = connect({ host: '127.0.0.1', port: this.#port, noDelay: true });
    socket.on('data', (chunk) => this.#read(chunk));
    // One that was given up already has nothing more to say.
    const fail = (error: Error) => {
      if (this.#socket === socket) this.#fail(error);
    };
    socket.on('error', fail);
    socket.on('close', () => fail(new Error('the server closed the connection')));
    return socket;
  }

  #read(chunk: Buffer): void {
    this.#received = this.#received.length === 0 ? chunk : Buffer.concat([this.#received, chunk]);
    const headEnd = this.#received.indexOf(HEAD_END);
    if (headEnd < 0) return;
    const head = this.#received.toString('latin1', 0, headEnd);
    const status = Number(head.slice(9, 12));
    const length = findLength(head, status);
    if (length === undefined) {
      this.#fail(new Error(`an answer without Content-Length: ${head}`));
      return;
    }
    const bodyStart = headEnd + HEAD_END.length;
    if (this.#received.length < bodyStart + length) return;

    const body = this.#received.toString('utf8', bodyStart, bodyStart + length);
    this.#received = EMPTY;
    if (/\r\nconnection: close/i.test(head)) this.close();
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (!waiting) return;
    this.latencies.push(performance.now() - waiting.startedAt);
    waiting.resolve({ status, head, body });
  }

  #fail(error: Error): void {
    this.close();
    this.#received = EMPTY;
    this.#waiting?.reject(error);
    this.#waiting = undefined;
  }
}

function findLength(head: string, status: number): number | undefined {
  if (status === 204 || status === 304) return 0;
  const length = /\r\ncontent-length: (\d+)/i.exec(head)?.[1];
  return length === undefined ? undefined : Number(length);
}

/** The text of a request. A body brings its own type among the headers. */
export function buildRequest(request: {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly host: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}): string {
  const { method, path, host, headers = {}, body = '' } = request;
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  const length = method === 'POST' ? `Content-Length: ${Buffer.byteLength(body)}\r\n` : '';
  return `${method} ${path} HTTP/1.1\r\nHost: ${host}\r\n${lines.join('')}${length}\r\n${body}`;
}
