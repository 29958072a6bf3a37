import { addExpiryIndex } from './expiry-index.ts';
import { defineSchema, describeInsertion } from './fields.ts';
import { type CollectionSchema, MongoCollection } from './mongo-collection.ts';
import type { MongoDatabase } from './mongo-database.ts';

/**
 * Durable: which authorization codes are spent. The codes stand in a store that copies itself to its replicas some time after it has
 * answered, so that after a failover a spent one may be there again, unspent.
 */
export interface SpentStore {
  /**
   * Marks a code as spent, in one step: of any number of callers, ever, one gets true. `id` is the digest of the code; the mark stays
   * until `expiresAt`, when the code is expired, and longer.
   */
  spend(id: string, expiresAt: Date): Promise<boolean>;
}

const schema = defineSchema({ expiresAt: Date });
addExpiryIndex(schema);

export const SPENT_CODES: CollectionSchema = { name: 'spent_codes', schema };

export class MongoSpentStore implements SpentStore {
  readonly #marks: MongoCollection<object>;

  constructor({ database }: { readonly database: MongoDatabase }) {
    this.#marks = new MongoCollection(database, SPENT_CODES);
  }

  async spend(id: string, expiresAt: Date): Promise<boolean> {
    return (await this.#marks.upsert({ _id: id }, describeInsertion(schema, { expiresAt }))) === 'inserted';
  }
}
