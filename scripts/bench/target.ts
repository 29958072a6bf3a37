import { createHash } from 'node:crypto';
import { type Answer, buildRequest, type Connection } from './connection.ts';
import type { ServerProcess } from './server-process.ts';

/** A client of a server under test. */
export interface BenchClient {
  readonly id: string;
  readonly secret: string;
}

export type IdTokenAlgorithm = 'ES256' | 'RS256';

/** A server under test, and what is known of it to put it under load. */
export interface Target {
  readonly name: 'cardea' | 'bare';
  readonly server: ServerProcess;
  /** As its pages and addresses name it; all of them begin with it. */
  readonly origin: string;
  readonly clients: Readonly<Record<IdTokenAlgorithm, BenchClient>>;
  /** What the device of a lane answers to the options for a passkey. */
  answer(options: Readonly<Record<string, unknown>>, lane: number): unknown;
}

export const REDIRECT_URI = 'https://app.example/callback';
const CODE_VERIFIER = 'a-code-verifier-of-the-measurement-0123456789';
const CODE_CHALLENGE = createHash('sha256').update(CODE_VERIFIER).digest('base64url');
const USER_AGENT =
  'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36';
const FORM = 'application/x-www-form-urlencoded';

/** An answer was not what it has to be: what was measured is worth nothing. */
export class WrongAnswer extends Error {
  constructor(expected: string, { status, head, body }: Answer) {
    super(`expected ${expected}, got ${status}: ${body || head}`.slice(0, 500));
    this.name = 'WrongAnswer';
  }
}

/** The body of a 200 as JSON; throws `WrongAnswer` for any other. */
export function readJson(answer: Answer): Readonly<Record<string, unknown>> {
  if (answer.status !== 200) throw new WrongAnswer('200', answer);
  return JSON.parse(answer.body);
}

/** By name. */
export type Cookies = Map<string, string>;

/** A person's browser, in as far as servers notice: sends cookies and origin. */
export class Browser {
  readonly #connection: Connection;
  readonly #origin: string;
  readonly cookies: Cookies;

  /** A new browser, or one that goes on with the cookies of another. */
  constructor(connection: Connection, origin: string, cookies: Cookies = new Map()) {
    this.#connection = connection;
    this.#origin = origin;
    this.cookies = cookies;
  }

  /** Opens an address of the server, absolute or not. */
  open(url: string): Promise<Answer> {
    return this.#send('GET', url, { Accept: 'text/html', 'Sec-Fetch-Site': 'none' });
  }

