import type { Page, PageRequest } from '../../lib/cursor.ts';
import { type Place, readPlace, toPage } from '../../lib/page.ts';
import type { Fields } from './fields.ts';
import { type MongoCollection, where } from './mongo-collection.ts';

export type StoredDocument = { readonly _id: string };

interface PageReading<Item> {
  /** Of plain values. */
  readonly filter: Fields;
  readonly toItem: (document: StoredDocument) => Item;
  readonly latestFirst?: boolean;
}

/** Reads one page of the documents that a filter selects, ordered by creation, then id, or backwards; throws as `readPlace` does. */
export async function readPage<Item extends Place>(
  collection: MongoCollection<StoredDocument>,
  request: PageRequest,
  { filter, toItem, latestFirst = false }: PageReading<Item>,
): Promise<Page<Item>> {
  const { limit } = request;
  const behind = describeBehind(readPlace(request), latestFirst);
  const direction = latestFirst ? -1 : 1;
  const sort = { createdAt: direction, _id: direction } as const;
  const documents = await collection.find({ ...filter, ...behind }, { sort, limit: limit + 1 });
  return toPage(documents.map(toItem), limit);
}

/** The first bound lets the index begin at the place; the choice leaves out what stands before it in the same millisecond. */
function describeBehind(place: Place | undefined, latestFirst: boolean): Fields {
  if (!place) return {};
  const { createdAt, id } = place;
  const behind = latestFirst ? '$lt' : '$gt';
  return {
    createdAt: where({ [`${behind}e`]: createdAt }),
    $or: [{ createdAt: where({ [behind]: createdAt }) }, { _id: where({ [behind]: id }) }],
  };
}
