import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openTestApp } from '../support/app.ts';
import { outcomeOf, RawClient } from '../support/raw-client.ts';
import { openSession } from '../support/session.ts';

const API = 'https://api.example/';

test('userinfo', async (t) => {
  const site = await openTestApp(t, { policy: { enrolPasskey: 'manual' } });
  const { app, advance } = site;
  const { account, visitor } = await openSession(site);
  const client = await RawClient.register(site, { resources: [{ indicator: API }] });
  const get = (authorization: string) => client.send('/userinfo', { headers: { authorization } });

  await t.test('tells what the scopes of the access token allow', async () => {
    const { accessToken } = await client.obtainTokens(visitor, { scope: 'openid email' });
    const { status, body } = await client.userinfo(accessToken);
    assert.equal(status, 200);
    assert.deepEqual(body, { sub: account.id, email: 'alex@example.com', email_verified: false });
  });

  await t.test('takes the token in the header or in a form, not in the address', async () => {
    const { accessToken } = await client.obtainTokens(visitor);
    const body = new URLSearchParams({ access_token: accessToken });
    const posted = await client.send('/userinfo', { method: 'POST', body });

    assert.equal(posted.body.sub, account.id);
    assert.equal((await client.send(`/userinfo?access_token=${accessToken}`, {})).status, 400);
    const both = await client.send('/userinfo', {
      method: 'POST',
      body,
      headers: { authorization: `Bearer ${accessToken}` },
    });
    assert.equal(both.status, 400);
  });

  await t.test('refuses whatever is not exactly an access token for it', async () => {
    const { accessToken, refreshToken, idToken } = await client.obtainTokens(visitor);
    const forApi = await client.exchange(await client.obtainCode(visitor, { resource: API }), { resource: API });
    const without = await client.exchange(await client.obtainCode(visitor, { scope: 'email', nonce: undefined }));
    const refused = {
      'an ID token': idToken,
      'a refresh token': refreshToken,
      'an access token for an API': String(forApi.body.access_token),
      'a truncated token': accessToken.slice(0, -1),
      'an extended token': `${accessToken}A`,
      'a token in other letters': accessToken.toLowerCase(),
      'a very long token': 'x'.repeat(10_000),
      'an empty token': '%00',
    };
    for (const [name, token] of Object.entries(refused)) {
      const { status, body, headers } = await client.userinfo(token);
      assert.deepEqual([status, body.error], [401, 'invalid_token'], name);
      assert.match(headers.get('www-authenticate') ?? '', /^Bearer realm=.*error="invalid_token"/, name);
    }
    assert.equal((await client.userinfo(String(without.body.access_token))).status, 403);
    for (const header of ['Bearer', `Basic ${accessToken}`, `Bearer ${accessToken} ${accessToken}`])
      assert.equal((await get(header)).status, 400, header);
  });

  await t.test('ends with the token after ten minutes', async () => {
    const { accessToken } = await client.obtainTokens(visitor);
    advance(599);
    assert.equal((await client.userinfo(accessToken)).status, 200);
    advance(1);
    assert.equal((await client.userinfo(accessToken)).status, 401);
  });

  await t.test('ends with the account, at once', async () => {
    const robin = await openSession(site, 'robin@example.com');
    const { accessToken } = await client.obtainTokens(robin.visitor);
    await app.accounts.disable(robin.account.id);
    assert.equal((await client.userinfo(accessToken)).status, 401);
  });
});

test('pages of other sites may call for their own client only', async (t) => {
  const site = await openTestApp(t, { policy: { enrolPasskey: 'manual' } });
  const { visitor } = await openSession(site);
  const client = await RawClient.register(site);
  const { accessToken } = await client.obtainTokens(visitor);
  const form = { client_id: client.id, grant_type: 'refresh_token', refresh_token: 'none' };

  async function call(path: string, origin: string, init: RequestInit = {}, by = client) {
    const { status, headers } = await by.send(path, { ...init, headers: { ...init.headers, origin } });
    assert.equal(headers.get('access-control-allow-credentials'), null);
    return { status, allowed: headers.get('access-control-allow-origin') };
  }

  await t.test('the origin of a redirect_uri is let in, to token, userinfo and revocation', async () => {
    const origin = 'https://app.example';
    const bearer = { headers: { authorization: `Bearer ${accessToken}` } };
    assert.deepEqual(await call('/userinfo', origin, bearer), { status: 200, allowed: origin });
    const body = new URLSearchParams(form);
    assert.deepEqual(await call('/token', origin, { method: 'POST', body }), { status: 400, allowed: origin });
    const token = new URLSearchParams({ client_id: client.id, token: 'none' });
    assert.deepEqual(await call('/token/revocation', origin, { method: 'POST', body: token }), {
      status: 200,
      allowed: origin,
    });
  });

  await t.test('no other origin is', async () => {
    for (const origin of ['https://evil.example', 'https://app.example.evil.example', 'http://app.example', 'null']) {
      const bearer = { headers: { authorization: `Bearer ${accessToken}` } };
      assert.deepEqual(await call('/userinfo', origin, bearer), { status: 400, allowed: null }, origin);
      const body = new URLSearchParams(form);
      assert.deepEqual(await call('/token', origin, { method: 'POST', body }), { status: 400, allowed: null }, origin);
    }
  });

  await t.test('a sandboxed page is not taken for an application with a scheme of its own', async () => {
    const native = await RawClient.register(site, {
      applicationType: 'native',
      redirectUris: ['com.example.ledger:/callback'],
    });
    const body = new URLSearchParams({ ...form, client_id: native.id });
    assert.deepEqual(await call('/token', 'null', { method: 'POST', body }), { status: 400, allowed: null });
  });

  await t.test('the pages of a sign-in are for nobody', async () => {
    for (const path of ['/auth', '/session/end', '/account']) {
      const { allowed } = await call(path, 'https://app.example', { redirect: 'manual' });
      assert.equal(allowed, null, path);
    }
    assert.equal(outcomeOf(await client.post('/auth', {})), 'not_found');
  });
});
