import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeQuery, fillPath, OWN_ROUTES, type Route, type RouteValues } from '../support/fuzz-requests.ts';
import { assertRefused, readHeading } from '../support/page.ts';
import { type Answer, Visitor } from '../support/visitor.ts';
import { watchRoutes } from '../support/watch-routes.ts';
import { openWholeAccount, openWholeSite, readAccountState } from '../support/whole-account.ts';

type Fields = Readonly<Record<string, unknown>>;
type Texts = Readonly<Record<string, string>>;

const FORMS = OWN_ROUTES.filter(({ method }) => method === 'POST');
const PAGES = OWN_ROUTES.filter(({ method }) => method === 'GET');
const EVIL = 'https://evil.example';

function describe({ method, path }: Route): string {
  return `${method} ${path}`;
}

function toTarget({ path, query = {} }: Route, values: RouteValues): string {
  const pairs = Object.entries(query).map(([name, value]) => [name, String(value)] as const);
  return `${fillPath(path, values)}?${encodeQuery(pairs)}`;
}

/** Sends the form of a route as its page would, with these fields in the place of its own. */
function submit(
  visitor: Visitor,
  route: Route,
  { values, fields, headers = {} }: { values: RouteValues; fields: Fields; headers?: Texts },
): Promise<Answer> {
  const target = toTarget(route, values);
  if (route.json) return visitor.postJson(target, { ...route.json, ...fields }, headers);
  return visitor.postForm(target, { ...(route.form as Texts), ...(fields as Texts) }, headers); // what forms hold
}

test('every route of the server is known to the tests that try all of them', async (t) => {
  const routes = watchRoutes(t);
  await openWholeSite(t);

  assert.ok(routes.size > 100, `${routes.size} routes`);
  const known = new Set(OWN_ROUTES.map(describe));
  assert.deepEqual(
    [...routes].filter((route) => !known.has(route)),
    [],
    'unknown to them',
  );
  assert.deepEqual(
    [...known].filter((route) => !routes.has(route)),
    [],
    'there no more',
  );
});

test('no form counts that another site sends, nor one without the word of its session (SE-01)', async (t) => {
  const site = await openWholeSite(t);
  const { account, visit, values, csrf } = await openWholeAccount(site, 'alex@example.com');
  const kim = await openWholeAccount(site, 'kim@example.com');
  const other = await joinOnOtherDevice(site.issuer, values);
  const before = await readAccountState(site, account);

  for (const route of FORMS) {
    const isOther = route.path.startsWith('/other-device/');
    const visitor = isOther ? other.visitor : visit.visitor;
    const hasWord = 'csrf' in { ...route.form, ...route.json };
    const own = hasWord ? { csrf: isOther ? other.csrf : csrf } : {};
    for (const headers of [
      { origin: EVIL },
      { origin: 'null' },
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site' },
    ])
      assertRefused(await submit(visitor, route, { values, fields: own, headers }), 'cross_site_request');
    if (!hasWord) continue;
    for (const word of ['', 'x', kim.csrf, `${own.csrf}x`, isOther ? csrf : other.csrf]) {
      const answer = await submit(visitor, route, { values, fields: { csrf: word } });
      assert.equal(answer.status, 403, `${describe(route)} ${answer.status} ${readHeading(answer)}`);
      assertRefused(answer, 'cross_site_request');
    }
  }

  assert.equal(await readAccountState(site, account), before);
  for (const { path } of FORMS.filter(({ form, json }) => !('csrf' in { ...form, ...json })))
    assert.match(path, /^\/(interaction|set-up)\/|\/:token$/, `${path} is guarded by its own address`);
});

/** A browser that went on from the link for another device, and the word of its forms. */
async function joinOnOtherDevice(issuer: string, values: RouteValues) {
  const visitor = new Visitor(issuer);
  const page = await visitor.follow(await visitor.postForm(fillPath('/other-device/:token', values), {}));
  return { visitor, csrf: /name="csrf" value="([^"]*)"/.exec(page.text)?.[1] ?? assert.fail(page.text) };
}

