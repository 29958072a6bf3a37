import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ACR_VALUES, acrToIssue, assess, satisfies } from '../../src/sign-in/assurance.ts';
import type { Proof } from '../../src/sign-in/sign-in.ts';
import { anyOwnProof } from '../support/sign-in-arbitraries.ts';
import { findAssuranceRow } from '../support/sign-in-rules.ts';
import { PHONE, proveCode, provePasskey, provePassword, SECURITY_KEY } from '../support/sign-ins.ts';

// The table of "What the relying application is told", row by row; then what it leaves to "the highest reached".
const ROWS: readonly (readonly [what: string, proofs: readonly Proof[], acr: string, amr: string])[] = [
  ['an attested hardware passkey', [provePasskey(SECURITY_KEY)], 'phrh', 'hwk pop user mfa'],
  ['a passkey', [provePasskey(PHONE)], 'phr', 'pop user mfa'],
  ['password and passkey', [provePassword(), provePasskey(PHONE)], 'phr', 'pwd pop user mfa'],
  ['password and TOTP', [provePassword(), proveCode('totp')], 'urn:cardea:acr:mfa', 'pwd otp mfa'],
  ['password and e-mailed code', [provePassword(), proveCode('email-code')], 'urn:cardea:acr:pwd', 'pwd otp'],
  ['a password', [provePassword()], 'urn:cardea:acr:pwd', 'pwd'],
  ['a recovery code', [proveCode('recovery-code')], 'urn:cardea:acr:recovery', 'otp'],

  ['password and hardware passkey', [provePassword(), provePasskey(SECURITY_KEY)], 'phrh', 'hwk pwd pop user mfa'],
  ['password and recovery code', [provePassword(), proveCode('recovery-code')], 'urn:cardea:acr:pwd', 'pwd otp'],
];

for (const [what, proofs, acr, amr] of ROWS) {
  test(`${what} is told as ${acr}, ${amr}`, () => {
    assert.deepEqual(assess(proofs), { acr, amr: amr.split(' ') });
  });
}

test('what proves nobody is told as nothing', () => {
  const nothing = [
    [],
    [proveCode('totp')],
    [proveCode('email-code')],
    [provePasskey(SECURITY_KEY, { userVerified: false })],
  ];
  for (const proofs of nothing) assert.equal(assess(proofs), undefined);
});

test('a passkey without user verification adds nothing to a password', () => {
  const proofs = [provePassword(), provePasskey(SECURITY_KEY, { userVerified: false })];
  assert.deepEqual(assess(proofs), { acr: 'urn:cardea:acr:pwd', amr: ['pwd'] });
});

test('any set of proofs is told as the first row of the table that it fills, in whatever order it came', () => {
  const property = fc.property(fc.array(anyOwnProof, { maxLength: 6 }), (proofs) => {
    const row = findAssuranceRow(proofs.filter((proof) => proof.method !== 'passkey' || proof.userVerified));
    assert.deepEqual(assess(proofs), row && { acr: row.acr, amr: row.amr.split(' ') });
  });
  fc.assert(property, { numRuns: 5000 });
});

test('a stronger acr may be called by any weaker name, a weaker one never by a stronger', () => {
  const rank = ACR_VALUES.map((reached) => ACR_VALUES.filter((wanted) => satisfies(reached, wanted)));
  assert.deepEqual(rank, [
    ['phrh', 'phr', 'urn:cardea:acr:mfa', 'urn:cardea:acr:pwd', 'urn:cardea:acr:recovery'],
    ['phr', 'urn:cardea:acr:mfa', 'urn:cardea:acr:pwd', 'urn:cardea:acr:recovery'],
    ['urn:cardea:acr:mfa', 'urn:cardea:acr:pwd', 'urn:cardea:acr:recovery'],
    ['urn:cardea:acr:pwd', 'urn:cardea:acr:recovery'],
    ['urn:cardea:acr:recovery'],
  ]);
});

test('an acr that is not ours is never reached and reaches nothing', () => {
  assert.equal(satisfies('phrh', 'urn:elsewhere:gold'), false);
  assert.equal(satisfies('urn:elsewhere:gold', 'urn:cardea:acr:recovery'), false);
  assert.equal(satisfies('urn:elsewhere:gold', 'urn:elsewhere:gold'), false);
  assert.equal(satisfies(undefined, 'urn:cardea:acr:recovery'), false);
});

test('the acr issued is the first requested one that was reached, else the reached one', () => {
  const requests: readonly (readonly [
    reached: string | undefined,
    requested: readonly string[],
    issued: string | undefined,
  ])[] = [
    ['phr', [], 'phr'],
    ['phr', ['phr'], 'phr'],
    ['phrh', ['phr'], 'phr'],
    ['phr', ['phrh'], 'phr'],
    ['phr', ['phrh', 'urn:cardea:acr:pwd', 'phr'], 'urn:cardea:acr:pwd'],
    ['urn:cardea:acr:pwd', ['urn:elsewhere:gold', 'phr'], 'urn:cardea:acr:pwd'],
    [undefined, ['phr'], undefined],
  ];
  for (const [reached, requested, issued] of requests) assert.equal(acrToIssue(reached, requested), issued);
});
