import { z } from 'zod';
import type { Account } from '../accounts/account-store.ts';
import type { AuditDetails, AuditEvent } from '../audit/audit-store.ts';
import type { Client } from '../clients/client-store.ts';
import type { SigningKey } from '../keys/key-store.ts';
import type { LastingRecord } from '../oidc/lasting-record-store.ts';
import type { Organization } from '../organizations/organization-store.ts';
import { policySchema } from '../organizations/policy.ts';
import type { Passkey } from '../passkeys/passkey-store.ts';
import type { RecoveryCodeSet } from '../recovery/recovery-code-store.ts';
import type { Totp } from '../totp/totp-store.ts';

/*
 * How what is stored stands in a file: encoded it is JSON, with its fields in the order given here. A field that is not named here is
 * refused both ways, so that none is ever left behind in silence; whoever adds one makes it optional, for the files that lack it.
 */

const moment = z.codec(z.string(), z.date(), {
  decode: (text) => new Date(text),
  encode: (date) => date.toISOString(),
});

const bytes = z.codec(z.base64url(), z.instanceof(Uint8Array), {
  decode: (text) => new Uint8Array(Buffer.from(text, 'base64url')),
  encode: (value) => Buffer.from(value).toString('base64url'),
});

/** An id was made by us, so that any text is taken for the id it stands for. */
function id<Id extends string>() {
  return z.custom<Id>((value) => typeof value === 'string' && value !== '');
}

const texts = z.array(z.string()).readonly();

export const organizationSchema: z.ZodType<Organization> = z.strictObject({
  id: id<Organization['id']>(),
  slug: z.string(),
  name: z.string(),
  policy: policySchema,
  createdAt: moment,
  version: z.int(),
});

const addressSchema = z.strictObject({
  formatted: z.string().optional(),
  streetAddress: z.string().optional(),
  locality: z.string().optional(),
  region: z.string().optional(),
  postalCode: z.string().optional(),
  country: z.string().optional(),
});

const profileSchema = z.strictObject({
  name: z.string().optional(),
  givenName: z.string().optional(),
  familyName: z.string().optional(),
  preferredUsername: z.string().optional(),
  picture: z.string().optional(),
  locale: z.string().optional(),
  zoneinfo: z.string().optional(),
  phoneNumber: z.string().optional(),
  phoneNumberVerified: z.boolean().optional(),
  address: addressSchema.optional(),
});

export const accountSchema: z.ZodType<Account> = z.strictObject({
  id: id<Account['id']>(),
  organizationId: id<Account['organizationId']>(),
  email: z.string(),
  emailKey: z.string(),
  emailVerified: z.boolean(),
  emailRestoredAt: moment.optional(),
  profile: profileSchema,
  userHandle: bytes,
  role: z.enum(['member', 'administrator']),
  password: z.strictObject({ hash: z.string(), setAt: moment, switchedOffAt: moment.optional() }).optional(),
  passkeyOffer: z.strictObject({ declinedTimes: z.int(), notBefore: moment.optional(), never: z.boolean() }),
  recovery: z
    .strictObject({
      startedAt: moment,
      device: z.string().optional(),
      opensAt: moment,
      toldAt: moment.optional(),
      endsAt: moment.optional(),
      openedAt: moment.optional(),
    })
    .optional(),
  disabledAt: moment.optional(),
  createdAt: moment,
  updatedAt: moment,
  version: z.int(),
});

export const passkeySchema: z.ZodType<Passkey> = z.strictObject({
  id: id<Passkey['id']>(),
  accountId: id<Passkey['accountId']>(),
  rpId: z.string(),
  publicKey: bytes,
  counter: z.int(),
  backupEligible: z.boolean(),
  backedUp: z.boolean(),
  aaguid: z.string(),
  transports: texts,
  attestation: z.enum(['none', 'verified']),
  name: z.string(),
  createdAt: moment,
  lastUsedAt: moment.optional(),
  lastUsedWith: z.string().optional(),
  verifiedAt: moment.optional(),
});

export const totpSchema: z.ZodType<Totp> = z.strictObject({
  accountId: id<Totp['accountId']>(),
  sealedSecret: bytes,
  lastStep: z.int(),
  confirmedAt: moment,
});

