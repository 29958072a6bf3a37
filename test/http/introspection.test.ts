import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeJwt } from 'jose';
import * as oauth from 'openid-client';
import { openTestApp } from '../support/app.ts';
import { outcomeOf, RawClient } from '../support/raw-client.ts';
import { RelyingParty } from '../support/relying-party.ts';
import { openSession } from '../support/session.ts';
import { REDIRECT_URI } from '../support/sign-in-flow.ts';

const CONFIDENTIAL = { authMethod: 'client_secret_post' };

test('introspection and revocation', async (t) => {
  const site = await openTestApp(t, { policy: { enrolPasskey: 'manual' } });
  const { issuer, advance } = site;
  const { account, visitor } = await openSession(site);
  const client = await RawClient.register(site, CONFIDENTIAL);
  const other = await RawClient.register(site, CONFIDENTIAL);
  const publicClient = await RawClient.register(site);
  const isActive = async (token: string, by = client) => (await by.introspect(token)).body.active;

  await t.test('a client is told of its own tokens, and how strongly their person signed in', async () => {
    const { accessToken, refreshToken, idToken } = await client.obtainTokens(visitor);

    const { body } = await client.introspect(accessToken);
    const now = Math.floor(Date.now() / 1000);
    assert.deepEqual(body, {
      active: true,
      sub: account.id,
      acr: 'urn:cardea:acr:pwd',
      amr: ['pwd'],
      auth_time: decodeJwt(idToken).auth_time,
      sid: decodeJwt(idToken).sid,
      client_id: client.id,
      iss: issuer,
      iat: now,
      exp: now + 600,
      scope: 'openid profile email',
      token_type: 'Bearer',
    });
    assert.equal(await isActive(refreshToken), true);
  });

  await t.test('of the tokens of others it is told nothing, like of nonsense', async () => {
    const { accessToken, refreshToken } = await client.obtainTokens(visitor);
    for (const token of [accessToken, refreshToken, 'nonsense', accessToken.slice(1), `${accessToken}x`]) {
      assert.deepEqual((await other.introspect(token)).body, { active: false });
      assert.deepEqual((await publicClient.introspect(token)).body, { active: false });
    }
  });

  await t.test('nobody is told anything without proving who they are', async () => {
    const { accessToken } = await client.obtainTokens(visitor);
    for (const path of ['/token/introspection', '/token/revocation']) {
      const wrong = await client.post(path, { token: accessToken, client_secret: 'wrong' });
      assert.deepEqual([wrong.status, wrong.body.error], [401, 'invalid_client']);
      const none = await client.post(path, { token: accessToken, client_id: undefined, client_secret: undefined });
      assert.equal(none.status, 400);
    }
    assert.equal(await isActive(accessToken), true);
  });

  await t.test('tokens that have ended are not active', async () => {
    const { accessToken } = await client.obtainTokens(visitor);
    advance(599);
    assert.equal(await isActive(accessToken), true);
    advance(1);
    assert.equal(await isActive(accessToken), false);
  });

  await t.test('a revoked token takes its family along', async () => {
    for (const kind of ['refreshToken', 'accessToken'] as const) {
      const tokens = await client.obtainTokens(visitor);

      const { status, body } = await client.revoke(tokens[kind]);

      assert.deepEqual([status, body], [200, {}]);
      assert.equal(await isActive(tokens[kind]), false, kind);
      assert.equal((await client.userinfo(tokens.accessToken)).status, 401, kind);
      assert.equal(outcomeOf(await client.refresh(tokens.refreshToken)), 'invalid_grant', kind);
    }
  });

  await t.test('revoking the token of another, or what is no token, has no effect', async () => {
    const tokens = await client.obtainTokens(visitor);
    for (const token of [tokens.accessToken, tokens.refreshToken]) {
      assert.equal(outcomeOf(await other.revoke(token)), '200');
      assert.equal(outcomeOf(await publicClient.revoke(token)), '200');
    }
    assert.equal(outcomeOf(await client.revoke('nonsense')), '200');

    assert.equal(await isActive(tokens.accessToken), true);
    assert.equal(outcomeOf(await client.refresh(tokens.refreshToken)), '200');
  });

  await t.test('a client library does both', async () => {
    const { configuration } = await RelyingParty.discover({
      issuer,
      clientId: client.id,
      redirectUri: REDIRECT_URI,
      authentication: oauth.ClientSecretPost(client.secret ?? ''),
    });
    const { accessToken } = await client.obtainTokens(visitor);

    assert.equal((await oauth.tokenIntrospection(configuration, accessToken)).active, true);
    await oauth.tokenRevocation(configuration, accessToken);
    assert.equal((await oauth.tokenIntrospection(configuration, accessToken)).active, false);
  });
});
