import type { Client, ClientStore } from '../../clients/client-store.ts';
import type { PageRequest } from '../../lib/cursor.ts';
import type { ClientId } from '../../lib/ids.ts';
import { createReader, definePart, defineSchema } from './fields.ts';
import type { CollectionSchema } from './mongo-collection.ts';
import type { MongoDatabase } from './mongo-database.ts';
import { VersionedCollection } from './versioned-collection.ts';

/** What a document holds of a client: its metadata as JSON, since their names are not ours and MongoDB gives some characters a meaning. */
type ClientDocument = Omit<Client, 'id' | 'metadata'> & { readonly metadata: string };

const schema = defineSchema({
  name: String,
  metadata: String,
  settings: {
    requirePkce: Boolean,
    consent: String,
    scopeClaimsInIdToken: Boolean,
    resources: [definePart({ indicator: String, scopes: [String] })],
  },
  secrets: [definePart({ digest: String, lastFour: String, createdAt: Date, expiresAt: Date })],
  disabledAt: Date,
  createdAt: Date,
  updatedAt: Date,
  version: Number,
});
schema.index({ createdAt: 1, _id: 1 }, { name: 'creation' });

export const CLIENTS: CollectionSchema = { name: 'clients', schema };

const readClient = createReader<ClientDocument>(schema);

export class MongoClientStore implements ClientStore {
  readonly #clients: VersionedCollection<Client>;

  constructor({ database }: { readonly database: MongoDatabase }) {
    this.#clients = new VersionedCollection({ database, collection: CLIENTS, toDocument, toItem: toClient });
  }

  insert(client: Client) {
    return this.#clients.insert(client);
  }

  find(id: ClientId) {
    return this.#clients.find({ _id: id });
  }

  update(client: Client) {
    return this.#clients.update(client);
  }

  delete(id: ClientId) {
    return this.#clients.delete(id);
  }

  list(page: PageRequest) {
    return this.#clients.list(page);
  }
}

function toDocument({ id: _, metadata, ...rest }: Client): ClientDocument {
  return { ...rest, metadata: JSON.stringify(metadata) };
}

function toClient(document: { readonly _id: string }): Client {
  const { metadata, ...rest } = readClient(document);
  return { id: document._id as ClientId, metadata: JSON.parse(metadata), ...rest }; // the id it was stored with
}
