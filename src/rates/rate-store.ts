/** A budget of tries: `free` in each window, then pauses that double. */
export interface Budget {
  /** Tries in a window before the first pause. */
  readonly free: number;
  readonly windowSeconds: number;
  /** The first pause; doubled with each further try up to `maxPauseSeconds`. */
  readonly pauseSeconds: number;
  readonly maxPauseSeconds: number;
}

export type Hit =
  | { readonly allowed: true; readonly count: number }
  | { readonly allowed: false; readonly retryAfterSeconds: number };

/** Short-lived counters. A store that cannot count must reject, so that callers fail closed. */
export interface RateStore {
  /**
   * Counts a try in one step, exactly under a race, and answers whether it may go ahead. Try number n above `free` starts a pause of
   * `pauseSeconds * 2^(n - free - 1)`, at most `maxPauseSeconds`; a try during a pause is refused and not counted.
   * The count is forgotten `windowSeconds` after the last counted try, or at the end of the pause if that is later.
   * Try number `free` is therefore allowed and unpunished; try `free + 1` is allowed and starts the first pause.
   */
  hit(key: string, budget: Budget): Promise<Hit>;
  /** Forgets the count. */
  clear(key: string): Promise<void>;
}
