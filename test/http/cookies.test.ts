import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addAccount, openTestApp, TEST_PASSWORD, type TestApp } from '../support/app.ts';
import { sendRaw } from '../support/raw-request.ts';
import { REDIRECT_URI } from '../support/sign-in-flow.ts';

interface SetCookie {
  readonly name: string;
  readonly value: string;
  /** In lower case, with their values. */
  readonly attributes: ReadonlyMap<string, string>;
}

/** A browser in front of a proxy that ends TLS: it speaks of another address than it is connected to. */
class ProxiedBrowser {
  readonly #connectTo: string;
  readonly #issuer: URL;
  readonly #jar = new Map<string, SetCookie>();
  /** Every cookie that was ever set. */
  readonly seen: SetCookie[] = [];
  /** The most cookies that one request carried. */
  mostSent = 0;

  constructor(connectTo: string, issuer: string) {
    this.#connectTo = connectTo;
    this.#issuer = new URL(issuer);
  }

  /** Answers the status, the path, or foreign address, of a redirect, and the page. */
  async send(
    path: string,
    fields?: Readonly<Record<string, string>>,
  ): Promise<{ status: number; location: string; body: string }> {
    const cookies = [...this.#jar.values()].filter(({ attributes }) => path.startsWith(attributes.get('path') ?? '/'));
    this.mostSent = Math.max(this.mostSent, cookies.length);
    const body = new URLSearchParams(fields).toString();
    const lines = [
      `${fields ? 'POST' : 'GET'} ${path} HTTP/1.1`,
      `Host: ${this.#issuer.host}`,
      `Origin: ${this.#issuer.origin}`,
      'Accept: text/html',
      `Cookie: ${cookies.map(({ name, value }) => `${name}=${value}`).join('; ')}`,
      ...(fields ? ['Content-Type: application/x-www-form-urlencoded', `Content-Length: ${body.length}`] : []),
      'Connection: close',
    ];
    const answer = await sendRaw(this.#connectTo, `${lines.join('\r\n')}\r\n\r\n${body}`);
    const { status, headers } = answer;
    for (const line of (headers['set-cookie'] ?? '').split('\n').filter(Boolean)) this.#keep(readSetCookie(line));
    return { status, location: (headers.location ?? '').replace(this.#issuer.origin, ''), body: answer.body };
  }

  #keep(cookie: SetCookie): void {
    this.seen.push(cookie);
    const key = `${cookie.name} ${cookie.attributes.get('path')}`;
    if (cookie.value === '') this.#jar.delete(key);
    else this.#jar.set(key, cookie);
  }
}

function readSetCookie(line: string): SetCookie {
  const [pair = '', ...attributes] = line.split('; ');
  const at = pair.indexOf('=');
  const entries = attributes.map((attribute): [string, string] => {
    const [name = '', value = ''] = attribute.split('=');
    return [name.toLowerCase(), value];
  });
  return { name: pair.slice(0, at), value: pair.slice(at + 1), attributes: new Map(entries) };
}

/** Signs in, looks at the account and signs out, three times; answers the cookies of all that. */
async function travel({ app, issuer: connectTo }: TestApp, issuer: string): Promise<ProxiedBrowser> {
  await addAccount(app, 'alex@example.com');
  const registration = { name: 'Ledger', authMethod: 'none', consent: 'skip', redirectUris: [REDIRECT_URI] };
  const { client } = await app.clients.register(registration);
  const browser = new ProxiedBrowser(connectTo, issuer);
  const request = new URLSearchParams({
    client_id: client.id,
    redirect_uri: REDIRECT_URI,
    response_type: 'code',
    scope: 'openid',
    code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
    code_challenge_method: 'S256',
    prompt: 'login',
  });
  for (let count = 0; count < 3; count += 1) {
    const { location: base } = await browser.send(`/auth?${request}`);
    assert.match(base, /^\/interaction\/[\w-]+$/);
    await browser.send(base);
    await browser.send(`${base}/identify`, { email: 'alex@example.com' });
    const done = await browser.send(`${base}/password`, { password: TEST_PASSWORD });
    assert.match(done.location, /^\/auth\/[\w-]+$/);
    const left = await browser.send(done.location);
    assert.ok(left.location.startsWith(`${REDIRECT_URI}?code=`), left.location);
    assert.equal((await browser.send('/account')).status, 200);
  }
  assert.equal((await browser.send('/session/end')).status, 200);
  assert.equal((await browser.send('/nowhere')).status, 404);
  return browser;
}

test('over https each cookie is bound to this host, to https and to the server alone', async (t) => {
  const issuer = 'https://id.example.com';
  const site = await openTestApp(t, {
    config: { issuer, rpId: 'id.example.com' },
    policy: { enrolPasskey: 'manual' },
  });

  const { seen } = await travel(site, issuer);

  assert.deepEqual(listNames(seen), [
    '__Host-cardea.browser',
    '__Host-cardea.session',
    '__Host-cardea.session.sig',
    '__Secure-cardea.resume',
    '__Secure-cardea.resume.sig',
    '__Secure-cardea.sign-in',
    '__Secure-cardea.sign-in.sig',
  ]);
  for (const cookie of seen) assertBound(cookie);
});

test('over https the cookies of links that are opened are bound alike, also when they are taken back (SE-06)', async (t) => {
  const issuer = 'https://id.example.com';
  const site = await openTestApp(t, {
    config: { issuer, rpId: 'id.example.com' },
    policy: { enrolPasskey: 'manual', confirmWith: ['password'] },
  });
  const account = await addAccount(site.app, 'alex@example.com');
  const organization = await site.app.organizations.requireOrFirst(undefined);
  const browser = new ProxiedBrowser(site.issuer, issuer);
  const { location: begun } = await browser.send('/account');
  const { location: base } = await browser.send(begun);
  await browser.send(base);
  await browser.send(`${base}/identify`, { email: account.email });
  const { location: done } = await browser.send(`${base}/password`, { password: TEST_PASSWORD });
  await browser.send(done);
  const csrf = readFirst((await browser.send('/account')).body, /name="csrf" value="([^"]+)"/);
  await browser.send('/account/confirm/password?for=add-passkey', { csrf, password: TEST_PASSWORD });
  const { location: page } = await browser.send('/account/passkeys/other-device', { csrf });
  const other = new ProxiedBrowser(site.issuer, issuer);

  const link = readFirst((await browser.send(page)).body, /https:\/\/id\.example\.com(\/other-device\/[\w-]+)/);
  assert.equal((await other.send(link, {})).status, 303);
  const recovery = new URL(await site.app.recovering.offer(account, organization)).pathname;
  const { location: request } = await other.send(recovery, {});
  const { location: recovering } = await other.send(request);
  await other.send(recovering);

  assert.deepEqual(listNames(other.seen), [
    '__Host-cardea.device',
    '__Host-cardea.recovery',
    '__Secure-cardea.resume',
    '__Secure-cardea.resume.sig',
    '__Secure-cardea.sign-in',
    '__Secure-cardea.sign-in.sig',
  ]);
  for (const cookie of other.seen) {
    assertBound(cookie);
    assert.ok(cookie.name.length + cookie.value.length + 1 < 1024, cookie.name);
  }
  assert.deepEqual(
    other.seen.filter(({ name }) => name === '__Host-cardea.recovery').map(({ value }) => value !== ''),
    [true, false],
  );
});

function listNames(seen: readonly SetCookie[]): readonly string[] {
  return [...new Set(seen.map(({ name }) => name))].sort();
}

function assertBound({ name, attributes }: SetCookie): void {
  assert.ok(attributes.has('secure') && attributes.has('httponly'), name);
  assert.equal(attributes.get('samesite'), 'lax', name);
  assert.equal(attributes.has('domain'), false, name);
  const path = attributes.get('path') ?? '';
  if (name.startsWith('__Host-')) assert.equal(path, '/', name);
  else assert.match(path, name.includes('resume') ? /^\/auth\/[\w-]{43}$/ : /^\/interaction\/[\w-]{43}$/, name);
}

function readFirst(text: string, pattern: RegExp): string {
  return pattern.exec(text)?.[1] ?? assert.fail(text);
}

test('there are few cookies, and small ones', async (t) => {
  const site = await openTestApp(t, { policy: { enrolPasskey: 'manual' } });

  const { seen, mostSent } = await travel(site, site.issuer);

  assert.ok(mostSent <= 6, `${mostSent} in one request`);
  assert.ok(mostSent >= 3, 'they were sent');
  for (const { name, value, attributes } of seen) {
    assert.ok(name.length + value.length + 1 < 1024, name);
    assert.ok(attributes.has('httponly'), name);
    assert.equal(attributes.has('secure'), false, 'a browser would not keep it over http');
    assert.ok(!name.startsWith('__'), name);
  }
});

test('more cookies than a browser should have are no obstacle, or refused as too much', async (t) => {
  const { issuer } = await openTestApp(t);
  const { host } = new URL(issuer);
  const ask = (cookie: string) =>
    sendRaw(
      issuer,
      ['GET /account HTTP/1.1', `Host: ${host}`, `Cookie: ${cookie}`, 'Connection: close', '', ''].join('\r\n'),
    );
  const many = Array.from({ length: 200 }, (_, index) => `c${index}=${'x'.repeat(20)}`).join('; ');

  assert.equal((await ask(many)).status, 303);
  assert.equal((await ask('=; ;; a; cardea.session; cardea.session=; __proto__=x; \u00ff=%E0%A4%A')).status, 303);
  assert.equal((await ask('x'.repeat(20_000))).status, 431);
});
