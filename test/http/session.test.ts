import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeJwt } from 'jose';
import { addAccount, openTestApp, TEST_PASSWORD } from '../support/app.ts';
import { type Fields, RawClient, readCallback } from '../support/raw-client.ts';
import { openSession, signInByPassword } from '../support/session.ts';
import { openSignIn } from '../support/sign-in-flow.ts';
import { Visitor } from '../support/visitor.ts';

test('when somebody who is signed in is asked again', async (t) => {
  const site = await openTestApp(t, { policy: { enrolPasskey: 'manual' } });
  const { app, issuer, advance } = site;
  const alex = await addAccount(app, 'alex@example.com');
  await addAccount(app, 'robin@example.com');
  const client = await RawClient.register(site);
  const signIn = () => signInByPassword(site, 'alex@example.com');
  const authTimeOf = async (visitor: Visitor, parameters?: Fields) =>
    Number(decodeJwt((await client.obtainTokens(visitor, parameters)).idToken).auth_time);
  const errorOf = async (visitor: Visitor, parameters: Fields) =>
    readCallback(await client.authorize(visitor, { prompt: 'none', ...parameters })).get('error');

  await t.test('not for an application that takes the session', async () => {
    const visitor = await signIn();
    const signedInAt = Math.floor(Date.now() / 1000);
    advance(600);
    assert.equal(await authTimeOf(visitor, { prompt: 'none' }), signedInAt);
    assert.equal(await authTimeOf(visitor, { max_age: '601' }), signedInAt);
  });

  await t.test('by prompt=login, and by max_age once the sign-in is older', async () => {
    for (const parameters of [{ prompt: 'login' }, { max_age: '0' }, { max_age: '30' }]) {
      const visitor = await signIn();
      advance(60);
      const flow = await openSignIn({ app, issuer, visitor, parameters });
      assert.equal(flow.current.status, 200);
      assert.match(flow.current.text, /alex@example\.com/, 'whose password it is, is known');

      await flow.typePassword(TEST_PASSWORD);

      const claims = (await flow.finish()).claims();
      assert.equal(claims?.auth_time, Math.floor(Date.now() / 1000));
      assert.equal(claims?.sub, alex.id);
    }
  });

  await t.test('and where nobody may be asked, the application is told so', async () => {
    const visitor = await signIn();
    advance(60);
    assert.equal(await errorOf(new Visitor(issuer), {}), 'login_required');
    assert.equal(await errorOf(visitor, { max_age: '30' }), 'login_required');
    assert.equal(await errorOf(visitor, { max_age: '61' }), null);
  });

  await t.test('when the application means somebody else, and only that person is let through', async () => {
    const robin = await signInByPassword(site, 'robin@example.com');
    const { idToken: hint } = await client.obtainTokens(robin);
    const visitor = await signIn();
    assert.equal(await errorOf(visitor, { id_token_hint: hint }), 'login_required');
    assert.equal(await errorOf(robin, { id_token_hint: hint }), null);

    const page = await client.authorize(visitor, { id_token_hint: hint });
    const { pathname } = new URL(page.url);
    await visitor.postForm(`${pathname}/identify`, { email: 'alex@example.com' });
    const answer = await visitor.follow(await visitor.postForm(`${pathname}/password`, { password: TEST_PASSWORD }));
    assert.equal(readCallback(answer).get('error'), 'login_required');
  });

  await t.test('a hint that is forged, unsigned or of another client is refused', async () => {
    const visitor = await signIn();
    const { idToken } = await client.obtainTokens(visitor);
    const other = await RawClient.register(site);
    const [header = '', payload = '', signature = ''] = idToken.split('.');
    const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const { alg, kid } = JSON.parse(Buffer.from(header, 'base64url').toString());
    const hints = [
      'nonsense',
      `${encode({ alg: 'none' })}.${payload}.`,
      `${header}.${encode({ ...decodeJwt(idToken), sub: 'another' })}.${signature}`,
      `${encode({ alg, kid: '../../etc/passwd' })}.${encode({ ...decodeJwt(idToken), sub: 'another' })}.${signature}`,
      `${encode({ alg: 'HS256', kid })}.${payload}.${signature}`,
      (await other.obtainTokens(visitor)).idToken,
    ];
    for (const id_token_hint of hints) assert.equal(await errorOf(visitor, { id_token_hint }), 'invalid_request');
  });

  await t.test('after an hour in which the session was not used', async () => {
    const visitor = await signIn();
    for (let hour = 0; hour < 3; hour += 1) {
      advance(3599);
      assert.equal(await errorOf(visitor, {}), null);
    }
    advance(3600);
    assert.equal(await errorOf(visitor, {}), 'login_required');
  });

  await t.test('after a day, however much the session was used', async () => {
    const visitor = await signIn();
    for (let halfHour = 0; halfHour < 47; halfHour += 1) {
      advance(1800);
      assert.equal(await errorOf(visitor, {}), null);
    }
    advance(1799);
    assert.equal(await errorOf(visitor, {}), null);
    advance(1);
    assert.equal(await errorOf(visitor, {}), 'login_required');
  });

  await t.test('when the account has been disabled', async () => {
    const { account, visitor } = await openSession(site, 'leaving@example.com');
    await app.accounts.disable(account.id);
    assert.equal(await errorOf(visitor, {}), 'login_required');
    assert.match((await client.authorize(visitor)).text, /<form/);
  });

  await t.test('when it was disabled by somebody who forgot its sessions', async () => {
    const { account, visitor } = await openSession(site, 'gone@example.com');
    const { accessToken } = await client.obtainTokens(visitor);
    const disabled = { ...account, disabledAt: new Date(Date.now()), version: account.version + 1 };
    assert.equal(await app.storage.accounts.update(disabled), true);

    assert.equal(await errorOf(visitor, {}), 'login_required');
    assert.equal((await client.userinfo(accessToken)).status, 401);
  });
});

