import { z } from 'zod';
import { InputError } from '../lib/input-error.ts';
import type { Kind, MovedItem } from './kind.ts';
import { findDifference, Tally, type Totals } from './tally.ts';

/*
 * An export is JSON, one value on each line: first what it is, then every item under its kind, last how much there is of each kind, with
 * digests, so that a file that was cut off or edited is told from a whole one.
 */

const FORMAT = 'cardea-export';
/** Raised when an older release could not read what this one writes. */
const VERSION = 1;

const headSchema = z.object({ format: z.literal(FORMAT), version: z.int() });
const itemSchema = z.strictObject({ kind: z.string(), item: z.unknown() });
const endSchema = z.strictObject({
  end: z.record(z.string(), z.strictObject({ count: z.int(), digest: z.string() })),
});

/** The lines of an export of all that the kinds' store holds, which are tallied. Throws `InputError` when that is nothing. */
export async function* writeExport(kinds: readonly Kind[], tally: Tally, writtenAt: Date): AsyncGenerator<string> {
  yield JSON.stringify({ format: FORMAT, version: VERSION, writtenAt });
  for (const kind of kinds) {
    for await (const item of kind.list()) {
      tally.add(item);
      yield item.line;
    }
  }
  const end = tally.readAll();
  if (Object.values(end).every(({ count }) => count === 0)) {
    throw new InputError([{ field: 'the store', message: 'is empty: there is nothing to export' }]);
  }
  yield JSON.stringify({ end });
}

/**
 * The items of an export. Throws `InputError` at a line that no export has there, and behind the last one when that is not the end of an
 * export or does not fit what came before it: only what was read to the end is known to be whole.
 */
export async function* readExport(kinds: readonly Kind[], lines: AsyncIterable<string>): AsyncGenerator<MovedItem> {
  const reader = new ExportReader(kinds);
  for await (const line of lines) {
    const item = reader.read(line);
    if (item) yield item;
  }
  reader.requireEnd();
}

class ExportReader {
  readonly #kinds: ReadonlyMap<string, Kind>;
  readonly #tally: Tally;
  #lines = 0;
  #isEnded = false;

  constructor(kinds: readonly Kind[]) {
    this.#kinds = new Map(kinds.map((kind) => [kind.name, kind]));
    this.#tally = new Tally(kinds);
  }

  /** Answers the item of a line, if that is one. */
  read(line: string): MovedItem | undefined {
    const value = parseJson(line);
    this.#lines += 1;
    if (this.#lines === 1) return this.#readHead(value);
    if (this.#isEnded) return this.#refuse('stands behind the end of the export');
    const end = endSchema.safeParse(value).data?.end;
    return end ? this.#readEnd(end) : this.#readItem(line, value);
  }

  requireEnd(): void {
    if (!this.#isEnded) refuseFile('is cut off: the line at its end, with the totals, is missing');
  }

  #readHead(value: unknown): undefined {
    const head = headSchema.safeParse(value).data;
    if (!head) refuseFile('is no export of Cardea');
    if (head.version !== VERSION) {
      refuseFile(`has version ${head.version} of the format, which another release writes; this one knows ${VERSION}`);
    }
  }

  #readItem(line: string, value: unknown): MovedItem {
    const { kind = '', item } = itemSchema.safeParse(value).data ?? {};
    const moved = this.#kinds.get(kind)?.decode(item);
    // What is written in another way would not be found equal to what the store makes of it.
    if (moved?.line !== line) return this.#refuse('is not as this release writes it');
    this.#tally.add(moved);
    return moved;
  }

  #readEnd(end: Totals): undefined {
    const difference = findDifference(end, this.#tally.readAll());
    if (difference) {
      const { kind, left, right } = difference;
      refuseFile(
        left === right
          ? `was changed: what it holds of the kind ${kind} has another digest than its end says`
          : `was changed: its end says ${left} of the kind ${kind}, and it holds ${right}`,
      );
    }
    this.#isEnded = true;
  }

  #refuse(message: string): never {
    throw new InputError([{ field: `line ${this.#lines}`, message }]);
  }
}

function refuseFile(message: string): never {
  throw new InputError([{ field: 'the file', message }]);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // fits nothing that an export has
  }
}
