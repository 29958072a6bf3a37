import assert from 'node:assert/strict';
import { test } from 'node:test';
import { en } from '../../src/http/languages/en.ts';
import { AccountVisit } from '../support/account-visit.ts';
import { changePolicy, openTestApp, TEST_PASSWORD, type TestApp } from '../support/app.ts';
import { addPasskey } from '../support/enrol.ts';
import { assertPage, assertRefused } from '../support/page.ts';
import { RawClient } from '../support/raw-client.ts';
import { openSession } from '../support/session.ts';
import { openSignIn } from '../support/sign-in-flow.ts';
import type { Answer } from '../support/visitor.ts';

const PASSWORDS_ONLY = { policy: { enrolPasskey: 'manual', secondFactor: 'off' } } as const;
const NEW_PASSWORD = 'quite another password';

async function visitAccount(site: TestApp, email?: string) {
  const { account, visitor } = await openSession(site, email);
  const visit = new AccountVisit(site.issuer, visitor);
  await visit.confirm('change-password');
  return { account, visitor, visit };
}

/** The status of a sign-in with this password. */
async function tryPassword({ app, issuer }: TestApp, email: string, password: string): Promise<number> {
  const flow = await openSignIn({ app, issuer });
  await flow.identify(email);
  return (await flow.typePassword(password)).status;
}

test('a new password ends every other session and token, and leaves this browser', async (t) => {
  const site = await openTestApp(t, PASSWORDS_ONLY);
  const { account, visitor, visit } = await visitAccount(site);
  const other = await openSignIn(site);
  await other.identify(account.email);
  await other.typePassword(TEST_PASSWORD);
  const client = await RawClient.register(site, { grantTypes: ['authorization_code', 'refresh_token'] });
  const { accessToken, refreshToken } = await client.obtainTokens(other.visitor);

  const answer = await visit.submit('/password', { current: TEST_PASSWORD, password: NEW_PASSWORD });

  assertPage(await visitor.follow(answer), 'security.title', 'password-set');
  assert.equal((await other.visitor.get('/account')).status, 303);
  assert.equal((await client.refresh(refreshToken)).body.error, 'invalid_grant');
  assert.equal((await client.userinfo(accessToken)).status, 401);
  assert.equal(await tryPassword(site, account.email, TEST_PASSWORD), 401);
  assert.equal(await tryPassword(site, account.email, NEW_PASSWORD), 303);
});

test('a new password needs the present one, unless that was what confirmed it', async (t) => {
  const site = await openTestApp(t, PASSWORDS_ONLY);
  site.advance(0); // pauses do not run out while this runs
  const { account, visit } = await visitAccount(site);
  assert.ok(!(await visit.open('/password')).text.includes('name="current"'));
  await visit.confirmByPasskey({ purpose: 'change-password' }, await addPasskey(site.app, account));
  assert.ok((await visit.open('/password')).text.includes('name="current"'));
  const change = (fields: Readonly<Record<string, string>>) => visit.submit('/password', fields);

  for (const current of ['', 'a wrong password', ` ${TEST_PASSWORD}`]) {
    const page = await change({ current, password: NEW_PASSWORD });
    assertPage(page, 'password-change.title', 'wrong_password');
  }
  assertPage(await change({ password: NEW_PASSWORD }), 'password-change.title', 'wrong_password');
  assertRefused(await change({ current: TEST_PASSWORD }), 'malformed_request');
  for (let count = 0; count < 2; count += 1) await change({ current: 'a wrong password', password: NEW_PASSWORD });
  const limited = await change({ current: TEST_PASSWORD, password: NEW_PASSWORD });
  assertPage(limited, 'password-change.title', 'too_many_tries');
  assert.equal(limited.headers.get('retry-after'), '30');
  assert.equal(await tryPassword(site, account.email, TEST_PASSWORD), 303, 'the owner may still sign in');
});