test('a sign-in belongs to the browser it was begun in', async (t) => {
  const site = await openTestApp(t, { policy: { enrolPasskey: 'manual' } });
  const { app, issuer } = site;
  await addAccount(app, 'alex@example.com');
  await addAccount(app, 'robin@example.com');
  const client = await RawClient.register(site);

  await t.test('its address is of no use elsewhere, nor with its id as a cookie of somebody’s own making', async () => {
    const { url } = await client.authorize(new Visitor(issuer));
    const { pathname } = new URL(url);
    const uid = pathname.split('/').at(-1) ?? '';
    const stranger = new Visitor(issuer);
    assert.equal((await stranger.get(url)).status, 400);
    assert.equal((await stranger.get(`/auth/${uid}`)).status, 400);
    for (const name of ['cardea.sign-in', 'cardea.resume'])
      stranger.cookies.set(`${name} /`, { value: uid, path: '/' });
    assert.equal((await stranger.get(url)).status, 400);
    assert.equal((await stranger.postForm(`${pathname}/identify`, { email: 'alex@example.com' })).status, 400);
    assert.equal((await stranger.get(`/auth/${uid}`)).status, 400);
  });

  await t.test('its address is of no use with the signed cookies of another sign-in either', async () => {
    const { url } = await client.authorize(new Visitor(issuer));
    const other = new Visitor(issuer);
    await client.authorize(other);
    for (const [key, { value }] of [...other.cookies])
      other.cookies.set(`${key.split(' ')[0]} /`, { value, path: '/' });

    assert.equal((await other.get(url)).status, 400);
    assert.equal((await other.postForm(`${new URL(url).pathname}/cancel`, {})).status, 400);
  });

  await t.test('it cannot be resumed before it is done, nor twice', async () => {
    const visitor = new Visitor(issuer);
    const { url } = await client.authorize(visitor);
    const { pathname } = new URL(url);
    const uid = pathname.split('/').at(-1) ?? '';
    await visitor.postForm(`${pathname}/identify`, { email: 'alex@example.com' });
    assert.match((await visitor.open(`/auth/${uid}`)).text, /<form/, 'asked again');
    assert.equal((await visitor.open(`/auth/${uid}`)).status, 400);
  });

  await t.test('somebody else who signs in ends the session of the first before', async () => {
    const visitor = await signInByPassword(site, 'alex@example.com');
    const { accessToken } = await client.obtainTokens(visitor);
    const page = await client.authorize(visitor, { prompt: 'login' });
    const { pathname } = new URL(page.url);
    await visitor.postForm(`${pathname}/identify`, { email: 'robin@example.com' });

    const between = await visitor.follow(await visitor.postForm(`${pathname}/password`, { password: TEST_PASSWORD }));

    assert.equal(between.status, 200);
    const xsrf = /name="xsrf" value="([^"]+)"/.exec(between.text)?.[1] ?? assert.fail(between.text);
    const end = await visitor.postForm('/session/end/confirm', { xsrf, logout: 'yes' });
    const code = readCallback(await visitor.follow(end)).get('code') ?? assert.fail(end.text);
    const { body } = await client.exchange(code);
    const robin = await app.accounts.findByEmail(
      (await app.organizations.requireOrFirst(undefined)).id,
      'robin@example.com',
    );
    assert.equal(decodeJwt(String(body.id_token)).sub, robin?.id);
    assert.equal((await client.userinfo(accessToken)).status, 401);
  });

  await t.test('it does not go on in the session of somebody else', async () => {
    const [alex, robin] = [
      await signInByPassword(site, 'alex@example.com'),
      await signInByPassword(site, 'robin@example.com'),
    ];
    const page = await client.authorize(alex, { prompt: 'login' });
    const { pathname } = new URL(page.url);
    for (const name of ['cardea.session /', 'cardea.session.sig /']) {
      const cookie = robin.cookies.get(name) ?? assert.fail(name);
      alex.cookies.set(name, cookie);
    }
    const answer = await alex.follow(await alex.postForm(`${pathname}/password`, { password: TEST_PASSWORD }));
    assert.equal(answer.status, 400);
    assert.equal(answer.headers.get('location'), null);
  });

  await t.test('its cookies are signed, short, and out of the reach of scripts', async () => {
    const answer = await new Visitor(issuer).get(client.authorizationUrl());
    const cookies = answer.headers.getSetCookie();
    assert.ok(cookies.length > 0 && cookies.length <= 6);
    for (const cookie of cookies) {
      assert.match(cookie, /httponly/i);
      assert.match(cookie, /samesite=lax/i);
      assert.doesNotMatch(cookie, /domain=/i);
      assert.ok(cookie.length < 1000);
    }
    const names = cookies.map((cookie) => cookie.split('=')[0]);
    for (const name of names.filter((one) => !one?.endsWith('.sig'))) assert.ok(names.includes(`${name}.sig`), name);
  });
});
