import type { FailureStore, GuessableFactor } from '../../accounts/failure-store.ts';
import type { AccountId } from '../../lib/ids.ts';
import { defineSchema, SCHEMA_VERSION } from './fields.ts';
import { type CollectionSchema, MongoCollection } from './mongo-collection.ts';
import type { MongoDatabase } from './mongo-database.ts';

interface FailureDocument {
  readonly accountId: AccountId;
  readonly factor: GuessableFactor;
  readonly count: number;
}

const schema = defineSchema({ accountId: String, factor: String, count: Number });
schema.index({ accountId: 1, factor: 1 }, { name: 'account' });

export const FAILURES: CollectionSchema = { name: 'failures', schema };

/** One document for each account, factor and source, which its id names. */
export class MongoFailureStore implements FailureStore {
  readonly #failures: MongoCollection<FailureDocument>;

  constructor({ database }: { readonly database: MongoDatabase }) {
    this.#failures = new MongoCollection(database, FAILURES);
  }

  async countTry(accountId: AccountId, factor: GuessableFactor, source: string): Promise<number> {
    const before = await this.#failures.putAndReadBefore(JSON.stringify([accountId, factor, source]), {
      $inc: { count: 1 },
      $setOnInsert: { accountId, factor, schemaVersion: SCHEMA_VERSION },
    });
    return (before?.count ?? 0) + 1;
  }

  /** Looks first, since most have none and a write waits for a majority: a count that comes in between is one that comes after. */
  async clear(accountId: AccountId, factor?: GuessableFactor): Promise<void> {
    const cleared = { accountId, ...(factor && { factor }) };
    const found = await this.#failures.findOne(cleared);
    if (found) await this.#failures.deleteMany(cleared);
  }
}
