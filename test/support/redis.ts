import assert from 'node:assert/strict';
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, type TestContext } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { Redis } from 'ioredis';
import { findInPath } from '../../scripts/find-program.ts';
import { openRedis, type RedisStores } from '../../src/storage/redis/redis-stores.ts';
import { TestClock } from './clock.ts';
import { race } from './race.ts';
import type { TestStorage } from './storages.ts';

/** Whoever cleans up: a test is one. */
export interface Owner {
  after(clean: () => Promise<void>): void;
}

/** What takes the servers of one address, of which each primary has some of the keys. */
export interface RedisAddressee {
  readonly url: string;
  readonly primaries: readonly RedisServer[];
}

const PROGRAM = process.env.CARDEA_TEST_REDIS ?? findInPath('redis-server');
const KEY = /^cardea:[a-z-]+:(?:[a-z-]+:)?[\w-]{43}$/;
const PRIMARY_NAME = 'main';
const BUS_PORT_OFFSET = 10_000;
const READY_LINES = /Ready to accept connections|\+monitor master/;
/** Nothing is kept between starts, nothing is written to the disk, and nothing is evicted. */
const QUIET = ['--save', '', '--appendonly', 'no', '--maxmemory-policy', 'noeviction'];

/** For `test(name, { skip })`: the reason where there is no Redis to run the test with. */
export const skipWithoutRedis: string | false = PROGRAM
  ? false
  : 'there is no redis-server in the PATH: install it, or set CARDEA_TEST_REDIS to one';

interface ServerOptions {
  /** Settings beside those that keep it quiet. */
  readonly args?: readonly string[];
  /** It speaks nothing but TLS. */
  readonly tls?: boolean;
  /** The lines of its file of settings, with which it is a Sentinel and nothing else. */
  readonly sentinel?: readonly string[];
}

/** A redis-server on a free port of the loopback, in a folder of its own; it goes with its owner. */
export class RedisServer implements RedisAddressee {
  readonly port: number;
  readonly folder: string;
  readonly #args: readonly string[];
  #process: ChildProcess | undefined;

  private constructor(port: number, { args = [], tls = false, sentinel }: ServerOptions) {
    this.port = port;
    this.folder = mkdtempSync(join(tmpdir(), 'cardea-redis-'));
    const place = ['--bind', '127.0.0.1', '--dir', this.folder, tls ? '--tls-port' : '--port', `${port}`];
    const file = join(this.folder, 'sentinel.conf'); // in which it keeps what it learns
    if (sentinel) writeFileSync(file, sentinel.join('\n'));
    this.#args = sentinel
      ? [file, '--sentinel', ...place]
      : [...place, ...(tls ? ['--port', '0'] : []), ...QUIET, ...args];
  }

