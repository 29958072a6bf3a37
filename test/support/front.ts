import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import type { Certificate } from './certificate.ts';
import type { Owner } from './redis.ts';
import { requireValue } from './require-value.ts';

interface Options {
  /** With which it speaks TLS to its clients; without one it speaks plain text. */
  readonly certificate?: Certificate | undefined;
}

const HOST = '127.0.0.1';

/** A load balancer: hands connections to servers in turns, and one that a server refuses to the next, as nginx does. */
export class Front {
  /** The ports of the servers behind it. */
  readonly ports = new Set<number>();
  readonly #listener: Server;
  readonly #clients = new Set<Socket>();
  #turn = 0;

  private constructor({ certificate }: Options) {
    const take = (client: Socket) => void this.#take(client);
    this.#listener = certificate ? createTlsServer(readPem(certificate), take) : createServer(take);
  }

  /** Starts one on a free port of loopback; it goes, with all its connections, with its owner. */
  static async start(owner: Owner, options: Options = {}): Promise<Front> {
    const front = new Front(options);
    front.#listener.listen(0, HOST);
    await once(front.#listener, 'listening');
    owner.after(async () => {
      front.#listener.close();
      for (const client of front.#clients) client.destroy();
    });
    return front;
  }

  get port(): number {
    const address = this.#listener.address();
    assert.ok(typeof address === 'object' && address);
    return address.port;
  }

  async #take(client: Socket): Promise<void> {
    this.#clients.add(client);
    client.on('error', () => undefined); // its close says all
    client.on('close', () => this.#clients.delete(client));
    const server = await this.#connect();
    if (!server || client.destroyed) {
      client.destroy();
      server?.destroy();
      return;
    }
    server.on('error', () => undefined);
    server.on('close', () => client.destroySoon());
    client.on('close', () => server.destroySoon());
    client.pipe(server).pipe(client);
  }

  /** To the server whose turn it is, or the next one that takes connections; undefined when none does. */
  async #connect(): Promise<Socket | undefined> {
    const ports = [...this.ports];
    this.#turn += 1;
    for (let tries = 0; tries < ports.length; tries += 1) {
      const socket = connect(requireValue(ports[(this.#turn + tries) % ports.length]), HOST);
      const isTaken = await once(socket, 'connect').then(
        () => true,
        () => false,
      );
      if (isTaken) return socket;
    }
    return undefined;
  }
}

function readPem({ key, certificate }: Certificate): { readonly key: Buffer; readonly cert: Buffer } {
  return { key: readFileSync(key), cert: readFileSync(certificate) };
}
