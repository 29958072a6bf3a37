import assert from 'node:assert/strict';
import { test } from 'node:test';
import { en } from '../../src/http/languages/en.ts';
import { openTestApp } from '../support/app.ts';
import { sendRaw } from '../support/raw-request.ts';
import { openSession } from '../support/session.ts';
import { openSignIn } from '../support/sign-in-flow.ts';
import { spoilSignIns } from '../support/stored.ts';
import { type Answer, Visitor } from '../support/visitor.ts';

const SECURITY_HEADERS = {
  'content-security-policy': [
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'",
    "frame-ancestors 'none'; require-trusted-types-for 'script'",
  ].join('; '),
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
  'cache-control': 'no-store',
};

function assertSecurityHeaders(headers: Headers, about: string): void {
  for (const [name, value] of Object.entries(SECURITY_HEADERS))
    assert.equal(headers.get(name), value, `${name}: ${about}`);
  assert.match(headers.get('x-request-id') ?? '', /^[\w-]{22}$/, about);
  assert.match(headers.get('permissions-policy') ?? '', /publickey-credentials-get=\(self\)/, about);
  assert.equal(headers.get('server'), null, about);
  assert.equal(headers.get('x-powered-by'), null, about);
}

test('every answer carries the security headers, whatever its status', async (t) => {
  const site = await openTestApp(t, { policy: { enrolPasskey: 'manual' } });
  const { app, issuer, log } = site;
  const { visitor } = await openSession(site);
  const flow = await openSignIn({ app, issuer });
  await flow.identify('alex@example.com');
  const { base } = flow;
  const password = (text: string) => flow.visitor.postForm(`${base}/password`, { password: text });
  const raw = (method: string, path: string, body?: string, headers = {}) =>
    flow.visitor.send(method, path, body, { origin: issuer, accept: 'text/html', ...headers });

  const answers: Record<string, Answer> = {
    '200 of a page': await visitor.get('/account'),
    '200 of a script’s request': await flow.post('/passkey/options', {}),
    '200 of a probe': await visitor.get('/health/ready'),
    303: await new Visitor(issuer).get('/account'),
    400: await raw('POST', `${base}/identify`, 'x', { 'content-type': 'application/x-www-form-urlencoded' }),
    401: await password('a wrong password'),
    403: await flow.visitor.postForm(`${base}/restart`, {}, { origin: 'https://evil.example' }),
    404: await visitor.get('/account/nowhere'),
    '404 of the provider': await visitor.get('/nowhere'),
    '404 of the assets': await visitor.get('/assets/nothing.js'),
    405: await raw('DELETE', '/account'),
    410: await flow.visitor.postForm(`${base}/totp`, { code: '123456' }),
    413: await raw('POST', `${base}/password`, `password=${'x'.repeat(20_000)}`, {
      'content-type': 'application/x-www-form-urlencoded',
    }),
    415: await raw('POST', `${base}/password`, '<a/>', { 'content-type': 'application/xml' }),
  };
  for (let count = 0; count < 6; count += 1) await password('a wrong password');
  answers['429'] = await password('a wrong password');
  await spoilSignIns(site);
  answers['500'] = await flow.visitor.get(base);
  answers['500 for a script'] = await flow.post('/passkey/options', {});
  await app.storage[Symbol.asyncDispose]();
  answers['503'] = await visitor.get('/account');
  answers['503 for a script'] = await visitor.postJson('/account/passkeys/options', {});
  answers['503 of the provider'] = await visitor.get('/auth?client_id=anybody');
  answers['503 for an application'] = await visitor.postForm('/token', { client_id: 'anybody' }, { accept: '*/*' });
  answers['503 of a probe'] = await visitor.get('/health/ready');

  for (const [name, answer] of Object.entries(answers)) {
    assert.equal(answer.status, Number.parseInt(name, 10), name);
    assertSecurityHeaders(answer.headers, name);
  }
  for (const [name, { headers }] of Object.entries(answers)) {
    const saysWhen = /^[1-9]\d*$/.test(headers.get('retry-after') ?? '');
    assert.equal(saysWhen, /^(429|503)/.test(name) && !name.endsWith('probe'), name);
  }
  assert.ok(answers['503 of the provider']?.text.includes(en['errors.store_unavailable.title']));
  const unexpected = answers['500']?.text ?? '';
  assert.ok(unexpected.includes(en['errors.unexpected.title']));
  assert.doesNotMatch(unexpected, /SyntaxError|JSON|\.ts|sqlite|node/i);
  const requestId = answers['500']?.headers.get('x-request-id') ?? '';
  assert.ok(unexpected.includes(requestId));
  assert.ok(
    log.some((line) => line.includes(requestId) && line.includes('SyntaxError')),
    'the operator finds the cause',
  );
});

