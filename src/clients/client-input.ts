import { z } from 'zod';
import { displayNameSchema } from '../lib/display-name.ts';
import { parseInput } from '../lib/input-error.ts';
import { clientJwksSchema } from './client-jwks.ts';
import { findRedirectUriFault, findUriFault, isLoopback, isPrivateUse } from './redirect-uri.ts';

/** How a client proves itself at the token endpoint (OpenID Connect Core 1.0 §9). */
export const CLIENT_AUTH_METHODS = ['none', 'client_secret_basic', 'client_secret_post', 'private_key_jwt'] as const;
export const CLIENT_GRANT_TYPES = ['authorization_code', 'refresh_token', 'client_credentials'] as const;

/** The scopes of OpenID Connect Core 1.0 §3.1.2.1, §5.4 and §11, and `organization` of our own. No API has one of them for its own. */
export const STANDARD_SCOPES: readonly string[] = [
  'openid',
  'offline_access',
  'profile',
  'email',
  'phone',
  'address',
  'organization',
];

const MAX_URIS = 50;
const MAX_RESOURCES = 20;
const MAX_SCOPES = 50;
const MAX_NAME_LENGTH = 100;

/** A scope-token (RFC 6749 §3.3). */
const SCOPE = /^[\x21\x23-\x5b\x5d-\x7e]{1,100}$/;

const scopeSchema = z.string().regex(SCOPE, 'is not a scope');

const resourceSchema = z.strictObject({
  indicator: z.string().superRefine(fault(findUriFault)),
  scopes: uniqueList(scopeSchema.refine((scope) => !STANDARD_SCOPES.includes(scope), 'is a standard scope'))
    .max(MAX_SCOPES, `must not have more than ${MAX_SCOPES}`)
    .default([]),
});

const fieldsSchema = z.strictObject({
  name: displayNameSchema(MAX_NAME_LENGTH),
  /** `native` runs on the person's own device (RFC 8252). */
  applicationType: z.enum(['web', 'native']).default('web'),
  redirectUris: uriList(findRedirectUriFault, MAX_URIS),
  postLogoutRedirectUris: uriList(findRedirectUriFault, MAX_URIS),
  /** `none` for a native application, which can keep no secret (RFC 8252 §8.5), else `client_secret_basic`. */
  authMethod: z.enum(CLIENT_AUTH_METHODS).optional(),
  grantTypes: uniqueList(z.enum(CLIENT_GRANT_TYPES))
    .min(1, 'must name one at least')
    .default(['authorization_code', 'refresh_token']),
  /** All that there are, by the grant types, unless it says otherwise. */
  scopes: uniqueList(scopeSchema).max(MAX_SCOPES).optional(),
  idTokenAlgorithm: z.enum(['RS256', 'ES256']).default('RS256'),
  jwks: clientJwksSchema.optional(),
  jwksUri: z.string().superRefine(fault(findJwksUriFault)).optional(),
  requirePkce: z.boolean().default(true),
  requirePar: z.boolean().default(false),
  consent: z.enum(['ask', 'skip']).default('ask'),
  scopeClaimsInIdToken: z.boolean().default(false),
  resources: z
    .array(resourceSchema)
    .refine((list) => namesEachOnce(list.map(({ indicator }) => indicator)), 'names an indicator twice')
    .max(MAX_RESOURCES, `must not have more than ${MAX_RESOURCES}`)
    .default([]),
});

type Fields = z.output<typeof fieldsSchema>;

/** A rule about several fields. It is looked at only when each field it reads is well-formed. */
interface Rule {
  readonly field: keyof Fields;
  readonly reads: readonly (keyof Fields)[];
  readonly message: string;
  holds(fields: Fields): boolean;
}

