import type { Page, PageRequest } from '../lib/cursor.ts';
import type { AccountId, AuditEventId, ClientId, OrganizationId } from '../lib/ids.ts';

/** Who did it: somebody as the account, an operator by the command line, or this installation by itself. */
export type AuditActor = 'account' | 'operator' | 'system';

/** What somebody brought to a sign-in and was refused with. */
export type RefusedFactor = RefusedConfirmation | 'recovery-code';
/** The same of somebody who is signed in, and was to confirm a change. */
export type RefusedConfirmation = 'password' | 'totp' | 'email-code' | 'passkey';

/** What happened, and what each kind of event tells beside that. Never a secret, nor what one could be found by. */
export type AuditDetails =
  | {
      readonly type: 'signed-in';
      readonly acr: string;
      readonly amr: readonly string[];
      /** The account did not know the browser, and its owner was told so by mail. */
      readonly newBrowser?: true | undefined;
    }
  /** The `count`th time on this day (UTC), in powers of ten; see `AuditLog.recordCounted`. */
  | { readonly type: 'sign-in-refused'; readonly factor: RefusedFactor; readonly count: number }
  | { readonly type: 'confirmation-refused'; readonly factor: RefusedConfirmation; readonly count: number }
  | { readonly type: 'signed-out' }
  /** Another session of the account, with the browser it was in, where that is known. */
  | { readonly type: 'session-ended'; readonly sessionDevice?: string | undefined }
  | { readonly type: 'signed-out-elsewhere' }
  | { readonly type: 'account-created' | 'account-disabled' | 'account-enabled' }
  /** By whoever reads the mail of its address: all that was set up before ended. */
  | { readonly type: 'account-taken-over' }
  | { readonly type: 'address-verified' }
  /** Restored: by whoever reads the mail of the address of before, and says that it was not they. */
  | { readonly type: 'address-changed' | 'address-restored' }
  /** For another device, which is yet to make it. */
  | { readonly type: 'passkey-requested' }
  | { readonly type: 'passkey-added' | 'passkey-removed'; readonly passkeyName: string }
  | { readonly type: 'passkey-renamed'; readonly passkeyName: string; readonly formerName: string }
  /** A passkey that can be synced became one that cannot, or the other way round, which no real one does. */
  | {
      readonly type: 'passkey-alert';
      readonly alert: 'backup-eligibility-changed';
      readonly passkeyName: string;
      readonly count: number;
    }
  | { readonly type: 'password-set' | 'password-changed' | 'password-reset' | 'password-removed' }
  | { readonly type: 'password-off' | 'password-on' }
  /** What is stored of the password is damaged or was tampered with. */
  | { readonly type: 'password-alert'; readonly alert: 'unusable-hash'; readonly count: number }
  | { readonly type: 'totp-on' | 'totp-off' }
  | { readonly type: 'recovery-codes-made' | 'recovery-codes-removed' }
  | { readonly type: 'recovery-code-used'; readonly codesLeft: number }
  /** "This wasn't me", said of the notice of that kind: everybody is signed out. */
  | { readonly type: 'notice-disputed'; readonly notice: string }
  | { readonly type: 'recovery-started' | 'recovery-offered' | 'recovery-cancelled' | 'recovery-done' }
  | { readonly type: 'application-allowed' | 'application-revoked'; readonly applicationName: string };

export type AuditType = AuditDetails['type'];

/** Something that happened. It never changes once it is stored, so that a chain of digests can be laid over the events later. */
export interface AuditEvent {
  readonly id: AuditEventId;
  /** When it was written down, which is right after it happened. */
  readonly createdAt: Date;
  readonly actor: AuditActor;
  /** Whose account it is about; it may be gone since. */
  readonly accountId?: AccountId | undefined;
  readonly organizationId?: OrganizationId | undefined;
  readonly clientId?: ClientId | undefined;
  /** Browser and system in plain words. */
  readonly device?: string | undefined;
  readonly details: AuditDetails;
}

/** Durable. Events are only ever added, until they are swept whole. */
export interface AuditStore {
  /** False when the id is taken; what is stored stays as it is. */
  append(event: AuditEvent): Promise<boolean>;
  /** Of one account: the latest first, by creation, then id. */
  listByAccount(accountId: AccountId, page: PageRequest): Promise<Page<AuditEvent>>;
  /** All of them: the earliest first, by creation, then id. */
  list(page: PageRequest): Promise<Page<AuditEvent>>;
  /** Removes events from before the moment, a thousand or more of them; true while there may be others. */
  sweep(createdBefore: Date): Promise<boolean>;
}
