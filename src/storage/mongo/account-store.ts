import type { Account, AccountStore } from '../../accounts/account-store.ts';
import type { PageRequest } from '../../lib/cursor.ts';
import type { AccountId, OrganizationId } from '../../lib/ids.ts';
import { createReader, defineSchema } from './fields.ts';
import { type CollectionSchema, where } from './mongo-collection.ts';
import type { MongoDatabase } from './mongo-database.ts';
import { VersionedCollection } from './versioned-collection.ts';

const schema = defineSchema({
  organizationId: String,
  email: String,
  emailKey: String,
  emailVerified: Boolean,
  emailRestoredAt: Date,
  profile: {
    name: String,
    givenName: String,
    familyName: String,
    preferredUsername: String,
    picture: String,
    locale: String,
    zoneinfo: String,
    phoneNumber: String,
    phoneNumberVerified: Boolean,
    address: {
      formatted: String,
      streetAddress: String,
      locality: String,
      region: String,
      postalCode: String,
      country: String,
    },
  },
  userHandle: Buffer,
  role: String,
  password: { hash: String, setAt: Date, switchedOffAt: Date },
  passkeyOffer: { declinedTimes: Number, notBefore: Date, never: Boolean },
  recovery: { startedAt: Date, device: String, opensAt: Date, toldAt: Date, endsAt: Date, openedAt: Date },
  disabledAt: Date,
  createdAt: Date,
  updatedAt: Date,
  version: Number,
});
schema.index({ organizationId: 1, emailKey: 1 }, { name: 'email', unique: true });
schema.index({ userHandle: 1 }, { name: 'user_handle', unique: true });
schema.index({ createdAt: 1, _id: 1 }, { name: 'creation' });
schema.index({ organizationId: 1, createdAt: 1, _id: 1 }, { name: 'organization' });
schema.index({ role: 1 }, { name: 'role' });
schema.index({ 'recovery.opensAt': 1 }, { name: 'recovery', sparse: true });

export const ACCOUNTS: CollectionSchema = { name: 'accounts', schema };

/** An empty profile has no values, so that nothing of it comes back. */
const readAccount = createReader<Omit<Account, 'id' | 'profile'> & Partial<Pick<Account, 'profile'>>>(schema);

export class MongoAccountStore implements AccountStore {
  readonly #accounts: VersionedCollection<Account>;

  constructor({ database }: { readonly database: MongoDatabase }) {
    this.#accounts = new VersionedCollection({
      database,
      collection: ACCOUNTS,
      toDocument: ({ id: _, ...rest }) => rest,
      toItem: (document) => ({ id: document._id as AccountId, profile: {}, ...readAccount(document) }), // the id it was stored with
    });
  }

  insert(account: Account) {
    return this.#accounts.insert(account);
  }

  find(id: AccountId) {
    return this.#accounts.find({ _id: id });
  }

  findByEmail(organizationId: OrganizationId, emailKey: string) {
    return this.#accounts.find({ organizationId, emailKey });
  }

  findByUserHandle(userHandle: Uint8Array) {
    return this.#accounts.find({ userHandle: Buffer.from(userHandle) });
  }

  update(account: Account) {
    return this.#accounts.update(account);
  }

  listRecoveriesDue(now: Date, limit: number) {
    const due = { 'recovery.opensAt': where({ $lte: now }), 'recovery.endsAt': where({ $exists: false }) };
    return this.#accounts.findAll(due, { sort: { 'recovery.opensAt': 1, _id: 1 }, limit });
  }

  hasAdministrator() {
    return this.#accounts.exists({ role: 'administrator' });
  }

  list(page: PageRequest, organizationId?: OrganizationId) {
    return this.#accounts.list(page, organizationId === undefined ? {} : { organizationId });
  }
}
