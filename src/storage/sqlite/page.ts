import { AppError } from '../../lib/app-error.ts';
import type { Cursor, Page, PageRequest } from '../../lib/cursor.ts';

/** The columns that every list is ordered by. */
export interface Place {
  readonly created_at: number;
  readonly id: string;
}

interface PageReading<Row extends Place, Item> {
  /** Reads at most `count` rows behind a place, in order. */
  readonly readRows: (createdAt: number, id: string, count: number) => readonly Row[];
  readonly toItem: (row: Row) => Item;
}

const MAX_LIMIT = 1000;
const BEFORE_ALL: Place = { created_at: Number.MIN_SAFE_INTEGER, id: '' };

/** Reads one page; throws `malformed_request` when the limit or the cursor is none that this list could have given. */
export function readPage<Row extends Place, Item>(request: PageRequest, reading: PageReading<Row, Item>): Page<Item> {
  const { after, limit } = request;
  if (!Number.isInteger(limit) || limit < 1 || limit > MAX_LIMIT)
    throw new AppError('malformed_request', { field: 'limit' });
  const place = after === undefined ? BEFORE_ALL : decodeCursor(after);

  const rows = reading.readRows(place.created_at, place.id, limit + 1); // one more tells whether there is a next page
  const items = rows.slice(0, limit).map(reading.toItem);
  const last = rows[limit - 1];
  return rows.length > limit && last ? { items, next: encodeCursor(last) } : { items };
}

function encodeCursor({ created_at, id }: Place): Cursor {
  return Buffer.from(JSON.stringify([created_at, id])).toString('base64url') as Cursor; // the one place that makes cursors
}

function decodeCursor(cursor: string): Place {
  const [created_at, id, ...rest] = parseList(Buffer.from(cursor, 'base64url').toString());
  if (
    typeof created_at !== 'number' ||
    !Number.isSafeInteger(created_at) ||
    typeof id !== 'string' ||
    rest.length > 0
  ) {
    throw new AppError('malformed_request', { field: 'after' });
  }
  return { created_at, id };
}

function parseList(text: string): readonly unknown[] {
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) ? value : [];
  } catch {
    return [];
  }
}
