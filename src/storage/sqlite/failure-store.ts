import type { FailureStore, GuessableFactor } from '../../accounts/failure-store.ts';
import type { AccountId } from '../../lib/ids.ts';
import type { Database, Statement } from './database.ts';

export class SqliteFailureStore implements FailureStore {
  readonly #database: Database;
  readonly #count: Statement<{ readonly count: number }>;
  readonly #find: Statement<unknown>;
  readonly #clear: Statement<never>;

  constructor({ database }: { readonly database: Database }) {
    this.#database = database;
    this.#count = database.prepare(
      `INSERT INTO failures (account_id, factor, source, count) VALUES (?, ?, ?, 1)
       ON CONFLICT DO UPDATE SET count = count + 1 RETURNING count`,
    );
    const cleared = 'account_id = ?1 AND (?2 IS NULL OR factor = ?2)';
    this.#find = database.prepare(`SELECT 1 FROM failures WHERE ${cleared} LIMIT 1`);
    this.#clear = database.prepare(`DELETE FROM failures WHERE ${cleared}`);
  }

  countTry(accountId: AccountId, factor: GuessableFactor, source: string): Promise<number> {
    return this.#database.write('durable', () => {
      const row = this.#count.get(accountId, factor, source);
      if (!row) throw new Error('the count did not come back'); // fails closed: a try that is not counted is not made
      return row.count;
    });
  }

  /** Looks first, since most have none: a count that comes in between is one that comes after. */
  async clear(accountId: AccountId, factor?: GuessableFactor): Promise<void> {
    const cleared = [accountId, factor ?? null] as const;
    const found = await this.#database.read(() => this.#find.get(...cleared));
    if (found) await this.#database.write('durable', () => this.#clear.run(...cleared));
  }
}
