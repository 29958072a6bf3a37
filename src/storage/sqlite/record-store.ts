import type { Clock } from '../../lib/clock.ts';
import {
  DURABLE_KINDS,
  type FoundRecord,
  type NewRecord,
  type RecordIndex,
  type RecordKind,
  type RecordStore,
  type StoredRecord,
} from '../../oidc/record-store.ts';
import type { Database, Durability, Statement } from './database.ts';

interface Deps {
  readonly database: Database;
  readonly clock: Clock;
}

/** What is read of a record. */
export interface RecordRow {
  readonly payload: string;
  readonly expires_at: number;
  readonly consumed_at: number | null;
}

type FoundRow = RecordRow & { readonly id: string };

/** One letter before the id digest keeps kinds apart in the one index that every record is in. */
export const TAGS: Readonly<Record<RecordKind, string>> = {
  Session: 's',
  Interaction: 'i',
  Grant: 'g',
  AuthorizationCode: 'c',
  AccessToken: 'a',
  RefreshToken: 'r',
  ClientCredentials: 'm',
  DeviceCode: 'd',
  PushedAuthorizationRequest: 'p',
  ReplayDetection: 'o',
  BackchannelAuthenticationRequest: 'b',
  Consent: 'k',
  EndedSession: 'e',
};

/** The hot store: one short statement a call, values bound by position. */
export class SqliteRecordStore implements RecordStore {
  readonly #database: Database;
  readonly #clock: Clock;
  readonly #put: Statement<never>;
  readonly #putIfAbsent: Statement<never>;
  readonly #replace: Statement<never>;
  readonly #find: Statement<RecordRow>;
  readonly #findByUid: Statement<FoundRow>;
  readonly #findByUserCode: Statement<FoundRow>;
  readonly #listByAccount: Statement<FoundRow>;
  readonly #consume: Statement<never>;
  readonly #delete: Statement<never>;
  readonly #deleteByGrant: Statement<never>;
  readonly #deleteByAccount: Statement<never>;

