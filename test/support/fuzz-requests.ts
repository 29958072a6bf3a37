import fc from 'fast-check';

type Fields = Readonly<Record<string, unknown>>;

/** A request that the server knows, as its own pages and applications send it; `own` stands for what the sender has been given. */
export interface Route {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly query?: Fields;
  readonly form?: Fields;
  readonly json?: Fields;
}

/** A request with its mutations. */
export interface FuzzRequest {
  readonly method: string;
  /** With the names that `fillPath` puts values for. */
  readonly path: string;
  readonly query: readonly (readonly [string, string])[];
  readonly type: string;
  readonly body: string | Uint8Array;
  readonly headers: readonly (readonly [string, string])[];
}

const response = {
  id: 'AAAAAAAAAAAAAAAAAAAAAA',
  rawId: 'AAAAAAAAAAAAAAAAAAAAAA',
  type: 'public-key',
  clientExtensionResults: {},
  response: { clientDataJSON: 'e30', authenticatorData: 'AAAA', signature: 'AAAA' },
};
const newcomer = { email: 'new@example.com', name: 'Nova' };
const request = {
  client_id: 'own',
  redirect_uri: 'https://app.example/callback',
  response_type: 'code',
  scope: 'openid profile',
  code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
  code_challenge_method: 'S256',
};

const page = (path: string): Route => ({ method: 'GET', path });
const form = (path: string, fields: Fields = {}, query: Fields = {}): Route => ({
  method: 'POST',
  path,
  form: fields,
  query,
});
const json = (path: string, fields: Fields = {}, query: Fields = {}): Route => ({
  method: 'POST',
  path,
  json: fields,
  query,
});

/** A form, and its address when it is opened. */
const formPage = (path: string, fields: Fields = {}, query: Fields = {}): readonly Route[] => [
  form(path, fields, query),
  page(path),
];

const password = 'correct horse battery staple';
const csrf = 'own';
const adding = { for: 'add-passkey' };

/** Every route of our own pages, by the path that its router has, with what a right request brings. */
export const OWN_ROUTES: readonly Route[] = [
  page('/interaction/:id'),
  ...formPage('/interaction/:id/identify', { email: 'alex@example.com' }),
  form('/interaction/:id/identify', { email: 'alex@example.com', organization: 'northwind' }),
  ...formPage('/interaction/:id/organization', { organization: 'northwind' }),
  ...formPage('/interaction/:id/password', { password }),
  ...formPage('/interaction/:id/totp', { code: '123456' }),
  ...formPage('/interaction/:id/email-code', { code: '12345678' }),
  form('/interaction/:id/email-code/send'),
  ...formPage('/interaction/:id/recovery-code', { code: '0000-0000-0000-0000' }),
  ...formPage('/interaction/:id/recovery-codes'),
  ...formPage('/interaction/:id/recovery-codes/decline'),
  ...formPage('/interaction/:id/restart'),
  ...formPage('/interaction/:id/forget', { email: 'alex@example.com' }),
  form('/interaction/:id/cancel'),
  form('/interaction/:id/consent', { decision: 'allow' }),
  ...formPage('/interaction/:id/enrol/decline', { never: 'yes' }),
  ...formPage('/interaction/:id/help', { email: 'alex@example.com', way: 'password' }),
  json('/interaction/:id/passkey/options'),
  json('/interaction/:id/passkey', response),
  json('/interaction/:id/enrol/options', { silent: false }),
  json('/interaction/:id/enrol', { response }),
  page('/interaction/:id/sign-up'),
  ...formPage('/interaction/:id/sign-up/email', { email: 'new@example.com' }),
  ...formPage('/interaction/:id/sign-up/code', { code: '12345678' }),
  json('/interaction/:id/sign-up/options', newcomer),
  json('/interaction/:id/sign-up', { ...newcomer, response }),
  page('/account'),
  { method: 'GET', path: '/account/activity', query: { after: 'x' } },
  ...formPage('/account/applications/:client/revoke', { csrf }),
  { method: 'GET', path: '/account/confirm', query: { for: 'delete-passkey', target: 'x', method: 'totp' } },
  ...formPage('/account/confirm/password', { csrf, password }, adding),
  ...formPage('/account/confirm/totp', { csrf, code: '123456' }, { for: 'delete-totp' }),
  ...formPage('/account/confirm/email-code', { csrf, code: '12345678' }, { for: 'make-recovery-codes' }),
  ...formPage('/account/confirm/email-link', { csrf }, adding),
  ...formPage('/account/confirm/email-code/send', { csrf }, { for: 'change-password' }),
  ...formPage('/account/confirm/email-link/send', { csrf }, adding),
  json('/account/confirm/passkey/options', { csrf }, { for: 'add-totp' }),
  json('/account/confirm/passkey', { csrf, response }, adding),
  ...formPage('/account/email', { csrf, code: '12345678' }),
  form('/account/email/send', { csrf }),
  page('/account/passkeys/add'),
  json('/account/passkeys/options', { csrf, where: 'phone' }),
  json('/account/passkeys', { csrf, name: 'Key', response }),
  form('/account/passkeys/offer', { csrf, never: 'yes' }),
  ...formPage('/account/passkeys/other-device', { csrf }),
  page('/account/passkeys/other-device/state'),
  ...formPage('/account/passkeys/other-device/send', { csrf }),
  ...formPage('/account/passkeys/other-device/number', { csrf, flow: 'x', number: '42' }),
  ...formPage('/account/passkeys/other-device/withdraw', { csrf, flow: 'x' }),
  ...formPage('/account/passkeys/:passkey/rename', { csrf, name: 'Key' }),
  ...formPage('/account/passkeys/:passkey/delete', { csrf }),
  ...formPage('/account/password', { csrf, current: password, password: 'quite another password' }),
  ...formPage('/account/recovery-codes', { csrf }),
  form('/account/recovery/stop', { csrf }),
  form('/account/sessions/:session/sign-out', { csrf }),
  ...formPage('/account/email/change', { csrf, email: 'new@example.com' }),
  ...formPage('/account/email/change/code', { csrf, code: '48215093' }),
  ...formPage('/account/sign-out-everywhere', { csrf }),
  form('/account/sign-out', { csrf }),
  page('/account/totp/add'),
  form('/account/totp', { csrf, ticket: 'x', code: '123456' }),
  ...formPage('/account/totp/delete', { csrf }),
  ...formPage('/confirm/:token'),
  ...['/dev/mail', '/dev/mail/:name', '/dev/mail/:name/html'].map(page),
  ...formPage('/not-me/:token'),
  ...formPage('/other-device/:token'),
  ...['/other-device/:token/state', '/other-device/:token/confirm'].map(page),
  ...formPage('/other-device/:token/confirm/password', { csrf, password }),
  ...formPage('/other-device/:token/confirm/totp', { csrf, code: '123456' }),
  ...formPage('/other-device/:token/confirm/email-code', { csrf, code: '12345678' }),
  ...formPage('/other-device/:token/confirm/email-link', { csrf }),
  ...formPage('/other-device/:token/confirm/email-code/send', { csrf }),
  ...formPage('/other-device/:token/confirm/email-link/send', { csrf }),
  json('/other-device/:token/confirm/passkey/options', { csrf }),
  json('/other-device/:token/confirm/passkey', { csrf, response }),
  json('/other-device/:token/passkey/options', { csrf }),
  json('/other-device/:token/passkey', { csrf, response }),
  ...formPage('/recover/:token'),
  ...formPage('/recover/stop/:token'),
  ...formPage('/reset-password/:token', { password: 'quite another password' }),
  page('/set-up/done'),
  page('/set-up/:token'),
  json('/set-up/:token/options', newcomer),
  json('/set-up/:token', { ...newcomer, response }),
  ...formPage('/verify/:token', { takeOver: 'yes' }),
];

