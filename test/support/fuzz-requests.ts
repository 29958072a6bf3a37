import fc from 'fast-check';

type Fields = Readonly<Record<string, unknown>>;

/** A request that the server knows, as its own pages and applications send it; `own` stands for what the sender has been given. */
interface Route {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly query?: Fields;
  readonly form?: Fields;
  readonly json?: Fields;
}

/** A request with its mutations. */
export interface FuzzRequest {
  readonly method: string;
  /** `:id` stands for the sign-in, link or passkey. */
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

const ROUTES: readonly Route[] = [
  ...['/interaction/:id', '/interaction/:id/sign-up', '/interaction', '/account', '/account/password', '/nowhere'].map(
    page,
  ),
  ...['/account/passkeys/add', '/account/passkeys/:id/rename', '/account/passkeys/:id/delete'].map(page),
  ...['/account/totp/add', '/account/totp/delete', '/account/sign-out-everywhere', '/set-up/:id', '/set-up/done'].map(
    page,
  ),
  ...[
    '/auth/:id',
    '/userinfo',
    '/jwks',
    '/session/end',
    '/session/end/success',
    '/.well-known/openid-configuration',
  ].map(page),
  ...['/health/live', '/health/ready', '/assets/cardea.css', '/', '/account/:id/:id'].map(page),
  form('/interaction/:id/identify', { email: 'alex@example.com' }),
  form('/interaction/:id/identify', { email: 'alex@example.com', organization: 'northwind' }),
  form('/interaction/:id/organization', { organization: 'northwind' }),
  form('/interaction/:id/password', { password: 'correct horse battery staple' }),
  form('/interaction/:id/totp', { code: '123456' }),
  form('/interaction/:id/restart'),
  form('/interaction/:id/forget', { email: 'alex@example.com' }),
  form('/interaction/:id/cancel'),
  form('/interaction/:id/consent', { decision: 'allow' }),
  form('/interaction/:id/enrol/decline', { never: 'yes' }),
  json('/interaction/:id/passkey/options'),
  json('/interaction/:id/passkey', response),
  json('/interaction/:id/enrol/options'),
  json('/interaction/:id/enrol', { response }),
  json('/interaction/:id/sign-up/options', newcomer),
  json('/interaction/:id/sign-up', { ...newcomer, response }),
  json('/account/passkeys/options', { csrf: 'own', where: 'phone' }),
  json('/account/passkeys', { csrf: 'own', name: 'Key', response }),
  form('/account/passkeys/:id/rename', { csrf: 'own', name: 'Key' }),
  form('/account/passkeys/:id/delete', { csrf: 'own' }),
  form('/account/totp', { csrf: 'own', ticket: 'x', code: '123456' }),
  form('/account/totp/delete', { csrf: 'own' }),
  form('/account/confirm/password', { csrf: 'own', password: 'correct horse battery staple' }, { for: 'add-passkey' }),
  form('/account/confirm/totp', { csrf: 'own', code: '123456' }, { for: 'delete-totp' }),
  form('/account/confirm/email-code/send', { csrf: 'own' }, { for: 'change-password' }),
  json('/account/confirm/passkey/options', { csrf: 'own' }, { for: 'add-totp' }),
  json('/account/confirm/passkey', { csrf: 'own', response }, { for: 'add-passkey' }),
  form('/account/password', {
    csrf: 'own',
    current: 'correct horse battery staple',
    password: 'quite another password',
  }),
  form('/account/sign-out-everywhere', { csrf: 'own' }),
  form('/account/sign-out', { csrf: 'own' }),
  ...['/account/passkeys/other-device', '/account/passkeys/other-device/state', '/other-device/:id'].map(page),
  ...['/other-device/:id/state', '/other-device/:id/confirm'].map(page),
  ...['', '/send', '/withdraw'].map((path) => form(`/account/passkeys/other-device${path}`, { csrf: 'own' })),
  form('/account/passkeys/other-device/number', { csrf: 'own', number: '42' }),
  form('/other-device/:id'),
  form('/other-device/:id/confirm/password', { csrf: 'own', password: 'correct horse battery staple' }),
  form('/other-device/:id/confirm/email-code/send', { csrf: 'own' }),
  json('/other-device/:id/confirm/passkey/options', { csrf: 'own' }),
  json('/other-device/:id/confirm/passkey', { csrf: 'own', response }),
  json('/other-device/:id/passkey/options', { csrf: 'own' }),
  json('/other-device/:id/passkey', { csrf: 'own', response }),
  json('/set-up/:id/options', newcomer),
  json('/set-up/:id', { ...newcomer, response }),
  { method: 'GET', path: '/auth', query: request },
  { method: 'GET', path: '/account/confirm', query: { for: 'delete-passkey', target: 'x', method: 'totp' } },
  form('/request', request),
  form('/token', { grant_type: 'authorization_code', code: 'x', client_id: 'own', redirect_uri: request.redirect_uri }),
  form('/token', { grant_type: 'refresh_token', refresh_token: 'x', client_id: 'own' }),
  form('/token/introspection', { token: 'x', client_id: 'own' }),
  form('/token/revocation', { token: 'x', client_id: 'own' }),
  form('/session/end', { client_id: 'own', id_token_hint: 'x' }),
  form('/session/end/confirm', { xsrf: 'x', logout: 'yes' }),
];

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
  return fc.sample(fc.oneof(...ROUTES.map(requestsTo)), { numRuns: count, seed });
}