test('only the host of the issuer is served', async (t) => {
  const { issuer } = await openTestApp(t);
  const { host, port } = new URL(issuer);
  const ask = (target: string, lines: readonly string[]) =>
    sendRaw(issuer, [`GET ${target} HTTP/1.1`, ...lines, 'Connection: close', '', ''].join('\r\n'));

  assert.equal((await ask('/nowhere', [`Host: ${host}`])).status, 404);
  const wrong = {
    foreign: ['/account', 'Host: evil.example'],
    'a longer name': ['/account', `Host: ${host}.evil.example`],
    'ours as a user name': ['/account', `Host: evil:fake@${host}`],
    'without the port': ['/account', 'Host: localhost'],
    'by address': ['/account', `Host: 127.0.0.1:${port}`],
    empty: ['/account', 'Host:'],
    'two of them': ['/account', `Host: ${host}`, 'Host: evil.example'],
    'twice ours': ['/account', `Host: ${host}`, `Host: ${host}`],
    'another in the target': ['http://evil.example/account', `Host: ${host}`],
    'ours in the target': [`${issuer}/account`, `Host: ${host}`],
    'no path at all': ['*', `Host: ${host}`],
    forwarded: ['/account', 'Host: evil.example', `X-Forwarded-Host: ${host}`, `Forwarded: host=${host}`],
  };
  for (const [name, [target = '', ...lines]] of Object.entries(wrong)) {
    const { status, headers, body } = await ask(target, lines);
    assert.ok(status === 400 || status === 421, `${name}: ${status}`);
    assert.doesNotMatch(JSON.stringify(headers) + body, /evil/, name);
  }
  assert.equal((await ask('/account', [])).status, 400, 'none');
  assert.equal((await sendRaw(issuer, 'GET /account HTTP/1.0\r\n\r\n')).status, 421, 'none, before there was one');
  assert.equal((await ask('/health/live', ['Host: 10.0.0.7'])).status, 200, 'probes come by any name');
});

test('what a proxy or a client says of host and protocol builds no address', async (t) => {
  const site = await openTestApp(t);
  const headers = {
    'x-forwarded-host': 'evil.example',
    'x-forwarded-proto': 'https',
    'x-forwarded-for': '203.0.113.9',
    forwarded: 'host=evil.example;proto=https',
    'x-original-url': '/evil',
    'x-http-method-override': 'DELETE',
    referer: 'https://evil.example/',
  };
  const visitor = new Visitor(site.issuer, headers);

  const redirect = await visitor.get('/account');
  const discovery = await visitor.get('/.well-known/openid-configuration');
  const page = await visitor.follow(redirect);

  const location = new URL(redirect.headers.get('location') ?? '', site.issuer);
  assert.equal(location.searchParams.get('redirect_uri'), `${site.issuer}/account`);
  assert.equal(page.status, 200);
  for (const { text } of [discovery, page]) assert.doesNotMatch(text, /evil/);
});

test('the address of a form, when it is opened, leads to the page that the form is on', async (t) => {
  const { base, visitor } = await openSignIn(await openTestApp(t));
  for (const form of ['identify', 'password', 'totp', 'enrol/decline']) {
    const answer = await visitor.get(`${base}/${form}`);
    assert.deepEqual([answer.status, answer.headers.get('location')], [303, base]);
  }
});

