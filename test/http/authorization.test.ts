import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { openTestApp } from '../support/app.ts';
import { type Fields, outcomeOf, RawClient, readCallback } from '../support/raw-client.ts';
import { openSession } from '../support/session.ts';
import { REDIRECT_URI } from '../support/sign-in-flow.ts';
import { Visitor } from '../support/visitor.ts';

/** Addresses that somebody hopes to be taken for `REDIRECT_URI`. */
const WRONG_REDIRECT_URIS = [
  'https://app.example@evil.example/callback',
  'https://app.example:443@evil.example/callback',
  'https://app.example.evil.example/callback',
  'https://evil.example/callback',
  'https://app.example/callback/../evil',
  'https://app.example/callback/',
  'https://app.example/callback%2e%2e/evil',
  'https://app.example/%63allback',
  'https://app.example\\@evil.example/callback',
  'https://app.example/callback\\..\\evil',
  'https://app.example/\tcallback',
  'https://app.example/callback?extra=1',
  'https://app.example/callback#fragment',
  'https://app.example/callback*',
  'https://*/callback',
  'https://app.example:8443/callback',
  'https://app.example:443/callback',
  'https://APP.example/callback',
  'https://app.example./callback',
  'https://app.example/CALLBACK',
  'https://аpp.example/callback', // the first letter is Cyrillic
  'http://app.example/callback',
  '//app.example/callback',
  'javascript:alert(1)//https://app.example/callback',
  'data:text/html,https://app.example/callback',
];

