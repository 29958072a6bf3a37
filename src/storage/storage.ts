import type { AccountStore } from '../accounts/account-store.ts';
import type { FailureStore } from '../accounts/failure-store.ts';
import type { AuditStore } from '../audit/audit-store.ts';
import type { ClientStore } from '../clients/client-store.ts';
import type { KeyStore } from '../keys/key-store.ts';
import type { OutboxStore } from '../mail/outbox-store.ts';
import type { LastingRecordStore } from '../oidc/lasting-record-store.ts';
import type { RecordStore } from '../oidc/record-store.ts';
import type { OrganizationStore } from '../organizations/organization-store.ts';
import type { PasskeyStore } from '../passkeys/passkey-store.ts';
import type { RateStore } from '../rates/rate-store.ts';
import type { RecoveryCodeStore } from '../recovery/recovery-code-store.ts';
import type { SignInStore } from '../sign-in/sign-in-store.ts';
import type { TicketStore } from '../tickets/ticket-store.ts';
import type { TotpStore } from '../totp/totp-store.ts';

/** Every store of an installation. After disposal each call of each store rejects. */
export interface Storage extends AsyncDisposable {
  readonly organizations: OrganizationStore;
  readonly accounts: AccountStore;
  readonly failures: FailureStore;
  readonly passkeys: PasskeyStore;
  readonly totps: TotpStore;
  readonly recoveryCodes: RecoveryCodeStore;
  readonly clients: ClientStore;
  readonly keys: KeyStore;
  readonly outbox: OutboxStore;
  readonly audit: AuditStore;
  readonly tickets: TicketStore;
  readonly rates: RateStore;
  readonly signIns: SignInStore;
  readonly records: RecordStore;
  /** Of the same records. */
  readonly lastingRecords: LastingRecordStore;
  /** Rejects when the store does not answer. */
  ping(): Promise<void>;
}