test('looking changes nothing, is kept by nobody, tells nobody where it was, and cannot be framed (EM-06, EM-10, SE-18, SE-20)', async (t) => {
  const site = await openWholeSite(t);
  const { account, visit, values } = await openWholeAccount(site, 'alex@example.com');
  const before = await readAccountState(site, account);
  const shown = new Set<string>();

  const joined = await joinOnOtherDevice(site.issuer, values);
  for (const visitor of [visit.visitor, new Visitor(site.issuer), joined.visitor]) {
    for (const route of PAGES) {
      const query = route.path === '/account/confirm' ? { for: 'set-password' } : {};
      const target = toTarget({ ...route, query }, values);
      for (const method of ['GET', 'HEAD', 'GET']) {
        const answer = await visitor.send(method, target, undefined, { accept: 'text/html' });
        assert.ok(answer.status < 500, `${describe(route)} ${answer.status}`);
        assertPrivate(answer, describe(route));
        if (answer.status === 200) shown.add(route.path);
      }
    }
    for (const route of FORMS) {
      const answer = await visitor.send('GET', toTarget(route, values), undefined, { accept: 'text/html' });
      assertPrivate(answer, describe(route));
    }
  }

  assert.equal(await readAccountState(site, account), before);
  const pages = [...new Set(PAGES.map(({ path }) => path))];
  const redirects = new Set(FORMS.map(({ path }) => path)); // where the address of a form leads to its page
  const hidden = pages.filter((path) => !shown.has(path) && !redirects.has(path));
  assert.deepEqual(hidden, []);
});

