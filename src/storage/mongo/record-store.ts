import type { Clock } from '../../lib/clock.ts';
import type { LastingRecord } from '../../oidc/lasting-record-store.ts';
import type { FoundRecord, NewRecord, RecordIndex, StoredRecord } from '../../oidc/record-store.ts';
import type { DurableKind, DurableRecordStore } from './durable-record-store.ts';
import { addExpiryIndex } from './expiry-index.ts';
import { createReader, defineSchema, describeChange, describeInsertion, type Fields } from './fields.ts';
import { type CollectionSchema, MongoCollection, where } from './mongo-collection.ts';
import type { MongoDatabase } from './mongo-database.ts';

interface Deps {
  readonly database: MongoDatabase;
  readonly clock: Clock;
}

function defineRecordSchema(): CollectionSchema['schema'] {
  const schema = defineSchema({
    payload: String,
    expiresAt: Date,
    consumedAt: Date,
    grantId: String,
    accountId: String,
  });
  schema.index({ accountId: 1 }, { name: 'account' });
  addExpiryIndex(schema);
  return schema;
}

export const CONSENTS: CollectionSchema = { name: 'consents', schema: defineRecordSchema() };
export const GRANTS: CollectionSchema = {
  name: 'grants',
  schema: defineRecordSchema().index({ grantId: 1 }, { name: 'grant' }),
};
export const REFRESH_TOKENS: CollectionSchema = {
  name: 'refresh_tokens',
  schema: defineRecordSchema().index({ grantId: 1 }, { name: 'grant' }),
};

const readRecord = createReader<Omit<LastingRecord, 'id'>>(GRANTS.schema);

/**
 * Consents, grants and refresh tokens, whose loss would sign people out or revive what is spent. The hot store: nothing is read before a
 * write.
 */
export class MongoRecordStore implements DurableRecordStore {
  readonly #clock: Clock;
  readonly #collections: { readonly [Kind in DurableKind]: MongoCollection<StoredRecord & { readonly _id: string }> };

  constructor({ database, clock }: Deps) {
    this.#clock = clock;
    this.#collections = {
      Consent: new MongoCollection(database, CONSENTS),
      Grant: new MongoCollection(database, GRANTS),
      RefreshToken: new MongoCollection(database, REFRESH_TOKENS),
    };
  }

  async put(kind: DurableKind, id: string, record: NewRecord, index: RecordIndex): Promise<void> {
    await this.#collections[kind].put(id, describeRecord(record, index));
  }

  replace(kind: DurableKind, id: string, record: NewRecord, index: RecordIndex): Promise<boolean> {
    return this.#collections[kind].update({ _id: id, ...this.#live() }, describeRecord(record, index));
  }

  async find(kind: DurableKind, id: string): Promise<StoredRecord | undefined> {
    const record = await this.#collections[kind].findOne({ _id: id });
    return record && record.expiresAt > this.#clock.now() ? toRecord(record) : undefined;
  }

  async listByAccount(kind: DurableKind, accountId: string): Promise<readonly FoundRecord[]> {
    const documents = await this.#collections[kind].find({ accountId, ...this.#live() }, { sort: { _id: 1 } });
    return documents.map((document) => ({ id: document._id, ...toRecord(document) }));
  }

  consume(kind: DurableKind, id: string, consumedAt: Date): Promise<boolean> {
    const usable = { _id: id, consumedAt: null, ...this.#live() };
    return this.#collections[kind].update(usable, { $set: { consumedAt } });
  }

  async delete(kind: DurableKind, id: string): Promise<void> {
    await this.#collections[kind].deleteOne({ _id: id });
  }

  async insert(kind: DurableKind, { id, ...rest }: LastingRecord): Promise<boolean> {
    const collection = this.#collections[kind];
    return (await collection.upsert({ _id: id }, describeInsertion(collection.schema, rest))) === 'inserted';
  }

  async list(kind: DurableKind, limit: number, after = ''): Promise<readonly LastingRecord[]> {
    const filter = { _id: where({ $gt: after }), ...this.#live() };
    const documents = await this.#collections[kind].find(filter, { sort: { _id: 1 }, limit });
    return documents.map((document) => ({ id: document._id, ...readRecord(document) }));
  }

  async deleteByGrant(grantId: string, grantRecordId?: string): Promise<void> {
    if (grantRecordId !== undefined) await this.delete('Grant', grantRecordId);
    await this.#collections.RefreshToken.deleteMany({ grantId });
  }

  async deleteByConsent(consentId: string): Promise<void> {
    await this.delete('Consent', consentId);
    await this.#collections.Grant.deleteMany({ grantId: consentId });
  }

  async deleteByAccount(accountId: string): Promise<void> {
    for (const kind of ['Consent', 'Grant', 'RefreshToken'] as const)
      await this.#collections[kind].deleteMany({ accountId });
  }

  #live(): Fields {
    return { expiresAt: where({ $gt: this.#clock.now() }) };
  }
}

function describeRecord({ payload, expiresAt }: NewRecord, { grantId, accountId }: RecordIndex): Fields {
  return describeChange(GRANTS.schema, { payload, expiresAt, grantId, accountId }, ['consumedAt']);
}

function toRecord({ payload, expiresAt, consumedAt }: StoredRecord): StoredRecord {
  return consumedAt ? { payload, expiresAt, consumedAt } : { payload, expiresAt };
}
