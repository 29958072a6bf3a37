import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { AppError } from '../../src/lib/app-error.ts';
import type { ErrorCode } from '../../src/lib/error-codes.ts';
import { Ids } from '../../src/lib/ids.ts';
import { Sealer } from '../../src/lib/seal.ts';
import type { ConfirmationMethod } from '../../src/organizations/policy.ts';
import { Ceremonies } from '../../src/passkeys/ceremonies.ts';
import { Passkeys } from '../../src/passkeys/passkeys.ts';
import { Hasher } from '../../src/passwords/hasher.ts';
import { Passwords } from '../../src/passwords/passwords.ts';
import { Limits } from '../../src/rates/limits.ts';
import { CONFIRMATION_PURPOSES, Confirmations, type Confirmer, type Intent } from '../../src/sign-in/confirmation.ts';
import { Confirming } from '../../src/sign-in/confirming.ts';
import type { EmailProofs, ProofLetter } from '../../src/sign-in/email-proofs.ts';
import { Guesses } from '../../src/sign-in/guesses.ts';
import type { Source } from '../../src/sign-in/source.ts';
import { Totps } from '../../src/totp/totp.ts';
import { buildAuditLog } from '../support/audit-log.ts';
import { buildAccount, buildOrganization, buildPolicy } from '../support/builders.ts';
import { race } from '../support/race.ts';
import { buildSignInAccount } from '../support/sign-ins.ts';
import { openTestStorage } from '../support/storages.ts';

const SOURCE: Source = { address: '192.0.2.1', description: 'Firefox on Linux' };
const typeCode = (code: string) => ({ code, source: SOURCE });
const DELETE: Intent = { purpose: 'delete-passkey', target: 'phone' };
const BUDGET = { free: 1000, windowSeconds: 60, pauseSeconds: 1, maxPauseSeconds: 1 };
const ids = new Ids();

/** Sends no mail, and knows what would have been in it. */
class Letters implements EmailProofs {
  readonly sent: (ProofLetter & { readonly method: string })[] = [];
  readonly #proofs = new Map<string, string>();

  async sendCode(letter: ProofLetter): Promise<void> {
    this.sent.push({ ...letter, method: 'email-code' });
    this.#proofs.set(letter.binding, '12345678');
  }

  async verifyCode(binding: string, code: string): Promise<boolean> {
    return this.#proofs.get(binding) === code && this.#proofs.delete(binding);
  }

  async sendLink(letter: ProofLetter): Promise<void> {
    this.sent.push({ ...letter, method: 'email-link' });
  }

  /** The person presses the button on the page of the link. */
  press(binding: string): void {
    this.#proofs.set(binding, 'pressed');
  }

  async verifyLink(binding: string): Promise<boolean> {
    return this.#proofs.get(binding) === 'pressed' && this.#proofs.delete(binding);
  }
}

/** Confirmations on a store of their own, and somebody signed in who has nothing but their mail. */
async function setUp(t: TestContext, { emailProofs }: { readonly emailProofs?: EmailProofs } = {}) {
  const { storage, clock } = await openTestStorage(t);
  const { tickets, rates, failures, accounts } = storage;
  const auditLog = buildAuditLog({ storage, clock });
  const ceremonies = new Ceremonies({ rpId: 'id.example.com', origins: ['https://id.example.com'] });
  const passkeys = new Passkeys({ store: storage.passkeys, accounts, tickets, ceremonies, auditLog, ids, clock });
  const hasher = new Hasher({ ids, cost: { memoryKib: 19_456, passes: 2, lanes: 1 }, cores: 1 });
  const passwords = new Passwords({ accounts, hasher, auditLog, clock });
  const totps = new Totps({
    store: storage.totps,
    tickets,
    rates,
    sealer: new Sealer(ids.newBytes(32), ids),
    ids,
    clock,
  });
  const limits = new Limits({ rates, failures, budgets: { source: BUDGET, passkey: BUDGET } });
  const confirmations = new Confirmations({ tickets, clock });
  const guesses = new Guesses({ passwords, totps, limits, auditLog });
  const confirming = new Confirming({ confirmations, passkeys, guesses, limits, tickets, emailProofs, auditLog });
  const stored = buildAccount();
  const person: Confirmer = {
    sessionUid: 'session',
    signedInAt: clock.now(),
    stored,
    account: buildSignInAccount({ id: stored.id, passwordSetAt: undefined, receivesCodes: true }),
    organization: buildOrganization({ policy: buildPolicy({ confirmWith: ['password', 'email-link', 'email-code'] }) }),
  };
  return { storage, clock, auditLog, confirmations, confirming, person };
}

