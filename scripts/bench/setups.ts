/** How Cardea is run for a table of its own. */
export interface Setup {
  readonly store: 'embedded' | 'servers';
  /** Processes. */
  readonly workers: number;
}

export const SETUPS: readonly Setup[] = [
  { store: 'embedded', workers: 1 },
  { store: 'servers', workers: 1 },
  { store: 'servers', workers: 2 },
];

/** For people. */
export function describeSetup({ store, workers }: Setup): string {
  if (store === 'embedded') return 'One process, embedded store';
  return workers === 1 ? 'One process, MongoDB and Redis' : `${workers} processes, MongoDB and Redis`;
}
