import type { KoaContextWithOIDC } from 'oidc-provider';

/** What an application asks a person for, or was allowed. */
export interface Consent {
  readonly scopes: readonly string[];
  readonly claims: readonly string[];
  /** The APIs, by their indicators, with their scopes; without any, a token for the API says no more than who it is for. */
  readonly resourceScopes: { readonly [resource: string]: readonly string[] };
}

export const NOTHING: Consent = { scopes: [], claims: [], resourceScopes: {} };

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

export function isNothing({ scopes, claims, resourceScopes }: Consent): boolean {
  return scopes.length === 0 && claims.length === 0 && Object.keys(resourceScopes).length === 0;
}

/** What of the requested is not allowed; an API that is not allowed yet is there even without scopes. */
export function findMissing(requested: Consent, allowed: Consent): Consent {
  return {
    scopes: subtract(requested.scopes, allowed.scopes),
    claims: subtract(requested.claims, allowed.claims),
    resourceScopes: Object.fromEntries(
      Object.entries(requested.resourceScopes).flatMap(([resource, scopes]) => {
        const known = allowed.resourceScopes[resource];
        const missing = subtract(scopes, known ?? []);
        return missing.length > 0 || known === undefined ? [[resource, missing] as const] : [];
      }),
    ),
  };
}

/** What of the requested is allowed. */
export function findShared(requested: Consent, allowed: Consent): Consent {
  return findMissing(requested, findMissing(requested, allowed));
}

/** Both together. */
export function join(one: Consent, other: Consent): Consent {
  const resources = new Set([one, other].flatMap(({ resourceScopes }) => Object.keys(resourceScopes)));
  return {
    scopes: unite(one.scopes, other.scopes),
    claims: unite(one.claims, other.claims),
    resourceScopes: Object.fromEntries(
      [...resources].map((resource) => [
        resource,
        unite(one.resourceScopes[resource] ?? [], other.resourceScopes[resource] ?? []),
      ]),
    ),
  };
}

/** People are asked for scopes: a single claim is named by the one it belongs to. */
export function listScopes(
  { scopes, claims }: Consent,
  scopeClaims: { readonly [scope: string]: readonly string[] },
): readonly string[] {
  const ofClaims = Object.keys(scopeClaims).filter((scope) =>
    scopeClaims[scope]?.some((name) => claims.includes(name)),
  );
  return unite(scopes, ofClaims);
}

/** The APIs, each with what may be done there. */
export function listResources({ resourceScopes }: Consent) {
  return Object.entries(resourceScopes).map(([indicator, scopes]) => ({ indicator, scopes }));
}

function subtract(all: readonly string[], others: readonly string[]): readonly string[] {
  return all.filter((one) => !others.includes(one));
}

function unite(some: readonly string[], others: readonly string[]): readonly string[] {
  return [...new Set([...some, ...others])];
}
