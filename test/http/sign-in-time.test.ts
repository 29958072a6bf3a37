import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addAccount, openTestApp, presetOf, TEST_PASSWORD } from '../support/app.ts';
import { addPasskey, addTotp, nextCode } from '../support/enrol.ts';
import { assertPage, assertRefused, readField } from '../support/page.ts';
import { openSignIn } from '../support/sign-in-flow.ts';

const EMAIL = 'alex@example.com';
const MINUTE = 60;
const POLICY = { ...presetOf('convenience'), enrolPasskey: 'manual' } as const;

test('a page that stood open for an hour works as it is', async (t) => {
  const { app, issuer, advance } = await openTestApp(t, { policy: POLICY });
  const account = await addAccount(app, EMAIL);
  const other = await addAccount(app, 'kim@example.com');
  const authenticator = await addPasskey(app, other);

  await t.test('where the e-mail is typed', async () => {
    const flow = await openSignIn({ app, issuer });
    advance(60 * MINUTE);
    assertPage(await flow.identify(EMAIL), 'password.title');
    await flow.submit('/password', { password: TEST_PASSWORD, username: EMAIL });
    assert.equal((await flow.finish()).claims()?.sub, account.id);
  });

  await t.test('where the password is typed', async () => {
    const flow = await openSignIn({ app, issuer });
    const page = await flow.identify(EMAIL);
    advance(60 * MINUTE);
    await flow.submit('/password', { password: TEST_PASSWORD, username: readField(page, 'username') });
    assert.equal((await flow.finish()).claims()?.sub, account.id);
  });

  await t.test('where a passkey is asked for', async () => {
    const flow = await openSignIn({ app, issuer, authenticator });
    advance(60 * MINUTE);
    await flow.usePasskey();
    assert.equal((await flow.finish()).claims()?.sub, other.id);
  });
});

test('an application waits for 90 minutes', async (t) => {
  const { app, issuer, advance } = await openTestApp(t);
  const flow = await openSignIn({ app, issuer });
  const { base, visitor } = flow;

  advance(90 * MINUTE - 1);
  assertPage(await visitor.get(base), 'sign-in.title');
  advance(1);
  assertRefused(await visitor.get(base), 'sign_in_expired');
  assertRefused(await visitor.postForm(`${base}/identify`, { email: EMAIL }), 'sign_in_expired');
});

test('what was proved is of no use after 15 minutes, and its person begins again on the spot', async (t) => {
  const { app, issuer, advance } = await openTestApp(t, { policy: POLICY });
  const account = await addAccount(app, EMAIL);
  const secret = await addTotp(app, account);
  const flow = await openSignIn({ app, issuer });
  await flow.identify(EMAIL);
  assertPage(await flow.typePassword(TEST_PASSWORD), 'totp.title');

  advance(15 * MINUTE);
  assertPage(await flow.typeCode(nextCode(secret)), 'sign-in.title', 'sign_in_expired');
  assert.match(flow.current.text, /Begin again right here\./);
  assertPage(await flow.open(), 'sign-in.title');

  await flow.identify(EMAIL);
  assertPage(await flow.typePassword(TEST_PASSWORD), 'totp.title');
  await flow.typeCode(nextCode(secret));
  assert.equal((await flow.finish()).claims()?.acr, 'urn:cardea:acr:mfa');
});

test('a password is checked for whom it was typed, whoever another tab has named since', async (t) => {
  const { app, issuer } = await openTestApp(t, { policy: POLICY });
  const account = await addAccount(app, EMAIL);
  await addAccount(app, 'sam@example.com');
  const flow = await openSignIn({ app, issuer });
  await flow.identify(EMAIL);
  await flow.identify('sam@example.com');

  await flow.submit('/password', { password: TEST_PASSWORD, username: EMAIL });

  assert.equal((await flow.finish()).claims()?.sub, account.id);
});

test('in an organization that has to be named again, it is asked for before the password', async (t) => {
  const { app, issuer, advance } = await openTestApp(t, { policy: { ...POLICY, organizationPrompt: 'with-email' } });
  await app.organizations.create({ name: 'Contoso', policy: POLICY });
  await addAccount(app, EMAIL);
  const flow = await openSignIn({ app, issuer });
  await flow.submit('/identify', { email: EMAIL, organization: 'northwind' });
  advance(15 * MINUTE);

  assertPage(await flow.submit('/password', { password: TEST_PASSWORD, username: EMAIL }), 'organization.title');
});

test('a sign-in that is done is taken to its application within two minutes, or not at all', async (t) => {
  const { app, issuer, advance } = await openTestApp(t, { policy: POLICY });
  await addAccount(app, EMAIL);
  const flow = await openSignIn({ app, issuer });
  await flow.identify(EMAIL);
  const done = await flow.visitor.postForm(`${flow.base}/password`, { password: TEST_PASSWORD });
  assert.match(done.headers.get('location') ?? '', /\/auth\//);

  advance(2 * MINUTE);

  assertRefused(await flow.visitor.follow(done), 'application_error');
  assert.equal((await flow.visitor.get('/account')).status, 303, 'nobody is signed in');
});
