import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openTestApp } from '../support/app.ts';
import { RawClient } from '../support/raw-client.ts';
import { REDIRECT_URI } from '../support/sign-in-flow.ts';
import { Visitor } from '../support/visitor.ts';

test('what the provider says of itself', async (t) => {
  const site = await openTestApp(t);
  const { issuer } = site;
  const read = async (path: string) => (await fetch(issuer + path)).json();

  await t.test('discovery names exactly what is on, at both addresses', async () => {
    const document = await read('/.well-known/openid-configuration');

    assert.deepEqual(document, {
      issuer,
      authorization_endpoint: `${issuer}/auth`,
      token_endpoint: `${issuer}/token`,
      userinfo_endpoint: `${issuer}/userinfo`,
      jwks_uri: `${issuer}/jwks`,
      introspection_endpoint: `${issuer}/token/introspection`,
      revocation_endpoint: `${issuer}/token/revocation`,
      end_session_endpoint: `${issuer}/session/end`,
      pushed_authorization_request_endpoint: `${issuer}/request`,
      response_types_supported: ['code', 'none'],
      response_modes_supported: ['form_post', 'fragment', 'query'],
      grant_types_supported: ['authorization_code', 'refresh_token', 'client_credentials'],
      code_challenge_methods_supported: ['S256'],
      authorization_response_iss_parameter_supported: true,
      token_endpoint_auth_methods_supported: ['none', 'client_secret_basic', 'client_secret_post', 'private_key_jwt'],
      token_endpoint_auth_signing_alg_values_supported: ['RS256', 'PS256', 'ES256', 'EdDSA'],
      id_token_signing_alg_values_supported: ['RS256', 'ES256'],
      subject_types_supported: ['public'],
      scopes_supported: ['openid', 'offline_access', 'profile', 'email', 'phone', 'address', 'organization'],
      acr_values_supported: ['phrh', 'phr', 'urn:cardea:acr:mfa', 'urn:cardea:acr:pwd', 'urn:cardea:acr:recovery'],
      claim_types_supported: ['normal'],
      claims_supported: [
        ...['sub', 'acr', 'amr', 'auth_time'],
        ...['name', 'given_name', 'family_name', 'preferred_username', 'picture', 'locale', 'zoneinfo', 'updated_at'],
        ...['email', 'email_verified', 'phone_number', 'phone_number_verified', 'address', 'org_id', 'org_name'],
        ...['sid', 'iss'],
      ],
      claims_parameter_supported: true,
      request_uri_parameter_supported: false,
    });
    assert.deepEqual(await read('/.well-known/oauth-authorization-server'), document);
  });

  await t.test('a key of each algorithm is published, without its private half', async () => {
    const { keys } = (await read('/jwks')) as { keys: Readonly<Record<string, unknown>>[] }; // a JWK Set

    assert.deepEqual(keys.map(({ alg }) => alg).sort(), ['ES256', 'RS256']);
    for (const key of keys) {
      assert.equal(key.use, 'sig');
      for (const member of ['d', 'p', 'q', 'dp', 'dq', 'qi', 'k']) assert.equal(key[member], undefined);
    }
  });

  await t.test('discovery and keys may be kept for a while and are not sent twice', async () => {
    for (const path of ['/.well-known/openid-configuration', '/jwks']) {
      const first = await fetch(issuer + path);
      const again = await fetch(issuer + path, { headers: { 'if-none-match': first.headers.get('etag') ?? '' } });

      assert.equal(first.headers.get('cache-control'), 'public, max-age=300');
      assert.equal(first.headers.get('access-control-allow-origin'), '*');
      assert.equal(again.status, 304);
    }
  });

  await t.test('what is off is not there', async () => {
    const absent = [
      ['POST', '/reg'],
      ['GET', '/reg/anything'],
      ['POST', '/device/auth'],
      ['GET', '/device'],
      ['POST', '/backchannel'],
      ['GET', '/session/check'],
      ['GET', '/interaction/anything/abort'],
      ['GET', '/.well-known/webauthn'],
    ] as const;
    for (const [method, path] of absent) {
      const { status } = await fetch(issuer + path, { method, redirect: 'manual' });
      assert.equal(status, 404, `${method} ${path}`);
    }
  });

  await t.test('every answer carries the security headers, errors included', async () => {
    const client = await RawClient.register(site);
    const html = { headers: { accept: 'text/html' } };
    const preflight = { origin: 'https://app.example', 'access-control-request-method': 'POST' };
    const answers = {
      page: await client.authorize(new Visitor(issuer)),
      redirect: await fetch(client.authorizationUrl(), { redirect: 'manual' }),
      'redirect with an error': await fetch(client.authorizationUrl({ prompt: 'none' }), { redirect: 'manual' }),
      'error page': await fetch(client.authorizationUrl({ client_id: 'nobody' }), html),
      'form that posts itself': await fetch(client.authorizationUrl({ response_mode: 'form_post', prompt: 'none' })),
      'token error': await fetch(`${issuer}/token`, { method: 'POST' }),
      'userinfo error': await fetch(`${issuer}/userinfo`, { headers: { authorization: 'Bearer nonsense' } }),
      preflight: await fetch(`${issuer}/token`, { method: 'OPTIONS', headers: preflight }),
      'not found': await fetch(`${issuer}/nowhere`),
      'end of session': await fetch(`${issuer}/session/end`, html),
      discovery: await fetch(`${issuer}/.well-known/openid-configuration`),
    };
    const statuses = Object.values(answers).map(({ status }) => status);
    assert.deepEqual(statuses, [200, 303, 303, 400, 400, 400, 401, 204, 404, 200, 200]);
    for (const [name, { headers }] of Object.entries(answers)) {
      assert.match(headers.get('content-security-policy') ?? '', /default-src 'none'.*frame-ancestors 'none'/, name);
      assert.equal(headers.get('x-content-type-options'), 'nosniff', name);
      assert.equal(headers.get('referrer-policy'), 'no-referrer', name);
      assert.match(headers.get('cache-control') ?? '', name === 'discovery' ? /max-age/ : /no-store/, name);
    }
    assert.ok(answers['redirect with an error'].headers.get('location')?.startsWith(REDIRECT_URI));
  });
});
