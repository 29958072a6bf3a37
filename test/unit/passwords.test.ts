import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { Account } from '../../src/accounts/account-store.ts';
import { Ids } from '../../src/lib/ids.ts';
import { type HashCost, Hasher } from '../../src/passwords/hasher.ts';
import { Passwords } from '../../src/passwords/passwords.ts';
import { buildAuditLog } from '../support/audit-log.ts';
import { buildAccount, buildOrganization } from '../support/builders.ts';
import { openTestStorage } from '../support/storages.ts';

const ids = new Ids();
const COST: HashCost = { memoryKib: 19456, passes: 2, lanes: 1 };
const STRONGER: HashCost = { ...COST, passes: 3 };
const PASSWORD = 'gentle otters drift at dawn';
const RULES = { minimumLength: 15, organizationName: 'Northwind Traders' };

const buildHasher = (cost = COST) => new Hasher({ ids, cost, cores: 2 });

/** Passwords on a store of their own, and one person who has one. */
async function setUp(t: TestContext) {
  const { storage, clock } = await openTestStorage(t);
  const { accounts, audit } = storage;
  const auditLog = buildAuditLog({ storage, clock });
  const passwords = new Passwords({ accounts, hasher: buildHasher(), auditLog, clock });
  const organization = buildOrganization();
  await storage.organizations.insert(organization);
  const bare = buildAccount({ organizationId: organization.id, email: 'ada.lovelace@engine.example' });
  await accounts.insert(bare);
  const account = await passwords.set(bare, PASSWORD, RULES);
  const change = async (from: Account, more: Partial<Account>) => {
    const changed = { ...from, ...more, version: from.version + 1 };
    assert.ok(await accounts.update(changed));
    return changed;
  };
  return { accounts, audit, auditLog, clock, passwords, bare, account, change };
}

const WRONG = { type: 'wrong' };

test('a password that was set is right, and nothing else is', async (t) => {
  const { accounts, clock, passwords, account } = await setUp(t);
  assert.deepEqual(await accounts.find(account.id), account);
  assert.deepEqual(account.password?.setAt, clock.now());
  assert.deepEqual(await passwords.check(account, PASSWORD), { type: 'right', account });
  assert.deepEqual(await passwords.check(account, `${PASSWORD}.`), WRONG);
  assert.deepEqual(await passwords.check(account, ''), WRONG);
});

test('a password is the same however its characters are composed', async (t) => {
  const { passwords, account } = await setUp(t);
  const changed = await passwords.set(account, 'quatre cafe\u0301s bien serre\u0301s', RULES);
  assert.equal((await passwords.check(changed, 'quatre caf\u00e9s bien serr\u00e9s')).type, 'right');
});

test('no account, none enabled, no password and one switched off answer alike, after the same work', async (t) => {
  const { clock, passwords, bare, account } = await setUp(t);
  const password = account.password && { ...account.password, switchedOffAt: clock.now() };
  const candidates = [undefined, bare, { ...account, disabledAt: clock.now() }, { ...account, password }];
  for (const candidate of candidates) {
    const before = process.cpuUsage();
    assert.deepEqual(await passwords.check(candidate, PASSWORD), WRONG);
    const { user, system } = process.cpuUsage(before);
    assert.ok(user + system > 1000, 'a hash of 19 MiB takes more than a millisecond');
  }
});

test('what is longer than a password or no text is malformed before anything is hashed (PW-05, PW-18)', async (t) => {
  const { passwords, account } = await setUp(t);
  const shapes: unknown[] = ['x'.repeat(129), 'x'.repeat(10_000_000), '\ud800', [PASSWORD], { $ne: '' }, 7, true, null];
  for (const shape of shapes) {
    // The cast stands for a caller who forgot to look.
    await assert.rejects(passwords.check(account, shape as string), { code: 'malformed_request', field: 'password' });
  }
});

