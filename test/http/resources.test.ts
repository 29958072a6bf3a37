import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRemoteJWKSet, decodeJwt, decodeProtectedHeader, jwtVerify } from 'jose';
import { openTestApp } from '../support/app.ts';
import { type JsonAnswer, outcomeOf, RawClient, readCallback } from '../support/raw-client.ts';
import { openSession } from '../support/session.ts';

const INVOICES = 'https://invoices.example/';
const MAIL = 'https://mail.example/';
const RESOURCES = [
  { indicator: INVOICES, scopes: ['invoices:read', 'invoices:write'] },
  { indicator: MAIL, scopes: ['mail:send'] },
];

test('access tokens for an API', async (t) => {
  const site = await openTestApp(t, { policy: { enrolPasskey: 'manual' } });
  const { issuer, advance } = site;
  const { account, visitor } = await openSession(site);
  const client = await RawClient.register(site, { authMethod: 'client_secret_post', resources: RESOURCES });
  const keys = createRemoteJWKSet(new URL(`${issuer}/jwks`));
  const verify = (token: string, audience: string) => jwtVerify(token, keys, { issuer, audience, typ: 'at+jwt' });
  const obtain = async (resource = INVOICES, scope = 'openid invoices:read') =>
    client.exchange(await client.obtainCode(visitor, { resource, scope }), { resource });
  const readScope = ({ body }: JsonAnswer) => decodeJwt(String(body.access_token)).scope;

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
        scope: 'invoices:read',
        acr: 'urn:cardea:acr:pwd',
        amr: ['pwd'],
        auth_time: decodeJwt(String(body.id_token)).auth_time,
      });
      await assert.rejects(verify(accessToken, MAIL), /aud/);
    },
  );

  await t.test('carry what was asked for of the scopes of that API, and no others', async () => {
    const asked: readonly (readonly [scope: string, given: string | undefined])[] = [
      ['openid invoices:read', 'invoices:read'],
      ['openid profile email invoices:write invoices:read', 'invoices:write invoices:read'],
      ['openid invoices:read invoices:delete mail:send', 'invoices:read'],
      ['openid profile', undefined],
    ];
    for (const [scope, given] of asked) {
      const answer = await obtain(INVOICES, scope);
      assert.equal(
        readScope(answer)?.toString().split(' ').sort().join(' '),
        given?.split(' ').sort().join(' '),
        scope,
      );
      assert.equal(answer.body.scope, readScope(answer) ?? '', scope);
    }
    const code = await client.obtainCode(visitor, { resource: INVOICES, scope: 'invoices:read', nonce: undefined });
    const plain = await client.exchange(code);
    assert.deepEqual([readScope(plain), plain.body.id_token], ['invoices:read', undefined]);
  });

  await t.test('are the only ones that carry such scopes', async () => {
    const code = await client.obtainCode(visitor, {
      resource: INVOICES,
      scope: 'openid email invoices:read unheard-of',
    });
    const { body } = await client.exchange(code);
    assert.equal(body.scope, 'openid email');
    const { body: userinfo } = await client.userinfo(String(body.access_token));
    assert.equal(userinfo.email, account.email);
  });

  await t.test('narrow down at a refresh, widen again to what was allowed, and no further', async () => {
    const { body } = await obtain(INVOICES, 'openid invoices:read invoices:write');
    const refresh = (from: JsonAnswer['body'], scope?: string) =>
      client.refresh(String(from.refresh_token), { resource: INVOICES, scope });

    const narrow = await refresh(body, 'invoices:read');
    assert.equal(readScope(narrow), 'invoices:read');
    const wide = await refresh(narrow.body);
    assert.equal(readScope(wide), 'invoices:read invoices:write');
    assert.equal(outcomeOf(await refresh(wide.body, 'openid invoices:read invoices:delete')), 'invalid_scope');
    const { body: reader } = await obtain(INVOICES, 'openid invoices:read');
    assert.equal(outcomeOf(await refresh(reader, 'openid invoices:read invoices:write')), 'invalid_scope');
  });

  await t.test('keep telling so after a refresh', async () => {
    const { body } = await obtain();
    advance(60);
    const refreshed = await client.refresh(String(body.refresh_token), { resource: INVOICES });
    const { acr, auth_time, iat } = decodeJwt(String(refreshed.body.access_token));
    assert.deepEqual([acr, auth_time], ['urn:cardea:acr:pwd', decodeJwt(String(body.id_token)).auth_time]);
    assert.ok(Number(iat) >= Number(auth_time) + 60);
  });

  await t.test('are for one API each, of those that the person was asked about', async () => {
    const scope = 'openid invoices:read mail:send';
    const both = `${client.authorizationUrl({ resource: INVOICES, scope })}&resource=${encodeURIComponent(MAIL)}`;
    const code = readCallback(await visitor.open(both)).get('code') ?? assert.fail();
    const first = await client.exchange(code, { resource: MAIL });
    assert.deepEqual([decodeJwt(String(first.body.access_token)).aud, readScope(first)], [MAIL, 'mail:send']);

    const other = await client.refresh(String(first.body.refresh_token), { resource: INVOICES });
    assert.deepEqual([decodeJwt(String(other.body.access_token)).aud, readScope(other)], [INVOICES, 'invoices:read']);
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
      resources: [{ indicator: INVOICES, scopes: ['invoices:read', 'invoices:write'] }],
    });
    const request = (resource: string | undefined, scope?: string) =>
      machine.post('/token', { grant_type: 'client_credentials', resource, scope });

    const answer = await request(INVOICES, 'invoices:read');
    const { body } = answer;
    const { payload } = await verify(String(body.access_token), INVOICES);
    assert.deepEqual([payload.sub, payload.client_id], [machine.id, machine.id]);
    assert.equal('acr' in payload || 'auth_time' in payload, false);
    assert.equal(decodeProtectedHeader(String(body.access_token)).typ, 'at+jwt');
    assert.equal(body.refresh_token, undefined);
    assert.deepEqual([readScope(answer), body.scope], ['invoices:read', 'invoices:read']);
    const asked = await request(INVOICES, 'openid email invoices:write invoices:delete mail:send');
    assert.deepEqual([readScope(asked), asked.body.scope], ['invoices:write', 'invoices:write']);
    assert.equal(readScope(await request(INVOICES)), undefined);
    assert.equal((await request(undefined, 'invoices:read')).body.scope, undefined);
    assert.equal(outcomeOf(await request(MAIL, 'mail:send')), 'invalid_target');
  });
});
