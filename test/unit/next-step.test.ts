import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addSeconds } from '../../src/lib/clock.ts';
import type { Policy } from '../../src/organizations/policy.ts';
import { canReach, nextStep, type SignInAccount, type Step } from '../../src/sign-in/next-step.ts';
import type { Proof, SignIn } from '../../src/sign-in/sign-in.ts';
import {
  buildNamedSignIn,
  buildPlainPolicy,
  buildSignInAccount,
  ENROLLED_AT,
  NOW,
  ORGANIZATION,
  OTHER_ACCOUNT,
  PHONE,
  proveCode,
  proveEverythingHeld,
  provePasskey,
  provePassword,
  RECOVERY_CODES,
  SECURITY_KEY,
  SPENT_CODES,
} from '../support/sign-ins.ts';

const PHONE_PASSKEY = { id: PHONE, hardware: false };
const KEY_PASSKEY = { id: SECURITY_KEY, hardware: true };
const PASSWORD_ONLY = buildSignInAccount();
const WITH_PHONE = buildSignInAccount({ passkeys: [PHONE_PASSKEY] });
const WITH_TOTP = buildSignInAccount({ totpSince: ENROLLED_AT });
const WITH_EVERYTHING = buildSignInAccount({
  passkeys: [PHONE_PASSKEY, KEY_PASSKEY],
  totpSince: ENROLLED_AT,
  recoveryCodes: RECOVERY_CODES,
  receivesCodes: true,
});

interface Situation extends Partial<Omit<SignIn, 'proofs'>> {
  readonly policy?: Partial<Policy>;
  readonly account?: SignInAccount;
}

/** What is asked of somebody who has proved this much; of someone with a password only, unless told otherwise. */
function decide({ policy = {}, account = PASSWORD_ONLY, ...given }: Situation, ...proofs: readonly Proof[]): Step {
  return nextStep(buildNamedSignIn({ ...given, proofs }), account, buildPlainPolicy(policy), NOW);
}

const ALTERNATIVES = ['passkey', 'organization', 'recoveryCode'];

/** The step in one line: its type, and what is offered at it. */
function name(step: Step): string {
  switch (step.type) {
    case 'second-factor':
      assert.equal(step.first, step.methods[0]);
      return `second-factor: ${step.methods.join(', ')}`;
    case 'enrol-passkey':
      return `enrol-passkey: ${step.recovers ? 'recovers' : step.must ? 'must' : 'may'}${step.passkey ? ' or passkey' : ''}`;
    case 'identify':
    case 'password':
    case 'passkey':
      return [step.type, ...ALTERNATIVES.filter((way) => way in step && Reflect.get(step, way))].join(' + ');
    case 'refused':
      return `refused: ${step.code}`;
    case 'done':
      return `done: ${step.acr}`;
    default:
      return step.type;
  }
}

test('the organization is asked for first, with the e-mail or never, and only while it is unknown', () => {
  const unknown = { organizationId: undefined };
  const untyped = { identifier: undefined, accountId: undefined };
  const table: readonly (readonly [Policy['organizationPrompt'], Situation, string])[] = [
    ['first', { ...untyped, ...unknown }, 'organization'],
    ['first', unknown, 'organization'],
    ['first', untyped, 'identify + passkey'],
    ['with-email', { ...untyped, ...unknown }, 'identify + passkey + organization'],
    ['with-email', unknown, 'organization'],
    ['with-email', untyped, 'identify + passkey'],
    ['never', { ...untyped, ...unknown }, 'identify + passkey'],
    ['never', untyped, 'identify + passkey'],
    ['first', {}, 'password + passkey'],
    ['with-email', {}, 'password + passkey'],
    ['never', {}, 'password + passkey'],
  ];
  for (const [organizationPrompt, situation, expected] of table) {
    assert.equal(name(decide({ ...situation, policy: { organizationPrompt } })), expected);
  }
});

test('the step after the e-mail follows the policy, not what the account has', () => {
  for (const account of [
    PASSWORD_ONLY,
    WITH_EVERYTHING,
    buildSignInAccount({ passwordSetAt: undefined, passkeys: [PHONE_PASSKEY] }),
  ]) {
    assert.equal(name(decide({ account })), 'password + passkey');
    assert.equal(name(decide({ account, policy: { password: 'until-passkey' } })), 'password + passkey');
    assert.equal(name(decide({ account, policy: { passkey: 'second' } })), 'password');
    assert.equal(name(decide({ account, policy: { passkey: 'off' } })), 'password');
    assert.equal(name(decide({ account, policy: { password: 'off' } })), 'passkey');
  }
});

