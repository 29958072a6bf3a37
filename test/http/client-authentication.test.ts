import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type CryptoKey, exportJWK, generateKeyPair, type JWTHeaderParameters, SignJWT } from 'jose';
import * as oauth from 'openid-client';
import type { ClientId } from '../../src/lib/ids.ts';
import { openTestApp, type TestApp } from '../support/app.ts';
import { raceRequests } from '../support/race-requests.ts';
import { outcomeOf, RawClient } from '../support/raw-client.ts';
import { RelyingParty } from '../support/relying-party.ts';
import { openSession } from '../support/session.ts';
import { REDIRECT_URI } from '../support/sign-in-flow.ts';

const MACHINE = { grantTypes: ['client_credentials'], redirectUris: [], consent: 'ask' };
const BEARER = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

function basic(id: string, secret: string): string {
  return `Basic ${Buffer.from(`${encodeURIComponent(id)}:${encodeURIComponent(secret)}`).toString('base64')}`;
}

test('applications with any way of proving themselves get tokens, by a client library', async (t) => {
  const site = await openTestApp(t, { policy: { enrolPasskey: 'manual' } });
  const { issuer } = site;
  const { visitor, account } = await openSession(site);
  const { privateKey, publicKey } = await generateKeyPair('ES256');
  const jwks = { keys: [{ ...(await exportJWK(publicKey)), alg: 'ES256', use: 'sig' }] };
  const ways = [
    { authMethod: 'none', authentication: () => oauth.None() },
    { authMethod: 'client_secret_basic', authentication: (secret = '') => oauth.ClientSecretBasic(secret) },
    { authMethod: 'client_secret_post', authentication: (secret = '') => oauth.ClientSecretPost(secret) },
    { authMethod: 'private_key_jwt', fields: { jwks }, authentication: () => oauth.PrivateKeyJwt(privateKey) },
  ];
  for (const { authMethod, fields, authentication } of ways) {
    await t.test(authMethod, async () => {
      const { id, secret } = await RawClient.register(site, { authMethod, ...fields });
      const registration = { issuer, clientId: id, redirectUri: REDIRECT_URI };
      const relyingParty = await RelyingParty.discover({ ...registration, authentication: authentication(secret) });
      const pending = await relyingParty.start();
      const tokens = await pending.finish((await visitor.open(pending.url)).headers.get('location') ?? '');
      assert.equal(tokens.claims()?.sub, account.id);
    });
  }
});

test('a secret', async (t) => {
  const site = await openTestApp(t);
  const { app, advance } = site;
  const client = await registerMachine(site);
  const { id, secret = '' } = client;
  const request = (fields: Readonly<Record<string, string | undefined>>) =>
    client.post('/token', { grant_type: 'client_credentials', ...fields });
  const requestBasic = (authorization: string, fields: Readonly<Record<string, string>> = {}) =>
    client.send('/token', {
      method: 'POST',
      headers: { authorization },
      body: new URLSearchParams({ grant_type: 'client_credentials', ...fields }),
    });

  await t.test('that is wrong, absent or of another client is refused with 401', async () => {
    const other = await registerMachine(site);
    for (const client_secret of [
      'wrong',
      `${secret}x`,
      secret.slice(0, -1),
      secret.toUpperCase(),
      other.secret,
      undefined,
    ]) {
      const { status, body } = await request({ client_secret });
      assert.deepEqual([status, body.error], [401, 'invalid_client']);
    }
    assert.equal((await request({})).status, 200);
  });

  await t.test('that is wrong in the header is answered with a challenge', async () => {
    const { status, headers } = await requestBasic(basic(id, 'wrong'));
    assert.equal(status, 401);
    assert.match(headers.get('www-authenticate') ?? '', /^Basic realm=/);
    assert.equal((await requestBasic(basic(id, secret))).status, 200);
  });

  await t.test('counts where the standard puts it only, and once', async () => {
    const query = new URLSearchParams({ client_id: id, client_secret: secret });
    const inAddress = await client.send(`/token?${query}`, {
      method: 'POST',
      body: new URLSearchParams({ grant_type: 'client_credentials' }),
    });
    assert.equal(inAddress.status, 400);
    assert.equal(outcomeOf(await requestBasic(basic(id, secret), { client_secret: secret })), 'invalid_request');
    assert.equal(outcomeOf(await requestBasic(basic(id, secret), { client_id: 'another' })), 'invalid_request');
    for (const header of ['Basic', 'Basic !!!', 'Bearer x', `Basic ${btoa('no colon')}`, `Basic ${btoa(`${id}:%zz`)}`])
      assert.equal(outcomeOf(await requestBasic(header)), 'invalid_request', header);
  });

  await t.test('of a public client does not exist, and a name alone is not enough for a confidential one', async () => {
    const publicClient = await RawClient.register(site);
    advance(61);
    assert.equal((await publicClient.post('/token', { grant_type: 'refresh_token', client_secret: 'x' })).status, 401);
    assert.equal((await client.post('/token', { grant_type: 'x', client_id: 'nobody' })).status, 401);
  });

  await t.test('works beside its successor for seven days', async () => {
    const { secret: successor } = await app.clients.addSecret(id as ClientId); // the id that it was given
    const works = async (client_secret: string) => (await request({ client_secret })).status === 200;

    assert.deepEqual([await works(secret), await works(successor)], [true, true]);
    advance(7 * 86_400 - 1);
    assert.deepEqual([await works(secret), await works(successor)], [true, true]);
    advance(1);
    assert.deepEqual([await works(secret), await works(successor)], [false, true]);
  });

  await t.test('works no more the moment it is removed', async () => {
    const { secret: old = '', ...machine } = await registerMachine(site);
    const { secret: successor } = await app.clients.addSecret(machine.id as ClientId); // the id that it was given
    await app.clients.removeSecret(machine.id as ClientId, old.slice(-4));

    assert.equal((await request({ client_id: machine.id, client_secret: old })).status, 401);
    assert.equal((await request({ client_id: machine.id, client_secret: successor })).status, 200);
  });
});