  postJson(url: string, body: unknown): Promise<Answer> {
    const headers = { 'Content-Type': 'application/json', Accept: 'application/json', Origin: this.#origin };
    return this.#send('POST', url, { ...headers, 'Sec-Fetch-Site': 'same-origin' }, JSON.stringify(body));
  }

  async #send(
    method: 'GET' | 'POST',
    url: string,
    headers: Readonly<Record<string, string>>,
    body?: string,
  ): Promise<Answer> {
    const { host, pathname, search } = new URL(url, this.#origin);
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const request = buildRequest({
      method,
      path: `${pathname}${search}`,
      host,
      headers: { 'User-Agent': USER_AGENT, ...(cookie && { Cookie: cookie }), ...headers },
      ...(body !== undefined && { body }),
    });
    const answer = await this.#connection.send(request);
    // A cookie that is taken back comes with an empty value.
    for (const [, name = '', value = ''] of answer.head.matchAll(/\r\nset-cookie: ([^=]+)=([^;\r]*)/gi)) {
      if (value === '') this.cookies.delete(name);
      else this.cookies.set(name, value);
    }
    return answer;
  }
}

/** Where a redirect leads, as a whole address; throws `WrongAnswer` for any that does not begin as it has to. */
export function readLocation(answer: Answer, prefix: string): string {
  const location = /\r\nlocation: ([^\r]+)/i.exec(answer.head)?.[1];
  const url = location === undefined ? '' : new URL(location, prefix).href;
  if (answer.status !== 303 || !url.startsWith(prefix)) throw new WrongAnswer(`303 to ${prefix}`, answer);
  return url;
}

/** The authorization request of a client, as a path. */
export function authorizationPath({ id }: BenchClient): string {
  const parameters = new URLSearchParams({
    response_type: 'code',
    client_id: id,
    redirect_uri: REDIRECT_URI,
    scope: 'openid profile email',
    state: 'a-state-of-the-measurement',
    nonce: 'a-nonce-of-the-measurement',
    code_challenge: CODE_CHALLENGE,
    code_challenge_method: 'S256',
  });
  return `/auth?${parameters}`;
}

/** The code of the redirect that brings a browser back to the client. */
export function readCode(answer: Answer): string {
  const code = new URL(readLocation(answer, REDIRECT_URI)).searchParams.get('code');
  if (!code) throw new WrongAnswer('a code', answer);
  return code;
}

/** Signs a person in with a new browser, up to the code. */
export async function signIn(
  target: Target,
  client: BenchClient,
  { connection, lane }: { readonly connection: Connection; readonly lane: number },
): Promise<{ readonly cookies: Cookies; readonly code: string }> {
  const browser = new Browser(connection, target.origin);
  const page = readLocation(await browser.open(authorizationPath(client)), `${target.origin}/interaction/`);
  const goOn = await usePasskey(target, browser, { page, lane });
  return { cookies: browser.cookies, code: readCode(await browser.open(goOn)) };
}

/** What the sign-in page and its script do; answers the address that goes on with the authorization request. */
async function usePasskey(
  target: Target,
  browser: Browser,
  { page, lane }: { readonly page: string; readonly lane: number },
): Promise<string> {
  const shown = await browser.open(page);
  if (shown.status !== 200 || !shown.body.includes('</html>')) throw new WrongAnswer('the sign-in page', shown);
  const options = readJson(await browser.postJson(`${page}/passkey/options`, {}));
  const outcome = await browser.postJson(`${page}/passkey`, target.answer(options, lane));
  const { location } = readJson(outcome);
  if (typeof location !== 'string') throw new WrongAnswer('where to go on', outcome);
  return location;
}

/** The text of a request that a client makes with its secret. */
export function clientRequest(
  { origin }: Target,
  { id, secret }: BenchClient,
  { path, parameters }: { readonly path: string; readonly parameters: Readonly<Record<string, string>> },
): string {
  const Authorization = `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`;
  const body = new URLSearchParams(parameters).toString();
  const headers = { Authorization, 'Content-Type': FORM, Accept: 'application/json' };
  return buildRequest({ method: 'POST', path, host: new URL(origin).host, headers, body });
}

/** The text of the request that exchanges a code. */
export function codeRequest(target: Target, client: BenchClient, code: string): string {
  return clientRequest(target, client, {
    path: '/token',
    parameters: {
      grant_type: 'authorization_code',
      code,
      redirect_uri: REDIRECT_URI,
      code_verifier: CODE_VERIFIER,
    },
  });
}

export interface Tokens {
  readonly accessToken: string;
  readonly refreshToken: string;
}

const OPAQUE_TOKEN = /^[\w-]{43}$/;

/** An opaque access token; throws `WrongAnswer` for anything else. */
export function readAccessToken(answer: Answer): string {
  const { access_token: accessToken, token_type: type, expires_in: seconds } = readJson(answer);
  const isRight = type === 'Bearer' && typeof seconds === 'number' && seconds > 0;
  if (!isRight || typeof accessToken !== 'string' || !OPAQUE_TOKEN.test(accessToken))
    throw new WrongAnswer('an opaque access token', answer);
  return accessToken;
}

/** Access token, refresh token and an ID token of the algorithm; throws `WrongAnswer` for anything less. */
export function readTokens(answer: Answer, algorithm: IdTokenAlgorithm): Tokens {
  const accessToken = readAccessToken(answer);
  const { refresh_token: refreshToken, id_token: idToken } = readJson(answer);
  const header = typeof idToken === 'string' ? Buffer.from(idToken.split('.')[0] ?? '', 'base64url').toString() : '';
  if (!header.includes(`"alg":"${algorithm}"`) || typeof refreshToken !== 'string')
    throw new WrongAnswer(`an ${algorithm} ID token and a refresh token`, answer);
  return { accessToken, refreshToken };
}
