import type { Account } from '../accounts/account-store.ts';
import type { AccountId, PasskeyId } from '../lib/ids.ts';

/** A WebAuthn public key credential of an account. */
export interface Passkey {
  readonly id: PasskeyId;
  readonly accountId: AccountId;
  /** The RP ID it was made for; it works for no other. */
  readonly rpId: string;
  /** COSE_Key bytes. */
  readonly publicKey: Uint8Array;
  readonly counter: number;
  /** BE flag at registration: may be synced. It never changes. */
  readonly backupEligible: boolean;
  /** BS flag at the last use: is synced. */
  readonly backedUp: boolean;
  /** An unsigned hint, for display only. */
  readonly aaguid: string;
  /** Unsigned hints, handed back to browsers. */
  readonly transports: readonly string[];
  /** How the attestation was judged; `none` unless the policy asked for it and it was verified. */
  readonly attestation: 'none' | 'verified';
  readonly name: string;
  readonly createdAt: Date;
  readonly lastUsedAt?: Date | undefined;
  /** Browser and system of the last use in plain words. */
  readonly lastUsedWith?: string | undefined;
  /** When a ceremony first verified the user with it; until then it counts for nothing. */
  readonly verifiedAt?: Date | undefined;
}

export interface PasskeyUse {
  readonly counter: number;
  readonly backedUp: boolean;
  readonly usedAt: Date;
  readonly usedWith: string;
}

/** Durable. */
export interface PasskeyStore {
  /** `taken` when any account has that id; `full` when the account has `limit` already. Exact under a race. */
  insert(passkey: Passkey, limit: number): Promise<'inserted' | 'taken' | 'full'>;
  /**
   * Stores a new account and its first passkey: both or neither, and whoever finds the account finds its passkey. `taken` as above;
   * `account-taken` when the id, the user handle or the e-mail of the account is. Exact under a race.
   */
  insertWithAccount(passkey: Passkey, account: Account): Promise<'inserted' | 'taken' | 'account-taken'>;
  find(id: PasskeyId): Promise<Passkey | undefined>;
  /** Oldest first. */
  listByAccount(accountId: AccountId): Promise<readonly Passkey[]>;
  /**
   * Records a verified use in one step and sets `verifiedAt` if it was not set. False when the passkey is gone, or when the
   * new counter is not above the stored one (both zero is a passkey that does not count, WebAuthn Level 3 §7.2 step 22).
   */
  recordUse(id: PasskeyId, use: PasskeyUse): Promise<boolean>;
  /** Whether any passkey was made for another RP ID: such passkeys could not be used any more. */
  existsForOtherRpId(rpId: string): Promise<boolean>;
  /** False when the account has no such passkey. */
  rename(accountId: AccountId, id: PasskeyId, name: string): Promise<boolean>;
  /** Deletes it in one step, but answers `last` and keeps it when `keepOne` is true and the account has no other that was ever verified. */
  delete(accountId: AccountId, id: PasskeyId, keepOne: boolean): Promise<'deleted' | 'last' | 'absent'>;
}
