import type { AccountId } from '../../lib/ids.ts';
import type { Totp, TotpStore } from '../../totp/totp-store.ts';
import type { Database, Statement } from './database.ts';

interface TotpRow {
  readonly account_id: AccountId;
  readonly sealed_secret: Uint8Array;
  readonly last_step: number;
  readonly confirmed_at: number;
}

export class SqliteTotpStore implements TotpStore {
  readonly #database: Database;
  readonly #insert: Statement<never>;
  readonly #put: Statement<never>;
  readonly #find: Statement<TotpRow>;
  readonly #advance: Statement<never>;
  readonly #delete: Statement<never>;

  constructor({ database }: { readonly database: Database }) {
    this.#database = database;
    const insert = 'INTO totps (account_id, sealed_secret, last_step, confirmed_at) VALUES (?, ?, ?, ?)';
    this.#insert = database.prepare(`INSERT ${insert} ON CONFLICT DO NOTHING`);
    this.#put = database.prepare(`INSERT OR REPLACE ${insert}`);
    this.#find = database.prepare('SELECT * FROM totps WHERE account_id = ?');
    this.#advance = database.prepare('UPDATE totps SET last_step = ?1 WHERE account_id = ?2 AND last_step < ?1');
    this.#delete = database.prepare('DELETE FROM totps WHERE account_id = ?');
  }

  insert(totp: Totp): Promise<boolean> {
    return this.#database.write('durable', () => this.#insert.run(...toValues(totp)).changes === 1);
  }

  async put(totp: Totp): Promise<void> {
    await this.#database.write('durable', () => this.#put.run(...toValues(totp)));
  }

  find(accountId: AccountId): Promise<Totp | undefined> {
    return this.#database.read(() => {
      const row = this.#find.get(accountId);
      return row && toTotp(row);
    });
  }

  advance(accountId: AccountId, step: number): Promise<boolean> {
    return this.#database.write('durable', () => this.#advance.run(step, accountId).changes === 1);
  }

  delete(accountId: AccountId): Promise<boolean> {
    return this.#database.write('durable', () => this.#delete.run(accountId).changes === 1);
  }
}

function toValues({ accountId, sealedSecret, lastStep, confirmedAt }: Totp) {
  return [accountId, sealedSecret, lastStep, confirmedAt.getTime()] as const;
}

function toTotp(row: TotpRow): Totp {
  return {
    accountId: row.account_id,
    sealedSecret: row.sealed_secret,
    lastStep: row.last_step,
    confirmedAt: new Date(row.confirmed_at),
  };
}
