import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { Account } from '../../src/accounts/account-store.ts';
import { AccountVisit } from '../support/account-visit.ts';
import { addAccount, changePolicy, openTestApp, TEST_PASSWORD, type TestApp } from '../support/app.ts';
import { addTotp, nextCode } from '../support/enrol.ts';
import { findMails, readLink, readMail } from '../support/mails.ts';
import { assertPage, assertRefused } from '../support/page.ts';
import { RawClient } from '../support/raw-client.ts';
import { requireValue } from '../support/require-value.ts';
import { openSignIn } from '../support/sign-in-flow.ts';
import { Visitor } from '../support/visitor.ts';

const EMAIL = 'alex@example.com';
const OTHER_PASSWORD = 'a staple that no battery knows';

function openSite(t: TestContext): Promise<TestApp> {
  return openTestApp(t, { policy: { enrolPasskey: 'manual' } });
}

async function addOwner({ app }: TestApp) {
  const account = await addAccount(app, EMAIL, { emailVerified: true });
  return { account, secret: await addTotp(app, account) };
}

async function ask(site: TestApp): Promise<void> {
  const flow = await openSignIn(site);
  const page = await flow.visitor.postForm(`${flow.base}/help`, { email: EMAIL, way: 'password' });
  assertPage(page, 'sign-in-help-sent.title');
}

async function askForLink(site: TestApp): Promise<string> {
  site.advance(1); // so that its mail is the last one
  await ask(site);
  return readLink(requireValue((await findMails(site, 'Set a new password')).at(-1)), '/reset-password/');
}

async function findPassword({ app }: TestApp, { id }: Account) {
  return (await app.accounts.find(id))?.password;
}

/** Somebody who knows the password and the codes, in a browser of their own. */
async function signIn(site: TestApp, secret: string): Promise<Visitor> {
  const flow = await openSignIn(site);
  await flow.identify(EMAIL);
  await flow.typePassword(TEST_PASSWORD);
  await flow.typeCode(nextCode(secret));
  await flow.finish();
  return flow.visitor;
}

test('another password by mail signs nobody in, ends every session, and the second factor is asked for as ever (PW-16)', async (t) => {
  const site = await openSite(t);
  const { secret } = await addOwner(site);
  const thief = await signIn(site, secret);
  const client = await RawClient.register(site);
  const tokens = await client.obtainTokens(thief);

  const visitor = new Visitor(site.issuer);
  const link = await askForLink(site);
  assertPage(await visitor.postForm(link, { password: OTHER_PASSWORD }), 'password-reset-done.title');
  await readMail(site, 'was reset');
  assertPage(await visitor.open('/account'), 'sign-in.title');
  assertPage(await new AccountVisit(site.issuer, thief).open(), 'sign-in.title.remembered');
  assert.equal((await client.refresh(tokens.refreshToken)).status, 400);

  site.advance(60);
  const flow = await openSignIn(site);
  await flow.identify(EMAIL);
  assertPage(await flow.typePassword(TEST_PASSWORD), 'password.title', 'sign_in_failed');
  assertPage(await flow.typePassword(OTHER_PASSWORD), 'totp.title');
  await flow.typeCode(nextCode(secret));
  assert.equal((await flow.finish()).claims()?.acr, 'urn:cardea:acr:mfa');
});

test('a reset that breaks off before the password is set has signed everybody out', async (t) => {
  const site = await openSite(t);
  const { secret } = await addOwner(site);
  const thief = await signIn(site, secret);
  const link = await askForLink(site);
  t.mock.method(site.app.storage.accounts, 'update', () => Promise.reject(new Error('the process is gone')));

  assert.equal((await new Visitor(site.issuer).postForm(link, { password: OTHER_PASSWORD })).status, 500);

  assertPage(await new AccountVisit(site.issuer, thief).open(), 'sign-in.title.remembered');
});

