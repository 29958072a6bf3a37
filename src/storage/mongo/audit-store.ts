import type { AuditEvent, AuditStore, AuditType } from '../../audit/audit-store.ts';
import type { Page, PageRequest } from '../../lib/cursor.ts';
import type { AccountId, AuditEventId } from '../../lib/ids.ts';
import { createReader, defineSchema, describeInsertion } from './fields.ts';
import { type CollectionSchema, MongoCollection, where } from './mongo-collection.ts';
import type { MongoDatabase } from './mongo-database.ts';
import { readPage, type StoredDocument } from './read-page.ts';

/** What a document holds of an event: its details as JSON, since what they hold differs by type, and the type for whoever looks for one. */
type EventDocument = Omit<AuditEvent, 'id' | 'details'> & { readonly type: AuditType; readonly details: string };

const schema = defineSchema({
  createdAt: Date,
  type: String,
  actor: String,
  accountId: String,
  organizationId: String,
  clientId: String,
  device: String,
  details: String,
});
schema.index({ createdAt: 1, _id: 1 }, { name: 'creation' });
schema.index({ accountId: 1, createdAt: 1, _id: 1 }, { name: 'account' });

export const AUDIT_EVENTS: CollectionSchema = { name: 'audit_events', schema };

const readEvent = createReader<EventDocument>(schema);

export class MongoAuditStore implements AuditStore {
  readonly #events: MongoCollection<StoredDocument>;

  constructor({ database }: { readonly database: MongoDatabase }) {
    this.#events = new MongoCollection(database, AUDIT_EVENTS);
  }

  async append({ id, details, ...rest }: AuditEvent): Promise<boolean> {
    const document: EventDocument = { ...rest, type: details.type, details: JSON.stringify(details) };
    return (await this.#events.upsert({ _id: id }, describeInsertion(schema, document))) === 'inserted';
  }

  listByAccount(accountId: AccountId, page: PageRequest): Promise<Page<AuditEvent>> {
    return readPage(this.#events, page, { filter: { accountId }, toItem: toEvent, latestFirst: true });
  }

  list(page: PageRequest): Promise<Page<AuditEvent>> {
    return readPage(this.#events, page, { filter: {}, toItem: toEvent });
  }

  async sweep(createdBefore: Date): Promise<boolean> {
    await this.#events.deleteMany({ createdAt: where({ $lt: createdBefore }) });
    return false;
  }
}

function toEvent(document: StoredDocument): AuditEvent {
  const { type: _, details, ...rest } = readEvent(document);
  return { id: document._id as AuditEventId, ...rest, details: JSON.parse(details) }; // the id it was stored with
}
