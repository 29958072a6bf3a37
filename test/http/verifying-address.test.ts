import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AccountVisit } from '../support/account-visit.ts';
import { addAccount, openTestApp, type TestApp } from '../support/app.ts';
import { addPasskey, addTotp } from '../support/enrol.ts';
import { findMails, readCode, readLink, readMail } from '../support/mails.ts';
import { assertPage, assertRefused } from '../support/page.ts';
import { RawClient } from '../support/raw-client.ts';
import { openSession, signInByPassword } from '../support/session.ts';
import { openSignIn } from '../support/sign-in-flow.ts';
import { readStored } from '../support/stored.ts';
import { Visitor } from '../support/visitor.ts';

const EMAIL = 'alex@example.com';
const SUBJECT = 'Confirm your e-mail address';
const POLICY = { enrolPasskey: 'manual', secondFactor: 'off' } as const;

/** Somebody who is signed in to an account whose address is not known to be theirs, and the mail that they asked for. */
async function askForMail(t: Parameters<typeof openTestApp>[0]) {
  const site = await openTestApp(t, { policy: POLICY });
  const { account, visitor } = await openSession(site, EMAIL);
  const visit = new AccountVisit(site.issuer, visitor);
  await visit.submit('/email/send');
  return { site, account, visit, mail: await readMail(site, SUBJECT) };
}

async function isVerified({ app }: TestApp): Promise<boolean | undefined> {
  const { id } = await app.organizations.requireOrFirst(undefined);
  return (await app.accounts.findByEmail(id, EMAIL))?.emailVerified;
}

test('an address is verified by the code of a mail, and applications are told so', async (t) => {
  const { site, visit, mail } = await askForMail(t);
  const client = await RawClient.register(site);
  const { accessToken } = await client.obtainTokens(visit.visitor);
  assert.match((await visit.open()).text, /not confirmed yet/);
  assert.equal(mail.to, EMAIL);
  assertPage(await visit.submit('/email', { code: '00000000' }), 'email.title', 'code_refused');
  assert.equal((await client.userinfo(accessToken)).body.email_verified, false);

  const done = await visit.visitor.follow(await visit.submit('/email', { code: readCode(mail) }));
  assertPage(done, 'security.title', 'email-verified');
  assert.doesNotMatch(done.text, /not confirmed yet/);
  assert.equal((await client.userinfo(accessToken)).body.email_verified, true);
  assertRefused(await new Visitor(site.issuer).get(readLink(mail, '/verify/')), 'link_used_or_expired');
  assert.equal((await visit.submit('/email/send')).status, 303);
  assert.equal((await findMails(site, SUBJECT)).length, 1, 'there is nothing left to verify');
});

test('the code is good in the session that asked for it (EM-03), for ten minutes', async (t) => {
  const { site, visit, mail } = await askForMail(t);
  const other = new AccountVisit(site.issuer, await signInByPassword(site, EMAIL));
  assert.equal((await other.submit('/email', { code: readCode(mail) })).status, 401);
  site.advance(601);
  assert.equal((await visit.submit('/email', { code: readCode(mail) })).status, 401);
  assert.equal(await isVerified(site), false);
});

test('nobody verifies an address by saying so (EM-18)', async (t) => {
  const { site, visit } = await askForMail(t);
  assert.equal((await visit.submit('/email', { emailVerified: 'true', code: '' })).status, 400);
  assert.equal(await isVerified(site), false);
});

