import type { Account } from '../../src/accounts/account-store.ts';
import type { AuditEvent } from '../../src/audit/audit-store.ts';
import type { Client } from '../../src/clients/client-store.ts';
import type { SigningKey } from '../../src/keys/key-store.ts';
import { addSeconds } from '../../src/lib/clock.ts';
import { Ids } from '../../src/lib/ids.ts';
import type { NewMailJob } from '../../src/mail/outbox-store.ts';
import type { Organization } from '../../src/organizations/organization-store.ts';
import type { Policy } from '../../src/organizations/policy.ts';
import type { Passkey } from '../../src/passkeys/passkey-store.ts';
import type { RecoveryCodeSet } from '../../src/recovery/recovery-code-store.ts';
import type { SignIn } from '../../src/sign-in/sign-in.ts';
import type { Totp } from '../../src/totp/totp-store.ts';
import { TEST_START } from './clock.ts';

const ids = new Ids();

/** A policy that offers everything and demands little. */
export function buildPolicy(overrides: Partial<Policy> = {}): Policy {
  return {
    organizationPrompt: 'never',
    passkey: 'alone',
    password: 'on',
    secondFactor: 'when-enrolled',
    secondFactors: ['passkey', 'totp'],
    enrolPasskey: 'offer',
    confirmWith: ['passkey', 'password'],
    signUp: 'open',
    attestation: { mode: 'none' },
    namePasskey: 'after',
    ...overrides,
  };
}

export function buildOrganization(overrides: Partial<Organization> = {}): Organization {
  return {
    id: ids.newId(),
    slug: `organization-${ids.newBytes(6).join('')}`,
    name: 'An Organization',
    policy: buildPolicy(),
    createdAt: TEST_START,
    version: 1,
    ...overrides,
  };
}

/** An account without any credential. To store it, its organization has to be stored first. */
export function buildAccount(overrides: Partial<Account> = {}): Account {
  const email = overrides.email ?? `Person-${ids.newBytes(6).join('')}@example.com`;
  return {
    id: ids.newId(),
    organizationId: ids.newId(),
    email,
    emailKey: email.toLowerCase(),
    emailVerified: true,
    profile: { name: 'A Person' },
    userHandle: ids.newBytes(64),
    role: 'member',
    passkeyOffer: { declinedTimes: 0, never: false },
    createdAt: TEST_START,
    updatedAt: TEST_START,
    version: 1,
    ...overrides,
  };
}

/** A passkey that has signed in never. To store it, its account has to be stored first. */
export function buildPasskey(overrides: Partial<Passkey> = {}): Passkey {
  return {
    id: ids.newId(),
    accountId: ids.newId(),
    rpId: 'localhost',
    publicKey: ids.newBytes(77),
    counter: 0,
    backupEligible: true,
    backedUp: true,
    aaguid: '00000000-0000-0000-0000-000000000000',
    transports: ['internal', 'hybrid'],
    attestation: 'none',
    name: 'A passkey',
    createdAt: TEST_START,
    ...overrides,
  };
}

/** An authenticator app with an arbitrary secret. To store it, its account has to be stored first. */
export function buildTotp(overrides: Partial<Totp> = {}): Totp {
  return { accountId: ids.newId(), sealedSecret: ids.newBytes(48), lastStep: 0, confirmedAt: TEST_START, ...overrides };
}

/** Ten unspent codes that nobody can type. To store them, their account has to be stored first. */
export function buildRecoveryCodeSet(overrides: Partial<RecoveryCodeSet> = {}): RecoveryCodeSet {
  const codes = Array.from({ length: 10 }, () => ({ digest: ids.newSecret() }));
  return { accountId: ids.newId(), codes, madeAt: TEST_START, ...overrides };
}

/** A confidential client of the authorization code flow, without a secret. */
export function buildClient(overrides: Partial<Client> = {}): Client {
  return {
    id: ids.newId(),
    name: 'An Application',
    metadata: {
      redirect_uris: ['https://app.example.com/callback'],
      response_types: ['code'],
      grant_types: ['authorization_code', 'refresh_token'],
      token_endpoint_auth_method: 'client_secret_basic',
    },
    settings: { requirePkce: true, consent: 'ask', scopeClaimsInIdToken: false, resources: [] },
    secrets: [],
    createdAt: TEST_START,
    updatedAt: TEST_START,
    version: 1,
    ...overrides,
  };
}

/** A key of arbitrary bytes, which signs nothing. */
export function buildSigningKey(overrides: Partial<SigningKey> = {}): SigningKey {
  return {
    kid: ids.newSecret(),
    algorithm: 'ES256',
    generation: 1,
    sealedPrivateJwk: ids.newBytes(200),
    createdAt: TEST_START,
    activeFrom: TEST_START,
    ...overrides,
  };
}

/** Something that happened to an account; nothing else of it need be stored. */
export function buildAuditEvent(overrides: Partial<AuditEvent> = {}): AuditEvent {
  return {
    id: ids.newId(),
    createdAt: TEST_START,
    actor: 'account',
    accountId: ids.newId(),
    details: { type: 'signed-in', acr: 'phr', amr: ['pop', 'user', 'mfa'] },
    ...overrides,
  };
}

/** A mail of arbitrary bytes that is to be sent within the hour. */
export function buildMailJob(overrides: Partial<NewMailJob> = {}): NewMailJob {
  return {
    id: ids.newId(),
    kind: 'passkey-added',
    sealedLetter: ids.newBytes(300),
    createdAt: TEST_START,
    expiresAt: addSeconds(TEST_START, 3600),
    ...overrides,
  };
}

/** A sign-in just begun, that lasts for fifteen minutes. */
export function buildSignIn(overrides: Partial<SignIn> = {}): SignIn {
  return {
    id: ids.newId(),
    proofs: [],
    demand: { acr: [], essential: false },
    offerAnswered: false,
    made: [],
    startedAt: TEST_START,
    expiresAt: addSeconds(TEST_START, 900),
    version: 1,
    ...overrides,
  };
}
