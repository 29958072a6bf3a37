import type {
  Account,
  AccountPassword,
  PasskeyOffer,
  PendingRecovery,
  PostalAddress,
  Profile,
} from '../../src/accounts/account-store.ts';
import type { AuditDetails, AuditEvent, AuditType } from '../../src/audit/audit-store.ts';
import type { Client, ClientResource, ClientSecret, ClientSettings } from '../../src/clients/client-store.ts';
import type { SigningKey } from '../../src/keys/key-store.ts';
import type { MailJob, NewMailJob } from '../../src/mail/outbox-store.ts';
import type { LastingRecord } from '../../src/oidc/lasting-record-store.ts';
import type { Organization } from '../../src/organizations/organization-store.ts';
import type { Policy } from '../../src/organizations/policy.ts';
import type { Passkey } from '../../src/passkeys/passkey-store.ts';
import type { RecoveryCode, RecoveryCodeSet } from '../../src/recovery/recovery-code-store.ts';
import type { Totp } from '../../src/totp/totp-store.ts';
import {
  buildAccount,
  buildAuditEvent,
  buildClient,
  buildMailJob,
  buildOrganization,
  buildPasskey,
  buildPolicy,
  buildSigningKey,
  buildTotp,
} from './builders.ts';
import { TEST_START } from './clock.ts';

const AAGUID = 'fbfc3007-154e-4ecc-8c0b-6e020557d7bd';

const address: Required<PostalAddress> = {
  formatted: '1 Main Street\nTown',
  streetAddress: '1 Main Street',
  locality: 'Town',
  region: 'County',
  postalCode: '12345',
  country: 'NL',
};
const profile: Required<Profile> = {
  name: 'Ada Lovelace',
  givenName: 'Ada',
  familyName: 'Lovelace',
  preferredUsername: 'ada',
  picture: 'https://example.com/ada.png',
  locale: 'en',
  zoneinfo: 'Europe/Amsterdam',
  phoneNumber: '+31200000000',
  phoneNumberVerified: false,
  address,
};
const password: Required<AccountPassword> = { hash: '$argon2id$', setAt: TEST_START, switchedOffAt: TEST_START };
const passkeyOffer: Required<PasskeyOffer> = { declinedTimes: 2, notBefore: TEST_START, never: true };
const recovery: Required<PendingRecovery> = {
  startedAt: TEST_START,
  device: 'a browser',
  opensAt: TEST_START,
  toldAt: TEST_START,
  endsAt: TEST_START,
  openedAt: TEST_START,
};
const policy: Required<Policy> = {
  ...buildPolicy(),
  sso: { issuer: 'https://login.example.com', clientId: 'cardea', required: true },
  recoveryByEmail: { waitingHours: 48 },
  attestation: { mode: 'verified', allow: [AAGUID], deny: [AAGUID], synced: 'refuse' },
};
const resource: Required<ClientResource> = { indicator: 'https://api.example.com', scopes: ['read'] };
const settings: Required<ClientSettings> = { ...buildClient().settings, resources: [resource] };
const secret: Required<ClientSecret> = { digest: 'd', lastFour: 'abcd', createdAt: TEST_START, expiresAt: TEST_START };

