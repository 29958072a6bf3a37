import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { Profile } from '../../src/accounts/account-store.ts';
import { Accounts } from '../../src/accounts/accounts.ts';
import { addSeconds } from '../../src/lib/clock.ts';
import { Ids } from '../../src/lib/ids.ts';
import { buildOrganization } from '../support/builders.ts';
import { openTestStorage } from '../support/storages.ts';

test('a new account is a member without a credential, under a random user handle of 64 bytes', async (t) => {
  const { accounts, organizationId } = await openAccounts(t);
  const mira = await accounts.create({ organizationId, email: 'Mira@northwind.example', profile: { name: ' Mira ' } });
  const noor = await accounts.create({ organizationId, email: 'noor@northwind.example' });

  assert.equal(mira.role, 'member');
  assert.equal(mira.emailVerified, false);
  assert.equal(mira.password, undefined);
  assert.deepEqual(mira.profile, { name: 'Mira' });
  assert.equal(mira.userHandle.length, 64);
  assert.notDeepEqual(mira.userHandle, noor.userHandle);
});

test('an account made after its passkey keeps the user handle of the authenticator', async (t) => {
  const { accounts, storage, organizationId } = await openAccounts(t);
  const userHandle = new Ids().newBytes(64);
  const { id } = await accounts.create({ organizationId, email: 'mira@northwind.example', userHandle });
  assert.equal((await storage.accounts.findByUserHandle(userHandle))?.id, id);
});

test('an e-mail has one account in an organization, however it is written, and others elsewhere', async (t) => {
  const { accounts, storage, organizationId } = await openAccounts(t);
  const { id } = await accounts.create({ organizationId, email: 'Mira@northwind.example' });
  await assert.rejects(accounts.create({ organizationId, email: ' mira@NORTHWIND.example' }), {
    code: 'account_exists',
  });
  assert.equal((await accounts.findByEmail(organizationId, 'MIRA@northwind.example'))?.id, id);

  const other = buildOrganization();
  await storage.organizations.insert(other);
  assert.notEqual((await accounts.create({ organizationId: other.id, email: 'mira@northwind.example' })).id, id);
});

test('of two accounts made at once with one e-mail, one is made', async (t) => {
  const { accounts, organizationId } = await openAccounts(t);
  const make = () => accounts.create({ organizationId, email: 'mira@northwind.example' });
  const outcomes = await Promise.allSettled([make(), make()]);
  assert.deepEqual(outcomes.map(({ status }) => status).sort(), ['fulfilled', 'rejected']);
});

test('of changes of an e-mail that came after one another, undoing one undoes the later, and none comes back', async (t) => {
  const { accounts, clock, organizationId } = await openAccounts(t);
  const toEmail = (name: string) => ({ email: `${name}@example.com`, emailKey: `${name}@example.com` });
  const { id } = await accounts.create({ organizationId, email: 'a@example.com', emailVerified: true });
  const moments = [];
  for (const [former, name] of [
    ['a', 'b'],
    ['b', 'c'],
  ] as const) {
    clock.advance(1);
    await accounts.changeEmail(id, toEmail(name), toEmail(former).emailKey);
    moments.push(clock.now());
  }
  const [first = clock.now(), second = clock.now()] = moments;
  clock.advance(1);
  const undo = (name: string, changedAt: Date) =>
    accounts.undoEmail(id, { changedAt, address: { ...toEmail(name), emailVerified: true } });

  assert.equal((await undo('a', first)).email, 'a@example.com');
  await assert.rejects(undo('b', second), { code: 'link_used_or_expired' });
  clock.advance(1);
  await accounts.changeEmail(id, toEmail('d'), 'a@example.com');
  assert.equal((await undo('a', clock.now())).email, 'a@example.com');
});

test('a change of an e-mail that is not the account’s any more changes nothing', async (t) => {
  const { accounts, clock, organizationId } = await openAccounts(t);
  const { email, emailKey, id } = await accounts.create({ organizationId, email: 'a@example.com' });
  const changed = await accounts.changeEmail(id, { email: 'b@example.com', emailKey: 'b@example.com' }, emailKey);
  await accounts.undoEmail(id, { changedAt: clock.now(), address: { email, emailKey, emailVerified: true } });
  const late = { email: 'c@example.com', emailKey: 'c@example.com' };
  await assert.rejects(accounts.changeEmail(id, late, changed.emailKey), { code: 'changed_meanwhile' });
  assert.equal((await accounts.find(id))?.email, 'a@example.com');
});

