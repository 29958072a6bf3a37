/**
 * A small relying application: it signs people in at an OpenID Connect provider and shows who they are. Everything it knows of the
 * provider is an address and a client id, so it works with any.
 */
import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import * as client from 'openid-client';
import { type Person, renderHome, renderProblem, STYLESHEET } from './pages.ts';

interface Session {
  /** What the answers to running sign-ins are checked against, by their state: each tab may have one. */
  readonly pending: Map<string, { readonly codeVerifier: string; readonly nonce: string }>;
  person?: Person;
  idToken?: string;
}

const issuer = readSetting('ISSUER');
const clientId = readSetting('CLIENT_ID');
const ownUrl = readSetting('APPLICATION_URL');
const redirectUri = `${ownUrl}/callback`;

/** In memory: a restart signs everybody out of this application. */
const sessions = new Map<string, Session>();

// Plain http is for trying things out on one machine only.
const options = issuer.startsWith('http:') ? { execute: [client.allowInsecureRequests] } : {};
const configuration = await client.discovery(new URL(issuer), clientId, undefined, client.None(), options);

/** Sends the browser to the provider, with PKCE, state and nonce that only this session knows. */
async function startSignIn(session: Session, response: ServerResponse): Promise<void> {
  const state = client.randomState();
  const pending = { codeVerifier: client.randomPKCECodeVerifier(), nonce: client.randomNonce() };
  session.pending.set(state, pending);
  const url = client.buildAuthorizationUrl(configuration, {
    redirect_uri: redirectUri,
    scope: 'openid profile email',
    code_challenge: await client.calculatePKCECodeChallenge(pending.codeVerifier),
    code_challenge_method: 'S256',
    state,
    nonce: pending.nonce,
  });
  redirect(response, url.href);
}

/** The provider sent the browser back: the code is exchanged for tokens, and these tell who it is. */
async function finishSignIn(session: Session, url: URL, response: ServerResponse): Promise<void> {
  const state = url.searchParams.get('state') ?? '';
  const pending = session.pending.get(state);
  if (!pending) return redirect(response, '/');
  session.pending.delete(state);
  const tokens = await client.authorizationCodeGrant(configuration, url, {
    pkceCodeVerifier: pending.codeVerifier,
    expectedState: state,
    expectedNonce: pending.nonce,
  });
  const claims = tokens.claims();
  if (!claims || !tokens.id_token) throw new Error('the provider sent no ID token');
  const profile = await client.fetchUserInfo(configuration, tokens.access_token, claims.sub);
  session.person = { name: profile.name, email: profile.email, claims };
  session.idToken = tokens.id_token;
  redirect(response, '/');
}

/** Signs out here and at the provider. */
function signOut(session: Session, response: ServerResponse): void {
  const { idToken } = session;
  delete session.person;
  delete session.idToken;
  if (!idToken) {
    redirect(response, '/');
    return;
  }
  const url = client.buildEndSessionUrl(configuration, { post_logout_redirect_uri: ownUrl, id_token_hint: idToken });
  redirect(response, url.href);
}

async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? '/', ownUrl);
  const session = openSession(request, response);
  switch (`${request.method} ${url.pathname}`) {
    case 'GET /':
      return sendPage(response, 200, renderHome(session.person, issuer));
    case 'POST /sign-in':
      return startSignIn(session, response);
    case 'GET /callback':
      return finishSignIn(session, url, response);
    case 'POST /sign-out':
      return signOut(session, response);
    case 'GET /style.css':
      return void response.writeHead(200, { 'Content-Type': 'text/css' }).end(STYLESHEET);
    default:
      return sendPage(response, 404, renderProblem('There is no such page.'));
  }
}

function openSession(request: IncomingMessage, response: ServerResponse): Session {
  const known = /(?:^|; )ledger=([\w-]+)/.exec(request.headers.cookie ?? '')?.[1];
  const existing = known === undefined ? undefined : sessions.get(known);
  if (existing) return existing;
  const id = randomBytes(32).toString('base64url');
  const session: Session = { pending: new Map() };
  sessions.set(id, session);
  response.setHeader('Set-Cookie', `ledger=${id}; Path=/; HttpOnly; SameSite=Lax`);
  return session;
}

function sendPage(response: ServerResponse, status: number, html: string): void {
  response.writeHead(status, {
    'Content-Type': 'text/html; charset=utf-8',
    'Content-Security-Policy': "default-src 'none'; style-src 'self'; frame-ancestors 'none'",
    'Cache-Control': 'no-store',
  });
  response.end(html);
}

function redirect(response: ServerResponse, location: string): void {
  response.writeHead(303, { Location: location }).end();
}

function readSetting(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set`);
  return value;
}

const server = createServer((request, response) => {
  handle(request, response).catch((error: unknown) => {
    if (error instanceof client.AuthorizationResponseError && error.error === 'access_denied') {
      sendPage(response, 403, renderProblem('You did not sign in.'));
      return;
    }
    process.stderr.write(`${String(error)}\n`);
    sendPage(response, 502, renderProblem('The sign-in did not work.'));
  });
});
server.listen(Number(new URL(ownUrl).port || 80), '127.0.0.1', () =>
  process.stdout.write(`Ledger is running at ${ownUrl}\n`),
);
server.once('error', (error) => {
  process.stderr.write(`Ledger cannot run at ${ownUrl}: ${error.message}\n`);
  process.exitCode = 1;
});
process.once('SIGINT', () => stop());
process.once('SIGTERM', () => stop());

function stop(): void {
  server.close();
  server.closeAllConnections();
}