const organization: Required<Organization> = { ...buildOrganization(), policy };
const account: Required<Account> = {
  ...buildAccount({ organizationId: organization.id }),
  emailRestoredAt: TEST_START,
  profile,
  password,
  passkeyOffer,
  recovery,
  disabledAt: TEST_START,
};
const client: Required<Client> = { ...buildClient(), settings, secrets: [secret], disabledAt: TEST_START };
const passkey: Required<Passkey> = {
  ...buildPasskey({ accountId: account.id }),
  lastUsedAt: TEST_START,
  lastUsedWith: 'a browser',
  verifiedAt: TEST_START,
};
const totp: Required<Totp> = buildTotp({ accountId: account.id });
const recoveryCode: Required<RecoveryCode> = { digest: 'a digest', spentAt: TEST_START };
const recoveryCodes: Required<RecoveryCodeSet> = {
  accountId: account.id,
  codes: [recoveryCode],
  madeAt: TEST_START,
};
const key: Required<SigningKey> = { ...buildSigningKey(), retiredAt: TEST_START };
const mailJob: Required<MailJob & Pick<NewMailJob, 'dedupeKey' | 'sealedLetter'>> = {
  ...buildMailJob(),
  dedupeKey: 'a digest',
  state: 'dead',
  attempts: 1,
  dueAt: TEST_START,
  failure: 'ECONNECTION',
  finishedAt: TEST_START,
};
const record: Required<LastingRecord> = {
  id: 'digest',
  payload: '{}',
  expiresAt: TEST_START,
  consumedAt: TEST_START,
  grantId: 'grant',
  accountId: account.id,
};
const auditEvent: Required<AuditEvent> = {
  ...buildAuditEvent(),
  accountId: account.id,
  organizationId: organization.id,
  clientId: client.id,
  device: 'Firefox on Linux',
};

/** One of each thing that is stored, with every optional field; what names another names one of these. */
export const FULL_ITEMS = {
  organization,
  account,
  client,
  passkey,
  totp,
  recoveryCodes,
  key,
  mailJob,
  record,
  auditEvent,
} as const;

/** What events tell, by their types. */
const auditDetails: { readonly [Type in AuditType]: AuditDetails & { readonly type: Type } } = {
  'signed-in': { type: 'signed-in', acr: 'phr', amr: ['pop', 'user', 'mfa'], newBrowser: true },
  'sign-in-refused': { type: 'sign-in-refused', factor: 'password', count: 10 },
  'confirmation-refused': { type: 'confirmation-refused', factor: 'totp', count: 1 },
  'signed-out': { type: 'signed-out' },
  'session-ended': { type: 'session-ended', sessionDevice: 'Safari on iPhone' },
  'signed-out-elsewhere': { type: 'signed-out-elsewhere' },
  'account-created': { type: 'account-created' },
  'account-disabled': { type: 'account-disabled' },
  'account-enabled': { type: 'account-enabled' },
  'account-taken-over': { type: 'account-taken-over' },
  'address-verified': { type: 'address-verified' },
  'address-changed': { type: 'address-changed' },
  'address-restored': { type: 'address-restored' },
  'passkey-requested': { type: 'passkey-requested' },
  'passkey-added': { type: 'passkey-added', passkeyName: 'Laptop' },
  'passkey-removed': { type: 'passkey-removed', passkeyName: 'Laptop' },
  'passkey-renamed': { type: 'passkey-renamed', passkeyName: 'Laptop', formerName: 'Computer' },
  'passkey-alert': { type: 'passkey-alert', alert: 'backup-eligibility-changed', passkeyName: 'Laptop', count: 1 },
  'password-set': { type: 'password-set' },
  'password-changed': { type: 'password-changed' },
  'password-reset': { type: 'password-reset' },
  'password-removed': { type: 'password-removed' },
  'password-off': { type: 'password-off' },
  'password-on': { type: 'password-on' },
  'password-alert': { type: 'password-alert', alert: 'unusable-hash', count: 1 },
  'totp-on': { type: 'totp-on' },
  'totp-off': { type: 'totp-off' },
  'recovery-codes-made': { type: 'recovery-codes-made' },
  'recovery-codes-removed': { type: 'recovery-codes-removed' },
  'recovery-code-used': { type: 'recovery-code-used', codesLeft: 9 },
  'notice-disputed': { type: 'notice-disputed', notice: 'passkey-added' },
  'recovery-started': { type: 'recovery-started' },
  'recovery-offered': { type: 'recovery-offered' },
  'recovery-cancelled': { type: 'recovery-cancelled' },
  'recovery-done': { type: 'recovery-done' },
  'application-allowed': { type: 'application-allowed', applicationName: 'Ledger' },
  'application-revoked': { type: 'application-revoked', applicationName: 'Ledger' },
};
export const AUDIT_DETAILS: readonly AuditDetails[] = Object.values(auditDetails);
