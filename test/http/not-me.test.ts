import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AccountVisit } from '../support/account-visit.ts';
import { openTestApp, type TestApp } from '../support/app.ts';
import { Authenticator } from '../support/authenticator.ts';
import { addPasskey } from '../support/enrol.ts';
import { findMails, readLink, readMail } from '../support/mails.ts';
import { assertPage, assertRefused } from '../support/page.ts';
import { RawClient } from '../support/raw-client.ts';
import { requireValue } from '../support/require-value.ts';
import { openSession, signInByPassword } from '../support/session.ts';
import { openSignIn } from '../support/sign-in-flow.ts';
import { readStored } from '../support/stored.ts';
import { Visitor } from '../support/visitor.ts';

const EMAIL = 'alex@example.com';
const WEEK_SECONDS = 7 * 86_400;
const PASSWORDS_ONLY = { enrolPasskey: 'manual', secondFactor: 'off' } as const;

/** A thief in the session of somebody, and the mail program of its owner, which is signed in nowhere. */
async function setUp(site: TestApp) {
  const { account, visitor } = await openSession(site, EMAIL);
  return { account, thief: new AccountVisit(site.issuer, visitor), owner: new Visitor(site.issuer) };
}

/** The thief adds a passkey; answers its device and the link of the mail about it. */
async function addThiefsPasskey(site: TestApp, thief: AccountVisit) {
  await thief.confirm('add-passkey');
  const device = new Authenticator();
  await thief.addPasskey(device, { name: 'A thing' });
  return { device, link: readLink(await readMail(site, 'A passkey was added'), '/not-me/') };
}

test('a passkey that was not added by its owner', async (t) => {
  const site = await openTestApp(t, { policy: PASSWORDS_ONLY });
  const { app, issuer } = site;
  const { account, thief, owner } = await setUp(site);
  const client = await RawClient.register(site);
  const tokens = await client.obtainTokens(thief.visitor);
  const { device, link } = await addThiefsPasskey(site, thief);

  await t.test('stays while the link is only looked at, however often (EM-06)', async () => {
    for (let times = 0; times < 10; times += 1) {
      const page = await owner.get(link);
      assertPage(page, 'not-me.title');
      assert.match(page.text, /A passkey was added to the account <strong dir="auto">alex@example\.com<\/strong>/);
      assert.match(page.text, /Unknown browser/);
      assert.equal((await owner.send('HEAD', link, undefined, {})).status, 200);
    }
    assert.equal((await app.passkeys.list(account.id)).length, 1);
    assert.equal((await thief.open()).status, 200);
  });

  await t.test('is not taken away by a form of another site', async () => {
    assertRefused(await owner.postForm(link, {}, { origin: 'https://evil.example' }), 'cross_site_request');
    assert.equal((await app.passkeys.list(account.id)).length, 1);
  });

  await t.test('is taken away when the button is pressed, and everybody is signed out', async () => {
    const done = await owner.postForm(link, {});
    assertPage(done, 'not-me-done.title');
    assert.match(done.text, /taken away again/);
    assert.deepEqual(await app.passkeys.list(account.id), []);
    assert.equal((await thief.visitor.get('/account')).status, 303);
    assert.equal((await client.refresh(tokens.refreshToken)).status, 400);
    await readMail(site, 'A passkey was deleted');

    const flow = await openSignIn({ app, issuer, authenticator: device });
    assertRefused(await flow.post('/passkey', await flow.askDevice()), 'passkey_refused');
  });

  await t.test('and the link is spent', async () => {
    const spent = await owner.get(link);
    assertRefused(spent, 'link_used_or_expired');
    assert.match(spent.text, /href="\/account"/, 'the page leads nowhere');
    assertRefused(await owner.postForm(link, {}), 'link_used_or_expired');
  });
});

test('the link is good for seven days, and for one account and thing only', async (t) => {
  const site = await openTestApp(t, { policy: PASSWORDS_ONLY });
  const { thief, owner } = await setUp(site);
  const { link } = await addThiefsPasskey(site, thief);
  assertRefused(await owner.get(`${link.slice(0, -1)}${link.endsWith('A') ? 'B' : 'A'}`), 'link_used_or_expired');
  site.advance(WEEK_SECONDS - 1);
  assert.equal((await owner.get(link)).status, 200);
  site.advance(2);
  assertRefused(await owner.postForm(link, {}), 'link_used_or_expired');
});

test('neither the store nor the log has a link that could be used', async (t) => {
  const site = await openTestApp(t, { policy: PASSWORDS_ONLY });
  const { thief, owner } = await setUp(site);
  const { link } = await addThiefsPasskey(site, thief);
  const page = await owner.get(link);
  assert.equal(page.headers.get('referrer-policy'), 'no-referrer');
  assert.equal(page.headers.get('cache-control'), 'no-store');
  const token = requireValue(link.split('/').at(-1));
  assert.equal(Buffer.from(token, 'base64url').length, 32);
  assert.ok(!(await readStored(site)).includes(token));
  assert.ok(!site.log.join('').includes(token));
});

