import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { addAccount, openTestApp, TEST_PASSWORD } from '../support/app.ts';
import { assertPage, assertRefused } from '../support/page.ts';
import { type RawAnswer, sendRaw } from '../support/raw-request.ts';
import { openSignIn, type SignInFlow } from '../support/sign-in-flow.ts';

const FORM = 'application/x-www-form-urlencoded';
const JSON_TYPE = 'application/json';
const PROTOTYPE_NAMES = Object.getOwnPropertyNames(Object.prototype).join();

/** Posts bytes as they are, with the cookies of a sign-in. */
function post(
  flow: SignInFlow,
  path: string,
  request: { type?: string; body: string | Uint8Array; headers?: readonly string[] },
) {
  const { origin, host } = new URL(flow.current.url);
  const cookies = [...flow.visitor.cookies].filter(([, cookie]) => cookie.path === flow.base);
  const body = Buffer.from(request.body);
  const lines = [
    `POST ${flow.base}${path} HTTP/1.1`,
    `Host: ${host}`,
    `Origin: ${origin}`,
    `Cookie: ${cookies.map(([key, { value }]) => `${key.split(' ')[0]}=${value}`).join('; ')}`,
    ...(request.type === undefined ? [] : [`Content-Type: ${request.type}`]),
    ...(request.headers ?? [`Content-Length: ${body.length}`]),
    'Connection: close',
  ];
  return sendRaw(origin, Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`), body]));
}

function assertError({ status, body }: RawAnswer, code: string, expected: number, about: string): void {
  assert.equal(status, expected, `${about}: ${body}`);
  assert.equal(JSON.parse(body).error, code, about);
  assert.equal(Object.getOwnPropertyNames(Object.prototype).join(), PROTOTYPE_NAMES, about);
}

test('a form', async (t) => {
  const { app, issuer } = await openTestApp(t);
  const flow = await openSignIn({ app, issuer });

  await t.test('has each of its fields once, and no others', async () => {
    const bodies = {
      'a field twice': 'email=a%40example.com&email=b%40example.com',
      'the same twice': 'email=a%40example.com&email=a%40example.com',
      'an array': 'email[]=a%40example.com',
      'a numbered one': 'email[0]=a%40example.com',
      'an operator': 'email[$ne]=x',
      'one more': 'email=a%40example.com&x=1',
      'an empty name': 'email=a%40example.com&=',
      'another case': 'Email=a%40example.com',
      'the prototype': 'email=a%40example.com&__proto__=x',
      'its field': '__proto__[polluted]=1&email=a%40example.com',
      'the constructor': 'constructor[prototype][polluted]=1&email=a%40example.com',
      'the whole engine': 'email=a%40example.com&settings[view options][client]=true&outputFunctionName=x&cache=1',
      nothing: '',
      'separators only': '&&&&',
      'a hundred and one': Array.from({ length: 101 }, (_, index) => `f${index}=`).join('&'),
      'one that is too long': `email=${'a'.repeat(2001)}`,
    };
    for (const [about, body] of Object.entries(bodies))
      assertError(await post(flow, '/identify', { type: FORM, body }), 'malformed_request', 400, about);
  });

  await t.test('is text in UTF-8', async () => {
    const email = Buffer.from('email=a%40example.com');
    const bodies = {
      'bytes that are none': Buffer.concat([email, Buffer.from([0xff, 0xfe])]),
      'an overlong slash': Buffer.concat([email, Buffer.from([0xc0, 0xaf])]),
      'half a character': Buffer.concat([email, Buffer.from([0xed, 0xa0, 0x80])]),
      'a mark before it': Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), email]),
      'UTF-16': Buffer.from('email=a%40example.com', 'utf16le'),
      'escaped bytes that are none': 'email=a%40example.com%ff',
      'an escaped overlong slash': 'email=a%40example.com%c0%af',
      'half a character, escaped': 'email=a%40example.com%ed%a0%80',
      NUL: 'email=a%40example.com%00',
      'a bare NUL': 'email=a%40example.com\0',
    };
    for (const [about, body] of Object.entries(bodies))
      assertError(await post(flow, '/identify', { type: FORM, body }), 'malformed_request', 400, about);
  });

  await t.test('is of its own type, plain, and not too long', async () => {
    const body = 'email=a%40example.com';
    for (const type of [
      undefined,
      JSON_TYPE,
      'text/plain',
      'multipart/form-data; boundary=x',
      'x',
      '',
      'application/x-www-form-urlencoded2',
    ])
      assertError(
        await post(flow, '/identify', { ...(type !== undefined && { type }), body }),
        'unsupported_media_type',
        415,
        String(type),
      );
    for (const [encoding, bytes] of [
      ['gzip', gzipSync(body)],
      ['deflate', body],
      ['br', body],
      ['gzip, gzip', gzipSync(gzipSync(body))],
    ] as const) {
      const headers = [`Content-Length: ${bytes.length}`, `Content-Encoding: ${encoding}`];
      assertError(
        await post(flow, '/identify', { type: FORM, body: bytes, headers }),
        'unsupported_media_type',
        415,
        encoding,
      );
    }
    const long = `${body}&x=${'x'.repeat(16_384)}`;
    assertError(await post(flow, '/identify', { type: FORM, body: long }), 'body_too_large', 413, 'long');
    const announced = [`Content-Length: ${2 ** 40}`];
    assertError(
      await post(flow, '/identify', { type: FORM, body: '', headers: announced }),
      'body_too_large',
      413,
      'announced',
    );
    const chunk = `${(20_000).toString(16)}\r\n${'x'.repeat(20_000)}\r\n0\r\n\r\n`;
    const chunked = ['Transfer-Encoding: chunked'];
    assertError(
      await post(flow, '/identify', { type: FORM, body: chunk, headers: chunked }),
      'body_too_large',
      413,
      'chunked',
    );
    const both = [...chunked, 'Content-Length: 21'];
    assert.equal(
      (await post(flow, '/identify', { type: FORM, body: chunk, headers: both })).status,
      400,
      'two lengths',
    );
    const twice = ['Content-Length: 21', 'Content-Length: 22'];
    assert.equal(
      (await post(flow, '/identify', { type: FORM, body, headers: twice })).status,
      400,
      'two other lengths',
    );
  });

  await t.test('was refused each time: the sign-in is where it was', async () => {
    assertPage(await flow.visitor.get(flow.base), 'sign-in.title');
    const right = await post(flow, '/identify', { type: `${FORM}; charset=UTF-8`, body: 'email=a%2Bb%40example.com' });
    assert.equal(right.status, 303);
    assert.match((await flow.visitor.get(flow.base)).text, /a\+b@example\.com/);
  });
});

test('a password of any characters is text, and its length is judged before it is hashed', async (t) => {
  const { app, issuer } = await openTestApp(t, { policy: { enrolPasskey: 'manual' } });
  await addAccount(app, 'alex@example.com');
  const flow = await openSignIn({ app, issuer });
  await flow.identify('alex@example.com');

  for (const password of ['🔑'.repeat(129), 'x'.repeat(129), 'x'.repeat(1024)])
    assertPage(await flow.typePassword(password), 'password.title', 'malformed_request');
  for (const password of ['x'.repeat(1025), 'x'.repeat(8000)])
    assertRefused(await flow.visitor.postForm(`${flow.base}/password`, { password }), 'malformed_request');
  assertRefused(
    await flow.visitor.postForm(`${flow.base}/password`, { password: 'x'.repeat(1_000_000) }),
    'body_too_large',
  );
  assertPage(await flow.typePassword('🔑'.repeat(128)), 'password.title', 'sign_in_failed');
  assert.equal((await flow.typePassword(TEST_PASSWORD)).status, 303);
});

test('a JSON body', async (t) => {
  const { app, issuer } = await openTestApp(t);
  const flow = await openSignIn({ app, issuer });
  const newcomer = { email: 'new@example.com', name: 'Nova' };
  const json = (path: string, body: string | Uint8Array) => post(flow, path, { type: JSON_TYPE, body });

  await t.test('is JSON', async () => {
    const bodies = {
      nothing: '',
      words: 'email',
      'half of it': '{"email":',
      'more than it': `${JSON.stringify(newcomer)}x`,
      'a comment': '{/**/}',
      'a mark before it': Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), Buffer.from(JSON.stringify(newcomer))]),
      'bytes that are no text': Buffer.concat([Buffer.from('{"email":"'), Buffer.from([0xff]), Buffer.from('"}')]),
      'UTF-16': Buffer.from(JSON.stringify(newcomer), 'utf16le'),
      'not a number': '{"email":NaN}',
    };
    for (const [about, body] of Object.entries(bodies))
      assertError(await json('/sign-up/options', body), 'malformed_request', 400, about);
  });

  await t.test('has each field in its type, and no others', async () => {
    const bodies = [
      ...[null, true, 1, 'text', [], [newcomer], {}, { email: newcomer.email }],
      ...[null, true, 1, ['new@example.com'], { $ne: null }, { $regex: '.*' }, {}].map((email) => ({
        ...newcomer,
        email,
      })),
      { ...newcomer, email: 'new@example.com\0' },
      { ...newcomer, email: 'new\ud800@example.com' },
      { ...newcomer, $where: '1' },
      { ...newcomer, settings: { client: true, outputFunctionName: 'x' } },
    ];
    for (const body of bodies)
      assertError(await json('/sign-up/options', JSON.stringify(body)), 'malformed_request', 400, JSON.stringify(body));
    for (const body of [
      '{"__proto__":{"polluted":1},"email":"new@example.com","name":"N"}',
      '{"constructor":{"prototype":{"polluted":1}}}',
    ])
      assertError(await json('/sign-up/options', body), 'malformed_request', 400, body);
    for (const body of ['null', '[]', '""', '0', '{"__proto__":{}}', '{"__proto__":null,"x":1}'])
      assertError(await json('/passkey/options', body), 'malformed_request', 400, body);
  });

  await t.test('is no deeper than a parser can read, and refused at once', async () => {
    const startedAt = performance.now();
    const deep = (depth: number) => `${'['.repeat(depth)}${']'.repeat(depth)}`;
    assertError(await json('/passkey', deep(100_000)), 'body_too_large', 413, 'too long');
    for (const path of ['/passkey', '/passkey/options', '/sign-up/options'])
      assertError(await json(path, deep(30_000)), 'malformed_request', 400, path);
    const inside = `{"id":"AAAA","rawId":"AAAA","type":"public-key","clientExtensionResults":{"a":${deep(30_000)}},"response":{}}`;
    assertError(await json('/passkey', inside), 'malformed_request', 400, 'inside');
    assertError(
      await json('/passkey', `{"response":${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}}`),
      'malformed_request',
      400,
      'objects',
    );
    assert.ok(performance.now() - startedAt < 2000, 'all seven together');
  });

  await t.test('is of its own type, plain, and not too long', async () => {
    const body = JSON.stringify(newcomer);
    for (const type of [undefined, FORM, 'text/plain', 'text/json', 'application/ld+json', 'application/jsonp'])
      assertError(
        await post(flow, '/sign-up/options', { ...(type !== undefined && { type }), body }),
        'unsupported_media_type',
        415,
        String(type),
      );
    const headers = [`Content-Length: ${gzipSync(body).length}`, 'Content-Encoding: gzip'];
    assertError(
      await post(flow, '/sign-up/options', { type: JSON_TYPE, body: gzipSync(body), headers }),
      'unsupported_media_type',
      415,
      'gzip',
    );
    const long = JSON.stringify({ ...newcomer, name: 'x'.repeat(65_536) });
    assertError(await json('/sign-up/options', long), 'body_too_large', 413, 'long');
  });

  await t.test('of a passkey is read strictly', async () => {
    const answer = {
      id: 'AAAAAAAAAAAAAAAAAAAAAA',
      rawId: 'AAAAAAAAAAAAAAAAAAAAAA',
      type: 'public-key',
      clientExtensionResults: {},
    };
    const response = { clientDataJSON: 'e30', authenticatorData: 'AAAA', signature: 'AAAA' };
    const bodies = [
      answer,
      { ...answer, response: [] },
      { ...answer, response: { ...response, signature: 'not base64url!' } },
      { ...answer, response: { ...response, userHandle: 'A'.repeat(1000) } },
      { ...answer, response: { ...response, more: 1 } },
      { ...answer, response: { ...response, clientDataJSON: 'A'.repeat(60_000) } },
      { ...answer, id: ['AAAAAAAAAAAAAAAAAAAAAA'], response },
      { ...answer, type: 'password', response },
      { ...answer, response, accountId: 'x' },
    ];
    for (const body of bodies)
      assertError(await json('/passkey', JSON.stringify(body)), 'malformed_request', 400, JSON.stringify(body));
    for (const clientDataJSON of [
      'e30',
      'bnVsbA',
      'W10',
      'AAAA',
      Buffer.from('{"challenge":{"$ne":1}}').toString('base64url'),
    ]) {
      const refused = await json('/passkey', JSON.stringify({ ...answer, response: { ...response, clientDataJSON } }));
      assertError(refused, 'passkey_refused', 401, clientDataJSON);
    }
  });
});