test('the link of a reset', async (t) => {
  const site = await openSite(t);
  const { account } = await addOwner(site);
  const visitor = new Visitor(site.issuer);
  const before = await findPassword(site, account);

  await t.test('changes nothing when it is opened, however often (EM-06)', async () => {
    const link = await askForLink(site);
    for (let times = 0; times < 10; times += 1) assertPage(await visitor.get(link), 'password-reset.title');
    assert.equal((await visitor.send('HEAD', link, undefined, {})).status, 200);
    assertRefused(
      await visitor.postForm(link, { password: OTHER_PASSWORD }, { origin: 'https://evil.example' }),
      'cross_site_request',
    );
    assert.deepEqual(await findPassword(site, account), before);
  });

  await t.test('is for strong passwords, and stays good after a weak one (PW-11)', async () => {
    const link = await askForLink(site);
    assertPage(await visitor.postForm(link, { password: 'password1234567' }), 'password-reset.title', 'weak_password');
    assertPage(await visitor.postForm(link, { password: 'short' }), 'password-reset.title', 'weak_password');
    assertPage(await visitor.get(link), 'password-reset.title');
  });

  await t.test('gives way to a later one, and ends after 30 minutes', async () => {
    site.advance(3600);
    const [first, second] = [await askForLink(site), await askForLink(site)];
    assertRefused(await visitor.get(first), 'link_used_or_expired');
    site.advance(1799);
    assertPage(await visitor.get(second), 'password-reset.title');
    site.advance(1);
    assertRefused(await visitor.postForm(second, { password: OTHER_PASSWORD }), 'link_used_or_expired');
  });

  await t.test('is used once of many times at once', async () => {
    const link = await askForLink(site);
    const answers = await Promise.all([1, 2, 3].map(() => visitor.postForm(link, { password: OTHER_PASSWORD })));
    assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 410, 410]);
    assertRefused(await visitor.get(link), 'link_used_or_expired');
    assert.equal((await findMails(site, 'was reset')).length, 1);
  });

  await t.test('is void once another password was set', async () => {
    const link = await askForLink(site);
    site.advance(1);
    const now = requireValue(await site.app.accounts.find(account.id));
    await site.app.passwords.set(now, TEST_PASSWORD, { minimumLength: 8, organizationName: 'Northwind' });
    assertRefused(await visitor.get(link), 'link_used_or_expired');
  });

  await t.test('is void for an account that was disabled', async () => {
    site.advance(3600);
    const link = await askForLink(site);
    await site.app.accounts.disable(account.id);
    assertRefused(await visitor.postForm(link, { password: OTHER_PASSWORD }), 'link_used_or_expired');
  });
});

test('the link of a reset is for the address it was mailed to, names the account, and is mailed three times in 15 minutes (EM-05, EM-08, EM-16)', async (t) => {
  const site = await openSite(t);
  const { account } = await addOwner(site);
  const link = await askForLink(site);
  for (let times = 0; times < 5; times += 1) {
    site.advance(1);
    await ask(site);
  }
  const mails = await findMails(site, 'Set a new password');
  assert.equal(mails.length, 3);
  const last = readLink(requireValue(mails.at(-1)), '/reset-password/');
  assertRefused(await new Visitor(site.issuer).get(link), 'link_used_or_expired');
  const page = await new Visitor(site.issuer).get(last);
  assert.match(page.text, /alex@example\.com/);

  const now = requireValue(await site.app.accounts.find(account.id));
  const moved = { ...now, email: 'other@example.com', emailKey: 'other@example.com', version: now.version + 1 };
  assert.ok(await site.app.storage.accounts.update(moved));
  assertRefused(await new Visitor(site.issuer).get(last), 'link_used_or_expired');
  const posted = await new Visitor(site.issuer).postForm(last, { password: OTHER_PASSWORD });
  assertRefused(posted, 'link_used_or_expired');
  assert.deepEqual(await findPassword(site, account), now.password);
});

test('no mail switches a password on that a passkey has switched off, or gives one to who has none', async (t) => {
  const site = await openSite(t);
  const { account } = await addOwner(site);
  const link = await askForLink(site);
  const now = requireValue(await site.app.accounts.find(account.id));
  const password = { ...requireValue(now.password), switchedOffAt: new Date() };
  await site.app.storage.accounts.update({ ...now, password, version: now.version + 1 });

  assertRefused(await new Visitor(site.issuer).postForm(link, { password: OTHER_PASSWORD }), 'link_used_or_expired');
  await ask(site);
  await site.app.storage.accounts.update({ ...now, password: undefined, version: now.version + 2 });
  await ask(site);
  assert.equal((await site.mails()).length, 1);
});

test('where the policy has switched passwords off a link that is under way is void', async (t) => {
  const site = await openSite(t);
  await addOwner(site);
  const link = await askForLink(site);
  await changePolicy(site.app, { password: 'off' });
  assertRefused(await new Visitor(site.issuer).get(link), 'link_used_or_expired');
});
