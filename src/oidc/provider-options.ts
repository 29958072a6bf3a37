import type {
  AdapterFactory,
  Configuration,
  ErrorOut,
  FindAccount,
  interactionPolicy,
  KoaContextWithOIDC,
} from 'oidc-provider';
import { errors } from 'oidc-provider';
import { STANDARD_SCOPES } from '../clients/client-input.ts';
import { SETTING_NAMES } from '../clients/client-metadata.ts';
import type { ClientSettings } from '../clients/client-store.ts';
import { ACR_VALUES } from '../sign-in/assurance.ts';
import { CookieSigner } from './cookie-signer.ts';
import { requireReadableAcr } from './demand.ts';

/** Numbers of seconds; the sources are RFC 6749 §4.1.2 and RFC 9700, the values are config/protocol.ts's. */
export interface Lifetimes {
  readonly authorizationCode: number;
  readonly accessToken: number;
  readonly idToken: number;
  readonly refreshTokenIdle: number;
  readonly refreshTokenAbsolute: number;
  readonly interaction: number;
  readonly sessionIdle: number;
  readonly sessionAbsolute: number;
}

/** Pages that oidc-provider asks for in the middle of its own routes. */
export interface ProviderPages {
  confirmSignOut(ctx: KoaContextWithOIDC, action: string, xsrf: string): void;
  signedOut(ctx: KoaContextWithOIDC): void;
  protocolError(ctx: KoaContextWithOIDC, error: ErrorOut, cause: Error): void;
}

export interface ProviderOptionsInput {
  readonly issuer: string;
  readonly adapter: AdapterFactory;
  readonly jwks: NonNullable<Configuration['jwks']>;
  readonly cookieKeys: readonly string[];
  readonly findAccount: FindAccount;
  readonly interactionPolicy: interactionPolicy.DefaultPolicy;
  readonly loadExistingGrant: NonNullable<Configuration['loadExistingGrant']>;
  readonly lifetimes: Lifetimes;
  readonly scopeClaims: { readonly [scope: string]: readonly string[] };
  readonly pages: ProviderPages;
  readonly outboundFetch: NonNullable<Configuration['fetch']>;
  readonly nowSeconds: () => number;
}

/** The client through which our own pages sign people in; it gets neither codes nor tokens. */
export const ACCOUNT_CLIENT_ID = 'cardea-account';

/** An ended grant would end its refresh tokens with it, of which the last may be begun when the session is about to end. */
export function readGrantSeconds({ refreshTokenAbsolute, sessionAbsolute }: Lifetimes): number {
  return refreshTokenAbsolute + sessionAbsolute;
}

/** Everything that oidc-provider is told. Every default of the library that would weaken the installation is set here by name. */
export function createProviderOptions(input: ProviderOptionsInput): Configuration {
  const { lifetimes, pages } = input;
  const secure = input.issuer.startsWith('https:');
  return {
    adapter: input.adapter,
    jwks: input.jwks,
    findAccount: input.findAccount,
    loadExistingGrant: input.loadExistingGrant,
    clients: [accountClient(input.issuer)],
    clientAuthMethods: ['none', 'client_secret_basic', 'client_secret_post', 'private_key_jwt'],
    clientDefaults: {
      grant_types: ['authorization_code'],
      id_token_signed_response_alg: 'RS256',
      response_types: ['code'],
    },
    extraClientMetadata: { properties: Object.values(SETTING_NAMES) },
    extraParams: ['organization'],
    responseTypes: ['code', 'none'],
    subjectTypes: ['public'],
    acrValues: [...ACR_VALUES],
    scopes: [...STANDARD_SCOPES],
    claims: { openid: ['sub', 'acr', 'amr', 'auth_time'], ...mutable(input.scopeClaims) },
    // Decided client by client in find-account.ts instead of for all.
    conformIdTokenClaims: false,
    enabledJWA: {
      idTokenSigningAlgValues: ['RS256', 'ES256'],
      clientAuthSigningAlgValues: ['RS256', 'PS256', 'ES256', 'EdDSA'],
    },
    // OpenID Connect Core 1.0 §3.1.2.1 requires it, however many are registered.
    allowOmittingSingleRegisteredRedirectUri: false,
    pkce: { required: (_ctx, client) => client.clientAuthMethod === 'none' || client.cardea_require_pkce !== false },
    // Seconds by which the clocks of clients may differ from ours.
    clockTolerance: 10,
    cookies: cookieOptions(secure, input.cookieKeys),
    routes: {
      authorization: '/auth',
      token: '/token',
      userinfo: '/userinfo',
      jwks: '/jwks',
      end_session: '/session/end',
    },
    interactions: { policy: input.interactionPolicy, url: (_ctx, interaction) => `/interaction/${interaction.uid}` },
    ttl: {
      AuthorizationCode: lifetimes.authorizationCode,
      AccessToken: lifetimes.accessToken,
      ClientCredentials: lifetimes.accessToken,
      IdToken: lifetimes.idToken,
      Interaction: lifetimes.interaction,
      Grant: readGrantSeconds(lifetimes),
      RefreshToken: (_ctx, token) =>
        within(lifetimes.refreshTokenIdle, lifetimes.refreshTokenAbsolute - token.totalLifetime()),
      Session: (_ctx, session) =>
        within(
          lifetimes.sessionIdle,
          lifetimes.sessionAbsolute - (session.loginTs ? input.nowSeconds() - session.loginTs : 0),
        ),
    },
    rotateRefreshToken: true,
    issueRefreshToken: async (_ctx, client, source) =>
      client.grantTypeAllowed('refresh_token') &&
      (source.scopes.has('offline_access') || client.cardea_consent === 'skip'),
    extraTokenClaims: (ctx) => assuranceClaims(ctx),
    // Browser applications call from the origins they are redirected to.
    clientBasedCORS: (_ctx, origin, client) => (client.redirectUris ?? []).some((uri) => originOf(uri) === origin),
    fetch: input.outboundFetch,
    fetchResponseBodyLimits: { default: 65_536 },
    renderError: (ctx, out, error) => pages.protocolError(ctx, out, error),
    features: {
      devInteractions: { enabled: false },
      registration: { enabled: false },
      claimsParameter: { enabled: true, assertClaimsParameter: async (_ctx, claims) => requireReadableAcr(claims) },
      clientCredentials: { enabled: true },
      dPoP: { enabled: false },
      introspection: { enabled: true, allowedPolicy: isOwnToken },
      pushedAuthorizationRequests: { enabled: true },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => undefined,
        useGrantedResource: () => false,
        getResourceServerInfo: (_ctx, resource, client) => describeResource(resource, client, lifetimes.accessToken),
      },
      revocation: { enabled: true, allowedPolicy: isOwnToken },
      rpInitiatedLogout: {
        enabled: true,
        logoutSource: (ctx, form) => pages.confirmSignOut(ctx, '/session/end/confirm', readXsrf(form)),
        postLogoutSuccessSource: (ctx) => pages.signedOut(ctx),
      },
      userinfo: { enabled: true },
    },
  };
}

