import { errors } from 'oidc-provider';
import type { AccountId } from '../lib/ids.ts';
import type { Demand } from '../sign-in/sign-in.ts';

/** The parameters of an authorization request that say how somebody must be signed in. */
export interface DemandParameters {
  readonly claims?: unknown;
  readonly acr_values?: unknown;
}

/**
 * What an authorization request demands of the sign-in. Read from the parameters themselves: oidc-provider lets `acr_values` overwrite an
 * essential `acr` of the `claims` parameter.
 *
 * @param defaultAcrValues the client's `default_acr_values`, used when the request names none
 * @param subject the account that an `id_token_hint` names
 */
export function readDemand(
  parameters: DemandParameters,
  defaultAcrValues: readonly string[] = [],
  subject?: string,
): Demand {
  const idToken = readIdTokenClaims(parameters.claims);
  const acr = readObject(idToken?.acr);
  const sub = readObject(idToken?.sub)?.value;
  const accountId = (typeof sub === 'string' ? sub : subject) as AccountId | undefined; // compared with real ids only
  const essential = acr?.essential === true;
  const claimed = [acr?.value, ...(Array.isArray(acr?.values) ? acr.values : [])].filter(
    (value) => typeof value === 'string',
  );
  const voluntary =
    typeof parameters.acr_values === 'string' ? parameters.acr_values.split(' ').filter(Boolean) : defaultAcrValues;
  return { acr: claimed.length > 0 ? claimed : voluntary, essential: essential && claimed.length > 0, accountId };
}

/** Refuses an `acr` whose values could not be read: taken for none, it would let a weaker sign-in pass (OpenID Connect Core 1.0 §5.5.1.1). */
export function requireReadableAcr(claims: { readonly id_token?: unknown }): void {
  const { value, values } = readObject(readObject(claims.id_token)?.acr) ?? {};
  const given = [...(value === undefined ? [] : [value]), ...(Array.isArray(values) ? values : [])];
  const readable = (values === undefined || Array.isArray(values)) && given.every((one) => typeof one === 'string');
  if (!readable) throw new errors.InvalidRequest('claims.id_token.acr has a value that is no text');
}

function readIdTokenClaims(claims: unknown): { readonly [name: string]: unknown } | undefined {
  // oidc-provider has refused a request whose claims parameter is not a JSON object by now.
  return typeof claims === 'string' ? readObject(readObject(JSON.parse(claims))?.id_token) : undefined;
}

function readObject(value: unknown): { readonly [name: string]: unknown } | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : undefined;
}