test('a stored hash that cannot be used is a wrong password and an alert (PW-08)', async (t) => {
  const { passwords, account, audit, auditLog } = await setUp(t);
  for (const hash of ['damaged', account.password?.hash.replace('m=19456', 'm=4194304') ?? '']) {
    const damaged = { ...account, password: { hash, setAt: account.createdAt } };
    assert.deepEqual(await passwords.check(damaged, PASSWORD), WRONG);
  }
  await auditLog.settle();
  assert.deepEqual(
    (await audit.listByAccount(account.id, { limit: 9 })).items.map(({ actor, details }) => ({ actor, ...details })),
    [{ actor: 'system', type: 'password-alert', alert: 'unusable-hash', count: 1 }],
  );
});

test('a weak password is refused with its reason and changes nothing (PW-11)', async (t) => {
  const { accounts, passwords, account } = await setUp(t);
  const reasons = {
    'gentle otters': 'too-short',
    [`${'gentle otters '.repeat(10)}`]: 'too-long',
    passwordpassword: 'common',
    'northwind-2026!': 'context',
    'ada lovelace 1815': 'context',
    'cardea-engine-1': 'context',
  };
  for (const [password, reason] of Object.entries(reasons)) {
    await assert.rejects(passwords.set(account, password, RULES), { code: 'weak_password', field: 'password', reason });
  }
  assert.deepEqual(await accounts.find(account.id), account);
});

test('of two changes at once one is made', async (t) => {
  const { passwords, account } = await setUp(t);
  const changes = await Promise.allSettled([
    passwords.set(account, 'the first of two long passwords', RULES),
    passwords.set(account, 'the second of two long passwords', RULES),
  ]);
  const refused = changes.filter(({ status }) => status === 'rejected');
  assert.equal(refused.length, 1);
  await assert.rejects(passwords.set(account, 'a third and later password', RULES), { code: 'changed_meanwhile' });
});

test('a right password is hashed again once hashes have become stronger', async (t) => {
  const { accounts, auditLog, clock, account } = await setUp(t);
  const passwords = new Passwords({ accounts, hasher: buildHasher(STRONGER), auditLog, clock });
  assert.deepEqual(await passwords.check(account, 'a wrong password'), WRONG);
  assert.deepEqual(await accounts.find(account.id), account);

  clock.advance(60);
  const outcome = await passwords.check(account, PASSWORD);
  assert.ok(outcome.type === 'right');
  assert.match(outcome.account.password?.hash ?? '', /t=3/);
  assert.deepEqual(outcome.account.password?.setAt, account.password?.setAt);
  assert.deepEqual(await accounts.find(account.id), outcome.account);
  assert.deepEqual(await passwords.check(outcome.account, PASSWORD), { type: 'right', account: outcome.account });
});

test('a password that is replaced while the old one is hashed again stays replaced, and the old one was wrong (PW-13)', async (t) => {
  const { accounts, auditLog, clock, passwords, account } = await setUp(t);
  const stronger = new Passwords({ accounts, hasher: buildHasher(STRONGER), auditLog, clock });
  const replaced = await passwords.set(account, 'another long password', RULES);
  assert.deepEqual(await stronger.check(account, PASSWORD), WRONG);
  assert.deepEqual(await accounts.find(account.id), replaced);
});

test('another change of the account while its password is hashed again does not make the password wrong', async (t) => {
  const { accounts, auditLog, clock, account, change } = await setUp(t);
  const passwords = new Passwords({ accounts, hasher: buildHasher(STRONGER), auditLog, clock });
  const changed = await change(account, { emailVerified: !account.emailVerified });
  const outcome = await passwords.check(account, PASSWORD);
  assert.ok(outcome.type === 'right');
  assert.equal(outcome.account.emailVerified, changed.emailVerified);
  assert.match(outcome.account.password?.hash ?? '', /t=3/);

  await change(outcome.account, { disabledAt: clock.now() });
  assert.deepEqual(await passwords.check(account, PASSWORD), WRONG);
});
