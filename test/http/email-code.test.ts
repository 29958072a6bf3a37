import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addAccount, openTestApp, TEST_PASSWORD, type TestApp } from '../support/app.ts';
import { addTotp, nextCode } from '../support/enrol.ts';
import { findMails, readCode, readMail } from '../support/mails.ts';
import { assertPage, assertRefused } from '../support/page.ts';
import { openSignIn, type SignInFlow } from '../support/sign-in-flow.ts';

const EMAIL = 'alex@example.com';
const POLICY = { enrolPasskey: 'manual', secondFactor: 'required', secondFactors: ['totp', 'email-code'] } as const;
const SUBJECT = 'Your code to sign in';

/** A new browser whose person has typed the right password. */
async function typePassword({ app, issuer }: TestApp, email = EMAIL): Promise<SignInFlow> {
  const flow = await openSignIn({ app, issuer });
  await flow.identify(email);
  await flow.typePassword(TEST_PASSWORD);
  return flow;
}

async function openSite(t: Parameters<typeof openTestApp>[0]) {
  const site = await openTestApp(t, { policy: POLICY });
  return { site, account: await addAccount(site.app, EMAIL, { emailVerified: true }) };
}

test('after the password a code by mail signs in, and the application is told the truth (ST-08)', async (t) => {
  const { site } = await openSite(t);
  const flow = await typePassword(site);
  assertPage(flow.current, 'email-code.title');
  assert.deepEqual(await findMails(site, SUBJECT), [], 'nothing is sent by looking');
  assertPage(await flow.submit('/email-code/send', {}), 'totp.title');

  const mail = await readMail(site, SUBJECT);
  assert.equal(mail.to, EMAIL);
  await flow.submit('/email-code', { code: readCode(mail) });
  const claims = (await flow.finish()).claims();
  assert.deepEqual([claims?.acr, claims?.amr], ['urn:cardea:acr:pwd', ['pwd', 'otp']]);
});

test('a code is good in the sign-in that asked for it, and there once (EM-03)', async (t) => {
  const { site } = await openSite(t);
  const [here, elsewhere] = [await typePassword(site), await typePassword(site)];
  await here.submit('/email-code/send', {});
  const code = readCode(await readMail(site, SUBJECT));

  assertPage(await elsewhere.submit('/email-code', { code }), 'totp.title', 'code_refused');
  await here.submit('/email-code', { code });
  assert.ok(here.callbackUrl);
  assertPage(await elsewhere.submit('/email-code', { code }), 'totp.title', 'code_refused');
});

test('a sixth try is refused like the five before it, even with the right code (EM-01)', async (t) => {
  const { site } = await openSite(t);
  const flow = await typePassword(site);
  await flow.submit('/email-code/send', {});
  const code = readCode(await readMail(site, SUBJECT));
  const refused = [];
  for (let tries = 0; tries < 5; tries += 1) refused.push(await flow.submit('/email-code', { code: '00000000' }));
  refused.push(await flow.submit('/email-code', { code }));
  for (const page of refused) assertPage(page, 'totp.title', 'code_refused');
  assert.equal(new Set(refused.map(({ text }) => text)).size, 1);
});

test('a code that was asked for in the name of one account is not one of another (ST-05)', async (t) => {
  const { site } = await openSite(t);
  await addAccount(site.app, 'kim@example.com', { emailVerified: true });
  const flow = await typePassword(site);
  await flow.submit('/email-code/send', {});
  const code = readCode(await readMail(site, SUBJECT));
  await flow.submit('/restart', {});
  await flow.identify('kim@example.com');
  assertRefused(await flow.submit('/email-code', { code }), 'step_finished');
  await flow.typePassword(TEST_PASSWORD);
  assertPage(await flow.submit('/email-code', { code }), 'totp.title', 'code_refused');
});

test('requests beyond three look the same and send nothing (EM-16)', async (t) => {
  const { site } = await openSite(t);
  const pages = [];
  const flow = await typePassword(site);
  for (let times = 0; times < 6; times += 1) pages.push((await flow.submit('/email-code/send', {})).text);
  assert.equal(new Set(pages).size, 1);
  assert.equal((await findMails(site, SUBJECT)).length, 3);
});

test('nobody is mailed a code before a proof, nor at an address that is not known to be theirs', async (t) => {
  const { site } = await openSite(t);
  const early = await openSignIn(site);
  await early.identify(EMAIL);
  assertRefused(await early.submit('/email-code/send', {}), 'step_finished');

  const kim = await addAccount(site.app, 'kim@example.com');
  const secret = await addTotp(site.app, kim);
  const flow = await typePassword(site, 'kim@example.com');
  assertPage(flow.current, 'totp.title');
  assert.doesNotMatch(flow.current.text, /method=email-code/);
  assertRefused(await flow.submit('/email-code/send', {}), 'method_not_offered');
  assert.deepEqual(await findMails(site, SUBJECT), []);
  await flow.typeCode(nextCode(secret));
  assert.ok(flow.callbackUrl);
});

test('an authenticator app comes first where it is set up, with the mail behind it', async (t) => {
  const { site, account } = await openSite(t);
  await addTotp(site.app, account);
  const flow = await typePassword(site);
  assertPage(flow.current, 'totp.title');
  assertPage(await flow.leave(await flow.visitor.get(`${flow.base}?method=email-code`)), 'email-code.title');
  await flow.submit('/email-code/send', {});
  await flow.submit('/email-code', { code: readCode(await readMail(site, SUBJECT)) });
  assert.ok(flow.callbackUrl);
});
