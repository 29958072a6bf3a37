import type { Clock } from '../../lib/clock.ts';
import type { Database, Statement } from './database.ts';

interface Deps {
  readonly database: Database;
  readonly clock: Clock;
  /** Hears of a step that failed; it is tried again after a pause. */
  readonly onError: (error: unknown) => void;
}

/** The next rows of a table: the last one's rowid, and how many of them are expired; no numbers at its end. */
interface Stretch {
  readonly last: number | null;
  readonly expired: number | null;
}

interface SweptTable {
  readonly measure: Statement<Stretch>;
  readonly remove: Statement<never>;
}

const TABLES = ['records', 'tickets', 'rates', 'sign_ins'] as const;
// Removing 100 rows from every index takes a millisecond or two; at this pace 10,000 rows are walked in a second.
const STEP_ROWS = 100;
const STEP_PAUSE_MS = 10;
const WALK_PAUSE_MS = 60_000;

/**
 * Takes expired rows off the disk, a short stretch of a table at a time, so that nobody waits for it. It only tidies up: what is
 * expired is absent to every reader already. Walking the rows spares the hot tables an index on the moment of expiry.
 */
export class ExpirySweeper {
  readonly #deps: Deps;
  readonly #tables: readonly SweptTable[];
  #table = 0;
  #after = 0;
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(deps: Deps) {
    this.#deps = deps;
    this.#tables = TABLES.map((table) => prepareSweep(deps.database, table));
  }

  /** Removes what has expired among the next `limit` rows; true when all tables have been walked and it starts over. */
  async removeExpired(limit: number): Promise<boolean> {
    const { database, clock } = this.#deps;
    const table = this.#tables[this.#table];
    if (!table) {
      this.#table = 0;
      return true;
    }

    const now = clock.now().getTime();
    const after = this.#after;
    const stretch = await database.read(() => table.measure.get(now, after, limit));
    if (stretch?.expired) await database.write('short-lived', () => table.remove.run(after, stretch.last, now));
    if (!stretch?.last) this.#table += 1;
    this.#after = stretch?.last ?? 0;
    return false;
  }

  /** Sweeps from now on, first after a pause; it does not keep the process alive. */
  start(): void {
    this.#schedule(WALK_PAUSE_MS);
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  #schedule(pauseMs: number): void {
    if (!this.#stopped) this.#timer = setTimeout(() => this.#step(), pauseMs).unref();
  }

  async #step(): Promise<void> {
    try {
      const walked = await this.removeExpired(STEP_ROWS);
      this.#schedule(walked ? WALK_PAUSE_MS : STEP_PAUSE_MS);
    } catch (error) {
      if (!this.#stopped) this.#deps.onError(error);
      this.#schedule(WALK_PAUSE_MS);
    }
  }
}

function prepareSweep(database: Database, table: (typeof TABLES)[number]): SweptTable {
  return {
    measure: database.prepare(
      `SELECT max(rowid) AS last, sum(expires_at <= ?) AS expired
       FROM (SELECT rowid, expires_at FROM ${table} WHERE rowid > ? ORDER BY rowid LIMIT ?)`,
    ),
    remove: database.prepare(`DELETE FROM ${table} WHERE rowid > ? AND rowid <= ? AND expires_at <= ?`),
  };
}
