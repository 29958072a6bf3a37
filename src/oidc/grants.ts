import type { Configuration, KoaContextWithOIDC, Provider } from 'oidc-provider';

/** What a person has allowed an application to have. */
export interface Consent {
  readonly scopes: readonly string[];
  readonly claims: readonly string[];
  readonly resourceScopes: { readonly [resource: string]: readonly string[] };
}

type Grant = InstanceType<Provider['Grant']>;

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

/** Adds to a grant what was consented to and saves it; answers its id. */
export async function saveConsent(grant: Grant, consent: Consent): Promise<string> {
  if (consent.scopes.length > 0) grant.addOIDCScope(consent.scopes.join(' '));
  if (consent.claims.length > 0) grant.addOIDCClaims([...consent.claims]);
  for (const [resource, scopes] of Object.entries(consent.resourceScopes))
    grant.addResourceScope(resource, scopes.join(' '));
  return grant.save();
}

async function allowAll(ctx: KoaContextWithOIDC, existing: Grant | undefined): Promise<Grant | undefined> {
  const { client, session, provider, requestParamOIDCScopes, requestParamScopes, requestParamClaims, resourceServers } =
    ctx.oidc;
  if (!client || !session?.accountId) return undefined;
  const grant = existing ?? new provider.Grant({ accountId: session.accountId, clientId: client.clientId });
  const wanted: Consent = {
    scopes: [...requestParamOIDCScopes].filter((scope) => !hasScope(grant.getOIDCScopeEncountered(), scope)),
    claims: [...requestParamClaims].filter((claim) => !grant.getOIDCClaimsEncountered().includes(claim)),
    resourceScopes: Object.fromEntries(
      Object.entries(resourceServers ?? {})
        .map(([resource, server]) => {
          const offered = [...requestParamScopes].filter((scope) => server.scopes.has(scope));
          return [
            resource,
            offered.filter((scope) => !hasScope(grant.getResourceScopeEncountered(resource), scope)),
          ] as const;
        })
        .filter(([, scopes]) => scopes.length > 0),
    ),
  };
  const isNew = wanted.scopes.length > 0 || wanted.claims.length > 0 || Object.keys(wanted.resourceScopes).length > 0;
  if (isNew) await saveConsent(grant, wanted);
  return grant;
}

function hasScope(scopes: string, scope: string): boolean {
  return scopes.split(' ').includes(scope);
}