test('a passkey is both factors where it completes a sign-in by itself', () => {
  const policy: Partial<Policy> = { secondFactor: 'required', secondFactors: ['totp'] };
  assert.equal(name(decide({ policy, account: WITH_EVERYTHING }, provePasskey(PHONE))), 'done: phr');
  assert.equal(
    name(decide({ policy, account: WITH_EVERYTHING, identifier: undefined }, provePasskey(PHONE))),
    'done: phr',
  );
});

test('a passkey that comes second proves nothing before the password', () => {
  const policy: Partial<Policy> = { passkey: 'second', secondFactor: 'required', secondFactors: ['passkey'] };
  assert.equal(name(decide({ policy, account: WITH_PHONE }, provePasskey(PHONE))), 'password');
  assert.equal(name(decide({ policy, account: WITH_PHONE }, provePasskey(PHONE), provePassword())), 'done: phr');
});

test('a password that a passkey replaced proves nothing', () => {
  const account = buildSignInAccount({ passwordSetAt: undefined, passkeys: [PHONE_PASSKEY] });
  assert.equal(name(decide({ account, policy: { password: 'until-passkey' } }, provePassword())), 'password + passkey');
});

test('second factors are offered in the order of the policy, those that the account has', () => {
  const policy: Partial<Policy> = {
    passkey: 'second',
    secondFactor: 'required',
    secondFactors: ['email-code', 'passkey', 'recovery-code', 'totp'],
  };
  const everything = 'second-factor: email-code, passkey, recovery-code, totp';
  assert.equal(name(decide({ policy, account: WITH_EVERYTHING }, provePassword())), everything);
  assert.equal(name(decide({ policy, account: WITH_TOTP }, provePassword())), 'second-factor: totp');
});

test('a second factor that is required and missing is made, or refuses', () => {
  const required = { passkey: 'second', secondFactor: 'required' } as const;
  const withPasskey: Partial<Policy> = { ...required, secondFactors: ['totp', 'passkey'] };
  assert.equal(name(decide({ policy: withPasskey }, provePassword())), 'enrol-passkey: must');
  const justMade = { policy: withPasskey, account: WITH_PHONE, made: [PHONE], offerAnswered: true };
  assert.equal(name(decide(justMade, provePassword())), 'second-factor: passkey');

  const withoutPasskey: Partial<Policy> = { ...required, secondFactors: ['totp'] };
  assert.equal(name(decide({ policy: withoutPasskey }, provePassword())), 'refused: second_factor_missing');
});

test('a second factor when enrolled is asked of those who have one, except a passkey that they have just made', () => {
  const policy: Partial<Policy> = {
    passkey: 'second',
    secondFactor: 'when-enrolled',
    secondFactors: ['passkey', 'totp'],
  };
  assert.equal(name(decide({ policy }, provePassword())), 'done: urn:cardea:acr:pwd');
  assert.equal(name(decide({ policy, account: WITH_PHONE }, provePassword())), 'second-factor: passkey');
  assert.equal(
    name(decide({ policy, account: WITH_PHONE, made: [PHONE] }, provePassword())),
    'done: urn:cardea:acr:pwd',
  );
  const older = { policy, account: buildSignInAccount({ passkeys: [PHONE_PASSKEY, KEY_PASSKEY] }), made: [PHONE] };
  assert.equal(name(decide(older, provePassword())), 'second-factor: passkey');
  const withTotp = { policy, account: { ...WITH_TOTP, passkeys: [PHONE_PASSKEY] }, made: [PHONE] };
  assert.equal(name(decide(withTotp, provePassword())), 'second-factor: passkey, totp');
});

test('whoever could have used a passkey alone may still use it after the password', () => {
  const policy: Partial<Policy> = { secondFactor: 'required', secondFactors: ['totp'] };
  const account = { ...WITH_TOTP, passkeys: [PHONE_PASSKEY] };
  assert.equal(name(decide({ policy, account }, provePassword())), 'second-factor: totp, passkey');
  assert.equal(name(decide({ policy, account: WITH_PHONE }, provePassword())), 'second-factor: passkey');
  assert.equal(name(decide({ policy, account: WITH_PHONE }, provePassword(), provePasskey(PHONE))), 'done: phr');
});

