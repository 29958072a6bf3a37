import fc from 'fast-check';
import { addSeconds } from '../../src/lib/clock.ts';
import { type Policy, policySchema, SECOND_FACTORS } from '../../src/organizations/policy.ts';
import type { SignInAccount } from '../../src/sign-in/next-step.ts';
import type { Proof, SignIn } from '../../src/sign-in/sign-in.ts';
import {
  ACCOUNT,
  buildNamedSignIn,
  buildPlainPolicy,
  buildSignInAccount,
  DELETED_PASSKEY,
  ENROLLED_AT,
  NOW,
  OTHER_ACCOUNT,
  PHONE,
  proveCode,
  provePasskey,
  provePassword,
  RECOVERY_CODES,
  SECURITY_KEY,
  SPENT_CODES,
} from './sign-ins.ts';

/** Any policy that the schema accepts; few of them hand over to an upstream provider. */
export const anyPolicy: fc.Arbitrary<Policy> = fc
  .record({
    organizationPrompt: fc.constantFrom('first', 'with-email', 'never'),
    passkey: fc.constantFrom('alone', 'second', 'off'),
    password: fc.constantFrom('on', 'until-passkey', 'off'),
    secondFactor: fc.constantFrom('required', 'when-enrolled', 'off'),
    secondFactors: fc.shuffledSubarray([...SECOND_FACTORS]),
    enrolPasskey: fc.constantFrom('require', 'offer', 'manual'),
    sso: fc.option(
      fc.record({
        issuer: fc.constant('https://upstream.example.com'),
        clientId: fc.constant('cardea'),
        required: fc.boolean(),
      }),
      {
        nil: undefined,
        freq: 9,
      },
    ),
  })
  .map((given) => ({ ...buildPlainPolicy(), ...given }))
  .filter((policy) => policySchema.safeParse(policy).success);

/** Any account in good standing. */
export const anyAccount: fc.Arbitrary<SignInAccount> = fc
  .record({
    passwordSetAt: fc.constantFrom(undefined, ENROLLED_AT),
    passkeys: fc
      .shuffledSubarray([PHONE, SECURITY_KEY])
      .map((ids) => ids.map((id) => ({ id, hardware: id === SECURITY_KEY }))),
    totpSince: fc.constantFrom(undefined, ENROLLED_AT),
    recoveryCodes: fc.constantFrom(undefined, RECOVERY_CODES, SPENT_CODES),
    recoveryOpenedAt: fc.constantFrom(undefined, ENROLLED_AT),
    receivesCodes: fc.boolean(),
    passkeyOfferDue: fc.boolean(),
  })
  .map(buildSignInAccount);

/** Any proof by the named account, some of them older than what they proved. */
function anyProofOf(accountId: Proof['accountId']): fc.Arbitrary<Proof> {
  const details = { accountId, at: NOW };
  const stale = { accountId, at: addSeconds(ENROLLED_AT, -1) };
  return fc.constantFrom(
    provePassword(details),
    provePassword(stale),
    provePasskey(PHONE, details),
    provePasskey(SECURITY_KEY, details),
    provePasskey(PHONE, { ...details, userVerified: false }),
    provePasskey(DELETED_PASSKEY, details),
    proveCode('totp', details),
    proveCode('totp', stale),
    proveCode('recovery-code', details),
    proveCode('recovery-code', stale),
    proveCode('email-code', details),
    proveCode('recovery-link', details),
    proveCode('recovery-link', stale),
  );
}

export const anyOwnProof = anyProofOf(ACCOUNT);
export const anyForeignProof = anyProofOf(OTHER_ACCOUNT);

const anyDemand = fc.record({
  acr: fc.subarray(['phrh', 'phr', 'urn:cardea:acr:mfa', 'urn:cardea:acr:pwd', 'urn:elsewhere:gold'], { maxLength: 2 }),
  essential: fc.boolean(),
  accountId: fc.option(fc.constantFrom(ACCOUNT, OTHER_ACCOUNT), { nil: undefined, freq: 3 }),
});

/** Any sign-in of a person who was named. */
export const anySignIn: fc.Arbitrary<SignIn> = fc
  .record({
    proofs: fc.array(fc.oneof({ weight: 5, arbitrary: anyOwnProof }, { weight: 1, arbitrary: anyForeignProof }), {
      maxLength: 5,
    }),
    demand: anyDemand,
    offerAnswered: fc.boolean(),
    made: fc.subarray([PHONE]),
    newCodes: fc.constantFrom(undefined, 'made', 'declined'),
  })
  .map(buildNamedSignIn);
