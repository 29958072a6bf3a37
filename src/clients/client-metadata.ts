import type { ClientId } from '../lib/ids.ts';
import type { Problem } from '../lib/input-error.ts';
import { omitAbsent } from '../lib/omit-absent.ts';
import type { ClientRegistration } from './client-input.ts';
import type { Client, ClientSettings } from './client-store.ts';

/** Client metadata as oidc-provider reads it (OpenID Connect Dynamic Client Registration 1.0 §2). */
export type ClientMetadata = Client['metadata'];

/** The same with the id, as oidc-provider wants it. */
export type ProviderMetadata = ClientMetadata & { readonly client_id: ClientId };

/** What we call a thing → what the standards call it. The order here is the order in what is stored. */
const STANDARD_NAMES = {
  applicationType: 'application_type',
  redirectUris: 'redirect_uris',
  postLogoutRedirectUris: 'post_logout_redirect_uris',
  grantTypes: 'grant_types',
  authMethod: 'token_endpoint_auth_method',
  idTokenAlgorithm: 'id_token_signed_response_alg',
  jwks: 'jwks',
  jwksUri: 'jwks_uri',
  requirePar: 'require_pushed_authorization_requests',
} as const satisfies { readonly [field in keyof ClientRegistration]?: string };

/** The names under which oidc-provider is told of a client's settings; it has to know them as extra client metadata. */
export const SETTING_NAMES = {
  requirePkce: 'cardea_require_pkce',
  consent: 'cardea_consent',
  scopeClaimsInIdToken: 'cardea_scope_claims_in_id_token',
  resources: 'cardea_resources',
} as const satisfies { readonly [setting in keyof ClientSettings]: string };

/** The standard metadata of a registration, always in the same order, since oidc-provider caches clients by their text. */
export function toMetadata(registration: ClientRegistration): ClientMetadata {
  return {
    ...pickRenamed(registration, STANDARD_NAMES),
    response_types: registration.grantTypes.includes('authorization_code') ? ['code'] : [],
    // the provider refuses an empty text, and takes an absent one to allow every scope that the grant type can have
    ...(registration.scopes.length > 0 && { scope: registration.scopes.join(' ') }),
  };
}

/** What this installation decides about the client. */
export function toSettings({
  requirePkce,
  consent,
  scopeClaimsInIdToken,
  resources,
}: ClientRegistration): ClientSettings {
  return { requirePkce, consent, scopeClaimsInIdToken, resources };
}

/** The client in the words in which it was registered; `parseClientInput` reads it back. */
export function describeClient({ name, metadata, settings }: Client): { readonly [field: string]: unknown } {
  const registered = Object.entries(STANDARD_NAMES).map(([field, standardName]) => [field, metadata[standardName]]);
  const scopes = typeof metadata.scope === 'string' ? metadata.scope.split(' ') : [];
  return { name, ...omitAbsent(Object.fromEntries(registered)), scopes, ...settings };
}

/** All that oidc-provider is told about a client. `secret` stands for its secrets, which only `Clients` can check. */
export function toProviderMetadata(client: Client, secret: string): ProviderMetadata {
  return {
    client_id: client.id,
    client_name: client.name,
    ...client.metadata,
    ...(needsSecret(client.metadata) && { client_secret: secret }),
    ...pickRenamed(client.settings, SETTING_NAMES),
  };
}

/** Whether a client with this metadata proves itself with a secret. */
export function needsSecret(metadata: ClientMetadata): boolean {
  return String(metadata.token_endpoint_auth_method).startsWith('client_secret_');
}

/** Names the field of the input that oidc-provider complains of, whose `error_description` begins with its standard name. */
export function toClientProblem(description: string): Problem {
  const [standardName = '', ...words] = description.split(' ');
  if (standardName === 'scope') return { field: 'scopes', message: words.join(' ') };
  const field = Object.entries(STANDARD_NAMES).find(([, name]) => name === standardName)?.[0];
  return field === undefined ? { field: '', message: description } : { field, message: words.join(' ') };
}

function pickRenamed(values: object, names: { readonly [field: string]: string }): ClientMetadata {
  const given = new Map<string, unknown>(Object.entries(values));
  return omitAbsent(Object.fromEntries(Object.entries(names).map(([field, name]) => [name, given.get(field)])));
}
