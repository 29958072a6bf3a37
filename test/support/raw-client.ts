import assert from 'node:assert/strict';
import type { TestApp } from './app.ts';
import { REDIRECT_URI } from './sign-in-flow.ts';
import type { Answer, Visitor } from './visitor.ts';

/** Of a request; what is undefined is left out, also where there is a default. */
export type Fields = Readonly<Record<string, string | undefined>>;

/** An answer of an endpoint that speaks JSON. */
export interface JsonAnswer {
  readonly status: number;
  readonly headers: Headers;
  /** Empty where there is no JSON. */
  readonly body: Readonly<Record<string, unknown>>;
}

export interface Tokens {
  readonly accessToken: string;
  readonly idToken: string;
  /** Empty where there is none. */
  readonly refreshToken: string;
}

/** The pair of RFC 7636 appendix B. */
const PKCE = {
  verifier: 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk',
  challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
};

/** A registered client that says on the wire whatever a test wants, without a library that would prevent mistakes. */
export class RawClient {
  readonly id: string;
  readonly secret: string | undefined;
  readonly #issuer: string;

  private constructor(parts: { readonly id: string; readonly secret: string | undefined; readonly issuer: string }) {
    this.id = parts.id;
    this.secret = parts.secret;
    this.#issuer = parts.issuer;
  }

  /** A public client of the operator's own, unless `fields` say otherwise. */
  static async register(
    { app, issuer }: Pick<TestApp, 'app' | 'issuer'>,
    fields: Readonly<Record<string, unknown>> = {},
  ): Promise<RawClient> {
    const registration = {
      name: 'Ledger',
      authMethod: 'none',
      consent: 'skip',
      redirectUris: [REDIRECT_URI],
      ...fields,
    };
    const { client, secret } = await app.clients.register(registration);
    return new RawClient({ id: client.id, secret, issuer });
  }

  /** The address of an authorization request. */
  authorizationUrl(parameters: Fields = {}): string {
    const all = {
      client_id: this.id,
      redirect_uri: REDIRECT_URI,
      response_type: 'code',
      scope: 'openid profile email',
      state: 'the-state',
      nonce: 'the-nonce',
      code_challenge: PKCE.challenge,
      code_challenge_method: 'S256',
      ...parameters,
    };
    return `${this.#issuer}/auth?${encode(all)}`;
  }

  /** Sends a browser with an authorization request; answers the page it ends on, or the redirect to the application. */
  authorize(visitor: Visitor, parameters?: Fields): Promise<Answer> {
    return visitor.open(this.authorizationUrl(parameters));
  }

  /** The code that a signed-in browser brings. */
  async obtainCode(visitor: Visitor, parameters?: Fields): Promise<string> {
    const answer = await this.authorize(visitor, parameters);
    return readCallback(answer).get('code') ?? assert.fail(`no code: ${answer.headers.get('location')}`);
  }

  async obtainTokens(visitor: Visitor, parameters?: Fields): Promise<Tokens> {
    return readTokens(await this.exchange(await this.obtainCode(visitor, parameters)));
  }

  exchange(code: string, fields: Fields = {}): Promise<JsonAnswer> {
    const grant = { grant_type: 'authorization_code', code, redirect_uri: REDIRECT_URI, code_verifier: PKCE.verifier };
    return this.post('/token', { ...grant, ...fields });
  }

  refresh(refreshToken: string, fields: Fields = {}): Promise<JsonAnswer> {
    return this.post('/token', { grant_type: 'refresh_token', refresh_token: refreshToken, ...fields });
  }

  introspect(token: string): Promise<JsonAnswer> {
    return this.post('/token/introspection', { token });
  }

  revoke(token: string): Promise<JsonAnswer> {
    return this.post('/token/revocation', { token });
  }

  /** A form as this client, with its secret where it has one. */
  post(path: string, fields: Fields): Promise<JsonAnswer> {
    return this.send(path, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: encode({ client_id: this.id, client_secret: this.secret, ...fields }),
    });
  }

  userinfo(accessToken: string): Promise<JsonAnswer> {
    return this.send('/userinfo', { headers: { authorization: `Bearer ${accessToken}` } });
  }

  async send(path: string, init: RequestInit): Promise<JsonAnswer> {
    const response = await fetch(this.#issuer + path, { redirect: 'manual', ...init });
    const text = await response.text();
    const isJson = response.headers.get('content-type')?.startsWith('application/json') === true;
    return { status: response.status, headers: response.headers, body: isJson ? JSON.parse(text) : {} };
  }
}

/** The parameters with which a browser was sent to the application. */
export function readCallback(answer: Answer): URLSearchParams {
  const location = answer.headers.get('location');
  if (!location?.startsWith(REDIRECT_URI)) assert.fail(`not at the application: ${answer.status} ${answer.text}`);
  return new URL(location).searchParams;
}

export function readTokens({ status, body }: JsonAnswer): Tokens {
  assert.equal(status, 200, JSON.stringify(body));
  const { access_token: accessToken, id_token: idToken = '', refresh_token: refreshToken = '' } = body;
  if (typeof accessToken !== 'string' || typeof idToken !== 'string' || typeof refreshToken !== 'string')
    assert.fail(JSON.stringify(body));
  return { accessToken, idToken, refreshToken };
}

/** Says in one word how an endpoint answered: its error, or its status. */
export function outcomeOf({ status, body }: JsonAnswer): string {
  return typeof body.error === 'string' ? body.error : String(status);
}

function encode(fields: Fields): string {
  const given = Object.entries(fields).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]]));
  return new URLSearchParams(given).toString();
}
