import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PRESETS } from '../../config/presets.ts';
import {
  CONFIRMATION_METHODS,
  type ConfirmationMethod,
  type Policy,
  policySchema,
} from '../../src/organizations/policy.ts';
import { listConfirmationMethods } from '../../src/sign-in/confirmation-methods.ts';
import type { SignInAccount } from '../../src/sign-in/next-step.ts';
import { buildPlainPolicy, buildSignInAccount, ENROLLED_AT, PHONE } from '../support/sign-ins.ts';

const BOTH = [false, true] as const;
const SSO = { issuer: 'https://login.example.com', clientId: 'cardea' };

const ACCOUNTS = BOTH.flatMap((password) =>
  BOTH.flatMap((passkey) => BOTH.flatMap((totp) => BOTH.map((mail) => buildHolder({ password, passkey, totp, mail })))),
);

test('the ways to confirm are those of the policy, in its order, that the account can go', () => {
  const orders = listOrders(CONFIRMATION_METHODS);
  const policies = listPolicies();
  for (const policy of policies) {
    for (const account of ACCOUNTS) {
      const usable = new Set(CONFIRMATION_METHODS.filter((method) => canConfirm(method, account, policy)));
      for (const confirmWith of orders) {
        const methods = listConfirmationMethods(account, { ...policy, confirmWith });
        const right = confirmWith.filter((method) => usable.has(method));
        if (methods.join() !== right.join()) assert.deepEqual({ account, policy, confirmWith, methods }, { right });
      }
    }
  }
  // 166 912 cases in all.
  assert.deepEqual([policies.length, ACCOUNTS.length, orders.length], [32, 16, 326]);
});

test('the passwordless service asks for a passkey once it has replaced the password, else the app, else a code by mail', () => {
  const list = (held: Partial<Held>) => listConfirmationMethods(buildHolder(held), PRESETS.passwordless);
  const all = { passkey: true, totp: true, mail: true };
  assert.deepEqual(list(all), ['passkey', 'totp', 'email-code']);
  assert.deepEqual(list({ ...all, password: true }), ['totp', 'email-code']);
  assert.deepEqual(list({ ...all, password: true, totp: false }), ['email-code']);
  assert.deepEqual(list({ passkey: true }), ['passkey']);
  assert.deepEqual(list({ passkey: true, password: true }), []);
  assert.deepEqual(list({ password: true }), []);
  assert.deepEqual(list({}), []);
});

test('every other preset asks for what it lists, first the first that the account has', () => {
  const full = buildHolder({ password: true, passkey: true, totp: true, mail: true });
  for (const preset of ['portal', 'two-factor', 'convenience'] as const)
    assert.deepEqual(listConfirmationMethods(full, PRESETS[preset]), PRESETS[preset].confirmWith);
  assert.deepEqual(listConfirmationMethods(full, PRESETS.workspace), ['password', 'email-link']);
  const withoutMail = buildHolder({ password: true, passkey: true });
  assert.deepEqual(listConfirmationMethods(withoutMail, PRESETS.workspace), ['password']);
  assert.deepEqual(listConfirmationMethods(buildHolder({ passkey: true }), PRESETS.workspace), []);
});

test('an organization that signs in elsewhere has no way of its own', () => {
  const full = buildHolder({ password: true, passkey: true, totp: true, mail: true });
  const policy = buildPlainPolicy({ confirmWith: CONFIRMATION_METHODS, secondFactors: ['totp'] });
  assert.deepEqual(listConfirmationMethods(full, { ...policy, sso: { ...SSO, required: false } }), [
    ...CONFIRMATION_METHODS,
  ]);
  assert.deepEqual(listConfirmationMethods(full, { ...policy, sso: { ...SSO, required: true } }), []);
});

interface Held {
  readonly password: boolean;
  readonly passkey: boolean;
  readonly totp: boolean;
  readonly mail: boolean;
}

function buildHolder({ password = false, passkey = false, totp = false, mail = false }: Partial<Held>): SignInAccount {
  return buildSignInAccount({
    passwordSetAt: password ? ENROLLED_AT : undefined,
    passkeys: passkey ? [{ id: PHONE, hardware: false }] : [],
    totpSince: totp ? ENROLLED_AT : undefined,
    receivesCodes: mail,
  });
}

/** The rule once more, as a table. */
function canConfirm(method: ConfirmationMethod, account: SignInAccount, policy: Policy): boolean {
  const hasPassword = account.passwordSetAt !== undefined;
  const rules: { readonly [Method in ConfirmationMethod]: readonly boolean[] } = {
    passkey: [
      account.passkeys.length === 1,
      policy.passkey !== 'off',
      !(policy.password === 'until-passkey' && hasPassword),
    ],
    password: [hasPassword, policy.password !== 'off'],
    totp: [account.totpSince !== undefined, policy.secondFactors.includes('totp')],
    'email-link': [account.receivesCodes],
    'email-code': [account.receivesCodes],
  };
  return policy.sso?.required !== true && rules[method].every(Boolean);
}

function listPolicies(): readonly Policy[] {
  const policies = (['alone', 'second', 'off'] as const).flatMap((passkey) =>
    (['on', 'until-passkey', 'off'] as const).flatMap((password) =>
      BOTH.flatMap((totp) =>
        [undefined, false, true].map((required): Policy => {
          const secondFactors = totp ? (['totp'] as const) : [];
          const sso = required === undefined ? undefined : { ...SSO, required };
          return { ...buildPlainPolicy(), passkey, password, secondFactors, sso };
        }),
      ),
    ),
  );
  return policies.filter((policy) => policySchema.safeParse(policy).success);
}

/** Every order of every part of the list. */
function listOrders<Item>(items: readonly Item[]): readonly (readonly Item[])[] {
  return [
    [],
    ...items.flatMap((item) => listOrders(items.filter((other) => other !== item)).map((rest) => [item, ...rest])),
  ];
}
