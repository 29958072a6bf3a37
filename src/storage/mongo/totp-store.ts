import type { AccountId } from '../../lib/ids.ts';
import type { Totp, TotpStore } from '../../totp/totp-store.ts';
import { createReader, defineSchema, describeInsertion, SCHEMA_VERSION, toFields } from './fields.ts';
import { type CollectionSchema, MongoCollection, where } from './mongo-collection.ts';
import type { MongoDatabase } from './mongo-database.ts';

const schema = defineSchema({ sealedSecret: Buffer, lastStep: Number, confirmedAt: Date });

export const TOTPS: CollectionSchema = { name: 'totps', schema };

const readTotp = createReader<Omit<Totp, 'accountId'>>(schema);

/** The document of an account has its id. */
export class MongoTotpStore implements TotpStore {
  readonly #totps: MongoCollection<object>;

  constructor({ database }: { readonly database: MongoDatabase }) {
    this.#totps = new MongoCollection(database, TOTPS);
  }

  async insert({ accountId, ...rest }: Totp): Promise<boolean> {
    return (await this.#totps.upsert({ _id: accountId }, describeInsertion(schema, rest))) === 'inserted';
  }

  /** Replaces the whole document: what a newer release keeps beside a secret was said of the old one. */
  put({ accountId, ...rest }: Totp): Promise<void> {
    return this.#totps.replace(accountId, { ...toFields(schema, rest), schemaVersion: SCHEMA_VERSION });
  }

  async find(accountId: AccountId): Promise<Totp | undefined> {
    const document = await this.#totps.findOne({ _id: accountId });
    return document && { accountId, ...readTotp(document) };
  }

  advance(accountId: AccountId, step: number): Promise<boolean> {
    return this.#totps.update({ _id: accountId, lastStep: where({ $lt: step }) }, { $set: { lastStep: step } });
  }

  delete(accountId: AccountId): Promise<boolean> {
    return this.#totps.deleteOne({ _id: accountId });
  }
}
