import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRemoteJWKSet, decodeJwt, decodeProtectedHeader, jwtVerify } from 'jose';
import { openTestApp } from '../support/app.ts';
import { outcomeOf, RawClient, readCallback } from '../support/raw-client.ts';
import { openSession } from '../support/session.ts';

const INVOICES = 'https://invoices.example/';
const MAIL = 'https://mail.example/';

test('access tokens for an API', async (t) => {
  const site = await openTestApp(t, { policy: { enrolPasskey: 'manual' } });
  const { issuer, advance } = site;
  const { account, visitor } = await openSession(site);
  const client = await RawClient.register(site, { authMethod: 'client_secret_post', resources: [INVOICES, MAIL] });
  const keys = createRemoteJWKSet(new URL(`${issuer}/jwks`));
  const verify = (token: string, audience: string) => jwtVerify(token, keys, { issuer, audience, typ: 'at+jwt' });
  const obtain = async (resource = INVOICES) =>
    client.exchange(await client.obtainCode(visitor, { resource }), { resource });

  await t.test(
    'are JWTs that the API can check by itself, and that tell how strongly the person signed in',
    async () => {
      const { body } = await obtain();
      const accessToken = String(body.access_token);

      const { payload, protectedHeader } = await verify(accessToken, INVOICES);
      assert.equal(protectedHeader.alg, 'ES256');
      const { exp = 0, iat = 0, jti, ...claims } = payload;
      assert.equal(exp - iat, 600);
      assert.match(String(jti), /^[\w-]{21,}$/);
      assert.deepEqual(claims, {
        iss: issuer,
        aud: INVOICES,
        sub: account.id,
        client_id: client.id,
        scope: body.scope,
        acr: 'urn:cardea:acr:pwd',
        amr: ['pwd'],
        auth_time: decodeJwt(String(body.id_token)).auth_time,
      });
      await assert.rejects(verify(accessToken, MAIL), /aud/);
    },
  );

  await t.test('keep telling so after a refresh', async () => {
    const { body } = await obtain();
    advance(60);
    const refreshed = await client.refresh(String(body.refresh_token), { resource: INVOICES });
    const { acr, auth_time, iat } = decodeJwt(String(refreshed.body.access_token));
    assert.deepEqual([acr, auth_time], ['urn:cardea:acr:pwd', decodeJwt(String(body.id_token)).auth_time]);
    assert.ok(Number(iat) >= Number(auth_time) + 60);
  });

  await t.test('are for one API each, of those that the person was asked about', async () => {
    const both = `${client.authorizationUrl({ resource: INVOICES })}&resource=${encodeURIComponent(MAIL)}`;
    const code = readCallback(await visitor.open(both)).get('code') ?? assert.fail();
    const { body } = await client.exchange(code, { resource: MAIL });
    assert.equal(decodeJwt(String(body.access_token)).aud, MAIL);

    const other = await client.refresh(String(body.refresh_token), { resource: INVOICES });
    assert.equal(decodeJwt(String(other.body.access_token)).aud, INVOICES);
    const userinfo = await client.refresh(String(other.body.refresh_token));
    assert.equal((await client.userinfo(String(userinfo.body.access_token))).body.sub, account.id);
    const asked = await obtain(INVOICES);
    assert.equal(
      outcomeOf(await client.refresh(String(asked.body.refresh_token), { resource: MAIL })),
      'invalid_target',
    );
  });

  await t.test('are not given for an API that the client is not registered for', async () => {
    const stranger = await RawClient.register(site);
    for (const resource of ['https://other.example/', 'https://invoices.example', 'no URI', `${INVOICES}#fragment`]) {
      const told = readCallback(await client.authorize(visitor, { resource }));
      assert.equal(told.get('error'), 'invalid_target', resource);
    }
    assert.equal(
      readCallback(await stranger.authorize(visitor, { resource: INVOICES })).get('error'),
      'invalid_target',
    );
    const code = await client.obtainCode(visitor);
    assert.equal(outcomeOf(await client.exchange(code, { resource: INVOICES })), 'invalid_target');
  });

  await t.test('cannot be introspected or revoked: they end by themselves', async () => {
    const accessToken = String((await obtain()).body.access_token);
    assert.equal(outcomeOf(await client.introspect(accessToken)), 'unsupported_token_type');
    assert.equal(outcomeOf(await client.revoke(accessToken)), 'unsupported_token_type');
  });

  await t.test('are given to machines, which have no person', async () => {
    const machine = await RawClient.register(site, {
      authMethod: 'client_secret_post',
      grantTypes: ['client_credentials'],
      redirectUris: [],
      consent: 'ask',
      resources: [INVOICES],
    });
    const request = (resource: string) => machine.post('/token', { grant_type: 'client_credentials', resource });

    const { body } = await request(INVOICES);
    const { payload } = await verify(String(body.access_token), INVOICES);
    assert.deepEqual([payload.sub, payload.client_id], [machine.id, machine.id]);
    assert.equal('acr' in payload || 'auth_time' in payload, false);
    assert.equal(decodeProtectedHeader(String(body.access_token)).typ, 'at+jwt');
    assert.equal(body.refresh_token, undefined);
    assert.equal(outcomeOf(await request(MAIL)), 'invalid_target');
  });
});