const refusal = (code: ErrorCode) => (error: unknown) => error instanceof AppError && error.code === code;

test('a confirmation is good for ten minutes, and not a millisecond longer', async (t) => {
  const { clock, confirmations, person } = await setUp(t);
  await confirmations.give(person, DELETE, { by: 'sign-in' });
  clock.advance(600 - 0.001);
  assert.equal((await confirmations.find(person, DELETE))?.by, 'sign-in');
  clock.advance(0.001);
  assert.equal(await confirmations.find(person, DELETE), undefined);
  await assert.rejects(confirmations.spend(person, DELETE), refusal('confirmation_required'));
});

test('one that is given again lasts ten minutes from then on', async (t) => {
  const { clock, confirmations, person } = await setUp(t);
  await confirmations.give(person, DELETE, { by: 'sign-in' });
  clock.advance(599);
  await confirmations.give(person, DELETE, { by: 'sign-in' });
  clock.advance(599);
  assert.ok(await confirmations.find(person, DELETE));
});

test('what a confirmation is extended to lasts no longer than the confirmation', async (t) => {
  const { clock, confirmations, person } = await setUp(t);
  const adding: Intent = { purpose: 'add-passkey' };
  const naming: Intent = { purpose: 'rename-passkey', target: 'phone' };
  await confirmations.give(person, adding, { by: 'sign-in' });
  clock.advance(300);
  const confirmation = await confirmations.find(person, adding);
  assert.ok(confirmation);
  await confirmations.extend(person, confirmation, naming);
  assert.ok(await confirmations.find(person, naming));
  clock.advance(300);
  assert.equal(await confirmations.find(person, naming), undefined);
});

test('it counts for its session, account, purpose and target, and for nothing else', async (t) => {
  const { confirmations, person } = await setUp(t);
  const intents = CONFIRMATION_PURPOSES.flatMap((purpose): Intent[] => [
    { purpose },
    { purpose, target: 'phone' },
    { purpose, target: '' },
  ]);
  for (const given of intents) {
    await confirmations.give(person, given, { by: 'sign-in' });
    for (const intent of intents) {
      const found = await confirmations.find(person, intent);
      assert.equal(found !== undefined, intent === given, JSON.stringify([given, intent]));
    }
    for (const other of [
      { ...person, sessionUid: 'other' },
      { ...person, stored: buildAccount() },
    ]) {
      assert.equal(await confirmations.find(other, given), undefined);
      await assert.rejects(confirmations.spend(other, given), refusal('confirmation_required'));
    }
    await confirmations.spend(person, given);
    assert.equal(await confirmations.find(person, given), undefined);
  }
});

test('of thirty who spend it at once, one does', async (t) => {
  const { confirmations, person } = await setUp(t);
  await confirmations.give(person, DELETE, { by: 'sign-in' });
  const outcomes = await race(30, () =>
    confirmations.spend(person, DELETE).then(
      () => 'spent',
      (error) => error.code,
    ),
  );
  assert.deepEqual(outcomes.sort(), [...Array(29).fill('confirmation_required'), 'spent']);
});

test('it counts while what it was given with is still so', async (t) => {
  const { confirmations, person, clock } = await setUp(t);
  const passkeyId = ids.newId<Confirmer['account']['passkeys'][number]['id']>();
  const totpSince = clock.now();
  const policy = buildPolicy({ confirmWith: ['passkey', 'password', 'totp'] });
  const password = { hash: 'a hash', setAt: clock.now() };
  const before: Confirmer = {
    ...person,
    stored: { ...person.stored, password },
    account: {
      ...person.account,
      passwordSetAt: password.setAt,
      passkeys: [{ id: passkeyId, hardware: false }],
      totpSince,
    },
    organization: { ...person.organization, policy },
  };
  const proofs = [{ by: 'passkey', passkeyId }, { by: 'password' }, { by: 'totp' }, { by: 'sign-in' }] as const;
  const changes: readonly (readonly [string, Confirmer, readonly string[]])[] = [
    ['nothing', before, ['passkey', 'password', 'totp', 'sign-in']],
    ['the password', { ...before, stored: { ...before.stored, password: { ...password, setAt: new Date(0) } } }, []],
    ['no password', { ...before, stored: person.stored }, []],
    [
      'hashed again',
      { ...before, stored: { ...before.stored, password: { ...password, hash: 'b' } } },
      ['passkey', 'password', 'totp', 'sign-in'],
    ],
    ['the passkey', { ...before, account: { ...before.account, passkeys: [] } }, ['password', 'totp', 'sign-in']],
    [
      'the app',
      { ...before, account: { ...before.account, totpSince: undefined } },
      ['passkey', 'password', 'sign-in'],
    ],
    [
      'the policy',
      { ...before, organization: { ...before.organization, policy: { ...policy, confirmWith: ['totp'] } } },
      ['totp', 'sign-in'],
    ],
  ];
  for (const [what, after, right] of changes) {
    const counting: string[] = [];
    for (const proof of proofs) {
      await confirmations.give(before, DELETE, proof);
      if (await confirmations.find(after, DELETE)) counting.push(proof.by);
    }
    assert.deepEqual(counting, right, what);
  }
});

