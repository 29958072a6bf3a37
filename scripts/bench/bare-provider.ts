/**
 * The floor: oidc-provider by itself, with records in memory and a login that asks nothing, in as many requests as Cardea's. Protocol,
 * clients, scopes, lifetimes and algorithms are those of Cardea; what a provider does beyond the protocol is missing on purpose.
 */
import { createServer } from 'node:http';
import { exportJWK, generateKeyPair } from 'jose';
import type Koa from 'koa';
import { type AdapterFactory, type AdapterPayload, type Configuration, Provider } from 'oidc-provider';
import { LIFETIMES, SCOPE_CLAIMS } from '../../config/protocol.ts';
import { MemoryAdapter } from './memory-adapter.ts';

const PERSON = { name: 'Alex Example', email: 'alex@example.com', email_verified: true };
const SESSION_SECONDS = 3600;

/** Clients are records of its adapter, as with any provider that registers them while it runs. */
async function createAdapterFactory(): Promise<AdapterFactory> {
  const clients = new MemoryAdapter();
  const given: AdapterPayload[] = JSON.parse(process.env.BENCH_CLIENTS ?? '[]');
  for (const client of given) await clients.upsert(client.client_id ?? '', client);
  return (model) => (model === 'Client' ? clients : new MemoryAdapter());
}

async function makeJwks(): Promise<NonNullable<Configuration['jwks']>> {
  const algorithms = ['ES256', 'RS256'];
  const pairs = await Promise.all(algorithms.map((alg) => generateKeyPair(alg, { extractable: true })));
  const keys = await Promise.all(pairs.map(({ privateKey }) => exportJWK(privateKey)));
  return { keys: keys.map((key, index) => ({ ...key, alg: algorithms[index], use: 'sig' })) as never }; // jose and the provider type keys differently
}

function mutable(claims: { readonly [scope: string]: readonly string[] }): { [scope: string]: string[] } {
  return Object.fromEntries(Object.entries(claims).map(([scope, names]) => [scope, [...names]]));
}

async function createOptions(): Promise<Configuration> {
  return {
    adapter: await createAdapterFactory(),
    jwks: await makeJwks(),
    findAccount: (_ctx, sub) => ({ accountId: sub, claims: () => ({ sub, ...PERSON }) }),
    async loadExistingGrant(ctx) {
      const { client, session, provider } = ctx.oidc;
      if (!client || !session?.accountId) return undefined;
      const grantId = session.grantIdFor(client.clientId);
      if (grantId) return provider.Grant.find(grantId);
      const grant = new provider.Grant({ accountId: session.accountId, clientId: client.clientId });
      grant.addOIDCScope('openid profile email');
      await grant.save();
      return grant;
    },
    acrValues: ['phr'],
    claims: { openid: ['sub', 'acr', 'amr', 'auth_time'], ...mutable(SCOPE_CLAIMS) },
    responseTypes: ['code'],
    pkce: { required: () => true },
    cookies: { keys: ['a key of the measurement'] },
    routes: { userinfo: '/userinfo' },
    interactions: { url: (_ctx, { uid }) => `/interaction/${uid}` },
    ttl: {
      AuthorizationCode: LIFETIMES.authorizationCode,
      AccessToken: LIFETIMES.accessToken,
      ClientCredentials: LIFETIMES.accessToken,
      IdToken: LIFETIMES.idToken,
      Interaction: LIFETIMES.interaction,
      Grant: LIFETIMES.refreshTokenAbsolute,
      RefreshToken: LIFETIMES.refreshTokenIdle,
      Session: SESSION_SECONDS,
    },
    rotateRefreshToken: true,
    issueRefreshToken: async (_ctx, client) => client.grantTypeAllowed('refresh_token'),
    features: {
      devInteractions: { enabled: false },
      claimsParameter: { enabled: true },
      clientCredentials: { enabled: true },
      dPoP: { enabled: false },
      introspection: { enabled: true, allowedPolicy: (_ctx, client, token) => token.clientId === client.clientId },
      pushedAuthorizationRequests: { enabled: true },
      revocation: { enabled: true },
    },
  };
}

const port = Number(process.env.BENCH_PORT);
const provider = new Provider(`http://localhost:${port}`, await createOptions());
const LOGIN = { login: { accountId: 'alex', acr: 'phr', amr: ['pop', 'user', 'mfa'] } };
const login: Koa.Middleware = async (ctx, next) => {
  if (!ctx.path.startsWith('/interaction/')) return next();
  const { uid } = await provider.interactionDetails(ctx.req, ctx.res);
  if (ctx.method === 'GET') ctx.body = '<!doctype html><title>Sign in</title></html>';
  else if (ctx.path.endsWith('/options')) ctx.body = { challenge: uid };
  else ctx.body = { location: await provider.interactionResult(ctx.req, ctx.res, LOGIN) };
};
provider.use(login);
createServer(provider.callback()).listen(port, '127.0.0.1');
process.once('SIGTERM', () => process.exit());