test('the last recovery code counts although none is left, and its person is told so before the end (RC-11)', () => {
  const policy: Partial<Policy> = { secondFactor: 'required', secondFactors: ['recovery-code'] };
  const account = buildSignInAccount({ recoveryCodes: SPENT_CODES });
  const proofs = [provePassword(), proveCode('recovery-code')];
  assert.equal(name(decide({ policy, account }, ...proofs)), 'new-recovery-codes');
  assert.equal(name(decide({ policy, account, newCodes: 'declined' }, ...proofs)), 'done: urn:cardea:acr:pwd');
  const renewed = { policy, account: buildSignInAccount({ recoveryCodes: { left: 10, madeAt: addSeconds(NOW, 1) } }) };
  assert.equal(name(decide({ ...renewed, newCodes: 'made' }, ...proofs)), 'done: urn:cardea:acr:pwd');
  assert.equal(name(decide(renewed, ...proofs)), 'second-factor: recovery-code', 'made elsewhere, they end the old');
});

test('new recovery codes are offered to nobody who has one left, has none, or did not use one now', () => {
  const policy: Partial<Policy> = { secondFactor: 'required', secondFactors: ['totp', 'recovery-code'] };
  const done = (recoveryCodes: SignInAccount['recoveryCodes'], ...more: readonly Proof[]) =>
    decide({ policy, account: { ...WITH_TOTP, recoveryCodes } }, provePassword(), ...more).type;
  assert.equal(done({ left: 1, madeAt: ENROLLED_AT }, proveCode('recovery-code')), 'done');
  assert.equal(done(SPENT_CODES, proveCode('totp')), 'done');
  assert.equal(done(undefined, proveCode('totp')), 'done');
});

test('a recovery code alone lets a person make a passkey, and nothing before that (RC-08)', () => {
  const policy: Partial<Policy> = { secondFactors: ['recovery-code'] };
  const code = proveCode('recovery-code');
  const account = buildSignInAccount({
    passwordSetAt: undefined,
    passkeys: [KEY_PASSKEY],
    recoveryCodes: RECOVERY_CODES,
  });
  const made = { policy, account: { ...account, passkeys: [KEY_PASSKEY, PHONE_PASSKEY] }, made: [PHONE] };
  assert.equal(name(decide({ policy, account }, code)), 'enrol-passkey: recovers or passkey');
  assert.equal(name(decide({ policy, account, offerAnswered: true }, code)), 'enrol-passkey: recovers or passkey');
  assert.equal(name(decide({ ...made, made: [] }, code)), 'enrol-passkey: recovers or passkey', 'made elsewhere');
  assert.equal(name(decide(made, code)), 'done: urn:cardea:acr:recovery');
  assert.equal(name(decide(made)), 'password + passkey + recoveryCode', 'nothing was proved');
  assert.equal(name(decide({ policy, account }, code, provePasskey(SECURITY_KEY))), 'done: phrh', 'one was found');
  const phr = { acr: ['phr'], essential: true };
  assert.equal(name(decide({ policy, account, demand: phr }, code)), 'enrol-passkey: recovers or passkey');
  assert.equal(name(decide({ ...made, demand: phr }, code)), 'second-factor: passkey');
  assert.equal(name(decide({ ...made, demand: phr }, code, provePasskey(PHONE))), 'done: phr');
  const other = { acr: [], essential: false, accountId: OTHER_ACCOUNT };
  assert.equal(name(decide({ policy, account, demand: other }, code)), 'refused: wrong_account');
});

test('a recovery code stands in for no password that there is, in whichever order the two come', () => {
  const policy: Partial<Policy> = { secondFactor: 'when-enrolled', secondFactors: ['totp', 'recovery-code'] };
  const account = { ...WITH_TOTP, passkeys: [PHONE_PASSKEY], recoveryCodes: RECOVERY_CODES };
  const code = proveCode('recovery-code');
  assert.equal(name(decide({ policy, account })), 'password + passkey + recoveryCode');
  assert.equal(name(decide({ policy, account }, code)), 'password + passkey', 'one for each sign-in');
  assert.equal(name(decide({ policy, account, made: [PHONE] }, code)), 'password + passkey');
  assert.equal(name(decide({ policy, account }, code, provePassword())), 'done: urn:cardea:acr:pwd');
  assert.equal(name(decide({ policy, account }, provePassword(), code)), 'done: urn:cardea:acr:pwd');
});

