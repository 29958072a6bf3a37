import type { AccountId } from '../lib/ids.ts';

/** The factors that can be guessed. */
export type GuessableFactor = 'password' | 'totp' | 'recovery-code';

/** Durable: how often in a row a factor of an account was tried in vain. A restart must not forget it. */
export interface FailureStore {
  /**
   * Counts a try before it is checked, in one step, and answers the count with this one, exact under a race.
   * `source` keeps the guesses of strangers apart from those of a browser the account has signed in with before.
   */
  countTry(accountId: AccountId, factor: GuessableFactor, source: string): Promise<number>;
  /** Forgets the tries from every source, at that factor or at any: for when it was proved or replaced. */
  clear(accountId: AccountId, factor?: GuessableFactor): Promise<void>;
}
