import { addSeconds } from '../../src/lib/clock.ts';
import type { AccountId, OrganizationId, PasskeyId } from '../../src/lib/ids.ts';
import { type Policy, policySchema } from '../../src/organizations/policy.ts';
import type { SignInAccount } from '../../src/sign-in/next-step.ts';
import type { Demand, Proof, SignIn } from '../../src/sign-in/sign-in.ts';
import { buildPolicy, buildSignIn } from './builders.ts';
import { TEST_START } from './clock.ts';

// Ids are plain text to the decision: these are easy to tell apart in a failure.
export const ACCOUNT = 'account' as AccountId;
export const OTHER_ACCOUNT = 'other-account' as AccountId;
export const ORGANIZATION = 'organization' as OrganizationId;
export const PHONE = 'phone' as PasskeyId;
export const SECURITY_KEY = 'security-key' as PasskeyId;
export const DELETED_PASSKEY = 'deleted-passkey' as PasskeyId;

export const NOW = addSeconds(TEST_START, 60);
/** When everything that the built accounts hold was set up. */
export const ENROLLED_AT = addSeconds(TEST_START, -86_400);

/** Recovery codes of an account, and those of one that has spent them all. */
export const RECOVERY_CODES = { left: 10, madeAt: ENROLLED_AT };
export const SPENT_CODES = { left: 0, madeAt: ENROLLED_AT };

export const NO_DEMAND: Demand = { acr: [], essential: false };

/** A policy that `policySchema` accepts: passkey or password, nothing more, unless told otherwise. */
export function buildPlainPolicy(given: Partial<Policy> = {}): Policy {
  return policySchema.parse(buildPolicy({ secondFactor: 'off', secondFactors: [], enrolPasskey: 'manual', ...given }));
}

/** An account that holds a password and nothing else, unless told otherwise. */
export function buildSignInAccount(given: Partial<SignInAccount> = {}): SignInAccount {
  return {
    id: ACCOUNT,
    organizationId: ORGANIZATION,
    disabled: false,
    passwordSetAt: ENROLLED_AT,
    passkeys: [],
    receivesCodes: false,
    passkeyOfferDue: false,
    ...given,
  };
}

/** A sign-in whose person was named and has proved nothing, unless told otherwise. */
export function buildNamedSignIn(given: Partial<SignIn> = {}): SignIn {
  return buildSignIn({ organizationId: ORGANIZATION, identifier: 'ada@example.com', accountId: ACCOUNT, ...given });
}

type ProofDetails = { readonly accountId?: AccountId; readonly at?: Date };

export function provePassword({ accountId = ACCOUNT, at = NOW }: ProofDetails = {}): Proof {
  return { method: 'password', accountId, at };
}

/** A proof by a passkey; only the security key is attested hardware. */
export function provePasskey(
  passkeyId: PasskeyId,
  { accountId = ACCOUNT, at = NOW, userVerified = true }: ProofDetails & { readonly userVerified?: boolean } = {},
): Proof {
  return { method: 'passkey', accountId, at, passkeyId, userVerified, hardware: passkeyId === SECURITY_KEY };
}

export function proveCode(
  method: 'totp' | 'recovery-code' | 'recovery-link' | 'email-code',
  { accountId = ACCOUNT, at = NOW }: ProofDetails = {},
): Proof {
  return { method, accountId, at };
}

/** One proof by each thing that the account holds. */
export function proveEverythingHeld(account: SignInAccount): readonly Proof[] {
  const of = { accountId: account.id };
  return [
    ...(account.passwordSetAt ? [provePassword(of)] : []),
    ...account.passkeys.map(({ id }) => provePasskey(id, of)),
    ...(account.totpSince ? [proveCode('totp', of)] : []),
    ...((account.recoveryCodes?.left ?? 0) > 0 ? [proveCode('recovery-code', of)] : []),
    ...(account.receivesCodes ? [proveCode('email-code', of)] : []),
  ];
}
