/** Where a list goes on: opaque to callers, stable while rows are added. */
export type Cursor = string & { readonly __cursor: never };

/** What to read of a list: at most `limit` items (1 to 1000) after the place `after` names, from the start without it. */
export interface PageRequest {
  readonly after?: Cursor | undefined;
  readonly limit: number;
}

/** One page of a list in its stable order; `next` is absent on the last one. */
export interface Page<Item> {
  readonly items: readonly Item[];
  readonly next?: Cursor | undefined;
}
