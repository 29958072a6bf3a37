import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeJwt, decodeProtectedHeader } from 'jose';
import { openTestApp } from '../support/app.ts';
import { race } from '../support/race.ts';
import { raceRequests } from '../support/race-requests.ts';
import { outcomeOf, RawClient, readTokens } from '../support/raw-client.ts';
import { openSession } from '../support/session.ts';

test('what a code is good for', async (t) => {
  const site = await openTestApp(t, { policy: { enrolPasskey: 'manual' } });
  const { app, issuer, advance } = site;
  const { account, visitor } = await openSession(site);
  const client = await RawClient.register(site);
  const other = await RawClient.register(site);

  await t.test('tokens for ten minutes, which no cache may keep', async () => {
    const { headers, body } = await client.exchange(await client.obtainCode(visitor));

    assert.equal(headers.get('cache-control'), 'no-store');
    assert.deepEqual([body.token_type, body.expires_in, body.scope], ['Bearer', 600, 'openid profile email']);
    const { exp = 0, iat = 0, ...claims } = decodeJwt(String(body.id_token));
    assert.equal(exp - iat, 600);
    assert.equal(claims.nonce, 'the-nonce');
    assert.equal(claims.sub, account.id);
    assert.equal(claims.aud, client.id);
  });

  await t.test('an ID token signed with RS256, or with ES256 where the client is registered so', async () => {
    const modern = await RawClient.register(site, { idTokenAlgorithm: 'ES256' });
    const algorithmFor = async (one: RawClient) => decodeProtectedHeader((await one.obtainTokens(visitor)).idToken).alg;

    assert.deepEqual([await algorithmFor(client), await algorithmFor(modern)], ['RS256', 'ES256']);
  });

  await t.test('twenty exchanges at once succeed once, and what came of it is dead', async () => {
    const code = await client.obtainCode(visitor);

    const answers = await raceRequests(issuer, 20, () => client.exchange(code));

    const outcomes = answers.map(outcomeOf);
    assert.deepEqual(outcomes.sort(), ['200', ...Array<string>(19).fill('invalid_grant')]);
    const { accessToken, refreshToken } = readTokens(answers.find(({ status }) => status === 200) ?? assert.fail());
    assert.equal((await client.userinfo(accessToken)).status, 401);
    assert.equal(outcomeOf(await client.refresh(refreshToken)), 'invalid_grant');
  });

  await t.test('a second exchange is refused and ends what came of the first', async () => {
    const code = await client.obtainCode(visitor);
    const { accessToken, refreshToken } = readTokens(await client.exchange(code));
    assert.equal((await client.userinfo(accessToken)).status, 200);

    assert.equal(outcomeOf(await client.exchange(code)), 'invalid_grant');

    assert.equal((await client.userinfo(accessToken)).status, 401);
    assert.deepEqual((await client.introspect(accessToken)).body, { active: false });
    assert.equal(outcomeOf(await client.refresh(refreshToken)), 'invalid_grant');
  });

  await t.test('nothing, for another client, another redirect_uri or another verifier', async () => {
    const code = await client.obtainCode(visitor);
    assert.equal(outcomeOf(await other.exchange(code)), 'invalid_grant');
    const wrong = [
      { redirect_uri: 'https://app.example/other' },
      { redirect_uri: undefined },
      { code_verifier: 'x'.repeat(43) },
      { code_verifier: undefined },
      { code_verifier: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM' }, // the challenge itself
    ];
    for (const fields of wrong) {
      const outcome = outcomeOf(await client.exchange(await client.obtainCode(visitor), fields));
      assert.equal(outcome, 'redirect_uri' in fields && !fields.redirect_uri ? 'invalid_request' : 'invalid_grant');
    }
  });

  await t.test('nothing any more, after three verifiers that do not fit', async () => {
    const code = await client.obtainCode(visitor);
    const guess = () => client.exchange(code, { code_verifier: 'y'.repeat(43) });

    assert.deepEqual([await guess(), await guess(), await guess()].map(outcomeOf), Array(3).fill('invalid_grant'));
    assert.equal(outcomeOf(await client.exchange(code)), 'invalid_grant');
  });

  await t.test('nothing, for a client that is gone', async () => {
    const leaving = await RawClient.register(site);
    const code = await leaving.obtainCode(visitor);
    await app.clients.remove((await app.clients.find(leaving.id))?.id ?? assert.fail());
    advance(5);
    const { status, body } = await leaving.exchange(code);
    assert.deepEqual([status, body.error], [401, 'invalid_client']);
  });

  await t.test('tokens for a minute, and nothing from then on', async () => {
    const [early, late] = [await client.obtainCode(visitor), await client.obtainCode(visitor)];
    advance(59);
    assert.equal(outcomeOf(await client.exchange(early)), '200');
    advance(1);
    assert.equal(outcomeOf(await client.exchange(late)), 'invalid_grant');
  });
});

test('people who sign in at the same time get each their own tokens', async (t) => {
  const site = await openTestApp(t, { policy: { enrolPasskey: 'manual' } });
  const client = await RawClient.register(site);

  const people = await race(8, async (index) => {
    const { account, visitor } = await openSession(site, `person-${index}@example.com`);
    const nonce = `nonce-${index}`;
    return { account, nonce, claims: decodeJwt((await client.obtainTokens(visitor, { nonce })).idToken) };
  });

  for (const { account, nonce, claims } of people) assert.deepEqual([claims.sub, claims.nonce], [account.id, nonce]);
});

test('the token endpoint takes a short form and nothing else', async (t) => {
  const site = await openTestApp(t);
  const client = await RawClient.register(site);
  const form = 'application/x-www-form-urlencoded';
  const fields = { grant_type: 'authorization_code', client_id: client.id };
  const send = (contentType: string, body: RequestInit['body']) =>
    client.send('/token', {
      method: 'POST',
      headers: { 'content-type': contentType },
      body: body ?? null,
      signal: AbortSignal.timeout(2000),
    });

  const refused = {
    JSON: await send('application/json', JSON.stringify(fields)),
    multipart: await send('multipart/form-data; boundary=x', '--x\r\n\r\n--x--'),
    text: await send('text/plain', new URLSearchParams(fields).toString()),
    'an unknown charset': await send(`${form}; charset=klingon`, new URLSearchParams(fields).toString()),
    '60 KB': await send(form, `client_id=${'x'.repeat(60_000)}`),
    'a field twice': await send(form, `${new URLSearchParams(fields)}&client_id=${client.id}`),
    'a grant type twice': await send(form, `${new URLSearchParams(fields)}&grant_type=refresh_token`),
    'no grant type': await send(form, `client_id=${client.id}`),
    nothing: await send(form, ''),
  };

  for (const [name, answer] of Object.entries(refused)) {
    assert.deepEqual([answer.status, answer.body.error], [400, 'invalid_request'], name);
  }
  for (const grant_type of ['password', 'implicit', 'urn:ietf:params:oauth:grant-type:device_code'])
    assert.equal(outcomeOf(await client.post('/token', { grant_type })), 'unsupported_grant_type');
  assert.equal(outcomeOf(await client.post('/token', { grant_type: 'client_credentials' })), 'invalid_request');
});
