import { addSeconds, type Clock } from '../../lib/clock.ts';
import type { Page, PageRequest } from '../../lib/cursor.ts';
import type { MailId } from '../../lib/ids.ts';
import type {
  ClaimedMailJob,
  MailClaim,
  MailJob,
  MailState,
  NewMailJob,
  OutboxStore,
} from '../../mail/outbox-store.ts';
import { buildInsert } from './build-insert.ts';
import type { Database, Statement } from './database.ts';
import { readPage } from './read-page.ts';

interface Deps {
  readonly database: Database;
  readonly clock: Clock;
}

interface JobRow {
  readonly id: MailId;
  readonly kind: string;
  readonly state: MailState;
  readonly attempts: number;
  readonly due_at: number;
  readonly created_at: number;
  readonly expires_at: number;
  readonly finished_at: number | null;
  readonly failure: string | null;
}

type ClaimedRow = Pick<JobRow, 'id' | 'kind' | 'attempts' | 'created_at' | 'expires_at'> & {
  readonly sealed_letter: Uint8Array;
};

const INSERTED = [
  'id',
  'dedupe_key',
  'kind',
  'state',
  'attempts',
  'due_at',
  'created_at',
  'expires_at',
  'sealed_letter',
];
const LISTED = 'id, kind, state, attempts, due_at, created_at, expires_at, finished_at, failure';
/** Removing so many takes a few milliseconds, for which everybody waits. */
const SWEPT_ROWS = 1000;

export class SqliteOutboxStore implements OutboxStore {
  readonly #database: Database;
  readonly #clock: Clock;
  readonly #insert: Statement<never>;
  readonly #findDue: Statement<{ readonly id: MailId }>;
  readonly #claim: Statement<ClaimedRow>;
  readonly #putBack: Statement<never>;
  readonly #finish: Statement<never>;
  readonly #list: Statement<JobRow>;
  readonly #sweep: Statement<never>;

  constructor({ database, clock }: Deps) {
    this.#database = database;
    this.#clock = clock;
    this.#insert = database.prepare(`${buildInsert('outbox', INSERTED)} ON CONFLICT DO NOTHING`);
    this.#findDue = database.prepare(
      `SELECT id FROM outbox WHERE state = 'pending' AND due_at <= ? ORDER BY due_at, id LIMIT 1`,
    );
    this.#claim = database.prepare(
      `UPDATE outbox SET due_at = ?, attempts = attempts + 1 WHERE id = ?
       RETURNING id, kind, attempts, created_at, expires_at, sealed_letter`,
    );
    this.#putBack = database.prepare(
      `UPDATE outbox SET due_at = ?, failure = coalesce(?, failure) WHERE id = ? AND attempts = ? AND state = 'pending'`,
    );
    this.#finish = database.prepare(
      `UPDATE outbox SET state = ?, failure = coalesce(?, failure), finished_at = ?, sealed_letter = NULL
       WHERE id = ? AND attempts = ? AND state = 'pending'`,
    );
    this.#list = database.prepare(
      `SELECT ${LISTED} FROM outbox
       WHERE (?1 IS NULL OR state = ?1) AND (created_at, id) > (?2, ?3) ORDER BY created_at, id LIMIT ?4`,
    );
    this.#sweep = database.prepare(
      `DELETE FROM outbox WHERE id IN (SELECT id FROM outbox WHERE state = ? AND finished_at < ? LIMIT ${SWEPT_ROWS})`,
    );
  }

  insert({ id, dedupeKey, kind, sealedLetter, createdAt, expiresAt }: NewMailJob): Promise<boolean> {
    const row = {
      id,
      dedupe_key: dedupeKey ?? null,
      kind,
      state: 'pending',
      attempts: 0,
      due_at: createdAt.getTime(),
      created_at: createdAt.getTime(),
      expires_at: expiresAt.getTime(),
      sealed_letter: sealedLetter,
    };
    return this.#database.write('durable', () => this.#insert.run(row).changes === 1);
  }

  /**
   * Looks first, since mostly nothing is due. A claim need not survive a power cut: every worker would be gone with it, and the job is
   * due again all the same.
   */
  async claim(leaseSeconds: number): Promise<ClaimedMailJob | undefined> {
    const now = this.#clock.now();
    const due = await this.#database.read(() => this.#findDue.get(now.getTime()));
    if (!due) return undefined;
    const row = await this.#database.write('short-lived', () => {
      const next = this.#findDue.get(now.getTime());
      return next && this.#claim.get(addSeconds(now, leaseSeconds).getTime(), next.id);
    });
    return row && toClaimedJob(row);
  }

  putBack({ id, attempt }: MailClaim, dueAt: Date, failure?: string): Promise<boolean> {
    return this.#database.write(
      'durable',
      () => this.#putBack.run(dueAt.getTime(), failure ?? null, id, attempt).changes === 1,
    );
  }

  finish({ id, attempt }: MailClaim, state: 'sent' | 'dead', failure?: string): Promise<boolean> {
    return this.#database.write('durable', () => {
      const now = this.#clock.now().getTime();
      return this.#finish.run(state, failure ?? null, now, id, attempt).changes === 1;
    });
  }

  list(page: PageRequest, state?: MailState): Promise<Page<MailJob>> {
    return this.#database.read(() =>
      readPage(page, { readRows: (...place) => this.#list.all(state ?? null, ...place), toItem: toJob }),
    );
  }

  async sweep(state: 'sent' | 'dead', finishedBefore: Date): Promise<void> {
    await this.#database.write('short-lived', () => this.#sweep.run(state, finishedBefore.getTime()));
  }
}

function toClaimedJob(row: ClaimedRow): ClaimedMailJob {
  return {
    id: row.id,
    kind: row.kind,
    attempt: row.attempts,
    sealedLetter: row.sealed_letter,
    createdAt: new Date(row.created_at),
    expiresAt: new Date(row.expires_at),
  };
}

function toJob(row: JobRow): MailJob {
  return {
    id: row.id,
    kind: row.kind,
    state: row.state,
    attempts: row.attempts,
    dueAt: new Date(row.due_at),
    createdAt: new Date(row.created_at),
    expiresAt: new Date(row.expires_at),
    ...(row.failure !== null && { failure: row.failure }),
    ...(row.finished_at !== null && { finishedAt: new Date(row.finished_at) }),
  };
}
