import type { Account, AccountStore } from '../../accounts/account-store.ts';
import { addSeconds } from '../../lib/clock.ts';
import type { AccountId, PasskeyId } from '../../lib/ids.ts';
import type { Passkey, PasskeyStore, PasskeyUse } from '../../passkeys/passkey-store.ts';
import { createReader, definePart, defineSchema, describeInsertion, SCHEMA_VERSION, toFields } from './fields.ts';
import { type CollectionSchema, MongoCollection, repeat, where } from './mongo-collection.ts';
import type { MongoDatabase } from './mongo-database.ts';

interface PasskeysDocument {
  readonly _id: AccountId;
  readonly passkeys: readonly { readonly id: PasskeyId; readonly rpId: string }[];
}

const passkeySchema = definePart({
  id: String,
  rpId: String,
  publicKey: Buffer,
  counter: Number,
  backupEligible: Boolean,
  backedUp: Boolean,
  aaguid: String,
  transports: [String],
  attestation: String,
  name: String,
  createdAt: Date,
  lastUsedAt: Date,
  lastUsedWith: String,
  verifiedAt: Date,
});
const schema = defineSchema({ passkeys: [passkeySchema] });
schema.index({ 'passkeys.id': 1 }, { name: 'passkey', unique: true });
schema.index({ 'passkeys.rpId': 1 }, { name: 'rp_id' });

export const PASSKEYS: CollectionSchema = { name: 'passkeys', schema };

/** Longer than a write may be under way. */
const ABANDONED_SECONDS = 86_400;

const readPasskey = createReader<Omit<Passkey, 'accountId'>>(passkeySchema);

/**
 * All passkeys of an account stand in one document, so that its limit and its last one are conditions of the very operation that adds
 * or removes. That no other account has an id is for the unique index to say, and within the document for the condition.
 * An account without passkeys has no document: a unique index holds an empty list as one more value, which but one account may have.
 *
 * The first one is stored before its account. A sign-up that breaks off in between leaves a passkey without an account: it opens nothing,
 * and gives its id to whoever wants it a day later. Sooner the account might still be on its way.
 */
export class MongoPasskeyStore implements PasskeyStore {
  readonly #accounts: MongoCollection<PasskeysDocument>;
  readonly #owners: AccountStore;

  constructor({ database, accounts }: { readonly database: MongoDatabase; readonly accounts: AccountStore }) {
    this.#accounts = new MongoCollection(database, PASSKEYS);
    this.#owners = accounts;
  }