  constructor({ database, clock }: Deps) {
    this.#database = database;
    this.#clock = clock;
    this.#put = database.prepare(
      `INSERT INTO records (id, payload, expires_at, grant_id, account_id, uid, user_code) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
       ON CONFLICT DO UPDATE SET payload = ?2, expires_at = ?3, grant_id = ?4, account_id = ?5, uid = ?6, user_code = ?7`,
    );
    this.#putIfAbsent = database.prepare(
      `INSERT INTO records (id, payload, expires_at) VALUES (?1, ?2, ?3)
       ON CONFLICT DO UPDATE SET payload = ?2, expires_at = ?3, consumed_at = NULL WHERE expires_at <= ?4`,
    );
    this.#replace = database.prepare(
      'UPDATE records SET payload = ?, expires_at = ?, grant_id = ?, account_id = ? WHERE id = ? AND expires_at > ?',
    );
    this.#find = database.prepare(
      'SELECT payload, expires_at, consumed_at FROM records WHERE id = ? AND expires_at > ?',
    );
    // A session changes its id at each sign-in and keeps its uid: the newest is meant.
    const newest = 'AND expires_at > ? ORDER BY rowid DESC LIMIT 1';
    const select = 'SELECT id, payload, expires_at, consumed_at FROM records';
    this.#findByUid = database.prepare(`${select} WHERE uid = ? ${newest}`);
    this.#findByUserCode = database.prepare(`${select} WHERE user_code = ? ${newest}`);
    this.#listByAccount = database.prepare(
      `${select} WHERE account_id = ? AND substr(id, 1, 1) = ? AND expires_at > ?`,
    );
    this.#consume = database.prepare(
      'UPDATE records SET consumed_at = ? WHERE id = ? AND consumed_at IS NULL AND expires_at > ?',
    );
    this.#delete = database.prepare('DELETE FROM records WHERE id = ?');
    this.#deleteByGrant = database.prepare('DELETE FROM records WHERE grant_id = ? OR id = ?');
    this.#deleteByAccount = database.prepare(
      'DELETE FROM records WHERE account_id = ?1 AND (?2 IS NULL OR uid IS NOT ?2)',
    );
  }

  async put(kind: RecordKind, id: string, record: NewRecord, index: RecordIndex): Promise<void> {
    await this.#database.write(durabilityOf(kind), () =>
      this.#put.run(
        TAGS[kind] + id,
        record.payload,
        record.expiresAt.getTime(),
        index.grantId ?? null,
        index.accountId ?? null,
        index.uid ?? null,
        index.userCode ?? null,
      ),
    );
  }

  putIfAbsent(kind: RecordKind, id: string, { payload, expiresAt }: NewRecord): Promise<boolean> {
    return this.#database.write(
      durabilityOf(kind),
      () => this.#putIfAbsent.run(TAGS[kind] + id, payload, expiresAt.getTime(), this.#now()).changes === 1,
    );
  }

  replace(kind: RecordKind, id: string, record: NewRecord, index: RecordIndex): Promise<boolean> {
    const { payload, expiresAt } = record;
    const indexes = [index.grantId ?? null, index.accountId ?? null];
    return this.#database.write(
      durabilityOf(kind),
      () => this.#replace.run(payload, expiresAt.getTime(), ...indexes, TAGS[kind] + id, this.#now()).changes === 1,
    );
  }

  find(kind: RecordKind, id: string): Promise<StoredRecord | undefined> {
    return this.#database.read(() => {
      const row = this.#find.get(TAGS[kind] + id, this.#now());
      return row && toRecord(row);
    });
  }

  findByUid(uid: string): Promise<FoundRecord | undefined> {
    return this.#findBy(this.#findByUid, uid);
  }

  findByUserCode(userCode: string): Promise<FoundRecord | undefined> {
    return this.#findBy(this.#findByUserCode, userCode);
  }

  listByAccount(kind: RecordKind, accountId: string): Promise<readonly FoundRecord[]> {
    return this.#database.read(() => this.#listByAccount.all(accountId, TAGS[kind], this.#now()).map(toFound));
  }

  consume(kind: RecordKind, id: string, consumedAt: Date): Promise<boolean> {
    return this.#database.write(
      durabilityOf(kind),
      () => this.#consume.run(consumedAt.getTime(), TAGS[kind] + id, this.#now()).changes === 1,
    );
  }

  async delete(kind: RecordKind, id: string): Promise<void> {
    await this.#database.write(durabilityOf(kind), () => this.#delete.run(TAGS[kind] + id));
  }

  async deleteByGrant(grantId: string, grantRecordId?: string): Promise<void> {
    const grant = grantRecordId === undefined ? null : TAGS.Grant + grantRecordId;
    await this.#database.write('durable', () => this.#deleteByGrant.run(grantId, grant));
  }

  async deleteByConsent(consentId: string): Promise<void> {
    await this.#database.write('durable', () => this.#deleteByGrant.run(consentId, TAGS.Consent + consentId));
  }

  async deleteByAccount(accountId: string, keepSessionUid?: string): Promise<void> {
    await this.#database.write('durable', () => this.#deleteByAccount.run(accountId, keepSessionUid ?? null));
  }

  #findBy(statement: Statement<FoundRow>, value: string): Promise<FoundRecord | undefined> {
    return this.#database.read(() => {
      const row = statement.get(value, this.#now());
      return row && toFound(row);
    });
  }

  #now(): number {
    return this.#clock.now().getTime();
  }
}

function durabilityOf(kind: RecordKind): Durability {
  return DURABLE_KINDS.has(kind) ? 'durable' : 'short-lived';
}

function toFound(row: FoundRow): FoundRecord {
  return { ...toRecord(row), id: row.id.slice(1) };
}

export function toRecord({ payload, expires_at, consumed_at }: RecordRow): StoredRecord {
  const expiresAt = new Date(expires_at);
  return consumed_at === null ? { payload, expiresAt } : { payload, expiresAt, consumedAt: new Date(consumed_at) };
}
