import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assess } from '../../src/sign-in/assurance.ts';
import type { Proof } from '../../src/sign-in/sign-in.ts';
import { findSignInWay, type SignInWay } from '../../src/sign-in/sign-in-way.ts';
import { ACCOUNT, NOW, PHONE } from '../support/sign-ins.ts';

type Method = Proof['method'];

function prove(method: Method): Proof {
  const proof = { accountId: ACCOUNT, at: NOW };
  if (method !== 'passkey') return { ...proof, method };
  return { ...proof, method, passkeyId: PHONE, userVerified: true, hardware: true };
}

test('what was proved is told by the methods that applications hear of', () => {
  const ways: readonly (readonly [SignInWay, readonly Method[]])[] = [
    ['passkey', ['passkey']],
    ['password-passkey', ['password', 'passkey']],
    ['password-totp', ['password', 'totp']],
    ['password-code', ['password', 'email-code']],
    ['password', ['password']],
    ['recovery', ['recovery-code']],
  ];
  for (const [way, methods] of ways) assert.equal(findSignInWay(assess(methods.map(prove))?.amr ?? []), way);
  assert.equal(findSignInWay([]), undefined);
  assert.equal(findSignInWay(['face']), undefined);
});
