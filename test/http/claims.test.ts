import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeJwt } from 'jose';
import { openTestApp } from '../support/app.ts';
import { RawClient, readCallback } from '../support/raw-client.ts';
import { openSession } from '../support/session.ts';

const SCOPES = ['openid', 'profile', 'email', 'phone', 'address', 'organization'];
/** What every ID token has, beside what was asked for. */
const PROTOCOL_CLAIMS = ['acr', 'amr', 'aud', 'auth_time', 'exp', 'iat', 'iss', 'nonce', 'sid', 'sub'];

test('what applications learn of a person', async (t) => {
  const site = await openTestApp(t, { policy: { enrolPasskey: 'manual' } });
  const { app } = site;
  const { account, visitor } = await openSession(site);
  const organization = await app.organizations.requireOrFirst(undefined);
  const profile = {
    name: 'Alex Example',
    givenName: 'Alex',
    familyName: 'Example',
    preferredUsername: 'alex',
    picture: 'https://pictures.example/alex.png',
    locale: 'de-CH',
    zoneinfo: 'Europe/Zurich',
    phoneNumber: '+41441234567',
    address: { streetAddress: 'Main Street 1', locality: 'Zürich', postalCode: '8001', country: 'CH' },
  };
  const { updatedAt } = await app.accounts.setProfile(account.id, profile);
  const claimsOfScope: Readonly<Record<string, object>> = {
    profile: {
      name: 'Alex Example',
      given_name: 'Alex',
      family_name: 'Example',
      preferred_username: 'alex',
      picture: 'https://pictures.example/alex.png',
      locale: 'de-CH',
      zoneinfo: 'Europe/Zurich',
      updated_at: Math.floor(updatedAt.getTime() / 1000),
    },
    email: { email: 'alex@example.com', email_verified: false },
    phone: { phone_number: '+41441234567', phone_number_verified: false },
    address: {
      address: { street_address: 'Main Street 1', locality: 'Zürich', postal_code: '8001', country: 'CH' },
    },
    organization: { org_id: organization.id, org_name: 'Northwind' },
  };
  const client = await RawClient.register(site, { scopes: SCOPES });
  const askFor = (claims: unknown) => ({ scope: 'openid', claims: JSON.stringify(claims) });
  const readUserinfo = async (accessToken: string) => (await client.userinfo(accessToken)).body;

  for (const [scope, claims] of Object.entries(claimsOfScope)) {
    await t.test(`the scope ${scope} opens its claims at userinfo, and no others`, async () => {
      const { accessToken } = await client.obtainTokens(visitor, { scope: `openid ${scope}` });
      assert.deepEqual(await readUserinfo(accessToken), { sub: account.id, ...claims });
    });
  }

  await t.test('an ID token tells who, how and when, and nothing of the person', async () => {
    const { idToken } = await client.obtainTokens(visitor, { scope: SCOPES.join(' ') });
    assert.deepEqual(Object.keys(decodeJwt(idToken)).sort(), PROTOCOL_CLAIMS);
  });

  await t.test(
    'an ID token has the claims of the scopes where the client is registered so, after a refresh too',
    async () => {
      const eager = await RawClient.register(site, { scopes: SCOPES, scopeClaimsInIdToken: true });
      const { idToken, refreshToken } = await eager.obtainTokens(visitor, { scope: 'openid email organization' });
      const refreshed = String((await eager.refresh(refreshToken)).body.id_token);
      const wanted: Readonly<Record<string, unknown>> = { ...claimsOfScope.email, ...claimsOfScope.organization };

      for (const claims of [decodeJwt(idToken), decodeJwt(refreshed)]) {
        assert.deepEqual(Object.keys(claims).sort(), [...PROTOCOL_CLAIMS, ...Object.keys(wanted)].sort());
        for (const [name, value] of Object.entries(wanted)) assert.equal(claims[name], value);
      }
    },
  );

  await t.test('single claims are told where they were asked for, in the ID token or at userinfo', async () => {
    const claims = { id_token: { email: null, org_name: { essential: true } }, userinfo: { given_name: null } };
    const { idToken, accessToken } = await client.obtainTokens(visitor, askFor(claims));

    assert.deepEqual(Object.keys(decodeJwt(idToken)).sort(), [...PROTOCOL_CLAIMS, 'email', 'org_name'].sort());
    assert.deepEqual(await readUserinfo(accessToken), { sub: account.id, given_name: 'Alex' });
  });

  await t.test('a claim that is not known, or is a name of the machinery, is told of nobody', async () => {
    const names = ['password', 'userHandle', 'constructor', '__proto__', 'toString', 'nickname'];
    const asked = `{${names.map((name) => `"${name}":null`).join(',')}}`;
    const parameters = { scope: 'openid', claims: `{"id_token":${asked},"userinfo":${asked}}` };
    const { idToken, accessToken } = await client.obtainTokens(visitor, parameters);

    assert.deepEqual(Object.keys(decodeJwt(idToken)).sort(), PROTOCOL_CLAIMS);
    assert.deepEqual(await readUserinfo(accessToken), { sub: account.id });
  });

  await t.test('a claims parameter that is not one is refused', async () => {
    for (const claims of ['x', '[]', '{}', 'null', '1', '{"id_token":[]}', '{"userinfo":"email"}', '"id_token"']) {
      const told = readCallback(await client.authorize(visitor, { claims }));
      assert.equal(told.get('error'), 'invalid_request', claims);
    }
  });

  await t.test('the person who is asked for is the one, or nobody', async () => {
    const prompt = 'none';
    const same = askFor({ id_token: { sub: { value: account.id } } });
    const other = askFor({ id_token: { sub: { value: 'somebody-else' } } });

    assert.equal(decodeJwt((await client.obtainTokens(visitor, { ...same, prompt })).idToken).sub, account.id);
    assert.equal(readCallback(await client.authorize(visitor, { ...other, prompt })).get('error'), 'login_required');
  });
});
