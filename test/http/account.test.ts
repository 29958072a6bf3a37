import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AccountVisit } from '../support/account-visit.ts';
import { addAccount, openTestApp, TEST_PASSWORD } from '../support/app.ts';
import { addPasskey } from '../support/enrol.ts';
import { assertPage, assertRefused } from '../support/page.ts';
import { RawClient } from '../support/raw-client.ts';
import { requireValue } from '../support/require-value.ts';
import { openSession } from '../support/session.ts';
import { openSignIn } from '../support/sign-in-flow.ts';
import { Visitor } from '../support/visitor.ts';

const PASSWORDS_ONLY = { policy: { enrolPasskey: 'manual', secondFactor: 'off' } } as const;

/** Every page of the account, and whether a sign-in leads back to it. */
const PAGES = [
  ['', true],
  ['/passkeys/add', true],
  ['/passkeys/some-id/rename', true],
  ['/passkeys/some-id/delete', true],
  ['/totp/add', true],
  ['/totp/delete', true],
  ['/password', true],
  ['/activity', true],
  ['/sign-out-everywhere', false],
  ['/applications/some-id/revoke', false],
] as const;
const FORMS = [
  '/passkeys/some-id/rename',
  '/passkeys/some-id/delete',
  '/totp',
  '/totp/delete',
  '/password',
  '/sign-out-everywhere',
  '/sign-out',
  '/sessions/some-session/sign-out',
  '/applications/some-client/revoke',
];

test('somebody who is not signed in', async (t) => {
  const site = await openTestApp(t, PASSWORDS_ONLY);
  const { app, issuer } = site;
  await addAccount(app, 'alex@example.com');

  await t.test('sees no page of an account, and is asked to sign in', async () => {
    for (const [path, returns] of PAGES) {
      const visitor = new Visitor(issuer);
      const redirect = await visitor.get(`/account${path}`);
      const request = new URL(redirect.headers.get('location') ?? '', issuer);

      assert.equal(redirect.status, 303, path);
      assert.equal(request.pathname, '/auth');
      assert.equal(request.searchParams.get('state'), returns && path ? path.slice(1) : '-');
      assert.equal(request.searchParams.get('prompt'), null);
      assertPage(await visitor.follow(redirect), 'sign-in.title');
    }
  });

  await t.test('changes nothing', async () => {
    const visitor = new Visitor(issuer);
    for (const path of FORMS)
      assert.equal((await visitor.postForm(`/account${path}`, { csrf: 'x' })).status, 303, path);
    for (const path of ['/passkeys/options', '/passkeys'])
      assertRefused(await visitor.postJson(`/account${path}`, { csrf: 'x' }), 'confirmation_required');
  });

  await t.test('comes to the page they wanted once they are', async () => {
    const visit = new AccountVisit(issuer, new Visitor(issuer));
    const signIn = await visit.open('/totp/add');
    const base = new URL(signIn.url).pathname;
    const page = await visit.visitor.follow(
      await visit.visitor.postForm(`${base}/identify`, { email: 'alex@example.com' }),
    );

    assertPage(await visit.typePassword(page, TEST_PASSWORD), 'confirm.title');
    const confirmed = await visit.answerConfirmation({ purpose: 'add-totp' }, 'password', { password: TEST_PASSWORD });
    assertPage(await visit.visitor.follow(confirmed), 'totp-add.title');
  });
});

test('a form counts only with the word that was handed out to its session', async (t) => {
  const site = await openTestApp(t, PASSWORDS_ONLY);
  const { app, issuer } = site;
  const { account, visitor } = await openSession(site);
  const { visitor: other } = await openSession(site, 'kim@example.com');
  const visit = new AccountVisit(issuer, visitor);
  await addPasskey(app, account);
  const passkey = requireValue((await app.passkeys.list(account.id))[0]);
  for (const purpose of ['add-passkey', 'change-password', 'add-totp', 'delete-totp'] as const)
    await visit.confirm(purpose);
  for (const purpose of ['rename-passkey', 'delete-passkey'] as const) await visit.confirm(purpose, passkey.id);
  const own = await visit.readCsrf();
  const foreign = await new AccountVisit(issuer, other).readCsrf();
  const fields: Readonly<Record<string, Readonly<Record<string, string>>>> = {
    '/password': { current: TEST_PASSWORD, password: 'quite another password' },
    '/totp': { ticket: 'x', code: '123456' },
    [`/passkeys/${passkey.id}/rename`]: { name: 'Other' },
  };
  const paths = FORMS.map((path) => path.replace('some-id', passkey.id));

  for (const path of paths) {
    for (const csrf of ['', 'x', foreign, own.toUpperCase(), `${own}x`, own.slice(0, -1)])
      assertRefused(await visitor.postForm(`/account${path}`, { ...fields[path], csrf }), 'cross_site_request');
    assertRefused(await visitor.postForm(`/account${path}`, fields[path] ?? {}), 'malformed_request');
    const crossSite = { origin: 'https://evil.example' };
    assertRefused(
      await visitor.postForm(`/account${path}`, { ...fields[path], csrf: own }, crossSite),
      'cross_site_request',
    );
  }
  for (const path of ['/passkeys/options', '/passkeys']) {
    const body = path === '/passkeys' ? { response: {} } : {};
    for (const csrf of ['', foreign])
      assertRefused(await visitor.postJson(`/account${path}`, { ...body, csrf }), 'cross_site_request');
  }
  assert.equal((await app.passkeys.list(account.id)).length, 1);
  assertPage(await visit.open(), 'security.title');
});

