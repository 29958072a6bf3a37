import type { AccountId } from '../lib/ids.ts';

export interface RecoveryCode {
  /** Keyed, and bound to the account: whoever has the store alone can neither read codes nor check guesses. */
  readonly digest: string;
  /** Absent while the code has not been used. */
  readonly spentAt?: Date | undefined;
}

/** The recovery codes that an account was given at one time. */
export interface RecoveryCodeSet {
  readonly accountId: AccountId;
  readonly codes: readonly RecoveryCode[];
  readonly madeAt: Date;
}

/** Durable; at most one set for each account. */
export interface RecoveryCodeStore {
  /** False when the account has one. */
  insert(set: RecoveryCodeSet): Promise<boolean>;
  /** Puts it in the place of whichever there is, in one step: from then on the codes of before are worth nothing. */
  replace(set: RecoveryCodeSet): Promise<void>;
  find(accountId: AccountId): Promise<RecoveryCodeSet | undefined>;
  /**
   * Marks a code as spent in one step: of any number of callers at once, one gets true. False for a code that is spent already, and for
   * one that is not in the set of the account.
   */
  spend(accountId: AccountId, codeDigest: string, spentAt: Date): Promise<boolean>;
  /** False when there is none. */
  delete(accountId: AccountId): Promise<boolean>;
}
