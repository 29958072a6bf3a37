import type { Page, PageRequest } from '../../lib/cursor.ts';
import { type Place, readPlace, toPage } from '../../lib/page.ts';

interface PageReading<Row, Item> {
  /** Reads at most `count` rows behind a place, in order. */
  readonly readRows: (createdAt: number, id: string, count: number) => readonly Row[];
  /** The other way round: the rows before a place, backwards. */
  readonly latestFirst?: boolean;
  readonly toItem: (row: Row) => Item;
}

const BEFORE_ALL: Place = { createdAt: new Date(-8.64e15), id: '' };
const BEHIND_ALL: Place = { createdAt: new Date(8.64e15), id: '' };

/** Reads one page of a list that is ordered by creation, then id; throws as `readPlace` does. */
export function readPage<Row, Item extends Place>(
  request: PageRequest,
  { readRows, toItem, latestFirst = false }: PageReading<Row, Item>,
): Page<Item> {
  const { createdAt, id } = readPlace(request) ?? (latestFirst ? BEHIND_ALL : BEFORE_ALL);
  const rows = readRows(createdAt.getTime(), id, request.limit + 1); // one more tells whether there is a next page
  return toPage(rows.map(toItem), request.limit);
}
