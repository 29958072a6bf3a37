import type { Configuration, KoaContextWithOIDC, Provider } from 'oidc-provider';
import type { RecordAdapter } from './adapter.ts';
import { type Consent, findMissing, findShared, isNothing, NOTHING, readRequest } from './consent.ts';
import type { Consents, Holding } from './consents.ts';
import { ACCOUNT_CLIENT_ID } from './provider-options.ts';

type Grant = InstanceType<Provider['Grant']>;

/**
 * Stands in a grant for an API itself, beside the scopes allowed there: oidc-provider has no other place for an API of which no scope was
 * asked. It is in no token, since oidc-provider gives out scopes of the API alone, and none of those is a standard scope.
 */
const API_ITSELF = 'openid';

/**
 * What the tokens of one session and application may do. It is a part of what the person has allowed the application, which `Consents`
 * keeps; each grant is saved so that one which ends meanwhile stays ended, and none begins when the consent ends meanwhile.
 */
export class Grants {
  readonly #consents: Consents;

  constructor({ consents }: { readonly consents: Consents }) {
    this.#consents = consents;
  }

  /**
   * The grant an authorization request goes on with: the one of this session, with what of the request was allowed in another one before.
   * The operator's own applications are allowed whatever they ask for.
   */
  readonly load: NonNullable<Configuration['loadExistingGrant']> = async ({ oidc }) => {
    const { client, session } = oidc;
    if (!client || !session?.accountId) return undefined;
    const holding = { accountId: session.accountId, clientId: client.clientId };
    const grant = await findOwn(oidc, holding);
    const requested = readRequest(oidc);
    const missing = findMissing(requested, readGrant(grant));
    if (isNothing(missing)) return grant;
    if (client.cardea_consent !== 'skip') return this.#recall(oidc, { holding, grant, requested, missing });

    const allowed = await this.#extend(oidc.provider, { holding, grant, added: missing, whole: requested });
    if (client.clientId !== ACCOUNT_CLIENT_ID) await this.#consents.add(holding, requested, { asked: false });
    return allowed;
  };

  /** Adds what the person allows now to the grant of the session, if there is one, and to the consent; answers the grant's id. */
  async allow(
    provider: Provider,
    holding: Holding,
    { grantId, allowed }: { readonly grantId: string | undefined; readonly allowed: Consent },
  ): Promise<string> {
    const grant = grantId === undefined ? undefined : await provider.Grant.find(grantId);
    const { jti } = await this.#extend(provider, { holding, grant, added: allowed, whole: allowed });
    await this.#consents.add(holding, allowed, { asked: true });
    return jti;
  }

  async #recall(
    { provider }: KoaContextWithOIDC['oidc'],
    at: { holding: Holding; grant: Grant | undefined; requested: Consent; missing: Consent },
  ): Promise<Grant | undefined> {
    const { holding, grant, requested, missing } = at;
    const given = await this.#consents.find(holding);
    const added = given?.asked ? findShared(missing, given) : NOTHING;
    if (!given || isNothing(added)) return grant;
    const whole = findShared(requested, given);
    const extended = await this.#extend(provider, { holding, grant, added, whole });
    if (await this.#consents.renew(holding)) return extended;
    await extended.destroy();
    return undefined;
  }

  /** Adds to a grant, or begins one with the whole where there is none or it is gone. */
  async #extend(
    { Grant }: Provider,
    { holding, grant, added, whole }: { holding: Holding; grant: Grant | undefined; added: Consent; whole: Consent },
  ): Promise<Grant> {
    if (grant) {
      addTo(grant, added);
      const adapter = grant.adapter as RecordAdapter; // as createAdapterFactory makes them
      if (await adapter.replace(grant.jti, { ...grant }, grant.remainingTTL)) return grant;
    }
    const begun = new Grant({ ...holding });
    addTo(begun, whole);
    await begun.save();
    return begun;
  }
}

/** What a grant allows. */
export function readGrant(grant: Grant | undefined): Consent {
  if (!grant) return NOTHING;
  return {
    scopes: grant.getOIDCScope().split(' '),
    claims: grant.getOIDCClaims(),
    resourceScopes: Object.fromEntries(
      Object.keys(grant.resources ?? {}).map((resource) => [
        resource,
        grant
          .getResourceScope(resource)
          .split(' ')
          .filter((scope) => scope !== API_ITSELF),
      ]),
    ),
  };
}

function addTo(grant: Grant, { scopes, claims, resourceScopes }: Consent): void {
  if (scopes.length > 0) grant.addOIDCScope(scopes.join(' '));
  if (claims.length > 0) grant.addOIDCClaims([...claims]);
  for (const [resource, ofResource] of Object.entries(resourceScopes)) {
    grant.addResourceScope(resource, [API_ITSELF, ...ofResource].join(' '));
  }
}

async function findOwn(
  { result, session, provider }: KoaContextWithOIDC['oidc'],
  { accountId, clientId }: Holding,
): Promise<Grant | undefined> {
  const consented = result?.consent?.grantId;
  const grantId = typeof consented === 'string' ? consented : session?.grantIdFor(clientId);
  const grant = grantId ? await provider.Grant.find(grantId) : undefined;
  return grant?.accountId === accountId ? grant : undefined;
}