test('the link of the mail', async (t) => {
  const { site, account, visit, mail } = await askForMail(t);
  const link = readLink(mail, '/verify/');
  const phone = new Visitor(site.issuer);

  await t.test('verifies nothing by being looked at, which programs do too (EM-06)', async () => {
    for (let times = 0; times < 10; times += 1) {
      assert.equal((await phone.send('HEAD', link, undefined, {})).status, 200);
      assertPage(await phone.get(link), 'verify-address.title');
    }
    assert.equal(await isVerified(site), false);
  });

  await t.test(
    'says in another browser whose account it is and where it was asked for, and no more (EM-08)',
    async () => {
      const page = await phone.get(link);
      assert.match(page.text, /Asked for by <strong dir="auto">alex@example\.com<\/strong>.*Unknown browser/);
      assert.equal(page.headers.get('referrer-policy'), 'no-referrer');
      assertPage(await phone.postForm(link, {}), 'verify-address.title');
      assert.equal((await phone.get('/account')).status, 303);
      assert.equal(await isVerified(site), false);
    },
  );

  await t.test('verifies where the person is signed in, and nothing of theirs is lost', async () => {
    await addPasskey(site.app, account);
    const done = await visit.visitor.follow(await visit.visitor.postForm(link, {}));
    assertPage(done, 'security.title', 'email-verified');
    assert.equal(await isVerified(site), true);
    assert.equal((await site.app.passkeys.list(account.id)).length, 1);
  });

  await t.test('once, and is neither in the store nor in the log', async () => {
    assertRefused(await phone.get(link), 'link_used_or_expired');
    assertRefused(await phone.postForm(link, { takeOver: 'yes' }), 'link_used_or_expired');
    const token = link.split('/').at(-1) ?? '';
    assert.ok(!(await readStored(site)).includes(token));
    assert.ok(!site.log.join('').includes(token));
  });
});

test('the link is good for a day, and for the address that it was sent to (EM-05)', async (t) => {
  const { site, account, visit, mail } = await askForMail(t);
  const { accounts } = site.app.storage;
  site.advance(86_399);
  const phone = new Visitor(site.issuer);
  assert.equal((await phone.get(readLink(mail, '/verify/'))).status, 200);
  const stored = (await accounts.find(account.id)) ?? assert.fail();
  const moved = { email: 'new@example.com', emailKey: 'new@example.com', version: stored.version + 1 };
  assert.ok(await accounts.update({ ...stored, ...moved }));
  assertRefused(await phone.get(readLink(mail, '/verify/')), 'link_used_or_expired');

  const { site: another, mail: late } = await askForMail(t);
  another.advance(86_401);
  assertRefused(await new Visitor(another.issuer).get(readLink(late, '/verify/')), 'link_used_or_expired');
  assert.ok(visit);
});

test('whoever has the address but not the account takes it from who made it with their address (EM-25)', async (t) => {
  const { site, account, visit: thief, mail } = await askForMail(t);
  const { app, issuer } = site;
  const device = await addPasskey(app, account);
  await addTotp(app, account);
  await app.recoveryCodes.make(account.id);
  const client = await RawClient.register(site);
  const { refreshToken } = await client.obtainTokens(thief.visitor);

  const owner = new Visitor(issuer);
  const done = await owner.postForm(readLink(mail, '/verify/'), { takeOver: 'yes' });
  assertPage(done, 'address-taken-over.title');
  assert.equal(await isVerified(site), true);
  assert.equal((await thief.visitor.get('/account')).status, 303);
  assert.equal((await client.refresh(refreshToken)).status, 400);
  assert.deepEqual(await app.passkeys.list(account.id), []);
  assert.equal((await app.accounts.find(account.id))?.password, undefined);
  assert.equal(await app.storage.totps.find(account.id), undefined);
  assert.equal(await app.storage.recoveryCodes.find(account.id), undefined);
  const flow = await openSignIn({ app, issuer, authenticator: device });
  assertRefused(await flow.post('/passkey', await flow.askDevice()), 'passkey_refused');
  assertRefused(await owner.get(readLink(mail, '/verify/')), 'link_used_or_expired');
});

test('an administrator’s account is not to be had by its address', async (t) => {
  const { site, account, mail } = await askForMail(t);
  const { accounts } = site.app.storage;
  const stored = (await accounts.find(account.id)) ?? assert.fail();
  assert.ok(await accounts.update({ ...stored, role: 'administrator', version: stored.version + 1 }));
  const stranger = new Visitor(site.issuer);
  const link = readLink(mail, '/verify/');
  assert.doesNotMatch((await stranger.get(link)).text, /takeOver/);
  assertRefused(await stranger.postForm(link, { takeOver: 'yes' }), 'method_not_offered');
  assert.ok((await accounts.find(account.id))?.password);
});

test('another account’s session is another browser to the link', async (t) => {
  const { site, mail } = await askForMail(t);
  await addAccount(site.app, 'kim@example.com');
  const kim = await signInByPassword(site, 'kim@example.com');
  assertPage(await kim.postForm(readLink(mail, '/verify/'), {}), 'verify-address.title');
  assert.equal(await isVerified(site), false);
});
