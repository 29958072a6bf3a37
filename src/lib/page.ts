import { AppError } from './app-error.ts';
import type { Cursor, Page, PageRequest } from './cursor.ts';

/** Where something stands in a list that is ordered by creation, then id. */
export interface Place {
  readonly createdAt: Date;
  readonly id: string;
}

const MAX_LIMIT = 1000;

/**
 * The place a page begins behind; undefined at the start of the list. Throws `malformed_request` when the limit or the cursor is none
 * that a list could have given.
 */
export function readPlace({ after, limit }: PageRequest): Place | undefined {
  if (!Number.isInteger(limit) || limit < 1 || limit > MAX_LIMIT) {
    throw new AppError('malformed_request', { field: 'limit' });
  }
  return after === undefined ? undefined : decodeCursor(after);
}

/** Makes the page of what stands behind its place, in order, of which one more than the limit was read if there is so much. */
export function toPage<Item extends Place>(read: readonly Item[], limit: number): Page<Item> {
  const items = read.slice(0, limit);
  const last = items.at(-1);
  return read.length > limit && last ? { items, next: encodeCursor(last) } : { items };
}

function encodeCursor({ createdAt, id }: Place): Cursor {
  return Buffer.from(JSON.stringify([createdAt.getTime(), id])).toString('base64url') as Cursor; // the one place that makes cursors
}

function decodeCursor(cursor: Cursor): Place {
  const [time, id, ...rest] = parseList(Buffer.from(cursor, 'base64url').toString());
  const createdAt = new Date(Number.isInteger(time) ? Number(time) : Number.NaN);
  if (Number.isNaN(createdAt.getTime()) || typeof id !== 'string' || rest.length > 0) {
    throw new AppError('malformed_request', { field: 'after' });
  }
  return { createdAt, id };
}

function parseList(text: string): readonly unknown[] {
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) ? value : [];
  } catch {
    return [];
  }
}
