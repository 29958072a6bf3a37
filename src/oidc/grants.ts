import type { Configuration, KoaContextWithOIDC, Provider } from 'oidc-provider';

/** What an application asks a person for, or was allowed. */
export interface Consent {
  readonly scopes: readonly string[];
  readonly claims: readonly string[];
  /** The APIs, by their indicators, with their scopes; without any, a token for the API says no more than who it is for. */
  readonly resourceScopes: { readonly [resource: string]: readonly string[] };
}

type Grant = InstanceType<Provider['Grant']>;

/**
 * Stands in a grant for an API itself, beside the scopes allowed there: oidc-provider has no other place for an API of which no scope was
 * asked. It is in no token, since oidc-provider gives out scopes of the API alone, and none of those is a standard scope.
 */
const API_ITSELF = 'openid';

/**
 * The grant an authorization request goes on with: the one of this session, and for the operator's own applications one that allows what
 * was asked, without a page.
 */
export function createLoadExistingGrant(): NonNullable<Configuration['loadExistingGrant']> {
  return async (ctx) => {
    const { client, session, result, provider } = ctx.oidc;
    if (!client || !session) return undefined;
    const consented = result?.consent?.grantId;
    const grantId = typeof consented === 'string' ? consented : session.grantIdFor(client.clientId);
    const grant = grantId ? await provider.Grant.find(grantId) : undefined;
    const own = grant && grant.accountId === session.accountId ? grant : undefined;
    return client.cardea_consent === 'skip' ? allowAll(ctx, own) : own;
  };
}

/** All that an authorization request asks for; what neither we nor a requested API know is not in it. */
export function readRequest(oidc: KoaContextWithOIDC['oidc']): Consent {
  const { requestParamOIDCScopes, requestParamScopes, requestParamClaims, resourceServers } = oidc;
  return {
    scopes: [...requestParamOIDCScopes],
    claims: [...requestParamClaims],
    resourceScopes: Object.fromEntries(
      Object.entries(resourceServers ?? {}).map(
        ([resource, { scopes }]) => [resource, [...requestParamScopes].filter((scope) => scopes.has(scope))] as const,
      ),
    ),
  };
}

/** The requested APIs that the grant has not yet, or not with all the requested scopes; each with those that it lacks. */
export function findMissingResources(requested: Consent, grant: Grant | undefined): Consent['resourceScopes'] {
  return Object.fromEntries(
    Object.entries(requested.resourceScopes).flatMap(([resource, scopes]) => {
      const allowed = grant?.getResourceScopeEncountered(resource).split(' ') ?? [];
      const missing = scopes.filter((scope) => !allowed.includes(scope));
      return missing.length > 0 || !allowed.includes(API_ITSELF) ? [[resource, missing] as const] : [];
    }),
  );
}

/** Adds to a grant what was consented to and saves it; answers its id. */
export async function saveConsent(grant: Grant, consent: Consent): Promise<string> {
  if (consent.scopes.length > 0) grant.addOIDCScope(consent.scopes.join(' '));
  if (consent.claims.length > 0) grant.addOIDCClaims([...consent.claims]);
  for (const [resource, scopes] of Object.entries(consent.resourceScopes)) {
    grant.addResourceScope(resource, [API_ITSELF, ...scopes].join(' '));
  }
  return grant.save();
}

async function allowAll({ oidc }: KoaContextWithOIDC, existing: Grant | undefined): Promise<Grant | undefined> {
  const { client, session, provider } = oidc;
  if (!client || !session?.accountId) return undefined;
  const grant = existing ?? new provider.Grant({ accountId: session.accountId, clientId: client.clientId });
  const requested = readRequest(oidc);
  const allowedScopes = grant.getOIDCScopeEncountered().split(' ');
  const wanted: Consent = {
    scopes: requested.scopes.filter((scope) => !allowedScopes.includes(scope)),
    claims: requested.claims.filter((claim) => !grant.getOIDCClaimsEncountered().includes(claim)),
    resourceScopes: findMissingResources(requested, grant),
  };
  const isNew = wanted.scopes.length > 0 || wanted.claims.length > 0 || Object.keys(wanted.resourceScopes).length > 0;
  if (isNew) await saveConsent(grant, wanted);
  return grant;
}