  insert(passkey: Passkey, limit: number): Promise<'inserted' | 'taken' | 'full'> {
    return repeat(async () => {
      if (limit > 0 && (await this.#add(passkey, limit))) return 'inserted';
      if (await this.#isHeld(passkey)) return 'taken';
      return (await this.listByAccount(passkey.accountId)).length >= limit ? 'full' : undefined;
    });
  }

  async insertWithAccount(passkey: Passkey, account: Account): Promise<'inserted' | 'taken' | 'account-taken'> {
    const outcome = await repeat(() => this.#addFirst(passkey));
    if (outcome !== 'inserted' || (await this.#owners.insert(account))) return outcome;
    await this.#remove(passkey);
    return 'account-taken';
  }

  async find(id: PasskeyId): Promise<Passkey | undefined> {
    const document = await this.#accounts.findOne({ 'passkeys.id': id });
    return document && toPasskeys(document).find((passkey) => passkey.id === id);
  }

  async listByAccount(accountId: AccountId): Promise<readonly Passkey[]> {
    const document = await this.#accounts.findOne({ _id: accountId });
    return document ? toPasskeys(document).toSorted(compareAge) : [];
  }

  /** `$min` sets `verifiedAt` where there is none and leaves an earlier one; `$eq` lets the id be nothing but a value. */
  recordUse(id: PasskeyId, { counter, backedUp, usedAt, usedWith }: PasskeyUse): Promise<boolean> {
    const lower = { counter: { $lt: counter } };
    const usable = counter === 0 ? [lower, { counter: 0 }] : [lower];
    return this.#accounts.update(
      { passkeys: where({ $elemMatch: { id: { $eq: id }, $or: usable } }) },
      {
        $set: {
          'passkeys.$.counter': counter,
          'passkeys.$.backedUp': backedUp,
          'passkeys.$.lastUsedAt': usedAt,
          'passkeys.$.lastUsedWith': usedWith,
        },
        $min: { 'passkeys.$.verifiedAt': usedAt },
      },
    );
  }

  /** Two ranges rather than "not equal": those an index answers. */
  async existsForOtherRpId(rpId: string): Promise<boolean> {
    const ranges = [where({ $lt: rpId }), where({ $gt: rpId })];
    return (await this.#accounts.findOne({ $or: ranges.map((range) => ({ 'passkeys.rpId': range })) })) !== undefined;
  }

  rename(accountId: AccountId, id: PasskeyId, name: string): Promise<boolean> {
    return this.#accounts.update({ _id: accountId, 'passkeys.id': id }, { $set: { 'passkeys.$.name': name } });
  }

  delete(accountId: AccountId, id: PasskeyId, keepOne: boolean): Promise<'deleted' | 'last' | 'absent'> {
    const owned = { _id: accountId, 'passkeys.id': id };
    const remaining = keepOne
      ? { passkeys: where({ $elemMatch: { id: { $ne: id }, verifiedAt: { $exists: true } } }) }
      : { 'passkeys.1': where({ $exists: true }) };
    return repeat(async () => {
      const removal = { $pull: { passkeys: { id } } };
      if (await this.#accounts.update({ ...owned, ...remaining }, removal)) return 'deleted';
      const last = { ...owned, 'passkeys.1': where({ $exists: false }) };
      if (!keepOne && (await this.#accounts.deleteOne(last))) return 'deleted';
      const passkeys = await this.listByAccount(accountId);
      if (!passkeys.some((passkey) => passkey.id === id)) return 'absent';
      const others = passkeys.filter((passkey) => passkey.id !== id);
      return keepOne && others.every(({ verifiedAt }) => verifiedAt === undefined) ? 'last' : undefined;
    });
  }

  async #add(passkey: Passkey, limit: number): Promise<boolean> {
    const { accountId, ...rest } = passkey;
    const outcome = await this.#accounts.upsert(
      {
        _id: accountId,
        'passkeys.id': where({ $ne: passkey.id }),
        [`passkeys.${limit - 1}`]: where({ $exists: false }),
      },
      { $push: { passkeys: toFields(passkeySchema, rest) }, $setOnInsert: { schemaVersion: SCHEMA_VERSION } },
    );
    return outcome !== 'taken';
  }

  /** Undefined when it has to be tried again. */
  async #addFirst(passkey: Passkey): Promise<'inserted' | 'taken' | 'account-taken' | undefined> {
    const { accountId, ...rest } = passkey;
    const insertion = describeInsertion(schema, { passkeys: [toFields(passkeySchema, rest)] });
    const outcome = await this.#accounts.upsert({ _id: accountId }, insertion);
    if (outcome === 'changed') return 'account-taken';
    if (outcome === 'inserted') return outcome;
    return (await this.#isHeld(passkey)) ? 'taken' : undefined;
  }

  /** Whether somebody has the id of a new passkey; what has lain there abandoned for long enough goes. */
  async #isHeld({ id, createdAt }: Passkey): Promise<boolean> {
    const holder = await this.find(id);
    if (!holder) return false;
    const isRecent = holder.createdAt > addSeconds(createdAt, -ABANDONED_SECONDS);
    if (isRecent || (await this.#owners.find(holder.accountId))) return true;
    await this.#remove(holder);
    return false;
  }

  /** Only together with the document, of which it is all there is. */
  async #remove({ accountId, id }: Passkey): Promise<void> {
    await this.#accounts.deleteOne({ _id: accountId, 'passkeys.id': id, 'passkeys.1': where({ $exists: false }) });
  }
}

function toPasskeys({ _id, passkeys }: PasskeysDocument): readonly Passkey[] {
  return passkeys.map((passkey) => ({ accountId: _id, ...readPasskey(passkey) }));
}

function compareAge(left: Passkey, right: Passkey): number {
  return left.createdAt.getTime() - right.createdAt.getTime() || (left.id < right.id ? -1 : 1);
}
