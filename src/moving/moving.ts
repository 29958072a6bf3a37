import type { Clock } from '../lib/clock.ts';
import { InputError } from '../lib/input-error.ts';
import { compareItems } from './compare-items.ts';
import { readExport, writeExport } from './export-format.ts';
import type { Kind, MovedItem } from './kind.ts';
import { findDifference, Tally, type Total, type Totals } from './tally.ts';
import { readLines, writeLines } from './text-file.ts';

interface Deps {
  /** Everything that moves, bound to the store. */
  readonly kinds: readonly Kind[];
  readonly clock: Clock;
}

/** What became of one kind in an import. */
export interface Arrival {
  readonly kind: string;
  readonly inFile: number;
  /** Of those, the ones that were in the store before. */
  readonly before: number;
  /** Of those, the ones whose time was up before they could be stored. */
  readonly expired: number;
  /** What the store holds now. */
  readonly stored: Total;
}

/** Calls to the store that are made at once: as many as share a transaction, or a pool of connections. */
const BATCH_SIZE = 50;

/**
 * Carries what lasts from one store to another by way of a file. What only lives for minutes stays behind: sessions, sign-ins, codes,
 * tickets, counted tries.
 */
export class Moving {
  readonly #kinds: readonly Kind[];
  readonly #clock: Clock;

  constructor({ kinds, clock }: Deps) {
    this.#kinds = kinds;
    this.#clock = clock;
  }

  /** Writes everything to a new file. Throws `InputError` when there is nothing, and `FileError`. */
  async export(path: string): Promise<Totals> {
    const tally = new Tally(this.#kinds);
    await writeLines(path, writeExport(this.#kinds, tally, this.#clock.now()));
    return tally.readAll();
  }

  /**
   * Stores everything that is in a file, and reads it again to see that it is there. After an interruption it is done again: what is
   * there already stays. Throws `FileError`, and `InputError` before anything is stored when the file is not whole, when this
   * installation could not use what is in it, or when the store holds something else; behind that, when the store does not hold it all.
   */
  async import(path: string): Promise<readonly Arrival[]> {
    const inFile = await this.#examine(path);
    const before = await this.#compare(path);
    await this.#store(path);
    const { expected, stored } = await this.#verify(path);
    return this.#kinds.map(({ name }) => ({
      kind: name,
      inFile: inFile.read(name).count,
      before: before.read(name).count,
      expired: inFile.read(name).count - expected.read(name).count,
      stored: stored.read(name),
    }));
  }

  /** Tallies a file that is whole and can be used here. */
  async #examine(path: string): Promise<Tally> {
    const tally = new Tally(this.#kinds);
    for await (const item of this.#read(path)) {
      item.check();
      tally.add(item);
    }
    return tally;
  }

  /** Tallies what the store holds of a file, if it holds nothing else. */
  async #compare(path: string): Promise<Tally> {
    const tally = new Tally(this.#kinds);
    for await (const { item, isStored } of compareItems(this.#read(path), this.#list())) {
      if (isStored) tally.add(item);
    }
    return tally;
  }

  /** What the store does not take was there before: the comparison has shown so, and the verification shows again. */
  async #store(path: string): Promise<void> {
    for await (const batch of divide(this.#read(path))) {
      await Promise.all(batch.filter((item) => !this.#isExpired(item)).map((item) => item.insert()));
    }
  }

  async #verify(path: string): Promise<{ readonly expected: Tally; readonly stored: Tally }> {
    const expected = new Tally(this.#kinds);
    const stored = new Tally(this.#kinds);
    for await (const { item, isStored } of compareItems(this.#read(path), this.#list(stored))) {
      if (isStored || !this.#isExpired(item)) expected.add(item);
    }
    const difference = findDifference(expected.readAll(), stored.readAll());
    if (difference) {
      const { kind, left, right } = difference;
      const message = `holds ${right} of the kind ${kind} now, and not the ${left} of the file: is a server running on it?`;
      throw new InputError([{ field: 'the store', message }]);
    }
    return { expected, stored };
  }

  #read(path: string): AsyncIterable<MovedItem> {
    return readExport(this.#kinds, readLines(path));
  }

  async *#list(tally?: Tally): AsyncGenerator<MovedItem> {
    for (const kind of this.#kinds) {
      for await (const item of kind.list()) {
        tally?.add(item);
        yield item;
      }
    }
  }

  #isExpired({ expiresAt }: MovedItem): boolean {
    return expiresAt !== undefined && expiresAt <= this.#clock.now();
  }
}

/** Batches of one kind each, since what another kind names has to be there before. */
async function* divide(items: AsyncIterable<MovedItem>): AsyncGenerator<readonly MovedItem[]> {
  let batch: MovedItem[] = [];
  for await (const item of items) {
    const [first = item] = batch;
    if (batch.length === BATCH_SIZE || first.kind !== item.kind) {
      yield batch;
      batch = [];
    }
    batch.push(item);
  }
  yield batch;
}
