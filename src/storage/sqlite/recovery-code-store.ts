import type { AccountId } from '../../lib/ids.ts';
import type { RecoveryCode, RecoveryCodeSet, RecoveryCodeStore } from '../../recovery/recovery-code-store.ts';
import type { Database, Statement } from './database.ts';
import type { Stored } from './stored.ts';

interface RecoveryCodesRow {
  readonly account_id: AccountId;
  readonly made_at: number;
  readonly codes: string;
}

/** A set is one row, so that one statement puts another in its place. */
export class SqliteRecoveryCodeStore implements RecoveryCodeStore {
  readonly #database: Database;
  readonly #insert: Statement<never>;
  readonly #replace: Statement<never>;
  readonly #find: Statement<RecoveryCodesRow>;
  readonly #setCodes: Statement<never>;
  readonly #delete: Statement<never>;

  constructor({ database }: { readonly database: Database }) {
    this.#database = database;
    const insert = 'INTO recovery_codes (account_id, made_at, codes) VALUES (?, ?, ?)';
    this.#insert = database.prepare(`INSERT ${insert} ON CONFLICT DO NOTHING`);
    this.#replace = database.prepare(`INSERT OR REPLACE ${insert}`);
    this.#find = database.prepare('SELECT * FROM recovery_codes WHERE account_id = ?');
    this.#setCodes = database.prepare('UPDATE recovery_codes SET codes = ? WHERE account_id = ?');
    this.#delete = database.prepare('DELETE FROM recovery_codes WHERE account_id = ?');
  }

  insert(set: RecoveryCodeSet): Promise<boolean> {
    return this.#database.write('durable', () => this.#insert.run(...toValues(set)).changes === 1);
  }

  async replace(set: RecoveryCodeSet): Promise<void> {
    await this.#database.write('durable', () => this.#replace.run(...toValues(set)));
  }

  find(accountId: AccountId): Promise<RecoveryCodeSet | undefined> {
    return this.#database.read(() => this.#findSet(accountId));
  }

  spend(accountId: AccountId, codeDigest: string, spentAt: Date): Promise<boolean> {
    return this.#database.write('durable', () => {
      const codes = this.#findSet(accountId)?.codes ?? [];
      if (!codes.some((code) => isUnspent(code, codeDigest))) return false;
      const after = codes.map((code) => (isUnspent(code, codeDigest) ? { ...code, spentAt } : code));
      return this.#setCodes.run(writeCodes(after), accountId).changes === 1;
    });
  }

  delete(accountId: AccountId): Promise<boolean> {
    return this.#database.write('durable', () => this.#delete.run(accountId).changes === 1);
  }

  #findSet(accountId: AccountId): RecoveryCodeSet | undefined {
    const row = this.#find.get(accountId);
    return row && { accountId, codes: readCodes(row.codes), madeAt: new Date(row.made_at) };
  }
}

function isUnspent({ digest, spentAt }: RecoveryCode, wanted: string): boolean {
  return digest === wanted && spentAt === undefined;
}

function toValues({ accountId, codes, madeAt }: RecoveryCodeSet) {
  return [accountId, madeAt.getTime(), writeCodes(codes)] as const;
}

function writeCodes(codes: readonly RecoveryCode[]): string {
  const stored: readonly Stored<RecoveryCode>[] = codes.map(({ digest, spentAt }) => ({
    digest,
    spentAt: spentAt?.getTime(),
  }));
  return JSON.stringify(stored);
}

function readCodes(text: string): readonly RecoveryCode[] {
  const stored: readonly Stored<RecoveryCode>[] = JSON.parse(text);
  return stored.map(({ digest, spentAt }) => ({
    digest,
    ...(spentAt !== undefined && { spentAt: new Date(spentAt) }),
  }));
}