test('a new password is long, and not what others would try first', async (t) => {
  const site = await openTestApp(t, PASSWORDS_ONLY);
  const { account, visit } = await visitAccount(site);
  const weak = {
    'fourteen chars': 'too-short',
    '': 'too-short',
    [`long${'ö'.repeat(125)}`]: 'too-long',
    passwordpassword: 'common',
    aaaaaaaaaaaaaaaaaaaa: 'common',
    'northwind-alex-cardea': 'context',
  } as const;
  for (const [password, reason] of Object.entries(weak)) {
    const page = await visit.submit('/password', { current: TEST_PASSWORD, password });
    assertPage(page, 'password-change.title', 'weak_password');
    assert.ok(page.text.includes(en[`errors.weak_password.reason.${reason}`]), `${password}: ${reason}`);
  }
  const huge = 'x'.repeat(8193);
  assertRefused(await visit.submit('/password', { current: TEST_PASSWORD, password: huge }), 'malformed_request');
  assertRefused(await visit.submit('/password', { current: huge, password: NEW_PASSWORD }), 'malformed_request');
  const beyond = 'x'.repeat(1_000_000);
  assertRefused(await visit.submit('/password', { current: TEST_PASSWORD, password: beyond }), 'body_too_large');
  assert.equal(await tryPassword(site, account.email, TEST_PASSWORD), 303);

  const longest = `é${'x-y'.repeat(42)}z`;
  assert.equal([...longest].length, 128);
  assert.equal((await visit.submit('/password', { current: TEST_PASSWORD, password: longest })).status, 303);
  assert.equal(await tryPassword(site, account.email, longest.normalize('NFD')), 303, 'as another keyboard types it');
});

test('where a second step always follows, eight characters are enough', async (t) => {
  const site = await openTestApp(t, PASSWORDS_ONLY);
  const { visit } = await visitAccount(site);
  await changePolicy(site.app, { secondFactor: 'required' });

  assert.match((await visit.open('/password')).text, /At least 8 characters/);
  const change = (password: string) => visit.submit('/password', { current: TEST_PASSWORD, password });
  assertPage(await change('fjord-7'), 'password-change.title', 'weak_password');
  assert.equal((await change('fjord-72')).status, 303);
});

test('of two changes at once one wins, and the other is told', async (t) => {
  const site = await openTestApp(t, PASSWORDS_ONLY);
  const { account, visitor, visit } = await visitAccount(site);
  const csrf = await visit.readCsrf();
  const passwords = [`${NEW_PASSWORD} one`, `${NEW_PASSWORD} two`];

  const answers = await Promise.all(
    passwords.map((password) => visitor.postForm('/account/password', { csrf, current: TEST_PASSWORD, password })),
  );

  const isDone = ({ headers }: Answer) => headers.get('location') === '/account?done=password-set';
  const winners = answers.flatMap((answer, index) => (isDone(answer) ? [passwords[index] ?? ''] : []));
  assert.equal(winners.length, 1);
  assert.ok(answers.every(({ status }) => status === 303 || status === 409));
  assert.equal(await tryPassword(site, account.email, winners[0] ?? ''), 303);
});

test('somebody without a password sets one, unless a passkey or the organization has done away with it', async (t) => {
  const site = await openTestApp(t, PASSWORDS_ONLY);
  const { app, issuer } = site;
  const organization = await app.organizations.requireOrFirst(undefined);
  const account = await app.accounts.create({ organizationId: organization.id, email: 'new@example.com' });
  const authenticator = await addPasskey(app, account);
  const open = async () => {
    const flow = await openSignIn({ app, issuer, authenticator });
    await flow.usePasskey();
    return new AccountVisit(issuer, flow.visitor);
  };

  const visit = await open();
  await visit.confirmByPasskey({ purpose: 'set-password' }, authenticator);
  assertPage(await visit.open('/password'), 'password-change.title.create');
  assert.equal((await visit.submit('/password', { password: NEW_PASSWORD })).status, 303);
  assert.equal(await tryPassword(site, account.email, NEW_PASSWORD), 303);

  await changePolicy(app, { password: 'until-passkey' });
  const replaced = await open(); // the sign-in switches the password off
  assertRefused(await replaced.open('/password'), 'method_not_offered');
  assertRefused(await replaced.submit('/password', { password: TEST_PASSWORD }), 'method_not_offered');
  await changePolicy(app, { password: 'off' });
  assertRefused(await replaced.submit('/password', { password: TEST_PASSWORD }), 'method_not_offered');
  assert.ok(!(await replaced.open()).text.includes('/account/password'));
});