function assertPrivate({ headers, text }: Answer, about: string): void {
  assert.equal(headers.get('cache-control'), 'no-store', about);
  assert.equal(headers.get('referrer-policy'), 'no-referrer', about);
  assert.equal(headers.get('x-frame-options'), 'DENY', about);
  const policy = headers.get('content-security-policy') ?? '';
  assert.match(policy, /frame-ancestors 'none'/, about);
  assert.match(policy, /default-src 'none'/, about);
  if (about.endsWith('/html')) return; // a mail, whose links are its own
  const outside = [...text.matchAll(/<(?:script|link|img|iframe|form)[^>]*(?:src|href|action)="([^"]*)"/g)]
    .map(([, address = '']) => address)
    .filter((address) => !/^\/[^/\\]/.test(address));
  assert.deepEqual(outside, [], about);
  assert.doesNotMatch(text, /<script(?![^>]* src=)|<style| on\w+="/, about);
}

test('what is of somebody else is not there, like what never was (SE-11, EN-10)', async (t) => {
  const site = await openWholeSite(t);
  const { visit, csrf } = await openWholeAccount(site, 'alex@example.com');
  const kim = await openWholeAccount(site, 'kim@example.com');
  const before = await readAccountState(site, kim.account);
  const nobodys = Object.fromEntries(Object.entries(kim.values).map(([name, id]) => [name, `${id.slice(0, -4)}AAAA`]));

  const named = OWN_ROUTES.filter(({ path }) => /^\/account\/.*:/.test(path));
  assert.deepEqual([...new Set(named.flatMap(({ path }) => path.match(/:\w+/g) ?? []))].sort(), [
    ':client',
    ':passkey',
    ':session',
  ]);
  for (const route of named) {
    const ask = async (values: RouteValues) => {
      const answer =
        route.method === 'POST'
          ? await submit(visit.visitor, route, { values, fields: { csrf } })
          : await visit.visitor.get(toTarget(route, values));
      return { status: answer.status, text: answer.text.replaceAll(/Request [\w-]+|[\w-]{22}/g, '…') };
    };
    const theirs = await ask(kim.values);
    assert.equal(theirs.status, route.path.includes(':session') && route.method === 'GET' ? 405 : 404, describe(route));
    assert.deepEqual(theirs, await ask(nobodys), describe(route));
  }
  for (const purpose of ['rename-passkey', 'delete-passkey']) {
    const answers = await Promise.all(
      [kim.values, nobodys].map(({ passkey = '' }) =>
        visit.visitor.get(`/account/confirm?${new URLSearchParams({ for: purpose, target: passkey })}`),
      ),
    );
    for (const answer of answers) assertRefused(answer, 'passkey_not_found');
  }
  for (const step of ['number', 'withdraw']) {
    const { flow = '' } = kim.values;
    await visit.submit(`/passkeys/other-device/${step}`, { flow, ...(step === 'number' && { number: '42' }) });
  }
  assert.equal(JSON.parse((await kim.visit.visitor.get('/account/passkeys/other-device/state')).text).state, 'pending');
  assert.equal(await readAccountState(site, kim.account), before);
});

test('no form takes a field that it does not have, twice, of another kind or too long (ST-06, PW-05, PW-18, TO-10)', async (t) => {
  const site = await openWholeSite(t);
  const { account, visit, values, csrf } = await openWholeAccount(site, 'alex@example.com');
  const other = await joinOnOtherDevice(site.issuer, values);
  const before = await readAccountState(site, account);

  for (const route of FORMS) {
    const isOther = route.path.startsWith('/other-device/');
    const { visitor } = isOther ? other : visit;
    const fields = { ...route.form, ...route.json };
    const own = 'csrf' in fields ? { ...fields, csrf: isOther ? other.csrf : csrf } : fields;
    const send = (body: string, type: string) =>
      visitor.send('POST', toTarget(route, values), body, { 'content-type': type, origin: site.issuer });
    for (const { body, type, status } of spoil(own, route.json !== undefined)) {
      const answer = await send(body, type);
      const about = `${describe(route)} ${type} ${body.slice(0, 80)}: ${answer.status} ${answer.text}`;
      // What a passkey answers is judged as a whole, and other pages than ours may add to it.
      if (route.path === '/interaction/:id/passkey' && status === 400)
        assert.ok([400, 401].includes(answer.status), about);
      else assert.equal(answer.status, status, about);
    }
  }

  assert.equal(await readAccountState(site, account), before);
});

const FORM = 'application/x-www-form-urlencoded';
const JSON_TYPE = 'application/json';

/** Everything that may be wrong with a body, and how it is refused. */
function spoil(fields: Fields, isJson: boolean) {
  const [type, otherType] = isJson ? [JSON_TYPE, FORM] : [FORM, JSON_TYPE];
  const write = (more: Fields, times = 1) =>
    isJson
      ? JSON.stringify({ ...fields, ...more })
      : encodeQuery(Object.entries({ ...fields, ...more }).flatMap((pair) => Array(times).fill(pair)));
  const texts = Object.keys(fields).filter((name) => typeof fields[name] === 'string');
  const unknown = ['accountId', 'step', 'emailVerified', 'secret', 'digits', 'return_to', '__proto__', 'x[y]'];
  const kinds = [['a'], { $ne: null }, 1, true, null];
  const wrong = [
    ...unknown.map((name) =>
      isJson ? write({}).replace('{', `{"${name}":"x",`).replace(',}', '}') : write({ [name]: 'x' }),
    ),
    ...texts.map((name) => write({ [name]: 'x'.repeat(9000) })),
    ...(isJson ? texts.flatMap((name) => kinds.map((value) => write({ [name]: value }))) : []),
    ...(isJson ? ['', '{', '[]', 'null', '"x"', '1'] : ['%00', '%ff=', 'csrf%00=x', '&&=&=']),
    ...(!isJson && texts.length > 0 ? [write({}, 2)] : []),
  ];
  return [
    ...wrong.map((body) => ({ body, type, status: 400 })),
    ...[otherType, 'text/plain', 'multipart/form-data'].map((one) => ({ body: write({}), type: one, status: 415 })),
    { body: `${write({})}${' '.repeat(isJson ? 70_000 : 20_000)}`, type, status: 413 },
  ];
}
