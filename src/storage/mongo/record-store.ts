import type { Clock } from '../../lib/clock.ts';
import type { StoredRecord } from '../../oidc/record-store.ts';
import type { DurableKind, DurableRecordStore } from './durable-record-store.ts';
import { addExpiryIndex } from './expiry-index.ts';
import { defineSchema, describeChange } from './fields.ts';
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

export const GRANTS: CollectionSchema = { name: 'grants', schema: defineRecordSchema() };
export const REFRESH_TOKENS: CollectionSchema = {
  name: 'refresh_tokens',
  schema: defineRecordSchema().index({ grantId: 1 }, { name: 'grant' }),
};

/** Grants and refresh tokens, whose loss would sign people out or revive what is spent. The hot store: nothing is read before a write. */
export class MongoRecordStore implements DurableRecordStore {
  readonly #clock: Clock;
  readonly #collections: { readonly [Kind in DurableKind]: MongoCollection<StoredRecord> };

  constructor({ database, clock }: Deps) {
    this.#clock = clock;
    this.#collections = {
      Grant: new MongoCollection(database, GRANTS),
      RefreshToken: new MongoCollection(database, REFRESH_TOKENS),
    };
  }

  async put(...[kind, id, { payload, expiresAt }, { grantId, accountId }]: Parameters<DurableRecordStore['put']>) {
    const collection = this.#collections[kind];
    const record = { payload, expiresAt, grantId, accountId };
    await collection.put(id, describeChange(collection.schema, record, ['consumedAt']));
  }

  async find(kind: DurableKind, id: string): Promise<StoredRecord | undefined> {
    const record = await this.#collections[kind].findOne({ _id: id });
    if (!record || record.expiresAt <= this.#clock.now()) return undefined;
    const { payload, expiresAt, consumedAt } = record;
    return consumedAt ? { payload, expiresAt, consumedAt } : { payload, expiresAt };
  }

  consume(kind: DurableKind, id: string, consumedAt: Date): Promise<boolean> {
    const usable = { _id: id, consumedAt: null, expiresAt: where({ $gt: this.#clock.now() }) };
    return this.#collections[kind].update(usable, { $set: { consumedAt } });
  }

  async delete(kind: DurableKind, id: string): Promise<void> {
    await this.#collections[kind].deleteOne({ _id: id });
  }

  async deleteByGrant(grantId: string, grantRecordId?: string): Promise<void> {
    if (grantRecordId !== undefined) await this.delete('Grant', grantRecordId);
    await this.#collections.RefreshToken.deleteMany({ grantId });
  }

  async deleteByAccount(accountId: string): Promise<void> {
    await this.#collections.Grant.deleteMany({ accountId });
    await this.#collections.RefreshToken.deleteMany({ accountId });
  }
}