function accountClient(issuer: string) {
  return {
    client_id: ACCOUNT_CLIENT_ID,
    redirect_uris: [`${issuer}/account`],
    response_types: ['none' as const],
    grant_types: [],
    token_endpoint_auth_method: 'none' as const,
    scope: 'openid',
    cardea_consent: 'skip',
  };
}

function cookieOptions(secure: boolean, keys: readonly string[]): NonNullable<Configuration['cookies']> {
  // The interaction cookies are bound to a path, which the __Host- prefix forbids (RFC 6265bis §4.1.3.2).
  const [host, prefix] = secure ? ['__Host-', '__Secure-'] : ['', ''];
  const common = { httpOnly: true, sameSite: 'lax', secure, signed: true, overwrite: true } as const;
  return {
    keys: new CookieSigner(keys),
    names: {
      session: `${host}cardea.session`,
      interaction: `${prefix}cardea.sign-in`,
      resume: `${prefix}cardea.resume`,
    },
    long: { ...common, path: '/' },
    short: common,
  };
}

/** The APIs a client may get access tokens for are named at its registration; each gets JWTs (RFC 9068) of its own audience and scopes. */
function describeResource(indicator: string, client: { readonly [name: string]: unknown }, accessTokenTTL: number) {
  const resources = (client.cardea_resources ?? []) as ClientSettings['resources']; // as our own client metadata has it
  const resource = resources.find((one) => one.indicator === indicator);
  if (!resource) throw new errors.InvalidTarget();
  return {
    scope: resource.scopes.join(' '),
    audience: indicator,
    accessTokenTTL,
    accessTokenFormat: 'jwt' as const,
    jwt: { sign: { alg: 'ES256' as const } },
  };
}

/** Access tokens tell an API how strongly their person signed in, so that it can demand a step-up (RFC 9470 §6). */
function assuranceClaims(ctx: KoaContextWithOIDC) {
  const { AuthorizationCode, RefreshToken } = ctx.oidc.entities;
  const source = AuthorizationCode ?? RefreshToken;
  if (!source) return undefined;
  return { acr: source.acr, amr: source.amr, auth_time: source.authTime };
}

/** oidc-provider hands the value over inside a ready-made form only. */
function readXsrf(form: string): string {
  return /name="xsrf" value="([0-9a-f]+)"/.exec(form)?.[1] ?? '';
}

/** Undefined where the scheme is an application's own: `null` is what browsers call the origin of any sandboxed page. */
function originOf(uri: string): string | undefined {
  const origin = URL.canParse(uri) ? new URL(uri).origin : 'null';
  return origin === 'null' ? undefined : origin;
}

/** What is not a client's own looks to it like what does not exist. */
function isOwnToken(
  _ctx: unknown,
  client: { readonly clientId: string },
  token: { readonly clientId?: string | undefined },
): boolean {
  return token.clientId === client.clientId;
}

function within(limit: number, remaining: number): number {
  return Math.max(1, Math.floor(Math.min(limit, remaining)));
}

function mutable(claims: { readonly [scope: string]: readonly string[] }): { [scope: string]: string[] } {
  return Object.fromEntries(Object.entries(claims).map(([scope, names]) => [scope, [...names]]));
}