/** Those of oidc-provider, and what has no router. */
const OTHER_ROUTES: readonly Route[] = [
  ...['/interaction', '/nowhere', '/', '/account/:id/:id', '/health/live', '/health/ready'].map(page),
  ...['/assets/cardea.css', '/auth/:id', '/userinfo', '/jwks', '/session/end', '/session/end/success'].map(page),
  ...['openid-configuration', 'change-password', 'passkey-endpoints'].map((name) => page(`/.well-known/${name}`)),
  { method: 'GET', path: '/auth', query: request },
  form('/request', request),
  form('/token', { grant_type: 'authorization_code', code: 'x', client_id: 'own', redirect_uri: request.redirect_uri }),
  form('/token', { grant_type: 'refresh_token', refresh_token: 'x', client_id: 'own' }),
  form('/token/introspection', { token: 'x', client_id: 'own' }),
  form('/token/revocation', { token: 'x', client_id: 'own' }),
  form('/session/end', { client_id: 'own', id_token_hint: 'x' }),
  form('/session/end/confirm', { xsrf: 'x', logout: 'yes' }),
];

/** By the names of the parts of paths; `token` has a value for each page, by what comes before it. */
export type RouteValues = Readonly<Record<string, string>>;

/** The path with values in the places of its names. */
export function fillPath(path: string, values: RouteValues): string {
  return path.replaceAll(/\/:(\w+)/g, (_, name: string, at: number) => {
    const value = values[name === 'token' ? path.slice(1, at) : name];
    return `/${encodeURIComponent(value ?? 'x')}`;
  });
}

