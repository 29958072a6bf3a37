import type { Clock } from '../../lib/clock.ts';
import type { LastingKind, LastingRecord, LastingRecordStore } from '../../oidc/lasting-record-store.ts';
import type { Database, Statement } from './database.ts';
import { type RecordRow, TAGS, toRecord } from './record-store.ts';

interface Deps {
  readonly database: Database;
  readonly clock: Clock;
}

type LastingRow = RecordRow & {
  readonly id: string;
  readonly grant_id: string | null;
  readonly account_id: string | null;
};

/** Behind every id of one kind: ids are base64url. */
const LAST = '~';

/** The same rows that `SqliteRecordStore` keeps. */
export class SqliteLastingRecordStore implements LastingRecordStore {
  readonly #database: Database;
  readonly #clock: Clock;
  readonly #insert: Statement<never>;
  readonly #list: Statement<LastingRow>;

  constructor({ database, clock }: Deps) {
    this.#database = database;
    this.#clock = clock;
    this.#insert = database.prepare(
      `INSERT INTO records (id, payload, expires_at, consumed_at, grant_id, account_id) VALUES (?, ?, ?, ?, ?, ?)
       ON CONFLICT DO NOTHING`,
    );
    this.#list = database.prepare(
      `SELECT id, payload, expires_at, consumed_at, grant_id, account_id FROM records
       WHERE id > ? AND id < ? AND expires_at > ? ORDER BY id LIMIT ?`,
    );
  }

  insert(kind: LastingKind, record: LastingRecord): Promise<boolean> {
    const { id, payload, expiresAt, consumedAt, grantId, accountId } = record;
    const times = [expiresAt.getTime(), consumedAt?.getTime() ?? null];
    return this.#database.write(
      'durable',
      () => this.#insert.run(TAGS[kind] + id, payload, ...times, grantId ?? null, accountId ?? null).changes === 1,
    );
  }

  list(kind: LastingKind, limit: number, after = ''): Promise<readonly LastingRecord[]> {
    const tag = TAGS[kind];
    return this.#database.read(() =>
      this.#list.all(tag + after, tag + LAST, this.#clock.now().getTime(), limit).map(toLastingRecord),
    );
  }
}

function toLastingRecord({ id, grant_id, account_id, ...row }: LastingRow): LastingRecord {
  return {
    id: id.slice(1),
    ...toRecord(row),
    ...(grant_id !== null && { grantId: grant_id }),
    ...(account_id !== null && { accountId: account_id }),
  };
}
