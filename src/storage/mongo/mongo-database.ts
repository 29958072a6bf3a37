import { type Connection, STATES } from 'mongoose';
import type { Logger } from '../../lib/logger.ts';
import { refuse, toRefusal } from './refusal.ts';

/** Longer than finding a server takes and shorter than a caller waits, whatever the driver tries again meanwhile. */
const CALL_LIMIT_MS = 4000;
/** While there is known to be no primary; each call lets the driver look again at once. */
const AWAY_CALL_LIMIT_MS = 1000;

/** Owns the connection: gives each call its time, says when MongoDB cannot answer, and closes when the calls under way are done. */
export class MongoDatabase {
  readonly connection: Connection;
  readonly #calls = new Set<Promise<unknown>>();
  #closing: Promise<void> | undefined;

  constructor(connection: Connection, logger?: Pick<Logger, 'info' | 'warn'>) {
    this.connection = connection;
    connection.on('disconnected', () => {
      if (!this.#closing) logger?.warn({}, 'MongoDB does not answer');
    });
    connection.on('reconnected', () => logger?.info({}, 'MongoDB answers again'));
  }

  /**
   * Makes one call. Rejects with `store_unavailable` after `close`, and when MongoDB does not do it within 4 s, or within 1 s while it is
   * known to be away: that leaves open whether it does it later.
   */
  async run<Result>(call: () => Promise<Result>): Promise<Result> {
    if (this.#closing) throw refuse(new Error('the storage is closed'));
    const isAway = this.connection.readyState !== STATES.connected;
    const work = limitTime(call(), isAway ? AWAY_CALL_LIMIT_MS : CALL_LIMIT_MS);
    this.#calls.add(work);
    try {
      return await work;
    } catch (error) {
      throw toRefusal(error);
    } finally {
      this.#calls.delete(work);
    }
  }

  /** Rejects as `run` does when no primary answers. */
  async ping(): Promise<void> {
    await this.run(() => this.connection.getClient().db().command({ ping: 1, maxTimeMS: 2000 }));
  }

  /** Idempotent. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    await Promise.allSettled(this.#calls);
    await this.connection.close();
  }
}

async function limitTime<Result>(work: Promise<Result>, limitMs: number): Promise<Result> {
  const { promise: end, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(refuse(new Error('MongoDB did not answer in time'))), limitMs);
  try {
    return await Promise.race([work, end]);
  } finally {
    clearTimeout(timer);
  }
}