test('the link leads to the issuer, whatever the request said it was sent to (EM-11)', async (t) => {
  const site = await openTestApp(t, { policy: PASSWORDS_ONLY });
  const { thief } = await setUp(site);
  const forwarded = { 'x-forwarded-host': 'evil.example', forwarded: 'host=evil.example' };
  await thief.confirm('change-password');
  const answer = await thief.visitor.postForm(
    '/account/password',
    { csrf: await thief.readCsrf(), password: 'another horse, another battery' },
    forwarded,
  );
  assert.equal(answer.status, 303, answer.text);
  const { text } = await readMail(site, 'was changed');
  assert.ok(text.includes(`\n${site.issuer}/not-me/`));
  assert.ok(!text.includes('evil.example'));
});

test('what is the only way in is not taken away, and the page says what to do', async (t) => {
  const site = await openTestApp(t);
  const { app, issuer } = site;
  const { id: organizationId } = await app.organizations.requireOrFirst(undefined);
  const account = await app.accounts.create({ organizationId, email: EMAIL });
  const device = await addPasskey(app, account);
  const flow = await openSignIn({ app, issuer, authenticator: device });
  await flow.usePasskey();
  const thief = new AccountVisit(issuer, flow.visitor);
  await thief.confirmByPasskey({ purpose: 'add-passkey' }, device);
  await thief.addPasskey(new Authenticator(), { name: 'A thing' });
  const all = await app.passkeys.list(account.id);
  const own = requireValue(all.find(({ name }) => name !== 'A thing'));
  await app.passkeys.remove(account.id, own.id, { keepOne: true });

  const owner = new Visitor(issuer);
  const link = readLink(await readMail(site, 'A passkey was added'), '/not-me/');
  const done = await owner.postForm(link, {});
  assert.match(done.text, /What was new is still there.*ask the people who run Northwind/);
  assert.deepEqual(
    (await app.passkeys.list(account.id)).map(({ name }) => name),
    ['A thing'],
  );
  assert.equal((await flow.visitor.get('/account')).status, 303);
});

test('a new password, app or set of codes is taken away where there is another way in', async (t) => {
  const site = await openTestApp(t, { policy: PASSWORDS_ONLY });
  const { app } = site;
  const { account, thief, owner } = await setUp(site);
  const deny = async (subject: string) => owner.postForm(readLink(await readMail(site, subject), '/not-me/'), {});

  await thief.confirm('make-recovery-codes');
  await thief.submit('/recovery-codes');
  assert.match((await deny('You have new recovery codes')).text, /taken away again/);
  assert.equal(await app.storage.recoveryCodes.find(account.id), undefined);
  await readMail(site, 'recovery codes for Northwind were removed');

  await addPasskey(app, account);
  const again = new AccountVisit(site.issuer, await signInByPassword(site, EMAIL));
  await again.confirm('change-password');
  await again.submit('/password', { password: 'another horse, another battery' });
  assert.match((await deny('was changed')).text, /taken away again/);
  assert.equal((await app.accounts.find(account.id))?.password, undefined);
  await readMail(site, 'Your password at Northwind was removed');
});

test('a password without which nobody gets in stays', async (t) => {
  const site = await openTestApp(t, { policy: PASSWORDS_ONLY });
  const { app } = site;
  const { account, thief, owner } = await setUp(site);
  await thief.confirm('change-password');
  await thief.submit('/password', { password: 'another horse, another battery' });
  const link = readLink(await readMail(site, 'was changed'), '/not-me/');
  assert.match((await owner.postForm(link, {})).text, /What was new is still there/);
  assert.ok((await app.accounts.find(account.id))?.password);
});

test('an authenticator app that was not added by its owner is taken away, and one that came in its place is not', async (t) => {
  const site = await openTestApp(t, { policy: PASSWORDS_ONLY });
  const { app } = site;
  const { account, thief, owner } = await setUp(site);
  await thief.confirm('add-totp');
  const setUpApp = async () => {
    assert.equal((await thief.setUpTotp()).status, 303);
    return (await findMails(site, 'An authenticator app was set up')).map((mail) => readLink(mail, '/not-me/'));
  };
  const [first = ''] = await setUpApp();
  site.advance(60);
  const [, second = ''] = await setUpApp();

  assert.match((await owner.postForm(first, {})).text, /look through your security page: what you do not know/);
  assert.ok(await app.storage.totps.find(account.id));
  assert.match((await owner.postForm(second, {})).text, /taken away again/);
  assert.equal(await app.storage.totps.find(account.id), undefined);
  await readMail(site, 'The authenticator app was removed');
  assert.equal((await thief.visitor.get('/account')).status, 303);
});

test('whoever denies a removal, a code or a sign-in signs everybody out', async (t) => {
  const site = await openTestApp(t, { policy: PASSWORDS_ONLY });
  const { thief, owner } = await setUp(site);
  const link = readLink(await readMail(site, 'A new sign-in'), '/not-me/');
  const done = await owner.postForm(link, {});
  assert.match(done.text, /if you have a password, change it/);
  assert.equal((await thief.visitor.get('/account')).status, 303);
  await signInByPassword(site, EMAIL);
});
