import { Cluster, type Redis } from 'ioredis';
import type { Logger } from '../../lib/logger.ts';
import type { RedisClient } from './client.ts';
import { refuse, toRefusal, withoutCommand } from './refusal.ts';

interface Deps {
  /** Not connected yet. */
  readonly client: RedisClient;
  readonly logger?: Pick<Logger, 'info' | 'warn'> | undefined;
}

const CONNECT_LIMIT_MS = 5000;

/** Owns a client: every call of every store goes through it, and it tells when Redis goes away and comes back. */
export class RedisConnection {
  readonly #client: RedisClient;
  readonly #logger: Deps['logger'];
  #lastError: Error | undefined;
  #running = 0;
  #onIdle: (() => void) | undefined;
  #closing: Promise<void> | undefined;

  constructor({ client, logger }: Deps) {
    this.#client = client;
    this.#logger = logger;
    const keep = (error: Error) => {
      this.#lastError = withoutCommand(error);
    };
    client.on('error', keep);
    client.on('sentinelError', keep);
    client.on('node error', keep);
    this.#watch();
    if (client instanceof Cluster) this.#watchNodes(client);
  }

  /** Resolves once commands can be sent. Rejects with the reason at the first failure: what comes later is for `run` to meet. */
  async connect(): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const limit = setTimeout(reject, CONNECT_LIMIT_MS, new Error('it did not become ready'));
    this.#client.once('error', reject);
    this.#client.connect().then(resolve, reject);
    try {
      await promise;
    } catch (error) {
      throw this.#lastError ?? error;
    } finally {
      clearTimeout(limit);
      this.#client.off('error', reject);
    }
  }

  /** Rejects with `store_unavailable` within a second when Redis cannot answer, and after `close`. The work is calls of Redis only. */
  async run<Answer>(work: (client: RedisClient) => Promise<Answer>): Promise<Answer> {
    if (this.#closing) throw refuse(new Error('the storage is closed'));
    if (this.#client.status !== 'ready') throw refuse(this.#describeAbsence());
    this.#running += 1;
    try {
      return await work(this.#client);
    } catch (error) {
      throw toRefusal(error);
    } finally {
      this.#running -= 1;
      if (this.#running === 0) this.#onIdle?.();
    }
  }

  /** Rejects as `run` does when a primary does not answer. */
  async ping(): Promise<void> {
    await this.run((client) => Promise.all(listPrimaries(client).map((node) => node.ping())));
  }

  /** Waits for the calls under way, each of which has its time limit, and disconnects; idempotent. */
  close(): Promise<void> {
    this.#closing ??= this.#disconnectWhenIdle();
    return this.#closing;
  }

  async #disconnectWhenIdle(): Promise<void> {
    if (this.#running > 0) {
      await new Promise<void>((resolve) => {
        this.#onIdle = resolve;
      });
    }
    this.#client.disconnect();
  }

  #describeAbsence(): Error {
    const reason = this.#lastError ? `: ${this.#lastError.message}` : '';
    return new Error(`there is no connection to Redis${reason}`);
  }

  /** Tells once that it is lost, whatever happens until it is back. */
  #watch(): void {
    let state: 'new' | 'up' | 'lost' = 'new';
    this.#client.on('close', () => {
      if (state !== 'up' || this.#closing) return;
      state = 'lost';
      this.#logger?.warn({ error: this.#lastError }, 'the connection to Redis is lost');
    });
    this.#client.on('ready', () => {
      if (state === 'lost') this.#logger?.info({}, 'the connection to Redis is back');
      state = 'up';
      this.#lastError = undefined;
    });
  }

  /**
   * The same for each node of a Cluster. One that is lost is replaced by other objects for it until it answers, or is named as a replica,
   * which nobody connects to.
   */
  #watchNodes(cluster: Cluster): void {
    const up = new WeakSet<Redis>();
    const lost = new Set<string>();
    const find = (name: string) => {
      if (lost.delete(name)) this.#logger?.info({ node: name }, 'a node of the Redis Cluster is back');
    };
    cluster.on('+node', (node: Redis) => {
      if (node.options.readOnly) find(nameNode(node));
      node.once('ready', () => {
        up.add(node);
        find(nameNode(node));
      });
    });
    cluster.on('-node', (node: Redis) => {
      const name = nameNode(node);
      if (!up.has(node) || lost.has(name) || this.#closing) return;
      lost.add(name);
      this.#logger?.warn({ node: name, error: this.#lastError }, 'a node of the Redis Cluster is lost');
    });
  }
}

/** The nodes that take writes; the client itself where it is not of a Cluster. */
export function listPrimaries(client: RedisClient): readonly Redis[] {
  return client instanceof Cluster ? client.nodes('master') : [client];
}

function nameNode({ options }: Redis): string {
  return `${options.host}:${options.port}`;
}
