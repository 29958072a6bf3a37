import { InputError } from '../lib/input-error.ts';
import type { MovedItem } from './kind.ts';

/** An item of a file, and whether the store has it. */
export interface ComparedItem {
  readonly item: MovedItem;
  readonly isStored: boolean;
}

/**
 * Goes along the items of a file and those of a store, which come in the same order, so that neither has to be in memory. Throws
 * `InputError` when the store has something that is not in the file, or not like that.
 */
export async function* compareItems(
  items: AsyncIterable<MovedItem>,
  storedItems: AsyncIterable<MovedItem>,
): AsyncGenerator<ComparedItem> {
  const stored = storedItems[Symbol.asyncIterator]();
  let next = await stored.next();
  for await (const item of items) {
    const isStored = !next.done && next.value.kind === item.kind && next.value.id === item.id;
    if (isStored) {
      if (next.value.line !== item.line) refuse(item, 'differs from the one in the file');
      next = await stored.next();
    }
    yield { item, isStored };
  }
  if (!next.done) refuse(next.value, 'is not in the file: import into an empty store, before its first start');
}

function refuse({ kind, id }: MovedItem, message: string): never {
  throw new InputError([{ field: `the ${kind} ${id} of the store`, message }]);
}
