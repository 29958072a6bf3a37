import { z } from 'zod';

interface KindOptions<Item> {
  /** As it stands in files. */
  readonly name: string;
  readonly schema: z.ZodType<Item>;
  identify(item: Item): string;
  /** A page at a time, in an order that every backend keeps. */
  readPages(): AsyncIterable<readonly Item[]>;
  /** False when the id, or another value that only one may have, is taken. */
  insert(item: Item): Promise<boolean>;
  /** Throws when this installation could not use it. */
  check?(item: Item): void;
  /** From when on it counts as absent. */
  findExpiry?(item: Item): Date;
}

/** A thing that moves, as a line of a file. */
export interface MovedItem {
  readonly kind: string;
  readonly id: string;
  /** The same for equal things, whatever store they come from. */
  readonly line: string;
  readonly expiresAt?: Date | undefined;
  /** Throws when this installation could not use it. */
  check(): void;
  /** False when the id, or another value that only one may have, is taken. */
  insert(): Promise<boolean>;
}

/** One kind of thing that moves, bound to a store. */
export interface Kind {
  readonly name: string;
  /** What the store holds. */
  list(): AsyncIterable<MovedItem>;
  /** The item of a line; undefined when it has not the form of this kind. */
  decode(item: unknown): MovedItem | undefined;
}

/** Makes a kind of what is particular to it. */
export function defineKind<Item>({ name, schema, ...options }: KindOptions<Item>): Kind {
  const present = (item: Item): MovedItem => ({
    kind: name,
    id: options.identify(item),
    line: JSON.stringify({ kind: name, item: z.encode(schema, item) }),
    expiresAt: options.findExpiry?.(item),
    check: () => options.check?.(item),
    insert: () => options.insert(item),
  });
  return {
    name,
    async *list() {
      for await (const page of options.readPages()) yield* page.map(present);
    },
    decode(item) {
      const result = z.safeDecode(schema, item);
      return result.success ? present(result.data) : undefined;
    },
  };
}
