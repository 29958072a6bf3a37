import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as oauth from 'openid-client';
import { openTestApp } from '../support/app.ts';
import { raceRequests } from '../support/race-requests.ts';
import { type Fields, outcomeOf, RawClient, readCallback } from '../support/raw-client.ts';
import { RelyingParty } from '../support/relying-party.ts';
import { openSession } from '../support/session.ts';
import { REDIRECT_URI } from '../support/sign-in-flow.ts';
import { Visitor } from '../support/visitor.ts';

test('an authorization request that is pushed', async (t) => {
  const site = await openTestApp(t, { policy: { enrolPasskey: 'manual' } });
  const { issuer, advance } = site;
  const { visitor } = await openSession(site);
  const client = await RawClient.register(site, { authMethod: 'client_secret_post', requirePar: true });
  const push = (parameters: Fields = {}, by = client) =>
    by.post('/request', { ...Object.fromEntries(new URL(by.authorizationUrl()).searchParams), ...parameters });
  const pushed = async () => String((await push()).body.request_uri);
  const open = (requestUri: string, browser = visitor, by = client) =>
    browser.open(`/auth?${new URLSearchParams({ client_id: by.id, request_uri: requestUri })}`);

  await t.test('works for a client library', async () => {
    const { configuration } = await RelyingParty.discover({
      issuer,
      clientId: client.id,
      redirectUri: REDIRECT_URI,
      authentication: oauth.ClientSecretPost(client.secret ?? ''),
    });
    const codeVerifier = oauth.randomPKCECodeVerifier();
    const url = await oauth.buildAuthorizationUrlWithPAR(configuration, {
      redirect_uri: REDIRECT_URI,
      scope: 'openid',
      code_challenge: await oauth.calculatePKCECodeChallenge(codeVerifier),
      code_challenge_method: 'S256',
    });
    assert.deepEqual([...url.searchParams.keys()].sort(), ['client_id', 'request_uri']);

    const { headers } = await visitor.open(url.href);
    const callback = new URL(headers.get('location') ?? '');
    await oauth.authorizationCodeGrant(configuration, callback, { pkceCodeVerifier: codeVerifier });
  });

  await t.test('is answered with an address for a minute', async () => {
    const { status, body } = await push();
    assert.deepEqual([status, body.expires_in], [201, 60]);
    assert.match(String(body.request_uri), /^urn:ietf:params:oauth:request_uri:[\w-]{43}$/);

    const [early, late] = [await pushed(), await pushed()];
    advance(59);
    assert.ok(readCallback(await open(early)).has('code'));
    advance(1);
    assert.equal((await open(late)).status, 400);
  });

  await t.test('works once, also when it is opened ten times at once', async () => {
    const requestUri = await pushed();
    assert.ok(readCallback(await open(requestUri)).has('code'));
    assert.equal((await open(requestUri)).status, 400);

    const contested = await pushed();
    const answers = await raceRequests(issuer, 10, () =>
      visitor.get(`/auth?client_id=${client.id}&request_uri=${contested}`),
    );
    const codes = answers.filter((answer) => answer.headers.get('location')?.includes('code='));
    assert.equal(codes.length, 1);
  });

  await t.test('does not end when its page is loaded again before anybody has signed in', async () => {
    const requestUri = await pushed();
    const browser = new Visitor(issuer);
    assert.equal((await open(requestUri, browser)).status, 200);
    assert.equal((await open(requestUri, browser)).status, 200);
  });

  await t.test('is of no use to another client, and stays good for its own', async () => {
    const other = await RawClient.register(site);
    const requestUri = await pushed();
    const answer = await open(requestUri, visitor, other);

    assert.deepEqual([answer.status, answer.headers.get('location')], [400, null]);
    assert.ok(readCallback(await open(requestUri)).has('code'));
  });

  await t.test('cannot be changed in the address', async () => {
    const requestUri = await pushed();
    const added = { scope: 'openid address', redirect_uri: 'https://evil.example/', state: 'another' };
    const query = new URLSearchParams({ client_id: client.id, request_uri: requestUri, ...added });
    assert.equal(readCallback(await visitor.open(`/auth?${query}`)).get('state'), 'the-state');
  });

  await t.test('is refused where it would be refused otherwise, and without proof of the client', async () => {
    assert.equal(outcomeOf(await push({ redirect_uri: 'https://evil.example/' })), 'invalid_request');
    assert.equal(outcomeOf(await push({ code_challenge_method: 'plain' })), 'invalid_request');
    assert.equal(outcomeOf(await push({ response_type: 'token' })), 'unsupported_response_type');
    assert.equal(outcomeOf(await push({ request_uri: 'https://app.example/request' })), 'request_uri_not_supported');
    assert.equal(outcomeOf(await push({ request: 'eyJhbGciOiJub25lIn0.e30.' })), 'request_not_supported');
    assert.equal(outcomeOf(await push({ client_secret: 'wrong' })), 'invalid_client');
    assert.equal(outcomeOf(await push({ client_secret: undefined })), 'invalid_client');
  });

  await t.test('is the only one that a client takes that is registered so', async () => {
    assert.equal(readCallback(await client.authorize(visitor)).get('error'), 'invalid_request');
    for (const urn of ['urn:ietf:params:oauth:request_uri:', 'urn:ietf:params:oauth:request_uri:unknown'])
      assert.equal((await open(urn)).status, 400);
  });
});
