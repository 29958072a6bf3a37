import type { PageRequest } from '../../lib/cursor.ts';
import type { OrganizationId } from '../../lib/ids.ts';
import type { Organization, OrganizationStore } from '../../organizations/organization-store.ts';
import { createReader, defineSchema } from './fields.ts';
import type { CollectionSchema } from './mongo-collection.ts';
import type { MongoDatabase } from './mongo-database.ts';
import { VersionedCollection } from './versioned-collection.ts';

const schema = defineSchema({
  slug: String,
  name: String,
  policy: {
    organizationPrompt: String,
    passkey: String,
    password: String,
    secondFactor: String,
    secondFactors: [String],
    enrolPasskey: String,
    confirmWith: [String],
    signUp: String,
    sso: { issuer: String, clientId: String, required: Boolean },
    attestation: { mode: String, allow: [String], deny: [String], synced: String },
    namePasskey: String,
    recoveryByEmail: { waitingHours: Number },
  },
  createdAt: Date,
  version: Number,
});
schema.index({ slug: 1 }, { name: 'slug', unique: true });
schema.index({ createdAt: 1, _id: 1 }, { name: 'creation' });

export const ORGANIZATIONS: CollectionSchema = { name: 'organizations', schema };

const readOrganization = createReader<Omit<Organization, 'id'>>(schema);

export class MongoOrganizationStore implements OrganizationStore {
  readonly #organizations: VersionedCollection<Organization>;

  constructor({ database }: { readonly database: MongoDatabase }) {
    this.#organizations = new VersionedCollection({
      database,
      collection: ORGANIZATIONS,
      toDocument: ({ id: _, ...rest }) => rest,
      toItem: (document) => ({ id: document._id as OrganizationId, ...readOrganization(document) }), // the id it was stored with
    });
  }

  insert(organization: Organization) {
    return this.#organizations.insert(organization);
  }

  find(id: OrganizationId) {
    return this.#organizations.find({ _id: id });
  }

  findBySlug(slug: string) {
    return this.#organizations.find({ slug });
  }

  update(organization: Organization) {
    return this.#organizations.update(organization);
  }

  list(page: PageRequest) {
    return this.#organizations.list(page);
  }
}
