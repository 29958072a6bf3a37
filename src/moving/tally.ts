import { createHash, type Hash, hash } from 'node:crypto';

/** How much there is of a kind, and the SHA-256 of its lines, each with its line break, in base64url. */
export interface Total {
  readonly count: number;
  readonly digest: string;
}

/** By kind. */
export type Totals = Readonly<Record<string, Total>>;

/** A kind of which two totals are not the same; where the counts are equal, the digests differ. */
interface Difference {
  readonly kind: string;
  readonly left: number;
  readonly right: number;
}

const NONE: Total = { count: 0, digest: hash('sha256', '', 'base64url') };

/** Counts and digests lines by their kind. */
export class Tally {
  readonly #kinds: ReadonlyMap<string, { count: number; readonly hash: Hash }>;

  constructor(kinds: readonly { readonly name: string }[]) {
    this.#kinds = new Map(kinds.map(({ name }) => [name, { count: 0, hash: createHash('sha256') }]));
  }

  add({ kind, line }: { readonly kind: string; readonly line: string }): void {
    const total = this.#require(kind);
    total.count += 1;
    total.hash.update(`${line}\n`);
  }

  /** Of what was added so far. */
  read(kind: string): Total {
    const { count, hash } = this.#require(kind);
    return { count, digest: hash.copy().digest('base64url') };
  }

  readAll(): Totals {
    return Object.fromEntries([...this.#kinds.keys()].map((kind) => [kind, this.read(kind)]));
  }

  #require(kind: string) {
    const total = this.#kinds.get(kind);
    if (!total) throw new TypeError(`the kind ${kind} is not tallied`);
    return total;
  }
}

/** The first difference between totals. A kind that only one of them names, as releases know different ones, is none in the other. */
export function findDifference(left: Totals, right: Totals): Difference | undefined {
  for (const kind of Object.keys({ ...left, ...right })) {
    const [one, other] = [left[kind] ?? NONE, right[kind] ?? NONE];
    if (one.count !== other.count || one.digest !== other.digest) return { kind, left: one.count, right: other.count };
  }
  return undefined;
}