test('an assertion', async (t) => {
  const site = await openTestApp(t);
  const { issuer, advance } = site;
  const { privateKey, publicKey } = await generateKeyPair('ES256');
  const stranger = await generateKeyPair('ES256');
  const jwks = { keys: [{ ...(await exportJWK(publicKey)), kid: 'the-key' }] };
  const client = await RawClient.register(site, { ...MACHINE, authMethod: 'private_key_jwt', jwks });
  let count = 0;

  /** Signed by the client as it should be, except for what is given. */
  function sign(
    claims: Readonly<Record<string, unknown>> = {},
    header: Partial<JWTHeaderParameters> = {},
    key: CryptoKey = privateKey,
  ) {
    const now = Math.floor(Date.now() / 1000);
    count += 1;
    const right = { iss: client.id, sub: client.id, aud: issuer, jti: `jti-${count}`, iat: now, exp: now + 60 };
    return new SignJWT({ ...right, ...claims }).setProtectedHeader({ alg: 'ES256', ...header }).sign(key);
  }
  const present = (client_assertion: string) =>
    client.post('/token', {
      grant_type: 'client_credentials',
      client_id: undefined,
      client_assertion_type: BEARER,
      client_assertion,
    });

  await t.test('works once', async () => {
    const assertion = await sign();
    assert.deepEqual([await present(assertion), await present(assertion)].map(outcomeOf), ['200', 'invalid_client']);
  });

  await t.test('works once of twenty times at once', async () => {
    const assertion = await sign();
    const answers = await raceRequests(issuer, 20, () => present(assertion));
    assert.deepEqual(answers.map(outcomeOf).sort(), ['200', ...Array<string>(19).fill('invalid_client')]);
    advance(61);
  });

  await t.test('works once as long as it is valid', async () => {
    const assertion = await sign({ exp: Math.floor(Date.now() / 1000) + 3600 });
    assert.equal(outcomeOf(await present(assertion)), '200');
    advance(3599);
    assert.equal(outcomeOf(await present(assertion)), 'invalid_client');
  });

  await t.test('is made for this server, by its client, with its key, for now', async () => {
    const now = Math.floor(Date.now() / 1000);
    const unsigned = [{ alg: 'none' }, { iss: client.id, sub: client.id, aud: issuer, jti: 'x', exp: now + 60 }]
      .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
      .join('.');
    const refused = {
      'of another key': await sign({}, {}, stranger.privateKey),
      'of a key that nobody has': await sign({}, { kid: '../../etc/passwd' }, stranger.privateKey),
      'for another server': await sign({ aud: 'https://other.example' }),
      'for nobody': await sign({ aud: undefined }),
      'by another issuer': await sign({ iss: 'another' }),
      'about another client': await sign({ sub: 'another' }),
      'without an id': await sign({ jti: undefined }),
      'without an end': await sign({ exp: undefined }),
      'that has ended': await sign({ exp: now - 60 }),
      'from the future': await sign({ nbf: now + 60 }),
      'that is unsigned': `${unsigned}.`,
    };
    for (const [name, assertion] of Object.entries(refused))
      assert.equal(outcomeOf(await present(assertion)), 'invalid_client', name);
    advance(61);
  });

  await t.test('may be ten seconds early or late, not a minute', async () => {
    const now = Math.floor(Date.now() / 1000);
    assert.equal(outcomeOf(await present(await sign({ nbf: now + 9, exp: now + 69 }))), '200');
    assert.equal(outcomeOf(await present(await sign({ nbf: now - 60, exp: now - 9 }))), '200');
    assert.equal(outcomeOf(await present(await sign({ nbf: now + 11, exp: now + 71 }))), 'invalid_client');
    assert.equal(outcomeOf(await present(await sign({ nbf: now - 60, exp: now - 11 }))), 'invalid_client');
  });

  await t.test('is the only way in for its client', async () => {
    assert.equal((await client.post('/token', { grant_type: 'client_credentials' })).status, 401);
    assert.equal((await client.post('/token', { grant_type: 'client_credentials', client_secret: 'x' })).status, 401);
  });
});

function registerMachine(site: TestApp): Promise<RawClient> {
  return RawClient.register(site, { ...MACHINE, authMethod: 'client_secret_post' });
}