test('what the address says leads nowhere else', async (t) => {
  const site = await openTestApp(t, PASSWORDS_ONLY);
  const { visitor } = await openSession(site);
  const states = [
    '//evil.example',
    '/\\evil.example',
    'https://evil.example',
    '%2f%2fevil.example',
    '\t//evil.example',
    '@evil.example',
    '..',
    '../session/end',
    'passkeys/../../session/end/rename',
    'passkeys/%2e%2e/rename',
    'password?x=//evil',
    'password/',
    'sign-out',
    '',
  ];
  for (const state of states) {
    const answer = await visitor.get(`/account?${new URLSearchParams({ state })}`);
    assert.equal(answer.status, 303);
    assert.equal(answer.headers.get('location'), '/account', state);
  }
  assert.equal((await visitor.get('/account?state=password')).headers.get('location'), '/account/password');
  for (const query of [
    'done=nothing',
    'done=passkey-added&done=totp-on',
    'done[]=totp-on',
    'done=__proto__',
    'notice=<b>',
  ])
    assertPage(await visitor.get(`/account?${query}`), 'security.title');
  assertPage(await visitor.get('/account?done=totp-on'), 'security.title', 'totp-on');
});

test('signing out ends this session and what applications have of it, and no other', async (t) => {
  const site = await openTestApp(t, PASSWORDS_ONLY);
  const { app, issuer } = site;
  const { account, visitor } = await openSession(site);
  const client = await RawClient.register(site, { grantTypes: ['authorization_code', 'refresh_token'] });
  const { refreshToken } = await client.obtainTokens(visitor);
  const elsewhere = await openSignIn({ app, issuer });
  await elsewhere.identify(account.email);
  await elsewhere.typePassword(TEST_PASSWORD);
  const stolen = new Map(visitor.cookies);

  assertPage(await new AccountVisit(issuer, visitor).submit('/sign-out'), 'signed-out.title');

  assert.equal((await visitor.get('/account')).status, 303);
  const thief = new Visitor(issuer);
  for (const [key, cookie] of stolen) thief.cookies.set(key, cookie);
  assert.equal((await thief.get('/account')).status, 303, 'the cookie of before names nothing');
  assert.equal((await client.refresh(refreshToken)).body.error, 'invalid_grant');
  assert.equal((await elsewhere.visitor.get('/account')).status, 200);
});

test('signing out everywhere ends every other session and every token at once, and leaves this browser', async (t) => {
  const site = await openTestApp(t, PASSWORDS_ONLY);
  const { app, issuer } = site;
  const { account, visitor } = await openSession(site);
  const { visitor: kim } = await openSession(site, 'kim@example.com');
  const client = await RawClient.register(site, { grantTypes: ['authorization_code', 'refresh_token'] });
  const others = [];
  for (let count = 0; count < 3; count += 1) {
    const flow = await openSignIn({ app, issuer });
    await flow.identify(account.email);
    await flow.typePassword(TEST_PASSWORD);
    others.push({ visitor: flow.visitor, tokens: await client.obtainTokens(flow.visitor) });
  }
  const visit = new AccountVisit(issuer, visitor);

  const answer = await visit.submit('/sign-out-everywhere');

  assertPage(await visitor.follow(answer), 'security.title', 'signed-out-elsewhere');
  for (const other of others) {
    assert.equal((await other.visitor.get('/account')).status, 303);
    assert.equal((await client.refresh(other.tokens.refreshToken)).body.error, 'invalid_grant');
    assert.equal((await client.userinfo(other.tokens.accessToken)).status, 401);
  }
  assert.equal((await kim.get('/account')).status, 200);
});

test('a disabled account is out at once', async (t) => {
  const site = await openTestApp(t, PASSWORDS_ONLY);
  const { account, visitor } = await openSession(site);
  const visit = new AccountVisit(site.issuer, visitor);
  const csrf = await visit.readCsrf();
  await site.app.accounts.disable(account.id);

  assertPage(await visit.open(), 'sign-in.title.remembered');
  assert.equal((await visitor.postForm('/account/sign-out-everywhere', { csrf })).status, 303);
});
