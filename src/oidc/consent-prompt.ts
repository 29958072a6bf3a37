import { interactionPolicy } from 'oidc-provider';
import { findMissingResources, readRequest } from './grants.ts';

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
      ({ oidc }) => Object.keys(findMissingResources(readRequest(oidc), oidc.grant)).length > 0,
      ({ oidc }) => ({ missingResourceScopes: findMissingResources(readRequest(oidc), oidc.grant) }),
    ),
  );
}
