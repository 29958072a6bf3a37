import type { AccountId } from '../../lib/ids.ts';
import type { RecoveryCodeSet, RecoveryCodeStore } from '../../recovery/recovery-code-store.ts';
import { createReader, definePart, defineSchema, describeInsertion, SCHEMA_VERSION, toFields } from './fields.ts';
import { type CollectionSchema, MongoCollection, where } from './mongo-collection.ts';
import type { MongoDatabase } from './mongo-database.ts';

const schema = defineSchema({ codes: [definePart({ digest: String, spentAt: Date })], madeAt: Date });

export const RECOVERY_CODES: CollectionSchema = { name: 'recovery_codes', schema };

const readSet = createReader<Omit<RecoveryCodeSet, 'accountId'>>(schema);

/** The document of an account has its id, and holds all its codes. */
export class MongoRecoveryCodeStore implements RecoveryCodeStore {
  readonly #sets: MongoCollection<object>;

  constructor({ database }: { readonly database: MongoDatabase }) {
    this.#sets = new MongoCollection(database, RECOVERY_CODES);
  }

  async insert({ accountId, ...rest }: RecoveryCodeSet): Promise<boolean> {
    return (await this.#sets.upsert({ _id: accountId }, describeInsertion(schema, rest))) === 'inserted';
  }

  /** Replaces the whole document: what a newer release keeps beside the codes was said of the old ones. */
  replace({ accountId, ...rest }: RecoveryCodeSet): Promise<void> {
    return this.#sets.replace(accountId, { ...toFields(schema, rest), schemaVersion: SCHEMA_VERSION });
  }

  async find(accountId: AccountId): Promise<RecoveryCodeSet | undefined> {
    const document = await this.#sets.findOne({ _id: accountId });
    return document && { accountId, ...readSet(document) };
  }

  /** `$eq` lets the digest be nothing but a value. */
  spend(accountId: AccountId, codeDigest: string, spentAt: Date): Promise<boolean> {
    const unspent = { $and: [{ digest: { $eq: codeDigest } }, { spentAt: { $exists: false } }] };
    return this.#sets.update(
      { _id: accountId, codes: where({ $elemMatch: unspent }) },
      { $set: { 'codes.$.spentAt': spentAt } },
    );
  }

  delete(accountId: AccountId): Promise<boolean> {
    return this.#sets.deleteOne({ _id: accountId });
  }
}
