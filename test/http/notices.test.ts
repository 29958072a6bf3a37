import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AccountVisit } from '../support/account-visit.ts';
import { addAccount, openTestApp, presetOf, TEST_PASSWORD, type TestApp } from '../support/app.ts';
import { Authenticator } from '../support/authenticator.ts';
import { addPasskey } from '../support/enrol.ts';
import { findMails, readMail } from '../support/mails.ts';
import { openSession, signInByPassword } from '../support/session.ts';
import { openSignIn } from '../support/sign-in-flow.ts';
import { Visitor } from '../support/visitor.ts';

const EMAIL = 'alex@example.com';
const CHROME = { 'user-agent': 'Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/140.0 Safari/537.36' };
const PASSWORDS_ONLY = { enrolPasskey: 'manual', secondFactor: 'off' } as const;

/** Somebody who has signed in with a password. */
async function visitAccount(site: TestApp) {
  const { account, visitor } = await openSession(site, EMAIL);
  return { account, visit: new AccountVisit(site.issuer, visitor) };
}

async function listSubjects(site: TestApp): Promise<readonly string[]> {
  return (await site.mails()).map(({ subject }) => subject).filter((subject) => !subject.includes('new sign-in'));
}

test('every change of a passkey is told by mail, once, with its name', async (t) => {
  const site = await openTestApp(t, { policy: PASSWORDS_ONLY });
  const { account, visit } = await visitAccount(site);
  await visit.confirm('add-passkey');

  await visit.addPasskey(new Authenticator(), { name: 'Work laptop' });
  const added = await readMail(site, 'A passkey was added');
  assert.equal(added.to, EMAIL);
  assert.match(added.text, /^Northwind\n/);
  assert.match(added.text, /“Work laptop”/);
  assert.match(added.text, /^When: \d+ \w+ \d{4} at \d\d:\d\d UTC\nWith: Unknown browser$/m);

  const [passkey] = await site.app.passkeys.list(account.id);
  const path = `/passkeys/${passkey?.id}`;
  await visit.confirm('rename-passkey', passkey?.id);
  await visit.submit(`${path}/rename`, { name: 'Work laptop' });
  assert.deepEqual(await findMails(site, 'has a new name'), [], 'the same name is no change');
  await visit.submit(`${path}/rename`, { name: 'Old laptop' });
  assert.match((await readMail(site, 'has a new name')).text, /“Work laptop” is called “Old laptop” now/);

  await visit.confirm('delete-passkey', passkey?.id);
  const deletions = await Promise.all([visit.submit(`${path}/delete`), visit.submit(`${path}/delete`)]);
  assert.ok(deletions.some(({ status }) => status === 303));
  assert.match((await readMail(site, 'A passkey was deleted')).text, /“Old laptop”/);
});

test('a refused change is told nobody', async (t) => {
  const site = await openTestApp(t, { policy: PASSWORDS_ONLY });
  const { visit } = await visitAccount(site);
  await visit.confirm('add-passkey');
  await visit.confirm('change-password');
  assert.equal((await visit.post('/passkeys', { response: {} })).status, 400);
  assert.equal((await visit.submit('/password', { password: 'short' })).status, 400);
  assert.deepEqual(await listSubjects(site), []);
});

test('an authenticator app is told of when it is set up, replaced and removed', async (t) => {
  const site = await openTestApp(t, { policy: PASSWORDS_ONLY });
  const { visit } = await visitAccount(site);
  await visit.confirm('add-totp');
  for (const count of [1, 2]) {
    site.advance(30);
    assert.equal((await visit.setUpTotp()).status, 303);
    assert.equal((await findMails(site, 'An authenticator app was set up')).length, count);
  }
  await visit.confirm('delete-totp');
  await visit.submit('/totp/delete');
  await readMail(site, 'The authenticator app was removed');
});

test('a password is told of when it is set and when it is changed', async (t) => {
  const site = await openTestApp(t, { policy: PASSWORDS_ONLY });
  const { visit } = await visitAccount(site);
  await visit.confirm('change-password');
  await visit.submit('/password', { password: 'another horse, another battery' });
  await readMail(site, 'was changed');

  const { app, issuer } = site;
  const { id: organizationId } = await app.organizations.requireOrFirst(undefined);
  const kim = await app.accounts.create({ organizationId, email: 'kim@example.com' });
  const flow = await openSignIn({ app, issuer, authenticator: await addPasskey(app, kim) });
  await flow.usePasskey();
  const other = new AccountVisit(issuer, flow.visitor);
  await other.confirmByPasskey({ purpose: 'set-password' }, flow.authenticator);
  await other.submit('/password', { password: 'another horse, another battery' });
  assert.equal((await readMail(site, 'has a password now')).to, 'kim@example.com');
});

test('a password that a passkey switches off is told of once', async (t) => {
  const site = await openTestApp(t, { policy: presetOf('passwordless') });
  const { app, issuer } = site;
  const device = await addPasskey(app, await addAccount(app, EMAIL));
  for (let times = 0; times < 2; times += 1) {
    const flow = await openSignIn({ app, issuer, authenticator: device });
    await flow.usePasskey();
  }
  assert.match((await readMail(site, 'is switched off')).text, /You have signed in with a passkey/);
});

test('a passkey that is made on the way through a sign-in is told of too', async (t) => {
  const site = await openTestApp(t);
  const { app, issuer } = site;
  await addAccount(app, EMAIL);
  const flow = await openSignIn({ app, issuer });
  await flow.identify(EMAIL);
  await flow.typePassword(TEST_PASSWORD);
  await flow.makePasskey();
  await readMail(site, 'A passkey was added');
});

test('recovery codes are told of when they are made and when one is used', async (t) => {
  const site = await openTestApp(t, { policy: { enrolPasskey: 'manual' } });
  const { app, issuer } = site;
  const { account, visit } = await visitAccount(site);
  await visit.confirm('make-recovery-codes');
  assert.equal((await visit.submit('/recovery-codes')).status, 200);
  await readMail(site, 'You have new recovery codes');

  const { codes } = await app.recoveryCodes.make(account.id);
  const flow = await openSignIn({ app, issuer });
  await flow.identify(EMAIL);
  const answer = await flow.submit('/recovery-code', { code: codes[0] ?? '' });
  assert.equal(answer.status, 200, answer.text);
  assert.match((await readMail(site, 'A recovery code was used')).text, /Codes that are left: 9\./);
});

test('a browser that the account does not know is told of, and one that it knows is not', async (t) => {
  const site = await openTestApp(t, { policy: PASSWORDS_ONLY });
  const { app, issuer } = site;
  await addAccount(app, EMAIL);
  const visitor = new Visitor(issuer, CHROME);
  for (const isKnown of [false, true]) {
    site.advance(1);
    const flow = await openSignIn({ app, issuer, visitor, parameters: { prompt: 'login' } });
    if (!isKnown) await flow.identify(EMAIL);
    await flow.typePassword(TEST_PASSWORD);
    await flow.finish();
  }
  assert.match((await readMail(site, 'A new sign-in')).text, /^With: Chrome on Windows$/m);
  site.advance(1);
  await signInByPassword(site, EMAIL);
  assert.equal((await findMails(site, 'A new sign-in')).length, 2);
});

test('somebody who has just made their account is not told that they have signed in', async (t) => {
  const site = await openTestApp(t);
  const flow = await openSignIn(site);
  await flow.signUp({ email: EMAIL, name: 'Alex' });
  assert.ok(flow.callbackUrl);
  assert.deepEqual(await site.mails(), []);
});
