import type { Page, PageRequest } from '../lib/cursor.ts';
import type { AccountId, OrganizationId } from '../lib/ids.ts';

export interface PostalAddress {
  readonly formatted?: string | undefined;
  readonly streetAddress?: string | undefined;
  readonly locality?: string | undefined;
  readonly region?: string | undefined;
  readonly postalCode?: string | undefined;
  readonly country?: string | undefined;
}

/** What relying applications may learn of a person (OpenID Connect Core 1.0 §5.1). */
export interface Profile {
  readonly name?: string | undefined;
  readonly givenName?: string | undefined;
  readonly familyName?: string | undefined;
  readonly preferredUsername?: string | undefined;
  readonly picture?: string | undefined;
  readonly locale?: string | undefined;
  readonly zoneinfo?: string | undefined;
  readonly phoneNumber?: string | undefined;
  readonly phoneNumberVerified?: boolean | undefined;
  readonly address?: PostalAddress | undefined;
}

export interface AccountPassword {
  /** An argon2id hash in PHC string form. */
  readonly hash: string;
  readonly setAt: Date;
  /** Set when a passkey took its place; the password then opens nothing. */
  readonly switchedOffAt?: Date | undefined;
}

/** What became of the offers to make a passkey. */
export interface PasskeyOffer {
  readonly declinedTimes: number;
  /** The next offer is not made before this moment. */
  readonly notBefore?: Date | undefined;
  /** The person asked not to be asked again. */
  readonly never: boolean;
}

/** A recovery that was asked for. It waits; then it may be opened once, by a link; then a passkey may be made, until it ends. */
export interface PendingRecovery {
  readonly startedAt: Date;
  /** With what it was asked for, in plain words; absent where the people who run the organization have made it. */
  readonly device?: string | undefined;
  /** When the waiting time is over. */
  readonly opensAt: Date;
  /** Set when the owner's mail about it was on its way; nobody can stop what they were not told of. */
  readonly toldAt?: Date | undefined;
  /** Set when the link was sent; nothing of the recovery is good from then on. */
  readonly endsAt?: Date | undefined;
  /** Set when the link was used. */
  readonly openedAt?: Date | undefined;
}

/** A person in one organization. The same e-mail in two organizations is two accounts. */
export interface Account {
  readonly id: AccountId;
  readonly organizationId: OrganizationId;
  /** As the person wrote it. */
  readonly email: string;
  /** What is compared and unique within the organization; see `normaliseEmail`. */
  readonly emailKey: string;
  readonly emailVerified: boolean;
  /** When a change of the e-mail was undone last; see `Accounts.undoEmail`. */
  readonly emailRestoredAt?: Date | undefined;
  readonly profile: Profile;
  /** 64 random bytes that authenticators keep as the user handle (WebAuthn Level 3 §14.6.1); never a database id. */
  readonly userHandle: Uint8Array;
  readonly role: 'member' | 'administrator';
  readonly password?: AccountPassword | undefined;
  readonly passkeyOffer: PasskeyOffer;
  /** One that is over may still be here. */
  readonly recovery?: PendingRecovery | undefined;
  readonly disabledAt?: Date | undefined;
  readonly createdAt: Date;
  readonly updatedAt: Date;
  /** Starts at 1 and grows by one with each change. */
  readonly version: number;
}

/** Where an account is reached, and whether that is known to be its owner's. */
export type AccountAddress = Pick<Account, 'email' | 'emailKey' | 'emailVerified'>;

/** Durable. */
export interface AccountStore {
  /** False when the id, the user handle, or the e-mail within the organization is taken. */
  insert(account: Account): Promise<boolean>;
  find(id: AccountId): Promise<Account | undefined>;
  findByEmail(organizationId: OrganizationId, emailKey: string): Promise<Account | undefined>;
  findByUserHandle(userHandle: Uint8Array): Promise<Account | undefined>;
  /**
   * Replaces the account whose stored version is one less than the given one, in one step.
   * False when that is not the stored version, or the e-mail is taken.
   */
  update(account: Account): Promise<boolean>;
  /** Those whose recovery has waited until then, or longer, and was not sent its link yet; the longest waiting first. */
  listRecoveriesDue(now: Date, limit: number): Promise<readonly Account[]>;
  /** Whether any account, enabled or not, is an administrator. */
  hasAdministrator(): Promise<boolean>;
  /** Ordered by creation, then id; of one organization, or of all. */
  list(page: PageRequest, organizationId?: OrganizationId): Promise<Page<Account>>;
}
