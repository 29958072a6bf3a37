import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addSeconds } from '../../src/lib/clock.ts';
import { type Policy, policySchema } from '../../src/organizations/policy.ts';
import { nextStep, type SignInAccount, type Step } from '../../src/sign-in/next-step.ts';
import type { Demand, SignIn } from '../../src/sign-in/sign-in.ts';
import { findRightAssurance } from '../support/sign-in-rules.ts';
import {
  ACCOUNT,
  buildNamedSignIn,
  buildPlainPolicy,
  buildSignInAccount,
  DELETED_PASSKEY,
  ENROLLED_AT,
  NO_DEMAND,
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

const BOTH = [false, true] as const;

/** None, each alone, each before another at least once, and all. */
const SECOND_FACTOR_LISTS: readonly Policy['secondFactors'][] = [
  [],
  ['passkey'],
  ['totp'],
  ['recovery-code'],
  ['email-code'],
  ['passkey', 'totp'],
  ['totp', 'passkey'],
  ['email-code', 'totp', 'recovery-code'],
  ['passkey', 'totp', 'recovery-code', 'email-code'],
];

const SIGN_IN = buildNamedSignIn();
const PROMPTS = ['first', 'with-email', 'never'] as const;
const POLICIES = listPolicies();

const ACCOUNTS: readonly SignInAccount[] = BOTH.flatMap((password) =>
  [[], [PHONE], [SECURITY_KEY], [PHONE, SECURITY_KEY]].flatMap((passkeys) =>
    BOTH.flatMap((totp) =>
      [RECOVERY_CODES, SPENT_CODES].flatMap((recoveryCodes) =>
        BOTH.map((receivesCodes) =>
          buildSignInAccount({
            passwordSetAt: password ? ENROLLED_AT : undefined,
            passkeys: passkeys.map((id) => ({ id, hardware: id === SECURITY_KEY })),
            totpSince: totp ? ENROLLED_AT : undefined,
            recoveryCodes,
            receivesCodes,
            passkeyOfferDue: true,
          }),
        ),
      ),
    ),
  ),
);

const DEMANDS: readonly Demand[] = [
  NO_DEMAND,
  { acr: ['phr'], essential: false },
  { acr: ['phr'], essential: true },
  { acr: ['phrh'], essential: true },
  { acr: ['urn:cardea:acr:mfa'], essential: true },
  { acr: ['urn:elsewhere:gold'], essential: true },
  { acr: [], essential: false, accountId: ACCOUNT },
  { acr: [], essential: false, accountId: OTHER_ACCOUNT },
];

const BEFORE_ENROLMENT = addSeconds(ENROLLED_AT, -1);
const GOOD_PROOFS = [
  provePassword(),
  provePasskey(PHONE),
  provePasskey(SECURITY_KEY),
  proveCode('totp'),
  proveCode('recovery-code'),
  proveCode('email-code'),
];
const WORTHLESS_PROOFS = [
  provePassword({ at: BEFORE_ENROLMENT }),
  provePassword({ accountId: OTHER_ACCOUNT }),
  provePasskey(PHONE, { accountId: OTHER_ACCOUNT }),
  provePasskey(SECURITY_KEY, { userVerified: false }),
  provePasskey(DELETED_PASSKEY),
  proveCode('totp', { at: BEFORE_ENROLMENT }),
  proveCode('recovery-code', { at: BEFORE_ENROLMENT }),
];

test('a sign-in passes exactly when what was proved satisfies the policy and the demand', () => {
  const types = new Set<Step['type']>();
  const sets = listSubsets(GOOD_PROOFS, 2);
  for (const policy of POLICIES) {
    for (const account of ACCOUNTS) {
      for (const proofs of sets) {
        for (const demand of DEMANDS) types.add(checkStep({ ...SIGN_IN, proofs, demand }, account, policy).type);
      }
    }
  }
  // 4 370 432 cases in all.
  assert.deepEqual([POLICIES.length, ACCOUNTS.length, sets.length, DEMANDS.length], [313, 64, 22, 8]);
  assert.deepEqual([...types].sort(), [
    'done',
    'enrol-passkey',
    'new-recovery-codes',
    'passkey',
    'password',
    'refused',
    'second-factor',
  ]);
});

test('with a passkey that was made in the sign-in, and with new recovery codes, the rules are the same', () => {
  const accounts = ACCOUNTS.filter(({ passkeys }) => passkeys.some(({ id }) => id === PHONE));
  const sets = listSubsets(GOOD_PROOFS, 2).filter((proofs) => proofs.some(({ method }) => method === 'recovery-code'));
  const signIns = ([undefined, 'made', 'declined'] as const).flatMap((newCodes) =>
    sets.map((proofs) => ({ ...SIGN_IN, proofs, newCodes, made: [PHONE] })),
  );
  const recovered = new Set<string>();
  for (const policy of POLICIES) {
    for (const account of accounts) {
      for (const signIn of signIns) {
        const step = checkStep(signIn, account, policy);
        if (step.type === 'done') recovered.add(step.acr);
      }
    }
  }
  // 180 288 cases in all.
  assert.deepEqual([POLICIES.length, accounts.length, signIns.length], [313, 32, 18]);
  assert.ok(recovered.has('urn:cardea:acr:recovery'));
});

test('neither the order of proofs nor any number of worthless ones changes who passes', () => {
  const orders = listOrders([...GOOD_PROOFS, ...WORTHLESS_PROOFS], 3);
  const policies = POLICIES.filter(({ enrolPasskey }) => enrolPasskey === 'manual');
  const accounts = ACCOUNTS.filter((_, index) => index % 7 === 0);
  for (const policy of policies) {
    for (const account of accounts) {
      for (const proofs of orders) checkStep({ ...SIGN_IN, proofs }, account, policy);
    }
  }
  // 2 131 180 cases in all.
  assert.deepEqual([policies.length, accounts.length, orders.length], [113, 10, 1886]);
});

test('before a first proof, every policy asks the same of every account, known or not', () => {
  const policies = POLICIES.flatMap((policy) =>
    PROMPTS.map((organizationPrompt) => ({ ...policy, organizationPrompt })),
  );
  const signIns = BOTH.flatMap((named) =>
    BOTH.flatMap((typed) =>
      DEMANDS.map((demand) =>
        buildNamedSignIn({
          demand,
          organizationId: named ? ORGANIZATION : undefined,
          identifier: typed ? 'ada@example.com' : undefined,
        }),
      ),
    ),
  );
  const accounts = ACCOUNTS.flatMap((account) => [account, { ...account, disabled: true }]).filter(
    (_, index) => index % 9 === 0,
  );
  for (const policy of policies) {
    for (const signIn of signIns) {
      const unknown = JSON.stringify(nextStep({ ...signIn, accountId: undefined }, undefined, policy, NOW));
      for (const account of accounts) assert.equal(JSON.stringify(nextStep(signIn, account, policy, NOW)), unknown);
    }
  }
  // 558 720 cases in all.
  assert.deepEqual([policies.length, signIns.length, accounts.length], [939, 32, 15]);
});

function checkStep(signIn: SignIn, account: SignInAccount, policy: Policy): Step {
  const step = nextStep(signIn, account, policy, NOW);
  const right = findRightAssurance(signIn, account, policy);
  const isRight =
    step.type === 'done' ? step.acr === right?.acr && step.amr.join(' ') === right.amr : right === undefined;
  if (!isRight) assert.fail(describe({ step, right, signIn, account, policy }));
  if (step.type === 'second-factor' && !isAnswerable(step, account))
    assert.fail(describe({ step, signIn, account, policy }));
  return step;
}

/** Whatever is asked for after the first factor can be answered, with something that the account holds. */
function isAnswerable({ methods, first }: Extract<Step, { type: 'second-factor' }>, account: SignInAccount): boolean {
  const held = proveEverythingHeld(account).map(({ method }) => method);
  return methods[0] === first && methods.every((method) => held.includes(method));
}

function listPolicies(): readonly Policy[] {
  const any = buildPlainPolicy();
  const policies = (['alone', 'second', 'off'] as const).flatMap((passkey) =>
    (['on', 'until-passkey', 'off'] as const).flatMap((password) =>
      (['required', 'when-enrolled', 'off'] as const).flatMap((secondFactor) =>
        SECOND_FACTOR_LISTS.flatMap((secondFactors) =>
          (['require', 'offer', 'manual'] as const).map((enrolPasskey) => ({
            ...any,
            passkey,
            password,
            secondFactor,
            secondFactors,
            enrolPasskey,
          })),
        ),
      ),
    ),
  );
  return policies.filter((policy) => policySchema.safeParse(policy).success);
}

/** The subsets of at most `size` members. */
function listSubsets<Item>(items: readonly Item[], size: number): readonly (readonly Item[])[] {
  if (size === 0) return [[]];
  return [
    [],
    ...items.flatMap((item, index) => listSubsets(items.slice(index + 1), size - 1).map((rest) => [item, ...rest])),
  ];
}

/** The ways to put at most `size` different members in order. */
function listOrders<Item>(items: readonly Item[], size: number): readonly (readonly Item[])[] {
  if (size === 0) return [[]];
  return [
    [],
    ...items.flatMap((item) =>
      listOrders(
        items.filter((other) => other !== item),
        size - 1,
      ).map((rest) => [item, ...rest]),
    ),
  ];
}

function describe(values: { readonly [name: string]: unknown }): string {
  return JSON.stringify(values, undefined, 2);
}