export const recoveryCodeSetSchema: z.ZodType<RecoveryCodeSet> = z.strictObject({
  accountId: id<RecoveryCodeSet['accountId']>(),
  codes: z.array(z.strictObject({ digest: z.string(), spentAt: moment.optional() })).readonly(),
  madeAt: moment,
});

const clientSettingsSchema = z.strictObject({
  requirePkce: z.boolean(),
  consent: z.enum(['ask', 'skip']),
  scopeClaimsInIdToken: z.boolean(),
  resources: z.array(z.strictObject({ indicator: z.string(), scopes: texts })).readonly(),
});

const clientSecretSchema = z.strictObject({
  digest: z.string(),
  lastFour: z.string(),
  createdAt: moment,
  expiresAt: moment.optional(),
});

export const clientSchema: z.ZodType<Client> = z.strictObject({
  id: id<Client['id']>(),
  name: z.string(),
  metadata: z.record(z.string(), z.unknown()),
  settings: clientSettingsSchema,
  secrets: z.array(clientSecretSchema).readonly(),
  disabledAt: moment.optional(),
  createdAt: moment,
  updatedAt: moment,
  version: z.int(),
});

export const signingKeySchema: z.ZodType<SigningKey> = z.strictObject({
  kid: z.string(),
  algorithm: z.enum(['ES256', 'RS256']),
  generation: z.int(),
  sealedPrivateJwk: bytes,
  createdAt: moment,
  activeFrom: moment,
  retiredAt: moment.optional(),
});

export const lastingRecordSchema: z.ZodType<LastingRecord> = z.strictObject({
  id: z.string(),
  payload: z.string(),
  expiresAt: moment,
  consumedAt: moment.optional(),
  grantId: z.string().optional(),
  accountId: z.string().optional(),
});

const count = z.int();
const passkeyName = z.string();

const auditDetailsSchema: z.ZodType<AuditDetails> = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('signed-in'),
    acr: z.string(),
    amr: texts,
    newBrowser: z.literal(true).optional(),
  }),
  z.strictObject({
    type: z.literal('sign-in-refused'),
    factor: z.enum(['password', 'totp', 'recovery-code', 'email-code', 'passkey']),
    count,
  }),
  z.strictObject({
    type: z.literal('confirmation-refused'),
    factor: z.enum(['password', 'totp', 'email-code', 'passkey']),
    count,
  }),
  z.strictObject({ type: z.literal('session-ended'), sessionDevice: z.string().optional() }),
  z.strictObject({ type: z.enum(['passkey-added', 'passkey-removed']), passkeyName }),
  z.strictObject({ type: z.literal('passkey-renamed'), passkeyName, formerName: z.string() }),
  z.strictObject({
    type: z.literal('passkey-alert'),
    alert: z.literal('backup-eligibility-changed'),
    passkeyName,
    count,
  }),
  z.strictObject({ type: z.literal('password-alert'), alert: z.literal('unusable-hash'), count }),
  z.strictObject({ type: z.literal('notice-disputed'), notice: z.string() }),
  z.strictObject({ type: z.literal('recovery-code-used'), codesLeft: count }),
  z.strictObject({ type: z.enum(['application-allowed', 'application-revoked']), applicationName: z.string() }),
  z.strictObject({
    type: z.enum([
      'signed-out',
      'signed-out-elsewhere',
      'account-created',
      'account-disabled',
      'account-enabled',
      'account-taken-over',
      'address-verified',
      'address-changed',
      'address-restored',
      'passkey-requested',
      'password-set',
      'password-changed',
      'password-reset',
      'password-removed',
      'password-off',
      'password-on',
      'totp-on',
      'totp-off',
      'recovery-codes-made',
      'recovery-codes-removed',
      'recovery-started',
      'recovery-offered',
      'recovery-cancelled',
      'recovery-done',
    ]),
  }),
]);

export const auditEventSchema: z.ZodType<AuditEvent> = z.strictObject({
  id: id<AuditEvent['id']>(),
  createdAt: moment,
  actor: z.enum(['account', 'operator', 'system']),
  accountId: id<Account['id']>().optional(),
  organizationId: id<Organization['id']>().optional(),
  clientId: id<Client['id']>().optional(),
  device: z.string().optional(),
  details: auditDetailsSchema,
});
