import { buildRequest, Connection } from './connection.ts';
import { LANES, type Operation, runLoad } from './load.ts';
import {
  authorizationPath,
  Browser,
  type Cookies,
  clientRequest,
  codeRequest,
  type IdTokenAlgorithm,
  readAccessToken,
  readCode,
  readJson,
  readTokens,
  signIn,
  type Target,
  type Tokens,
  WrongAnswer,
} from './target.ts';

/** One kind of work that servers are compared by. */
export interface Measure {
  readonly name: MeasureName;
  /** Operations in a round of the full run: about a second of it. */
  readonly count: number;
  /** Does whatever has to be there before the clock runs; what it answers may be done `count` times. */
  prepare(target: Target, count: number): Promise<Operation>;
}

export type MeasureName =
  | 'discovery'
  | 'jwks'
  | 'client_credentials'
  | 'code_exchange'
  | 'code_exchange_rs256'
  | 'refresh'
  | 'introspection'
  | 'userinfo'
  | 'passkey_sign_in';

export const MEASURES: readonly Measure[] = [
  {
    name: 'discovery',
    count: 20_000,
    prepare: (target) => prepareDocument(target, '/.well-known/openid-configuration', '"token_endpoint"'),
  },
  { name: 'jwks', count: 20_000, prepare: (target) => prepareDocument(target, '/jwks', '"keys"') },
  { name: 'client_credentials', count: 5000, prepare: async (target) => askForClientToken(target) },
  { name: 'code_exchange', count: 2000, prepare: (target, count) => prepareExchange(target, count, 'ES256') },
  { name: 'code_exchange_rs256', count: 1000, prepare: (target, count) => prepareExchange(target, count, 'RS256') },
  { name: 'refresh', count: 2000, prepare: prepareRefresh },
  { name: 'introspection', count: 5000, prepare: prepareIntrospection },
  { name: 'userinfo', count: 5000, prepare: prepareUserinfo },
  { name: 'passkey_sign_in', count: 500, prepare: async (target) => signInWhole(target) },
];

/** A document that is the same each time. */
async function prepareDocument(target: Target, path: string, essential: string): Promise<Operation> {
  const request = buildRequest({ method: 'GET', path, host: new URL(target.origin).host });
  const first = await withConnection(target, (connection) => connection.send(request));
  if (first.status !== 200 || !first.body.includes(essential)) throw new WrongAnswer(essential, first);
  return async (connection) => {
    const answer = await connection.send(request);
    if (answer.status !== 200 || answer.body !== first.body) throw new WrongAnswer('the same document', answer);
  };
}

function askForClientToken(target: Target): Operation {
  const parameters = { grant_type: 'client_credentials' };
  const request = clientRequest(target, target.clients.ES256, { path: '/token', parameters });
  return async (connection) => {
    readAccessToken(await connection.send(request));
  };
}

/** The codes come from the sessions of people who are signed in; only their exchange is measured. */
async function prepareExchange(target: Target, count: number, algorithm: IdTokenAlgorithm): Promise<Operation> {
  const client = target.clients[algorithm];
  const codes = await fetchCodes(target, count, algorithm);
  return async (connection) => {
    const code = codes.pop() ?? '';
    readTokens(await connection.send(codeRequest(target, client, code)), algorithm);
  };
}

/** Each connection refreshes what it was given by the refresh before. */
async function prepareRefresh(target: Target): Promise<Operation> {
  const tokens = await fetchTokens(target);
  const client = target.clients.ES256;
  return async (connection, lane) => {
    const refreshToken = tokens[lane]?.refreshToken ?? '';
    const parameters = { grant_type: 'refresh_token', refresh_token: refreshToken };
    const answer = await connection.send(clientRequest(target, client, { path: '/token', parameters }));
    const fresh = readTokens(answer, 'ES256');
    if (fresh.refreshToken === refreshToken) throw new WrongAnswer('another refresh token', answer);
    tokens[lane] = fresh;
  };
}

async function prepareIntrospection(target: Target): Promise<Operation> {
  const tokens = await fetchTokens(target);
  const client = target.clients.ES256;
  return async (connection, lane) => {
    const parameters = { token: tokens[lane]?.accessToken ?? '' };
    const request = clientRequest(target, client, { path: '/token/introspection', parameters });
    const answer = await connection.send(request);
    const { active, client_id: clientId, sub, exp } = readJson(answer);
    if (active !== true || clientId !== client.id || typeof sub !== 'string' || typeof exp !== 'number')
      throw new WrongAnswer('an active token', answer);
  };
}

async function prepareUserinfo(target: Target): Promise<Operation> {
  const tokens = await fetchTokens(target);
  const { host } = new URL(target.origin);
  return async (connection, lane) => {
    const headers = { Authorization: `Bearer ${tokens[lane]?.accessToken}`, Accept: 'application/json' };
    const answer = await connection.send(buildRequest({ method: 'GET', path: '/userinfo', host, headers }));
    const { sub, email, name } = readJson(answer);
    if (typeof sub !== 'string' || typeof email !== 'string' || typeof name !== 'string')
      throw new WrongAnswer('who it is', answer);
  };
}

/** From the authorization request to the tokens, with a new browser each time. */
function signInWhole(target: Target): Operation {
  const client = target.clients.ES256;
  return async (connection, lane) => {
    const { code } = await signIn(target, client, { connection, lane });
    readTokens(await connection.send(codeRequest(target, client, code)), 'ES256');
  };
}

/** The sessions that codes are fetched with, one for each lane; they outlast the measurement. */
const sessions = new WeakMap<Target, readonly Cookies[]>();

async function openSessions(target: Target): Promise<readonly Cookies[]> {
  const known = sessions.get(target);
  if (known) return known;
  const opened: Cookies[] = [];
  for (let lane = 0; lane < LANES; lane += 1) {
    const { cookies } = await withConnection(target, (connection) =>
      signIn(target, target.clients.ES256, { connection, lane }),
    );
    opened.push(cookies);
  }
  sessions.set(target, opened);
  return opened;
}

async function fetchCodes(target: Target, count: number, algorithm: IdTokenAlgorithm): Promise<string[]> {
  const opened = await openSessions(target);
  const path = authorizationPath(target.clients[algorithm]);
  const codes: string[] = [];
  const fetchCode: Operation = async (connection, lane) => {
    codes.push(readCode(await new Browser(connection, target.origin, opened[lane]).open(path)));
  };
  await runLoad(target.server.port, fetchCode, { count });
  return codes;
}

/** Tokens for each lane. */
async function fetchTokens(target: Target): Promise<Tokens[]> {
  const codes = await fetchCodes(target, LANES, 'ES256');
  return withConnection(target, async (connection) => {
    const tokens: Tokens[] = [];
    for (const code of codes) {
      tokens.push(readTokens(await connection.send(codeRequest(target, target.clients.ES256, code)), 'ES256'));
    }
    return tokens;
  });
}

async function withConnection<Result>(
  { server }: Target,
  work: (connection: Connection) => Promise<Result>,
): Promise<Result> {
  const connection = new Connection(server.port);
  try {
    return await work(connection);
  } finally {
    connection.close();
  }
}
