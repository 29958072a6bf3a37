import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import type { TestContext } from 'node:test';
import { mongo } from 'mongoose';

/** What comes over the wire, or goes. */
export type Message = { readonly [name: string]: unknown };

/** Answers a command; undefined leaves it without an answer. */
export type Answer = (command: Message) => Message | undefined;

const OP_MSG = 2013;
const HEADER_BYTES = 16;
const OP_MSG_START = HEADER_BYTES + 5; // flags, and the kind of the one section
const OP_REPLY_START = HEADER_BYTES + 20;

/** Speaks MongoDB's wire protocol and does as a test says: for answers that no healthy server gives. */
export class FakeMongod {
  readonly commands: Message[] = [];
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  /** Changed by a test as it goes on. */
  answer: Answer;

  private constructor(answer: Answer) {
    this.answer = answer;
    this.#server = createServer((socket) => this.#serve(socket));
  }

  /** Listens on a free port of loopback until the test ends. */
  static async start(t: TestContext, answer: Answer = answerWell): Promise<FakeMongod> {
    const fake = new FakeMongod(answer);
    await fake.listen(0);
    t.after(() => fake.stop());
    return fake;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port; // it listens on a port, not on a pipe
  }

  async listen(port: number): Promise<void> {
    this.#server.listen(port, '127.0.0.1');
    await once(this.#server, 'listening');
  }

  /** Breaks every connection and takes no more. */
  stop(): void {
    if (this.#server.listening) this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  #serve(socket: Socket): void {
    let received = Buffer.alloc(0);
    this.#sockets.add(socket);
    socket.on('error', () => socket.destroy()).on('close', () => this.#sockets.delete(socket));
    socket.on('data', (data) => {
      received = Buffer.concat([received, data]);
      while (received.length >= HEADER_BYTES && received.length >= received.readInt32LE(0)) {
        const length = received.readInt32LE(0);
        this.#receive(socket, received.subarray(0, length));
        received = received.subarray(length);
      }
    });
  }

  #receive(socket: Socket, message: Buffer): void {
    const isModern = message.readInt32LE(12) === OP_MSG;
    const start = isModern ? OP_MSG_START : message.indexOf(0, HEADER_BYTES + 4) + 9; // behind flags, a name, and two numbers
    const command: Message = mongo.BSON.deserialize(message.subarray(start));
    if (!isGreeting(command)) this.commands.push(command);
    const answer = this.answer(command);
    if (answer) socket.write(encode(answer, message.readInt32LE(4), isModern));
  }
}

/** Answers as a server alone would that has everything done and holds nothing. */
export function answerWell(command: Message): Message {
  if (isGreeting(command)) return greet();
  if ('find' in command) return { ok: 1, cursor: { id: mongo.Long.ZERO, ns: `any.${command.find}`, firstBatch: [] } };
  if ('findAndModify' in command) return { ok: 1, value: { count: 7 } };
  return { ok: 1, n: 1, nModified: 1 };
}

/** What a server says of itself when a driver comes. */
export function greet(more: Message = {}): Message {
  const limits = { maxBsonObjectSize: 16_777_216, maxMessageSizeBytes: 48_000_000, maxWriteBatchSize: 100_000 };
  const state = { ismaster: true, isWritablePrimary: true, helloOk: true };
  return { ok: 1, ...state, ...limits, minWireVersion: 0, maxWireVersion: 9, ...more };
}

export function isGreeting(command: Message): boolean {
  return 'hello' in command || 'ismaster' in command || 'isMaster' in command;
}

function encode(answer: Message, responseTo: number, isModern: boolean): Buffer {
  const start = isModern ? OP_MSG_START : OP_REPLY_START;
  const bytes = mongo.BSON.serialize(answer);
  const message = Buffer.alloc(start + bytes.length);
  message.writeInt32LE(message.length, 0);
  message.writeInt32LE(responseTo, 8);
  message.writeInt32LE(isModern ? OP_MSG : 1, 12);
  if (!isModern) message.writeInt32LE(1, OP_REPLY_START - 4); // one document is returned
  message.set(bytes, start);
  return message;
}
