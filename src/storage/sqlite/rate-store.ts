import type { Clock } from '../../lib/clock.ts';
import { addSeconds } from '../../lib/clock.ts';
import { digest } from '../../lib/digest.ts';
import type { Budget, Hit, RateStore } from '../../rates/rate-store.ts';
import type { Database, Statement } from './database.ts';

interface Deps {
  readonly database: Database;
  readonly clock: Clock;
}

interface RateRow {
  readonly count: number;
  readonly paused_until: number;
}

/** Keys name addresses and accounts: their digests keep those out of the file, and every row small. */
export class SqliteRateStore implements RateStore {
  readonly #database: Database;
  readonly #clock: Clock;
  readonly #find: Statement<RateRow>;
  readonly #put: Statement<never>;
  readonly #clear: Statement<never>;

  constructor({ database, clock }: Deps) {
    this.#database = database;
    this.#clock = clock;
    this.#find = database.prepare('SELECT count, paused_until FROM rates WHERE key = ? AND expires_at > ?');
    this.#put = database.prepare(
      `INSERT INTO rates (key, expires_at, count, paused_until) VALUES (?1, ?2, ?3, ?4)
       ON CONFLICT DO UPDATE SET expires_at = ?2, count = ?3, paused_until = ?4`,
    );
    this.#clear = database.prepare('DELETE FROM rates WHERE key = ?');
  }

  hit(key: string, budget: Budget): Promise<Hit> {
    return this.#database.write('short-lived', () => {
      const moment = this.#clock.now();
      const now = moment.getTime();
      const id = digest(key);
      const rate = this.#find.get(id, now) ?? { count: 0, paused_until: NO_PAUSE };
      if (rate.paused_until > now) {
        return { allowed: false, retryAfterSeconds: Math.ceil((rate.paused_until - now) / 1000) };
      }
      const count = rate.count + 1;
      const pause = pauseAfter(count, budget);
      const pausedUntil = pause === 0 ? NO_PAUSE : addSeconds(moment, pause).getTime();
      const windowEnd = addSeconds(moment, budget.windowSeconds).getTime();
      this.#put.run(id, Math.max(windowEnd, pausedUntil), count, pausedUntil);
      return { allowed: true, count };
    });
  }

  async clear(key: string): Promise<void> {
    await this.#database.write('short-lived', () => this.#clear.run(digest(key)));
  }
}

/** Not the moment of the try: the clock of another process may be behind. */
const NO_PAUSE = 0;

/** Seconds of pause that a counted try starts. */
function pauseAfter(count: number, { free, pauseSeconds, maxPauseSeconds }: Budget): number {
  return count <= free ? 0 : Math.min(pauseSeconds * 2 ** (count - free - 1), maxPauseSeconds);
}
