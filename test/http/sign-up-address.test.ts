import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addAccount, openTestApp, type TestApp } from '../support/app.ts';
import { findMails, readCode, readMail } from '../support/mails.ts';
import { assertPage, assertRefused } from '../support/page.ts';
import { requireValue } from '../support/require-value.ts';
import { openSignIn, type SignInFlow } from '../support/sign-in-flow.ts';
import { readStored } from '../support/stored.ts';

const EMAIL = 'new@example.com';
const TAKEN = 'alex@example.com';
const SUBJECT = 'Your code to make an account';

const open = (t: Parameters<typeof openTestApp>[0]) => openTestApp(t, { policy: { signUp: 'open' } });

/** Somebody new who has typed an address. */
async function typeEmail(site: TestApp, email = EMAIL): Promise<SignInFlow> {
  const flow = await openSignIn(site);
  await flow.submit('/sign-up/email', { email });
  return flow;
}

test('somebody new shows that the address is theirs, and then makes the account', async (t) => {
  const site = await open(t);
  const { app } = site;
  const flow = await openSignIn(site);
  assertPage(await flow.leave(await flow.visitor.get(`${flow.base}/sign-up`)), 'sign-up.title');
  assert.doesNotMatch(flow.current.text, /name="name"/);
  assertPage(await flow.submit('/sign-up/email', { email: 'New@Example.com' }), 'sign-up-code.title');

  const mail = await readMail(site, SUBJECT);
  assert.equal(mail.to, 'New@Example.com');
  assertPage(await flow.submit('/sign-up/code', { code: '00000000' }), 'sign-up-code.title', 'code_refused');
  assertPage(await flow.submit('/sign-up/code', { code: readCode(mail) }), 'sign-up.title');
  assert.match(flow.current.text, /type="hidden" name="email" value="New@Example\.com"/);

  await flow.signUp({ email: 'New@Example.com', name: 'Nova' });
  assert.equal((await flow.finish()).claims()?.acr, 'phr');
  const { id } = await app.organizations.requireOrFirst(undefined);
  const account = requireValue(await app.accounts.findByEmail(id, EMAIL));
  assert.deepEqual([account.emailVerified, account.profile.name], [true, 'Nova']);
});

test('an address that somebody has an account with looks like any other, and its owner is told (EN-03)', async (t) => {
  const site = await open(t);
  const account = await addAccount(site.app, TAKEN);
  const [fresh, taken] = [await typeEmail(site), await typeEmail(site, 'ALEX@example.com')];
  const strip = ({ current, base }: SignInFlow, email: string) =>
    current.text.replaceAll(base, '').replaceAll(email, 'x').replaceAll(/\s+/g, ' ');
  assert.equal(strip(taken, 'ALEX@example.com'), strip(fresh, EMAIL));
  assert.equal(taken.current.status, fresh.current.status);

  const wrong = await Promise.all([fresh, taken].map((flow) => flow.submit('/sign-up/code', { code: '00000000' })));
  for (const page of wrong) assertPage(page, 'sign-up-code.title', 'code_refused');
  const mail = await readMail(site, 'You have an account at Northwind already');
  assert.equal(mail.to, TAKEN);
  assert.doesNotMatch(mail.text, /\d{8}/);
  assertRefused(await taken.post('/sign-up/options', { email: TAKEN, name: 'Mallory' }), 'confirmation_required');
  assert.deepEqual(await site.app.accounts.find(account.id), account);
});

test('no account is made with an address that was not shown to be theirs', async (t) => {
  const site = await open(t);
  const { app, issuer } = site;
  const flow = await typeEmail(site);
  const newcomer = { email: EMAIL, name: 'Nova' };
  assertRefused(await flow.post('/sign-up/options', newcomer), 'confirmation_required');
  await flow.submit('/sign-up/code', { code: readCode(await readMail(site, SUBJECT)) });
  const options = JSON.parse((await flow.post('/sign-up/options', newcomer)).text);
  const response = flow.authenticator.create(options, { origin: issuer });
  const other = { ...newcomer, email: 'other@example.com' };
  assertRefused(await flow.post('/sign-up/options', other), 'confirmation_required');
  assertRefused(await flow.post('/sign-up', { ...other, response }), 'confirmation_required');
  const { id } = await app.organizations.requireOrFirst(undefined);
  assert.equal(await app.accounts.findByEmail(id, EMAIL), undefined);
  await flow.submit('/sign-up/email', { email: 'other@example.com' });
  assertRefused(await flow.post('/sign-up', { ...newcomer, response }), 'confirmation_required');
});

