import { interactionPolicy, type KoaContextWithOIDC } from 'oidc-provider';
import { type Consent, findMissing, readRequest } from './consent.ts';
import { readGrant } from './grants.ts';

/**
 * Has oidc-provider ask for every API before its first token. Its own check asks for scopes alone, so an application that named none would
 * get tokens in a person's name unasked. The page learns of the whole request too, for when all of it is asked again.
 */
export function askForResources(prompt: interactionPolicy.Prompt): void {
  prompt.details = ({ oidc }) => ({ requested: readRequest(oidc) });
  prompt.checks.remove('rs_scopes_missing');
  prompt.checks.add(
    new interactionPolicy.Check(
      'resources_missing',
      'access to an API was not granted',
      'consent_required',
      ({ oidc }) => Object.keys(findMissingResources(oidc)).length > 0,
      ({ oidc }) => ({ missingResourceScopes: findMissingResources(oidc) }),
    ),
  );
}

/** The requested APIs that the grant has not yet, or not with all the requested scopes; each with those that it lacks. */
function findMissingResources(oidc: KoaContextWithOIDC['oidc']): Consent['resourceScopes'] {
  return findMissing(readRequest(oidc), readGrant(oidc.grant)).resourceScopes;
}