const ODD_NAMES = [
  '__proto__',
  'constructor',
  'toString',
  'email[$ne]',
  'email',
  'a[b]',
  '',
  'claims',
  'prompt',
  'request',
  'max_age',
  'resource',
];
const ODD_TEXTS = [
  ...[
    '',
    '%',
    '%00',
    '\0',
    '\r\nX: y',
    '\u202e',
    '\ud83d\udd11',
    '＠',
    '<script>',
    "' OR 1=1 --",
    '../../etc/passwd',
    '//evil.example',
  ],
  ...[
    '{}',
    '[]',
    'null',
    '-1',
    '0',
    '1e400',
    '{"id_token":{"acr":null}}',
    '{"id_token":{"sub":{"value":1}}}',
    '{"__proto__":{}}',
  ],
  ...['none', 'login consent', 'eyJhbGciOiJub25lIn0.e30.', 'a'.repeat(3000), 'own', 'alex@example.com', 'text/html'],
];
const TYPES = [
  'application/x-www-form-urlencoded',
  'application/json',
  'application/json; charset=utf-16',
  'text/plain',
  'multipart/form-data',
  '',
];
const METHODS = ['GET', 'POST', 'HEAD', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'PROPFIND'];
const HEADERS = [
  'Authorization',
  'Cookie',
  'Origin',
  'Range',
  'If-None-Match',
  'Accept-Language',
  'User-Agent',
  'Sec-Fetch-Site',
  'X-Forwarded-For',
];

const oddText = fc.oneof(fc.constantFrom(...ODD_TEXTS), fc.string({ unit: 'binary', maxLength: 100 }));
const oddValue = fc.oneof({ weight: 3, arbitrary: oddText }, fc.jsonValue({ maxDepth: 3 }));
const headerText = oddText.map((text) =>
  Buffer.from(text.toWellFormed())
    .toString('latin1')
    .replaceAll(/[\0\r\n]/g, ' '),
);

const oddQuery = fc.array(fc.tuple(fc.constantFrom(...ODD_NAMES, 'method', 'state', 'done'), oddText), {
  maxLength: 4,
});

/** Changes the fields of a right request: one to something odd, one left out, one more, or none. */
function mutateFields(fields: Fields): fc.Arbitrary<readonly (readonly [string, unknown])[]> {
  const entries = Object.entries(fields);
  const anyIndex = fc.nat({ max: Math.max(0, entries.length - 1) });
  return fc.oneof(
    { weight: 4, arbitrary: fc.constant(entries) },
    {
      weight: 3,
      arbitrary: fc
        .tuple(anyIndex, oddValue)
        .map(([at, value]) => entries.map(([name, old], index) => [name, index === at ? value : old] as const)),
    },
    { weight: 1, arbitrary: anyIndex.map((at) => entries.toSpliced(at, 1)) },
    { weight: 1, arbitrary: fc.tuple(fc.constantFrom(...ODD_NAMES), oddValue).map((more) => [...entries, more]) },
    { weight: 1, arbitrary: anyIndex.map((at) => [...entries, ...entries.slice(at, at + 1)]) },
  );
}

/** A value that is nearly always the right one. */
function nearlyAlways<Value>(right: Value, odd: fc.Arbitrary<Value>): fc.Arbitrary<Value> {
  return fc.oneof({ weight: 9, arbitrary: fc.constant(right) }, { weight: 1, arbitrary: odd });
}

function toTexts(list: readonly (readonly [string, unknown])[]): readonly (readonly [string, string])[] {
  return list.map(([name, value]) => [name, typeof value === 'string' ? value : JSON.stringify(value)]);
}

export function encodeQuery(list: readonly (readonly [string, string])[]): string {
  return new URLSearchParams(list.map(([name, text]) => [name, text])).toString();
}

function requestsTo({
  method,
  path,
  query = {},
  form: formFields,
  json: jsonFields,
}: Route): fc.Arbitrary<FuzzRequest> {
  const right = jsonFields ? 'application/json' : 'application/x-www-form-urlencoded';
  const rightBody = mutateFields(jsonFields ?? formFields ?? {}).map((list) =>
    jsonFields ? JSON.stringify(Object.fromEntries(list)) : encodeQuery(toTexts(list)),
  );
  const oddBody = fc.oneof(fc.json({ maxDepth: 4 }), fc.uint8Array({ maxLength: 300 }));
  return fc.record({
    method: nearlyAlways<string>(method, fc.constantFrom(...METHODS)),
    path: fc.constant(path),
    query: fc
      .tuple(mutateFields(query).map(toTexts), nearlyAlways<FuzzRequest['query']>([], oddQuery))
      .map((lists) => lists.flat()),
    type: nearlyAlways(right, fc.constantFrom(...TYPES)),
    body: fc.oneof({ weight: 9, arbitrary: rightBody }, { weight: 1, arbitrary: oddBody }),
    headers: nearlyAlways<FuzzRequest['headers']>(
      [],
      fc.array(fc.tuple(fc.constantFrom(...HEADERS), headerText), { maxLength: 3 }),
    ),
  });
}

/** So many requests over all routes, the same for the same seed. */
export function sampleRequests(count: number, seed: number): FuzzRequest[] {
  return fc.sample(fc.oneof(...[...OWN_ROUTES, ...OTHER_ROUTES].map(requestsTo)), { numRuns: count, seed });
}