  static async start(owner: Owner, options: ServerOptions = {}): Promise<RedisServer> {
    for (let attempt = 1; ; attempt += 1) {
      const server = new RedisServer(await findFreePort(), options);
      owner.after(() => server.#remove());
      try {
        await server.start();
        return server;
      } catch (error) {
        if (attempt === 5) throw error; // somebody else was given the port meanwhile
      }
    }
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  get primaries(): readonly RedisServer[] {
    return [this];
  }

  /** Starts it again, on the same port. */
  async start(): Promise<void> {
    assert.ok(PROGRAM);
    const server = spawn(PROGRAM, this.#args, { stdio: ['ignore', 'pipe', 'inherit'], cwd: this.folder });
    this.#process = server;
    const killIt = () => void server.kill('SIGKILL');
    process.once('exit', killIt); // for a run that is cut short
    server.once('exit', () => process.off('exit', killIt));
    const lines: string[] = [];
    for await (const line of createInterface(server.stdout)) {
      lines.push(line);
      if (READY_LINES.test(line)) break;
    }
    server.stdout.resume();
    if (server.exitCode !== null || !READY_LINES.test(lines.at(-1) ?? '')) {
      throw new Error(`redis-server did not start:\n${lines.join('\n')}`);
    }
  }

  /** As the system kills what takes too much memory. */
  async kill(): Promise<void> {
    const server = this.#process;
    if (!server || server.exitCode !== null || server.signalCode !== null) return;
    const exit = once(server, 'exit');
    server.kill('SIGKILL');
    await exit;
  }

  /** It keeps its connections, and says nothing. */
  freeze(): void {
    this.#process?.kill('SIGSTOP');
  }

  thaw(): void {
    this.#process?.kill('SIGCONT');
  }

  /** Speaks to it beside the stores, as its operator. */
  async ask<Answer>(work: (redis: Redis) => Promise<Answer>): Promise<Answer> {
    const redis = new Redis({ port: this.port, host: '127.0.0.1', lazyConnect: true, retryStrategy: () => null });
    redis.on('error', () => undefined); // connecting rejects with it
    try {
      await redis.connect();
      return await work(redis);
    } finally {
      redis.disconnect();
    }
  }

  async #remove(): Promise<void> {
    await this.kill();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Six nodes, three of them primaries with a replica each. A node that is silent for a second is given up by the others. */
export class RedisCluster implements RedisAddressee {
  readonly nodes: readonly RedisServer[];

  private constructor(nodes: readonly RedisServer[]) {
    this.nodes = nodes;
  }

  static async start(owner: Owner): Promise<RedisCluster> {
    const args = ['--cluster-enabled', 'yes', '--cluster-node-timeout', '1000', '--repl-diskless-sync-delay', '0'];
    const nodes = await race(6, () => RedisServer.start(owner, { args }));
    const addresses = nodes.map(({ port }) => `127.0.0.1:${port}`);
    await runRedisCli('--cluster', 'create', ...addresses, '--cluster-replicas', '1', '--cluster-yes');
    const cluster = new RedisCluster(nodes);
    await waitFor(() => cluster.isSettled(), 20_000);
    return cluster;
  }

  get url(): string {
    const [first, second] = this.nodes;
    return `redis+cluster://127.0.0.1:${first?.port},127.0.0.1:${second?.port}`;
  }

  /** Those that it was made with; after a failover another may be. */
  get primaries(): readonly RedisServer[] {
    return this.nodes.slice(0, 3);
  }

  /** All nodes agree, and each primary has its replica. */
  async isSettled(): Promise<boolean> {
    const states = await Promise.all(
      this.nodes.map((node) => node.ask(async (redis) => `${await redis.cluster('INFO')}${await redis.info()}`)),
    );
    const replicas = states.filter((state) => state.includes('master_link_status:up'));
    if (replicas.length < 3 || !states.every((state) => state.includes('cluster_state:ok'))) return false;
    return this.#agrees();
  }

  /** False while word of who has which slots is still on its way. */
  async #agrees(): Promise<boolean> {
    try {
      await runRedisCli('--cluster', 'check', `127.0.0.1:${this.nodes[0]?.port}`);
      return true;
    } catch {
      return false;
    }
  }
}

/** Watches a primary, and makes its replica one when it was silent for a second. */
export class RedisSentinel {
  readonly #server: RedisServer;

  private constructor(server: RedisServer) {
    this.#server = server;
  }

  static async start(owner: Owner, primary: RedisServer): Promise<RedisSentinel> {
    const sentinel = [
      `sentinel monitor ${PRIMARY_NAME} 127.0.0.1 ${primary.port} 1`,
      `sentinel down-after-milliseconds ${PRIMARY_NAME} 1000`,
      `sentinel failover-timeout ${PRIMARY_NAME} 3000`,
    ];
    return new RedisSentinel(await RedisServer.start(owner, { sentinel }));
  }

  get url(): string {
    return `redis+sentinel://127.0.0.1:${this.#server.port}/${PRIMARY_NAME}`;
  }

  async knowsReplica(): Promise<boolean> {
    const info = await this.#server.ask((redis) => redis.info('sentinel'));
    return info.includes('slaves=1');
  }
}

/**
 * Opens the stores on shared servers, which are emptied first. After the test every key that it left is looked at: each expires, and has
 * the prefix, a kind and a digest for a name.
 */
export async function openTestRedis(t: TestContext, servers: RedisAddressee): Promise<TestStorage<RedisStores>> {
  for (const server of servers.primaries) await server.ask((redis) => redis.flushall());
  const clock = new TestClock();
  const storage = await openRedis({ url: servers.url, clock, production: true });
  t.after(async () => {
    await storage[Symbol.asyncDispose]();
    for (const server of servers.primaries) await server.ask(checkKeys);
  });
  return { storage, clock };
}

/** Starts servers for all tests of the file or suite that this is called in, with the first test that asks for them. */
export function shareServers<Servers>(start: (owner: Owner) => Promise<Servers>): () => Promise<Servers> {
  const owned = new AsyncDisposableStack();
  let starting: Promise<Servers> | undefined;
  after(() => owned.disposeAsync());
  return () => {
    starting ??= start({ after: (clean) => owned.defer(clean) });
    return starting;
  };
}

/** Waits until something that another process does is done. */
export async function waitFor(isDone: () => Promise<boolean>, limitMs: number): Promise<void> {
  const limit = AbortSignal.timeout(limitMs);
  while (!(await isDone())) {
    assert.ok(!limit.aborted, `it was not so after ${limitMs} ms`);
    await delay(20);
  }
}

/** Runs redis-cli, which comes with the server. */
export async function runRedisCli(...args: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(join(dirname(PROGRAM ?? ''), 'redis-cli'), args);
  return stdout;
}

async function checkKeys(redis: Redis): Promise<void> {
  for (const key of await redis.keys('*')) {
    assert.match(key, KEY);
    const ttl = await redis.pttl(key);
    assert.ok(ttl > 0 || (await redis.exists(key)) === 0, `${key} never expires`);
  }
}

/** One whose neighbour, for the bus of a Cluster, is a port too. */
async function findFreePort(): Promise<number> {
  for (;;) {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    await new Promise((resolve) => server.close(resolve));
    assert.ok(typeof address === 'object' && address);
    if (address.port + BUS_PORT_OFFSET < 65_536) return address.port;
  }
}
