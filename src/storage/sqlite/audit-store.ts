import type { AuditActor, AuditDetails, AuditEvent, AuditStore } from '../../audit/audit-store.ts';
import type { Page, PageRequest } from '../../lib/cursor.ts';
import type { AccountId, AuditEventId, ClientId, OrganizationId } from '../../lib/ids.ts';
import { buildInsert } from './build-insert.ts';
import type { Database, Statement } from './database.ts';
import { readPage } from './read-page.ts';

type EventRow = {
  readonly id: AuditEventId;
  readonly created_at: number;
  /** As in the details, for whoever looks for events of one type. */
  readonly type: string;
  readonly actor: AuditActor;
  readonly account_id: AccountId | null;
  readonly organization_id: OrganizationId | null;
  readonly client_id: ClientId | null;
  readonly device: string | null;
  readonly details: string;
};

const COLUMNS: readonly (keyof EventRow)[] = [
  'id',
  'created_at',
  'type',
  'actor',
  'account_id',
  'organization_id',
  'client_id',
  'device',
  'details',
];
/** Removing so many takes a few milliseconds, for which everybody waits. */
const SWEPT_ROWS = 1000;

export class SqliteAuditStore implements AuditStore {
  readonly #database: Database;
  readonly #append: Statement<never>;
  readonly #listByAccount: Statement<EventRow>;
  readonly #list: Statement<EventRow>;
  readonly #sweep: Statement<never>;

  constructor({ database }: { readonly database: Database }) {
    this.#database = database;
    this.#append = database.prepare(`${buildInsert('audit_events', COLUMNS)} ON CONFLICT DO NOTHING`);
    this.#listByAccount = database.prepare(
      `SELECT * FROM audit_events WHERE account_id = ? AND (created_at, id) < (?, ?)
       ORDER BY created_at DESC, id DESC LIMIT ?`,
    );
    this.#list = database.prepare(
      'SELECT * FROM audit_events WHERE (created_at, id) > (?, ?) ORDER BY created_at, id LIMIT ?',
    );
    this.#sweep = database.prepare(
      `DELETE FROM audit_events WHERE id IN
         (SELECT id FROM audit_events WHERE created_at < ? ORDER BY created_at LIMIT ${SWEPT_ROWS})`,
    );
  }

  append(event: AuditEvent): Promise<boolean> {
    return this.#database.write('durable', () => this.#append.run(toRow(event)).changes === 1);
  }

  listByAccount(accountId: AccountId, page: PageRequest): Promise<Page<AuditEvent>> {
    return this.#database.read(() =>
      readPage(page, {
        readRows: (...place) => this.#listByAccount.all(accountId, ...place),
        toItem: toEvent,
        latestFirst: true,
      }),
    );
  }

  list(page: PageRequest): Promise<Page<AuditEvent>> {
    return this.#database.read(() =>
      readPage(page, { readRows: (...place) => this.#list.all(...place), toItem: toEvent }),
    );
  }

  sweep(createdBefore: Date): Promise<boolean> {
    return this.#database.write('short-lived', () => this.#sweep.run(createdBefore.getTime()).changes === SWEPT_ROWS);
  }
}

function toRow(event: AuditEvent): EventRow {
  return {
    id: event.id,
    created_at: event.createdAt.getTime(),
    type: event.details.type,
    actor: event.actor,
    account_id: event.accountId ?? null,
    organization_id: event.organizationId ?? null,
    client_id: event.clientId ?? null,
    device: event.device ?? null,
    details: JSON.stringify(event.details),
  };
}

function toEvent(row: EventRow): AuditEvent {
  const details: AuditDetails = JSON.parse(row.details);
  return {
    id: row.id,
    createdAt: new Date(row.created_at),
    actor: row.actor,
    ...(row.account_id !== null && { accountId: row.account_id }),
    ...(row.organization_id !== null && { organizationId: row.organization_id }),
    ...(row.client_id !== null && { clientId: row.client_id }),
    ...(row.device !== null && { device: row.device }),
    details,
  };
}