test('a recovery code comes first only where a passkey signs in alone and the policy lists the codes', () => {
  const account = buildSignInAccount({ passwordSetAt: undefined, recoveryCodes: RECOVERY_CODES });
  const table: readonly (readonly [Partial<Policy>, string, string])[] = [
    [{ secondFactors: ['recovery-code'] }, 'password + passkey + recoveryCode', 'enrol-passkey: recovers'],
    [{ secondFactors: ['recovery-code'], password: 'off' }, 'passkey + recoveryCode', 'enrol-passkey: recovers'],
    [{ secondFactors: ['totp'] }, 'password + passkey', 'password + passkey'],
    [{ secondFactors: ['recovery-code'], passkey: 'second' }, 'password', 'password'],
    [{ secondFactors: ['recovery-code'], passkey: 'off' }, 'password', 'password'],
  ];
  for (const [policy, before, after] of table) {
    assert.equal(name(decide({ policy, account })), before);
    assert.equal(name(decide({ policy, account }, proveCode('recovery-code'))), after);
  }
});

test('who has no passkey is made to enrol one, offered one or left alone, at the end', () => {
  const due = buildSignInAccount({ passkeyOfferDue: true });
  const pwd = 'done: urn:cardea:acr:pwd';
  const table: readonly (readonly [Policy['enrolPasskey'], Situation, string])[] = [
    ['require', { account: PASSWORD_ONLY, offerAnswered: true }, 'enrol-passkey: must'],
    ['require', { account: WITH_PHONE }, pwd],
    ['offer', { account: due }, 'enrol-passkey: may'],
    ['offer', { account: due, offerAnswered: true }, pwd],
    ['offer', { account: PASSWORD_ONLY }, pwd],
    ['offer', { account: { ...due, passkeys: [PHONE_PASSKEY] } }, pwd],
    ['manual', { account: due }, pwd],
  ];
  for (const [enrolPasskey, situation, expected] of table) {
    assert.equal(name(decide({ ...situation, policy: { enrolPasskey } }, provePassword())), expected);
  }
});

test('who signs in with a phone at a device of its own is offered a passkey of that device, as any offer is made', () => {
  const due = buildSignInAccount({ passkeyOfferDue: true, passkeys: [PHONE_PASSKEY] });
  const elsewhere = { ...provePasskey(PHONE), elsewhere: true } as const;
  const table: readonly (readonly [Policy['enrolPasskey'], Situation, Proof, string])[] = [
    ['offer', { account: due }, elsewhere, 'enrol-passkey: may'],
    ['offer', { account: due }, provePasskey(PHONE), 'done: phr'],
    ['offer', { account: due, offerAnswered: true }, elsewhere, 'done: phr'],
    ['offer', { account: { ...due, passkeyOfferDue: false } }, elsewhere, 'done: phr'],
    ['require', { account: due }, elsewhere, 'done: phr'],
    ['manual', { account: due }, elsewhere, 'done: phr'],
  ];
  for (const [enrolPasskey, situation, proof, expected] of table)
    assert.equal(name(decide({ ...situation, policy: { enrolPasskey } }, proof)), expected);
});

test('a demanded acr is asked for after what the policy asks, in the order of the policy', () => {
  const policy: Partial<Policy> = { secondFactor: 'when-enrolled', secondFactors: ['email-code', 'totp', 'passkey'] };
  const demand = { acr: ['urn:cardea:acr:mfa'], essential: true };
  const situation = { policy, account: WITH_EVERYTHING, demand };
  assert.equal(name(decide(situation, provePassword())), 'second-factor: email-code, totp, passkey');
  assert.equal(name(decide(situation, provePassword(), proveCode('email-code'))), 'second-factor: totp, passkey');
  assert.equal(name(decide(situation, provePassword(), proveCode('totp'))), 'done: urn:cardea:acr:mfa');
});

test('a demanded passkey is not satisfied by a code, a demanded hardware passkey not by another', () => {
  const policy: Partial<Policy> = { secondFactor: 'required', secondFactors: ['totp'] };
  const phr = { policy, account: WITH_EVERYTHING, demand: { acr: ['phr'], essential: true } };
  assert.equal(name(decide(phr, provePassword(), proveCode('totp'))), 'second-factor: passkey');
  assert.equal(name(decide(phr, provePassword(), proveCode('totp'), provePasskey(PHONE))), 'done: phr');

  const phrh = { ...phr, demand: { acr: ['phrh'], essential: true } };
  assert.equal(name(decide(phrh, provePasskey(PHONE))), 'second-factor: passkey');
  assert.equal(name(decide(phrh, provePasskey(PHONE), provePasskey(SECURITY_KEY))), 'done: phrh');
});