test('a method that a page does not have is refused with those that it has', async (t) => {
  const { app, issuer } = await openTestApp(t);
  const flow = await openSignIn({ app, issuer });
  const { base, visitor } = flow;
  const wrong = [
    ['DELETE', '/account', 'HEAD, GET'],
    ['PUT', '/account', 'HEAD, GET'],
    ['PROPFIND', '/account', 'HEAD, GET'],
    ['POST', '/account', 'HEAD, GET'],
    ['GET', '/account/sign-out', 'POST'],
    ['HEAD', '/account/sign-out', 'POST'],
    ['PUT', `${base}/password`, 'HEAD, GET, POST'],
    ['GET', `${base}/passkey/options`, 'POST'],
    ['PATCH', base, 'HEAD, GET'],
    ['POST', '/set-up/done/options/x', undefined],
  ] as const;
  for (const [method, path, allow] of wrong) {
    const answer = await visitor.send(method, path, undefined, { accept: 'text/html', origin: issuer });
    assert.equal(answer.status, allow ? 405 : 404, `${method} ${path}`);
    assert.equal(answer.headers.get('allow') ?? undefined, allow, `${method} ${path}`);
  }
  const options = await visitor.send('OPTIONS', '/account', undefined, { origin: 'https://evil.example' });
  assert.equal(options.status, 200);
  assert.equal(options.headers.get('access-control-allow-origin'), null);
});

test('there is nothing at an address that nobody gave', async (t) => {
  const { issuer } = await openTestApp(t);
  const visitor = new Visitor(issuer);
  const { host } = new URL(issuer);
  const asset = /\/assets\/[\w.-]+\.css/.exec((await visitor.open('/account')).text)?.[0] ?? '';
  assert.equal((await visitor.get(asset)).status, 200);

  const paths = [
    '/',
    '//account',
    '/Account',
    '/account/x.css',
    '/account;.js',
    '/interaction',
    '/interaction/',
    '/interaction/x/abort',
    '/login',
    '/assets',
    '/assets/',
    '/assets/../package.json',
    '/assets/..%2fpackage.json',
    '/assets/%2e%2e/%2e%2e/package.json',
    '/assets/..%5cpackage.json',
    '/assets/%00',
    '/assets/__proto__',
    '/assets/constructor',
    `${asset}.map`,
    `${asset}/`,
    `/${asset}`,
    '/.env',
    '/.git/config',
    '/.well-known/webauthn',
    '/.well-known/nothing',
    '/%',
    '/%ff',
    '/%c0%ae%c0%ae/',
    `/${'x'.repeat(4000)}`,
  ];
  for (const path of paths) {
    const request = [`GET ${path} HTTP/1.1`, `Host: ${host}`, 'Accept: text/html', 'Connection: close', '', ''];
    const { status, headers, body } = await sendRaw(issuer, request.join('\r\n'));
    assert.equal(status, 404, path);
    assert.equal(headers['cache-control'], 'no-store', path);
    assert.doesNotMatch(body, /node_modules|package|\.ts\b/, path);
  }
});

test('an answer is a page for people and JSON for programs, never what the caller chooses', async (t) => {
  const { issuer } = await openTestApp(t);
  const visitor = new Visitor(issuer);
  const typeFor = async (accept: string) =>
    (await visitor.get('/account/nowhere', { accept })).headers.get('content-type');

  assert.equal(await typeFor('text/html,application/xhtml+xml'), 'text/html; charset=utf-8');
  for (const accept of ['*/*', 'application/json', 'image/svg+xml', 'nonsense', ''])
    assert.equal(await typeFor(accept), 'application/json; charset=utf-8', accept);
});

test('over https browsers are told to come by https only', async (t) => {
  const { issuer } = await openTestApp(t, { config: { issuer: 'https://id.example.com', rpId: 'id.example.com' } });
  const plain = await openTestApp(t);
  const ask = (host: string) =>
    sendRaw(issuer, ['GET /account HTTP/1.1', `Host: ${host}`, 'Connection: close', '', ''].join('\r\n'));

  for (const [host, status] of [
    ['id.example.com', 303],
    ['other.example.com', 421],
  ] as const) {
    const answer = await ask(host);
    assert.equal(answer.status, status);
    assertSecurityHeaders(new Headers(answer.headers), host);
    assert.equal(answer.headers['strict-transport-security'], 'max-age=31536000; includeSubDomains');
  }
  const overHttp = await new Visitor(plain.issuer).get('/account');
  assert.equal(overHttp.headers.get('strict-transport-security'), null);
});