test('an authorization request is looked at before anybody is asked anything', async (t) => {
  const site = await openTestApp(t);
  const { app, issuer, advance } = site;
  const client = await RawClient.register(site);
  const open = (parameters: Fields) => client.authorize(new Visitor(issuer), parameters);
  /** The error that the application is told. */
  const errorOf = async (parameters: Fields) => readCallback(await open(parameters)).get('error');

  await t.test(
    'a redirect_uri that is not the registered one, to the letter, gets a page and no redirect',
    async () => {
      for (const redirect_uri of WRONG_REDIRECT_URIS) {
        const answer = await open({ redirect_uri });

        assert.equal(answer.status, 400, redirect_uri);
        assert.equal(answer.headers.get('location'), null, redirect_uri);
        assert.doesNotMatch(answer.text, /evil\.example|<form/, redirect_uri);
      }
      assert.equal((await open({ redirect_uri: undefined })).status, 400);
    },
  );

  await t.test('a native application may come back on any port of loopback, and on no other path', async () => {
    const native = await RawClient.register(site, {
      applicationType: 'native',
      redirectUris: ['http://127.0.0.1/callback'],
    });
    const authorize = (redirect_uri: string) => native.authorize(new Visitor(issuer), { redirect_uri });

    assert.equal((await authorize('http://127.0.0.1:49152/callback')).status, 200);
    assert.equal((await authorize('http://127.0.0.1:49152/other')).status, 400);
    assert.equal((await authorize('http://localhost:49152/callback')).status, 400);
  });

  await t.test('an unknown, a removed and a missing client get a page', async () => {
    const removed = await RawClient.register(site);
    await app.clients.remove((await app.clients.find(removed.id))?.id ?? assert.fail());
    for (const client_id of ['nobody', removed.id, '__proto__', 'constructor', undefined]) {
      const { status, headers } = await open({ client_id });
      assert.deepEqual([status, headers.get('location')], [400, null], client_id);
    }
  });

  await t.test('a client removed in the middle of a sign-in leads to a page, not to a fault', async () => {
    const leaving = await RawClient.register(site);
    const visitor = new Visitor(issuer);
    const { url } = await leaving.authorize(visitor);
    await app.clients.remove((await app.clients.find(leaving.id))?.id ?? assert.fail());
    advance(6);

    assert.equal((await visitor.get(url)).status, 410);
  });

  await t.test('what was sent is never markup on the error page', async () => {
    const markup = '"><script>alert(1)</script><img src=x onerror=alert(1)>';
    for (const name of ['client_id', 'redirect_uri', 'state', 'scope', 'nonce', 'prompt', 'response_type', 'claims']) {
      const { text } = await open({ redirect_uri: 'https://evil.example', [name]: markup });
      assert.doesNotMatch(text, /<script>alert|<img src=x/, name);
    }
  });

  await t.test('a parameter given twice is refused', async () => {
    const given = new URL(client.authorizationUrl({ prompt: 'login', max_age: '5', claims: '{}' })).searchParams;
    for (const name of given.keys()) {
      const answer = await new Visitor(issuer).open(`/auth?${given}&${name}=${given.get(name)}`);
      const told = answer.headers.get('location');
      if (told === null) assert.equal(answer.status, 400, name);
      else assert.equal(new URL(told).searchParams.get('error'), 'invalid_request', name);
    }
  });

  await t.test('lists and objects in the place of text are refused', async () => {
    const { searchParams } = new URL(client.authorizationUrl({ client_id: undefined }));
    for (const name of ['client_id[]', 'client_id[$ne]', 'client_id.x']) {
      const answer = await new Visitor(issuer).open(`/auth?${searchParams}&${encodeURIComponent(name)}=${client.id}`);
      assert.equal(answer.status, 400, name);
    }
  });

  await t.test('PKCE with S256 is required', async () => {
    const refused: Fields[] = [
      { code_challenge: undefined, code_challenge_method: undefined },
      { code_challenge_method: 'plain' },
      { code_challenge_method: undefined },
      { code_challenge_method: 's256' },
      { code_challenge: undefined },
      { code_challenge: 'tooshort' },
      { code_challenge: 'x'.repeat(129) },
    ];
    for (const parameters of refused)
      assert.equal(await errorOf(parameters), 'invalid_request', JSON.stringify(parameters));
  });

  await t.test('implicit and hybrid responses are refused', async () => {
    for (const response_type of ['token', 'id_token', 'id_token token', 'code id_token', 'code token', 'password']) {
      const answer = await open({ response_type });
      const location = answer.headers.get('location') ?? '';
      assert.ok(location.startsWith(REDIRECT_URI), response_type);
      assert.match(location, /[?#&]error=unsupported_response_type/, response_type);
    }
    assert.equal(await errorOf({ response_type: 'none' }), 'invalid_request');
  });

  await t.test('response modes that are off are refused', async () => {
    for (const response_mode of ['web_message', 'jwt', 'query.jwt', 'form_post.jwt', 'constructor'])
      assert.equal(await errorOf({ response_mode }), 'unsupported_response_mode', response_mode);
  });

  await t.test(
    'request objects, foreign registrations and addresses of requests are refused, and nothing is fetched',
    async (t) => {
      let fetched = 0;
      const server = createServer((_request, response) => {
        fetched += 1;
        response.end();
      });
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      t.after(() => server.close());
      const { port } = server.address() as AddressInfo; // it listens on a port, not on a pipe

      assert.equal(await errorOf({ request: 'eyJhbGciOiJub25lIn0.e30.' }), 'request_not_supported');
      assert.equal(await errorOf({ request_uri: `http://127.0.0.1:${port}/request` }), 'request_uri_not_supported');
      assert.equal(await errorOf({ registration: '{}' }), 'registration_not_supported');
      assert.equal(fetched, 0);
    },
  );

  await t.test('scopes outside of the registration and malformed ones are refused', async () => {
    assert.equal(await errorOf({ scope: 'openid address' }), 'invalid_scope');
    assert.equal(await errorOf({ scope: 'openid "quoted"' }), 'invalid_scope');
  });

  await t.test('numbers are numbers, and prompts are known ones', async () => {
    for (const max_age of ['-1', 'NaN', '1e309', '1.5', 'x', '0x'])
      assert.equal(await errorOf({ max_age }), 'invalid_request', max_age);
    for (const prompt of ['none login', 'select_account', 'create', 'constructor'])
      assert.equal(await errorOf({ prompt }), 'invalid_request', prompt);
  });

  await t.test('errors carry the state and the issuer', async () => {
    const told = readCallback(await open({ prompt: 'none', state: 'a b&c=<d>' }));
    assert.deepEqual([told.get('error'), told.get('state'), told.get('iss')], ['login_required', 'a b&c=<d>', issuer]);
  });
});

test('how a code reaches the application', async (t) => {
  const site = await openTestApp(t, { policy: { enrolPasskey: 'manual' } });
  const { issuer } = site;
  const { visitor } = await openSession(site);
  const client = await RawClient.register(site);

  await t.test('in the query, with state and issuer', async () => {
    const sent = readCallback(await client.authorize(visitor, { state: 'a b&c=<d>' }));
    assert.deepEqual([...sent.keys()], ['code', 'state', 'iss']);
    assert.deepEqual([sent.get('state'), sent.get('iss')], ['a b&c=<d>', issuer]);
    assert.equal(readCallback(await client.authorize(visitor, { state: undefined })).has('state'), false);
  });

  await t.test('in the fragment, where it asks for that', async () => {
    const { headers } = await client.authorize(visitor, { response_mode: 'fragment' });
    const { search, hash } = new URL(headers.get('location') ?? '');
    assert.equal(search, '');
    assert.match(hash, /^#code=/);
  });

  await t.test('in a form that posts itself, which the content security policy lets it', async () => {
    const { status, text, headers } = await client.authorize(visitor, { response_mode: 'form_post', state: '"><b>' });

    assert.equal(status, 200);
    const script = /<script>([^<]*)<\/script>/.exec(text)?.[1] ?? assert.fail(text);
    const digest = createHash('sha256').update(script).digest('base64');
    const policy = headers.get('content-security-policy') ?? '';
    assert.ok(/script-src [^;]*/.exec(policy)?.[0].includes(`'sha256-${digest}'`), policy);
    assert.doesNotMatch(policy, /form-action/);
    assert.match(text, /<form method="post" action="https:\/\/app\.example\/callback">/);
    assert.match(text, /name="code" value="[\w-]{43}"/);
    assert.ok(!text.includes('"><b>'));
  });

  await t.test('never for a form by which somebody else posts the request', async () => {
    const answer = await visitor.postForm('/auth', Object.fromEntries(new URL(client.authorizationUrl()).searchParams));
    assert.equal(answer.status, 404);
  });

  await t.test('a confidential client may be registered to go without PKCE, and may still use it', async () => {
    const without = { code_challenge: undefined, code_challenge_method: undefined };
    const strict = await RawClient.register(site, { authMethod: 'client_secret_basic' });
    const lenient = await RawClient.register(site, { authMethod: 'client_secret_basic', requirePkce: false });

    assert.equal(readCallback(await strict.authorize(visitor, without)).get('error'), 'invalid_request');
    const code = await lenient.obtainCode(visitor, without);
    assert.equal(outcomeOf(await lenient.exchange(code, { code_verifier: undefined })), '200');
    assert.equal(outcomeOf(await lenient.exchange(await lenient.obtainCode(visitor, without))), 'invalid_grant');
    assert.equal(outcomeOf(await lenient.exchange(await lenient.obtainCode(visitor))), '200');
  });

  await t.test('a scope that nobody knows is dropped, and offline access that nobody consented to', async () => {
    const code = await client.obtainCode(visitor, { scope: 'openid admin offline_access email' });
    assert.equal((await client.exchange(code)).body.scope, 'openid email');
  });
});
