import type { Account } from '../../accounts/account-store.ts';
import type { AccountId, PasskeyId } from '../../lib/ids.ts';
import type { Passkey, PasskeyStore, PasskeyUse } from '../../passkeys/passkey-store.ts';
import type { SqliteAccountStore } from './account-store.ts';
import { buildInsert } from './build-insert.ts';
import type { Database, Statement } from './database.ts';

type PasskeyRow = {
  readonly id: PasskeyId;
  readonly account_id: AccountId;
  readonly rp_id: string;
  readonly public_key: Uint8Array;
  readonly counter: number;
  readonly backup_eligible: number;
  readonly backed_up: number;
  readonly aaguid: string;
  readonly transports: string;
  readonly attestation: Passkey['attestation'];
  readonly name: string;
  readonly created_at: number;
  readonly last_used_at: number | null;
  readonly last_used_with: string | null;
  readonly verified_at: number | null;
};

const COLUMNS: readonly (keyof PasskeyRow)[] = [
  'id',
  'account_id',
  'rp_id',
  'public_key',
  'counter',
  'backup_eligible',
  'backed_up',
  'aaguid',
  'transports',
  'attestation',
  'name',
  'created_at',
  'last_used_at',
  'last_used_with',
  'verified_at',
];

export class SqlitePasskeyStore implements PasskeyStore {
  readonly #database: Database;
  readonly #accounts: SqliteAccountStore;
  readonly #insert: Statement<never>;
  readonly #find: Statement<PasskeyRow>;
  readonly #count: Statement<{ readonly count: number }>;
  readonly #otherVerified: Statement<unknown>;
  readonly #listByAccount: Statement<PasskeyRow>;
  readonly #recordUse: Statement<never>;
  readonly #otherRpId: Statement<unknown>;
  readonly #rename: Statement<never>;
  readonly #delete: Statement<never>;

  constructor({ database, accounts }: { readonly database: Database; readonly accounts: SqliteAccountStore }) {
    this.#database = database;
    this.#accounts = accounts;
    this.#insert = database.prepare(buildInsert('passkeys', COLUMNS));
    this.#find = database.prepare('SELECT * FROM passkeys WHERE id = ?');
    this.#count = database.prepare('SELECT count(*) AS count FROM passkeys WHERE account_id = ?');
    this.#otherVerified = database.prepare(
      'SELECT 1 FROM passkeys WHERE account_id = ? AND id <> ? AND verified_at IS NOT NULL LIMIT 1',
    );
    this.#listByAccount = database.prepare('SELECT * FROM passkeys WHERE account_id = ? ORDER BY created_at, id');
    this.#recordUse = database.prepare(
      `UPDATE passkeys SET counter = :counter, backed_up = :backed_up, last_used_at = :used_at, last_used_with = :used_with,
        verified_at = coalesce(verified_at, :used_at)
       WHERE id = :id AND (counter < :counter OR (counter = 0 AND :counter = 0))`,
    );
    // Two ranges rather than "not equal": those an index answers.
    this.#otherRpId = database.prepare('SELECT 1 FROM passkeys WHERE rp_id < ?1 OR rp_id > ?1 LIMIT 1');
    this.#rename = database.prepare('UPDATE passkeys SET name = ? WHERE account_id = ? AND id = ?');
    this.#delete = database.prepare('DELETE FROM passkeys WHERE id = ?');
  }

  insert(passkey: Passkey, limit: number): Promise<'inserted' | 'taken' | 'full'> {
    return this.#database.write('durable', () => {
      if (this.#find.get(passkey.id)) return 'taken';
      if (this.#countOf(passkey.accountId) >= limit) return 'full';
      this.#insert.run(toRow(passkey));
      return 'inserted';
    });
  }

  insertWithAccount(passkey: Passkey, account: Account): Promise<'inserted' | 'taken' | 'account-taken'> {
    return this.#database.write('durable', () => {
      if (this.#find.get(passkey.id)) return 'taken';
      return this.#database.changeTogether(() => {
        if (!this.#accounts.insertNow(account)) return 'account-taken';
        this.#insert.run(toRow(passkey));
        return 'inserted';
      });
    });
  }

  find(id: PasskeyId): Promise<Passkey | undefined> {
    return this.#database.read(() => {
      const row = this.#find.get(id);
      return row && toPasskey(row);
    });
  }

  listByAccount(accountId: AccountId): Promise<readonly Passkey[]> {
    return this.#database.read(() => this.#listByAccount.all(accountId).map(toPasskey));
  }

  recordUse(id: PasskeyId, use: PasskeyUse): Promise<boolean> {
    const values = {
      id,
      counter: use.counter,
      backed_up: Number(use.backedUp),
      used_at: use.usedAt.getTime(),
      used_with: use.usedWith,
    };
    return this.#database.write('durable', () => this.#recordUse.run(values).changes === 1);
  }

  existsForOtherRpId(rpId: string): Promise<boolean> {
    return this.#database.read(() => this.#otherRpId.get(rpId) !== undefined);
  }

  rename(accountId: AccountId, id: PasskeyId, name: string): Promise<boolean> {
    return this.#database.write('durable', () => this.#rename.run(name, accountId, id).changes === 1);
  }

  delete(accountId: AccountId, id: PasskeyId, keepOne: boolean): Promise<'deleted' | 'last' | 'absent'> {
    return this.#database.write('durable', () => {
      if (this.#find.get(id)?.account_id !== accountId) return 'absent';
      if (keepOne && !this.#otherVerified.get(accountId, id)) return 'last';
      this.#delete.run(id);
      return 'deleted';
    });
  }

  #countOf(accountId: AccountId): number {
    return this.#count.get(accountId)?.count ?? 0;
  }
}

function toRow(passkey: Passkey): PasskeyRow {
  return {
    id: passkey.id,
    account_id: passkey.accountId,
    rp_id: passkey.rpId,
    public_key: passkey.publicKey,
    counter: passkey.counter,
    backup_eligible: Number(passkey.backupEligible),
    backed_up: Number(passkey.backedUp),
    aaguid: passkey.aaguid,
    transports: JSON.stringify(passkey.transports),
    attestation: passkey.attestation,
    name: passkey.name,
    created_at: passkey.createdAt.getTime(),
    last_used_at: passkey.lastUsedAt?.getTime() ?? null,
    last_used_with: passkey.lastUsedWith ?? null,
    verified_at: passkey.verifiedAt?.getTime() ?? null,
  };
}

function toPasskey(row: PasskeyRow): Passkey {
  return {
    id: row.id,
    accountId: row.account_id,
    rpId: row.rp_id,
    publicKey: row.public_key,
    counter: row.counter,
    backupEligible: row.backup_eligible === 1,
    backedUp: row.backed_up === 1,
    aaguid: row.aaguid,
    transports: JSON.parse(row.transports),
    attestation: row.attestation,
    name: row.name,
    createdAt: new Date(row.created_at),
    ...(row.last_used_at !== null && { lastUsedAt: new Date(row.last_used_at) }),
    ...(row.last_used_with !== null && { lastUsedWith: row.last_used_with }),
    ...(row.verified_at !== null && { verifiedAt: new Date(row.verified_at) }),
  };
}
