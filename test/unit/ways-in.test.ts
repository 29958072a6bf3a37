import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PRESETS } from '../../config/presets.ts';
import { Ids } from '../../src/lib/ids.ts';
import type { SignInAccount } from '../../src/sign-in/next-step.ts';
import { hasWayIn } from '../../src/sign-in/ways-in.ts';
import { buildPolicy } from '../support/builders.ts';
import { TEST_START } from '../support/clock.ts';

const ids = new Ids();
const NOTHING: SignInAccount = {
  id: ids.newId(),
  organizationId: ids.newId(),
  disabled: false,
  passkeys: [],
  receivesCodes: false,
  passkeyOfferDue: false,
};
const PASSKEY = { passkeys: [{ id: ids.newId<never>(), hardware: false }] };
const PASSWORD = { passwordSetAt: TEST_START };
const CODES = { recoveryCodes: { left: 1, madeAt: TEST_START } };

test('a passkey is a way in where it signs in alone, and a password wherever it is used', () => {
  const alone = buildPolicy({ passkey: 'alone' });
  const second = buildPolicy({ passkey: 'second' });
  assert.equal(hasWayIn({ ...NOTHING, ...PASSKEY }, alone), true);
  assert.equal(hasWayIn({ ...NOTHING, ...PASSKEY }, second), false);
  assert.equal(hasWayIn({ ...NOTHING, ...PASSWORD }, second), true);
  assert.equal(hasWayIn({ ...NOTHING, ...PASSWORD }, buildPolicy({ password: 'off' })), false);
});

test('where a second factor is required, a password is a way in with one, or where a passkey can still be made', () => {
  const totpOnly = buildPolicy({ passkey: 'second', secondFactor: 'required', secondFactors: ['totp', 'email-code'] });
  assert.equal(hasWayIn({ ...NOTHING, ...PASSWORD }, totpOnly), false);
  assert.equal(hasWayIn({ ...NOTHING, ...PASSWORD, totpSince: TEST_START }, totpOnly), true);
  assert.equal(hasWayIn({ ...NOTHING, ...PASSWORD, receivesCodes: true }, totpOnly), true);
  const withPasskey = buildPolicy({ passkey: 'second', secondFactor: 'required', secondFactors: ['passkey'] });
  assert.equal(hasWayIn({ ...NOTHING, ...PASSWORD }, withPasskey), true);
});

test('recovery codes are a way in where they let a person make a passkey that signs in alone, while one is left', () => {
  const policy = buildPolicy({ passkey: 'alone', secondFactors: ['recovery-code'] });
  assert.equal(hasWayIn({ ...NOTHING, ...CODES }, policy), true);
  assert.equal(hasWayIn({ ...NOTHING, recoveryCodes: { left: 0, madeAt: TEST_START } }, policy), false);
  assert.equal(hasWayIn({ ...NOTHING, ...CODES }, buildPolicy({ secondFactors: ['totp'] })), false);
});

test('nothing is no way in, under any preset', () => {
  for (const [name, policy] of Object.entries(PRESETS)) assert.equal(hasWayIn(NOTHING, policy), false, name);
});