const RULES: readonly Rule[] = [
  {
    field: 'redirectUris',
    reads: ['grantTypes'],
    message: 'must name one at least, for the grant type authorization_code',
    holds: ({ grantTypes, redirectUris }) => !grantTypes.includes('authorization_code') || redirectUris.length > 0,
  },
  ...(['redirectUris', 'postLogoutRedirectUris'] as const).flatMap(rulesByApplicationType),
  {
    field: 'grantTypes',
    reads: [],
    message: 'must have authorization_code beside refresh_token',
    holds: ({ grantTypes }) => !grantTypes.includes('refresh_token') || grantTypes.includes('authorization_code'),
  },
  {
    field: 'grantTypes',
    reads: ['authMethod', 'applicationType'],
    message: 'must not have client_credentials where the client proves nothing (authMethod none)',
    holds: (fields) => !fields.grantTypes.includes('client_credentials') || chooseAuthMethod(fields) !== 'none',
  },
  {
    field: 'scopes',
    reads: ['grantTypes'],
    message: 'must not have offline_access without the grant type refresh_token',
    holds: ({ scopes = [], grantTypes }) => !scopes.includes('offline_access') || grantTypes.includes('refresh_token'),
  },
  {
    field: 'jwks',
    reads: ['jwksUri'],
    message: 'must not be given together with jwksUri',
    holds: ({ jwks, jwksUri }) => jwks === undefined || jwksUri === undefined,
  },
  {
    field: 'jwks',
    reads: ['jwksUri', 'authMethod'],
    message: 'or jwksUri is needed for authMethod private_key_jwt, and for no other',
    holds: ({ jwks, jwksUri, authMethod }) =>
      (authMethod === 'private_key_jwt') === (jwks !== undefined || jwksUri !== undefined),
  },
  {
    field: 'requirePkce',
    reads: ['authMethod', 'applicationType'],
    message: 'must be true where the client proves nothing (authMethod none)',
    holds: (fields) => fields.requirePkce || chooseAuthMethod(fields) !== 'none',
  },
];

const clientInputSchema = fieldsSchema
  .superRefine(
    (fields, { issues, addIssue }) => {
      const unsound = new Set(issues.map((issue) => issue.path?.[0]));
      for (const { field, reads, message, holds } of RULES) {
        if ([field, ...reads].some((read) => unsound.has(read)) || holds(fields)) continue;
        addIssue({ code: 'custom', path: [field], message });
      }
    },
    { when: ({ value }) => typeof value === 'object' && value !== null },
  )
  .transform((fields) => ({
    ...fields,
    authMethod: chooseAuthMethod(fields),
    scopes: fields.scopes ?? chooseScopes(fields),
  }));

/** What an administrator gives to register a client; what is left out takes its default. */
export type ClientInput = z.input<typeof clientInputSchema>;
/** The same with every default filled in. */
export type ClientRegistration = z.output<typeof clientInputSchema>;

/** Reads what an administrator gave; throws `InputError` with every problem. */
export function parseClientInput(input: unknown): ClientRegistration {
  return parseInput(clientInputSchema, input);
}

function chooseAuthMethod({ authMethod, applicationType }: Pick<Fields, 'authMethod' | 'applicationType'>) {
  return authMethod ?? (applicationType === 'native' ? 'none' : 'client_secret_basic');
}

function chooseScopes({ grantTypes }: Fields): string[] {
  if (!grantTypes.includes('authorization_code')) return [];
  return ['openid', 'profile', 'email', ...(grantTypes.includes('refresh_token') ? ['offline_access'] : [])];
}

function rulesByApplicationType(field: 'redirectUris' | 'postLogoutRedirectUris'): Rule[] {
  return [
    {
      field,
      reads: ['applicationType'],
      message: 'must not have a scheme of its own, unless the applicationType is native',
      holds: (fields) => fields.applicationType === 'native' || !fields[field].some(isPrivateUse),
    },
    {
      field,
      reads: ['applicationType'],
      message: 'must have http:// for localhost, 127.0.0.1 and [::1] where the applicationType is native',
      holds: (fields) =>
        fields.applicationType === 'web' || !fields[field].some((uri) => /^https:/i.test(uri) && isLoopback(uri)),
    },
  ];
}

/** Keys are fetched from the network, so only a public host will do; the address is judged again at each fetch. */
function findJwksUriFault(uri: string): string | undefined {
  const uriFault = findRedirectUriFault(uri);
  if (uriFault) return uriFault;
  const { protocol, hostname } = new URL(uri);
  if (protocol !== 'https:') return 'must begin with https://';
  if (!/\.[a-z][a-z0-9-]*$/.test(hostname) || hostname.endsWith('.localhost')) {
    return 'must name its host by a full domain name';
  }
  return undefined;
}

function fault(find: (value: string) => string | undefined) {
  return (value: string, context: z.core.$RefinementCtx<string>) => {
    const message = find(value);
    if (message) context.addIssue({ code: 'custom', message });
  };
}

function uriList(find: (uri: string) => string | undefined, maxLength: number) {
  return uniqueList(z.string().superRefine(fault(find)))
    .max(maxLength, `must not have more than ${maxLength}`)
    .default([]);
}

function uniqueList<Item extends z.ZodType<string>>(item: Item) {
  return z.array(item).refine(namesEachOnce, 'names a value twice');
}

function namesEachOnce(list: readonly string[]): boolean {
  return new Set(list).size === list.length;
}
