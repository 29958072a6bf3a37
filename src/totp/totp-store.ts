import type { AccountId } from '../lib/ids.ts';

/** A confirmed authenticator app of an account. */
export interface Totp {
  readonly accountId: AccountId;
  /** The shared secret, sealed and bound to the account. */
  readonly sealedSecret: Uint8Array;
  /** The time step of the last accepted code (RFC 6238 §5.2: a code is accepted once). */
  readonly lastStep: number;
  readonly confirmedAt: Date;
}

/** Durable; at most one for each account. */
export interface TotpStore {
  /** False when the account has one. */
  insert(totp: Totp): Promise<boolean>;
  /** Inserts or replaces. */
  put(totp: Totp): Promise<void>;
  find(accountId: AccountId): Promise<Totp | undefined>;
  /** Moves `lastStep` forward in one step; false when `step` is not above it, or there is none. Exact under a race. */
  advance(accountId: AccountId, step: number): Promise<boolean>;
  /** False when there is none. */
  delete(accountId: AccountId): Promise<boolean>;
}
