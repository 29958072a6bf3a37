import type { Page, PageRequest } from '../../lib/cursor.ts';
import type { Place } from '../../lib/page.ts';
import { describeChange, describeInsertion, type Fields } from './fields.ts';
import { type CollectionSchema, type Listing, MongoCollection } from './mongo-collection.ts';
import type { MongoDatabase } from './mongo-database.ts';
import { readPage, type StoredDocument } from './read-page.ts';

type VersionedItem = Place & { readonly version: number };

interface Options<Item> {
  readonly database: MongoDatabase;
  readonly collection: CollectionSchema;
  /** What is stored of an item beside its id. */
  readonly toDocument: (item: Item) => object;
  readonly toItem: (document: StoredDocument) => Item;
}

/** What organizations, accounts and clients have in common: a version that guards changes, and an order of creation. */
export class VersionedCollection<Item extends VersionedItem> {
  readonly #options: Options<Item>;
  readonly #collection: MongoCollection<StoredDocument>;

  constructor(options: Options<Item>) {
    this.#options = options;
    this.#collection = new MongoCollection(options.database, options.collection);
  }

  /** False when a unique value is taken. */
  async insert(item: Item): Promise<boolean> {
    const insertion = describeInsertion(this.#collection.schema, this.#options.toDocument(item));
    return (await this.#collection.upsert({ _id: item.id }, insertion)) === 'inserted';
  }

  async find(filter: Fields): Promise<Item | undefined> {
    const document = await this.#collection.findOne(filter);
    return document && this.#options.toItem(document);
  }

  /** False when the stored version is not one less, or a unique value is taken. */
  update(item: Item): Promise<boolean> {
    const change = describeChange(this.#collection.schema, this.#options.toDocument(item));
    return this.#collection.update({ _id: item.id, version: item.version - 1 }, change);
  }

  delete(id: string): Promise<boolean> {
    return this.#collection.deleteOne({ _id: id });
  }

  async exists(filter: Fields): Promise<boolean> {
    return (await this.#collection.findOne(filter)) !== undefined;
  }

  async findAll(filter: Fields, listing: Listing): Promise<readonly Item[]> {
    return (await this.#collection.find(filter, listing)).map(this.#options.toItem);
  }

  /** All, or those that a filter of plain values selects. */
  list(request: PageRequest, filter: Fields = {}): Promise<Page<Item>> {
    return readPage(this.#collection, request, { filter, toItem: this.#options.toItem });
  }
}