test('any one of several demanded acr values will do', () => {
  const demand = { acr: ['phrh', 'urn:cardea:acr:mfa'], essential: true };
  assert.equal(name(decide({ account: WITH_EVERYTHING, demand }, provePasskey(PHONE))), 'done: phr');
});

test('an essential acr out of reach ends in a refusal, told only to who has proved themselves', () => {
  for (const acr of ['phr', 'urn:cardea:acr:mfa', 'urn:elsewhere:gold']) {
    const demand = { acr: [acr], essential: true };
    assert.equal(name(decide({ demand })), 'password + passkey');
    assert.equal(name(decide({ demand }, provePassword())), 'refused: unmet_demand');
  }
  const demand = { acr: ['phrh'], essential: true };
  assert.equal(name(decide({ demand, account: WITH_PHONE }, provePasskey(PHONE))), 'refused: unmet_demand');
  // An authenticator app, but the policy does not use them.
  const mfa = { acr: ['urn:cardea:acr:mfa'], essential: true };
  assert.equal(name(decide({ demand: mfa, account: WITH_TOTP }, provePassword())), 'refused: unmet_demand');
});

test('a voluntary acr is asked of those who can reach it and let go for the others', () => {
  const demand = { acr: ['phr'], essential: false };
  assert.equal(name(decide({ demand, account: WITH_PHONE }, provePassword())), 'second-factor: passkey');
  assert.equal(name(decide({ demand }, provePassword())), 'done: urn:cardea:acr:pwd');
});

test('another account than the demanded one is refused, once it has proved itself', () => {
  const demand = { acr: [], essential: false, accountId: OTHER_ACCOUNT };
  assert.equal(name(decide({ demand })), 'password + passkey');
  assert.equal(name(decide({ demand }, provePassword())), 'refused: wrong_account');
});

test('signing in again is called helpful only where the policy lets the account use what it has', () => {
  const phr = { acr: ['phr'], essential: true };
  const mfa = { acr: ['urn:cardea:acr:mfa'], essential: true };
  const noPassword = buildSignInAccount({
    passwordSetAt: undefined,
    passkeys: [PHONE_PASSKEY],
    totpSince: ENROLLED_AT,
  });
  assert.equal(canReach(phr, WITH_PHONE, buildPlainPolicy()), true);
  assert.equal(canReach(phr, PASSWORD_ONLY, buildPlainPolicy()), false);
  assert.equal(canReach(phr, WITH_PHONE, buildPlainPolicy({ passkey: 'off' })), false);
  assert.equal(canReach(phr, noPassword, buildPlainPolicy()), true);
  assert.equal(canReach(phr, noPassword, buildPlainPolicy({ passkey: 'second' })), false);
  assert.equal(canReach(mfa, WITH_TOTP, buildPlainPolicy({ secondFactors: ['totp'] })), true);
  assert.equal(canReach(mfa, WITH_TOTP, buildPlainPolicy()), false);
  assert.equal(canReach({ acr: ['urn:elsewhere:gold'], essential: true }, WITH_EVERYTHING, buildPlainPolicy()), false);
});

test('a proof counts from the moment its factor was set up, and not a millisecond before', () => {
  const policy: Partial<Policy> = { passkey: 'second', secondFactor: 'required', secondFactors: ['totp'] };
  const account = WITH_TOTP;
  const before = { at: addSeconds(ENROLLED_AT, -0.001) };
  const at = { at: ENROLLED_AT };
  assert.equal(name(decide({ policy, account }, provePassword(at), proveCode('totp', at))), 'done: urn:cardea:acr:mfa');
  assert.equal(name(decide({ policy, account }, provePassword(before), proveCode('totp', at))), 'password');
  assert.equal(name(decide({ policy, account }, provePassword(at), proveCode('totp', before))), 'second-factor: totp');
});

test('a sign-in lasts until the moment it expires, and not a millisecond longer', () => {
  assert.equal(name(decide({ expiresAt: addSeconds(NOW, 0.001) }, provePassword())), 'done: urn:cardea:acr:pwd');
  assert.equal(name(decide({ expiresAt: NOW }, provePassword())), 'refused: sign_in_expired');
});