test('a code is good in the sign-up that asked for it (EM-03), five times (EM-01) and for ten minutes', async (t) => {
  const site = await open(t);
  const here = await typeEmail(site);
  const code = readCode(await readMail(site, SUBJECT));
  const elsewhere = await typeEmail(site, 'kim@example.com');
  assertPage(await elsewhere.submit('/sign-up/code', { code }), 'sign-up-code.title', 'code_refused');
  for (let tries = 0; tries < 5; tries += 1) await here.submit('/sign-up/code', { code: '00000000' });
  assertPage(await here.submit('/sign-up/code', { code }), 'sign-up-code.title', 'code_refused');

  site.advance(899);
  const late = await typeEmail(site, 'late@example.com');
  const mail = (await findMails(site, SUBJECT)).find(({ to }) => to === 'late@example.com');
  site.advance(601);
  assertPage(
    await late.submit('/sign-up/code', { code: readCode(requireValue(mail)) }),
    'sign-up-code.title',
    'code_refused',
  );
});

test('a hundred requests are three mails, and look the same (EM-16)', async (t) => {
  const site = await open(t);
  await addAccount(site.app, TAKEN);
  for (const email of [EMAIL, TAKEN]) {
    const flow = await openSignIn(site);
    const pages = new Set<string>();
    for (let times = 0; times < 100; times += 1) pages.add((await flow.submit('/sign-up/email', { email })).text);
    assert.equal(pages.size, 1);
    assert.equal((await site.mails()).filter(({ to }) => to === email).length, 3);
  }
});

test('whoever asks for mails to many addresses is slowed', async (t) => {
  const site = await openTestApp(t, { policy: { signUp: 'open' }, config: { limitSource: 5 } });
  const flow = await openSignIn(site);
  for (let count = 0; count < 6; count += 1) await flow.submit('/sign-up/email', { email: `a${count}@example.com` });
  const refused = await flow.submit('/sign-up/email', { email: 'last@example.com' });
  assertRefused(refused, 'too_many_tries');
  assert.ok(refused.headers.get('retry-after'));
});

test('what is no address is refused on the page, whatever it turns into (EM-13, IN-18)', async (t) => {
  const site = await open(t);
  for (const email of [
    'nobody',
    'new＠example.com',
    'a@example.com\r\nBcc: b@example.com',
    `${'n'.repeat(250)}@example.com`,
  ]) {
    const flow = await openSignIn(site);
    assertRefused(await flow.submit('/sign-up/email', { email }), 'malformed_request');
  }
  assert.deepEqual(await site.mails(), []);
});

test('variants with dots and suffixes are addresses of their own (EM-15)', async (t) => {
  const site = await open(t);
  await addAccount(site.app, TAKEN);
  for (const email of ['al.ex@example.com', 'alex+1@example.com']) await typeEmail(site, email);
  assert.equal((await findMails(site, SUBJECT)).length, 2);
});

test('neither the store nor the log has the code (DA-01, DA-03)', async (t) => {
  const site = await open(t);
  await typeEmail(site);
  const code = readCode(await readMail(site, SUBJECT));
  assert.ok(!(await readStored(site)).includes(code));
  assert.ok(!site.log.join('').includes(code));
});

test('where anybody may make an account no mail is asked for', async (t) => {
  const site = await openTestApp(t);
  const flow = await openSignIn(site);
  assertRefused(await flow.submit('/sign-up/email', { email: EMAIL }), 'method_not_offered');
});