test('where no mails are sent nobody is offered any', async (t) => {
  const { confirming, person } = await setUp(t);
  assert.deepEqual(confirming.listMethods(person), []);
  for (const method of ['email-code', 'email-link'] as const)
    await assert.rejects(
      confirming.sendEmail(person, DELETE, { method, source: SOURCE }),
      refusal('method_not_offered'),
    );
  await assert.rejects(confirming.byEmailCode(person, DELETE, typeCode('12345678')), refusal('method_not_offered'));
  await assert.rejects(confirming.byEmailLink(person, DELETE), refusal('method_not_offered'));
});

test('a code that was mailed confirms the intent that it was sent for, once', async (t) => {
  const letters = new Letters();
  const { auditLog, confirming, confirmations, person } = await setUp(t, { emailProofs: letters });
  const other: Intent = { ...DELETE, target: 'key' };
  assert.deepEqual(confirming.listMethods(person), ['email-link', 'email-code'] satisfies ConfirmationMethod[]);
  await confirming.sendEmail(person, DELETE, { method: 'email-code', source: SOURCE });

  assert.deepEqual(
    letters.sent.map(({ to, intent, method }) => [to.id, intent, method]),
    [[person.stored.id, DELETE, 'email-code']],
  );
  await assert.rejects(confirming.byEmailCode(person, DELETE, typeCode('87654321')), refusal('code_refused'));
  await assert.rejects(confirming.byEmailCode(person, other, typeCode('12345678')), refusal('code_refused'));
  await assert.rejects(
    confirming.byEmailCode({ ...person, sessionUid: 'other' }, DELETE, typeCode('12345678')),
    refusal('code_refused'),
  );
  await confirming.byEmailCode(person, DELETE, typeCode('12345678'));
  assert.equal((await confirmations.find(person, DELETE))?.by, 'email-code');
  assert.equal(await confirmations.find(person, other), undefined);
  await assert.rejects(confirming.byEmailCode(person, DELETE, typeCode('12345678')), refusal('code_refused'));
  await auditLog.settle();
});

test('a link that was mailed confirms once its button was pressed', async (t) => {
  const letters = new Letters();
  const { confirming, confirmations, person } = await setUp(t, { emailProofs: letters });
  await confirming.sendEmail(person, DELETE, { method: 'email-link', source: SOURCE });
  const [letter] = letters.sent;

  await assert.rejects(confirming.byEmailLink(person, DELETE), refusal('link_not_used'));
  letters.press(letter?.binding ?? '');
  await assert.rejects(confirming.byEmailLink({ ...person, sessionUid: 'other' }, DELETE), refusal('link_not_used'));
  await confirming.byEmailLink(person, DELETE);
  assert.equal((await confirmations.find(person, DELETE))?.by, 'email-link');
});

test('whoever has nothing else signs in again: afterwards, in the same session, within a quarter of an hour', async (t) => {
  const { clock, confirming, confirmations, person } = await setUp(t);
  const signInAgain = () => {
    clock.advance(60);
    return { ...person, signedInAt: clock.now() };
  };

  assert.equal(await confirming.bySignIn(person, DELETE), false);
  assert.equal(await confirming.bySignIn(person, DELETE), false, 'the sign-in of before does not count');
  const back = signInAgain();
  assert.equal(await confirming.bySignIn(back, { ...DELETE, target: 'key' }), false, 'it was not asked for that');
  assert.equal(await confirming.bySignIn({ ...back, sessionUid: 'other' }, DELETE), false);
  assert.equal(await confirming.bySignIn(back, DELETE), true);
  assert.equal((await confirmations.find(back, DELETE))?.by, 'sign-in');
  assert.equal(await confirming.bySignIn(back, DELETE), false, 'it counts once');

  clock.advance(900);
  assert.equal(await confirming.bySignIn(signInAgain(), DELETE), false, 'that was asked too long ago');
});

test('whoever has something to confirm with does not get by with a sign-in', async (t) => {
  const { confirming, person } = await setUp(t, { emailProofs: new Letters() });
  await assert.rejects(confirming.bySignIn(person, DELETE), refusal('method_not_offered'));
});