test('an account is not given an e-mail that another one has', async (t) => {
  const { accounts, organizationId } = await openAccounts(t);
  const mira = await accounts.create({ organizationId, email: 'mira@example.com' });
  const noor = await accounts.create({ organizationId, email: 'noor@example.com' });
  await assert.rejects(accounts.changeEmail(noor.id, mira, noor.emailKey), { code: 'account_exists' });
  assert.deepEqual(await accounts.find(noor.id), noor);
});

test('what is no e-mail is refused by its field, and finds nobody', async (t) => {
  const { accounts, organizationId } = await openAccounts(t);
  const refusal = { code: 'malformed_request', field: 'email' };
  await assert.rejects(accounts.create({ organizationId, email: 'mira' }), refusal);
  assert.equal(await accounts.findByEmail(organizationId, 'mira'), undefined);
});

test('a disabled account has lost what was open, and can be enabled again', async (t) => {
  const { accounts, storage, clock, organizationId } = await openAccounts(t);
  const { id } = await accounts.create({ organizationId, email: 'mira@northwind.example' });
  const record = { payload: '{}', expiresAt: addSeconds(clock.now(), 60) };
  await storage.records.put('Session', 'session', record, { accountId: id, uid: 'uid' });

  await accounts.disable(id);
  assert.deepEqual((await accounts.find(id))?.disabledAt, clock.now());
  assert.equal(await storage.records.find('Session', 'session'), undefined);

  await accounts.enable(id);
  assert.equal((await accounts.find(id))?.disabledAt, undefined);
});

test('disabling again keeps the first moment and ends what was opened since', async (t) => {
  const { accounts, storage, clock, organizationId } = await openAccounts(t);
  const { id } = await accounts.create({ organizationId, email: 'mira@northwind.example' });
  const { disabledAt } = await accounts.disable(id);
  clock.advance(10);
  const record = { payload: '{}', expiresAt: addSeconds(clock.now(), 60) };
  await storage.records.put('Session', 'late', record, { accountId: id, uid: 'uid' });

  assert.deepEqual((await accounts.disable(id)).disabledAt, disabledAt);
  assert.equal(await storage.records.find('Session', 'late'), undefined);
});

test('changes at the same moment are all made', async (t) => {
  const { accounts, organizationId } = await openAccounts(t);
  const { id } = await accounts.create({ organizationId, email: 'mira@northwind.example' });
  await Promise.all([accounts.disable(id), accounts.setProfile(id, { name: 'Mira Sol' })]);
  const account = await accounts.find(id);
  assert.notEqual(account?.disabledAt, undefined);
  assert.equal(account?.profile.name, 'Mira Sol');
  assert.equal(account?.version, 3);
});

test('an account that is not there cannot be changed', async (t) => {
  const { accounts } = await openAccounts(t);
  await assert.rejects(accounts.disable(new Ids().newId()), { code: 'not_found' });
});

const REFUSED_PROFILES: readonly (readonly [field: string, profile: Profile])[] = [
  ['name', { name: 'Mi\u202Era' }],
  ['familyName', { familyName: 'a'.repeat(101) }],
  ['picture', { picture: 'javascript:alert(1)' }],
  ['picture', { picture: 'http://northwind.example/mira.png' }],
  ['locale', { locale: 'not a language' }],
  ['zoneinfo', { zoneinfo: 'Europe/Atlantis' }],
  ['zoneinfo', { zoneinfo: '+01:00' }],
  ['phoneNumber', { phoneNumber: '0171 1234' }],
  ['address.locality', { address: { locality: 'a\nb' } }],
];
for (const [field, profile] of REFUSED_PROFILES) {
  test(`the profile ${JSON.stringify(profile).slice(0, 50)} is refused by its field`, async (t) => {
    const { accounts, organizationId } = await openAccounts(t);
    const { id } = await accounts.create({ organizationId, email: 'mira@northwind.example' });
    await assert.rejects(accounts.setProfile(id, profile), { code: 'malformed_request', field });
  });
}

async function openAccounts(t: TestContext) {
  const { storage, clock } = await openTestStorage(t);
  const organization = buildOrganization();
  await storage.organizations.insert(organization);
  const endSessions = storage.records.deleteByAccount.bind(storage.records);
  const accounts = new Accounts({ store: storage.accounts, ids: new Ids(), clock, endSessions });
  return { accounts, storage, clock, organizationId: organization.id };
}