test('auth_time is the moment of the last proof that counts', () => {
  const at = (seconds: number) => ({ at: addSeconds(NOW, seconds) });
  const stranger = provePassword({ accountId: OTHER_ACCOUNT, ...at(-1) });
  const proofs = [
    proveCode('totp', at(-10)),
    provePassword(at(-30)),
    provePasskey(PHONE, { ...at(-5), userVerified: false }),
    stranger,
  ];
  const policy: Partial<Policy> = { secondFactor: 'required', secondFactors: ['totp'] };
  const step = decide({ policy, account: { ...WITH_TOTP, passkeys: [PHONE_PASSKEY] } }, ...proofs);
  assert.ok(step.type === 'done');
  assert.deepEqual(step.authTime, addSeconds(NOW, -10));
});

test('what changes in the middle of a sign-in voids the proofs that no longer count', () => {
  const loose: Partial<Policy> = {
    secondFactor: 'required',
    secondFactors: ['totp', 'email-code', 'recovery-code', 'passkey'],
  };
  const everything = WITH_EVERYTHING;
  const password = provePassword();
  const table: readonly (readonly [readonly Proof[], Partial<Policy>, SignInAccount, string])[] = [
    // The policy became stricter.
    [[provePasskey(PHONE)], { ...loose, passkey: 'second' }, everything, 'password'],
    [[provePasskey(PHONE)], { ...loose, passkey: 'off', secondFactors: ['totp'] }, everything, 'password'],
    [[password, proveCode('totp')], { ...loose, password: 'off' }, everything, 'passkey + recoveryCode'],
    [[password, proveCode('totp')], { ...loose, secondFactors: ['passkey'] }, everything, 'second-factor: passkey'],
    [
      [password, proveCode('email-code')],
      { ...loose, secondFactors: ['totp'] },
      everything,
      'second-factor: totp, passkey',
    ],
    [
      [password, proveCode('recovery-code')],
      { ...loose, secondFactors: ['totp'] },
      everything,
      'second-factor: totp, passkey',
    ],
    // The account changed.
    [
      [password, proveCode('totp')],
      loose,
      { ...everything, passwordSetAt: addSeconds(NOW, 1) },
      'password + passkey + recoveryCode',
    ],
    [
      [password, proveCode('totp')],
      loose,
      { ...everything, passwordSetAt: undefined },
      'password + passkey + recoveryCode',
    ],
    [[password, proveCode('totp')], loose, { ...PASSWORD_ONLY, totpSince: addSeconds(NOW, 1) }, 'second-factor: totp'],
    [[password, proveCode('email-code')], loose, WITH_TOTP, 'second-factor: totp'],
    [
      [password, proveCode('recovery-code')],
      loose,
      { ...PASSWORD_ONLY, recoveryCodes: { left: 10, madeAt: addSeconds(NOW, 1) } },
      'second-factor: recovery-code',
    ],
    [[password, proveCode('recovery-code')], loose, WITH_TOTP, 'second-factor: totp'],
    [
      [password, provePasskey(PHONE)],
      loose,
      { ...everything, passkeys: [KEY_PASSKEY] },
      'second-factor: totp, email-code, recovery-code, passkey',
    ],
    [[provePasskey(PHONE)], loose, { ...everything, passkeys: [KEY_PASSKEY] }, 'password + passkey + recoveryCode'],
    [[provePasskey(PHONE)], loose, { ...everything, disabled: true }, 'password + passkey + recoveryCode'],
  ];
  for (const [proofs, policy, account, expected] of table) {
    assert.match(name(decide({ policy: loose, account: everything }, ...proofs)), /^done/);
    assert.equal(name(decide({ policy, account }, ...proofs)), expected);
  }
  const asked = { secondFactor: 'off' } as const;
  assert.match(name(decide({ policy: { ...loose, ...asked }, account: everything }, password)), /^done/);
  assert.match(name(decide({ policy: loose, account: everything }, password)), /^second-factor/);
});

test('proofs of everything pass for nobody but their account, in its organization', () => {
  const proofs = proveEverythingHeld(WITH_EVERYTHING);
  assert.equal(name(decide({ account: WITH_EVERYTHING }, ...proofs)), 'done: phrh');
  assert.equal(name(decide({ account: { ...WITH_EVERYTHING, id: OTHER_ACCOUNT } }, ...proofs)), 'password + passkey');
  assert.equal(name(decide({ account: WITH_EVERYTHING, accountId: OTHER_ACCOUNT }, ...proofs)), 'password + passkey');
  assert.equal(name(decide({ account: WITH_EVERYTHING, organizationId: undefined }, ...proofs)), 'organization');
  assert.equal(decide({ account: WITH_EVERYTHING, organizationId: ORGANIZATION }, ...proofs).type, 'done');
});
