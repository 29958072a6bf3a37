import type { KeyStore, SigningKey } from '../../keys/key-store.ts';
import { createReader, defineSchema, describeInsertion } from './fields.ts';
import { type CollectionSchema, MongoCollection } from './mongo-collection.ts';
import type { MongoDatabase } from './mongo-database.ts';

const schema = defineSchema({
  algorithm: String,
  generation: Number,
  sealedPrivateJwk: Buffer,
  createdAt: Date,
  activeFrom: Date,
  retiredAt: Date,
});
schema.index({ algorithm: 1, generation: 1 }, { name: 'generation', unique: true });

export const SIGNING_KEYS: CollectionSchema = { name: 'signing_keys', schema };

const readKey = createReader<Omit<SigningKey, 'kid'>>(schema);

/** A key's document has its kid as id. */
export class MongoKeyStore implements KeyStore {
  readonly #keys: MongoCollection<{ readonly _id: string }>;

  constructor({ database }: { readonly database: MongoDatabase }) {
    this.#keys = new MongoCollection(database, SIGNING_KEYS);
  }

  async insert({ kid, ...rest }: SigningKey): Promise<boolean> {
    return (await this.#keys.upsert({ _id: kid }, describeInsertion(schema, rest))) === 'inserted';
  }

  /**
   * Only what a majority has: tokens that a key has signed live on outside, where no failover takes them back. Other reads need not
   * wait for that, since what is decided by them is a conditional write, and right after a failover they would see less.
   */
  async list(): Promise<readonly SigningKey[]> {
    const keys = await this.#keys.find({}, { sort: { createdAt: -1, _id: 1 }, readConcern: 'majority' });
    return keys.map((document) => ({ kid: document._id, ...readKey(document) }));
  }
}
