import { type Configuration, type KoaContextWithOIDC, Provider } from 'oidc-provider';
import type { AccountStore } from '../accounts/account-store.ts';
import type { Client as StoredClient } from '../clients/client-store.ts';
import type { Clients } from '../clients/clients.ts';
import type { Keyring } from '../keys/keyring.ts';
import type { Clock } from '../lib/clock.ts';
import type { ClientId } from '../lib/ids.ts';
import type { Sealer } from '../lib/seal.ts';
import type { Organizations } from '../organizations/organizations.ts';
import { acrToIssue } from '../sign-in/assurance.ts';
import type { SignInAccounts } from '../sign-in/sign-in-accounts.ts';
import { createAdapterFactory } from './adapter.ts';
import type { EndedSessions } from './ended-sessions.ts';
import type { EndpointLimits } from './endpoint-limits.ts';
import { createFindAccount } from './find-account.ts';
import type { Grants } from './grants.ts';
import { createInteractionPolicy, demandOf } from './login-prompt.ts';
import { createProviderOptions, type Lifetimes, type ProviderPages } from './provider-options.ts';
import type { RecordStore } from './record-store.ts';
import { extendSessions } from './session-model.ts';

export interface ProviderDeps {
  readonly issuer: string;
  readonly cookieKeys: readonly string[];
  readonly lifetimes: Lifetimes;
  readonly scopeClaims: { readonly [scope: string]: readonly string[] };
  readonly outboundFetch: NonNullable<Configuration['fetch']>;
  readonly records: RecordStore;
  readonly accounts: AccountStore;
  readonly organizations: Organizations;
  readonly clients: Clients;
  readonly keyring: Keyring;
  readonly signInAccounts: SignInAccounts;
  readonly endpointLimits: EndpointLimits;
  readonly grants: Grants;
  readonly endedSessions: EndedSessions;
  readonly sealer: Sealer;
  readonly clock: Clock;
  readonly pages: ProviderPages;
}

/** Builds the OpenID Connect provider, which is also the Koa application that everything else hooks into. */
export async function createProvider(deps: ProviderDeps): Promise<Provider> {
  const provider = new Provider(
    deps.issuer,
    createProviderOptions({
      ...deps,
      adapter: createAdapterFactory(deps),
      jwks: { keys: await deps.keyring.signingJwks() },
      findAccount: createFindAccount(deps),
      interactionPolicy: createInteractionPolicy({ ...deps, sessionSeconds: deps.lifetimes.sessionAbsolute }),
      loadExistingGrant: deps.grants.load,
      nowSeconds: () => Math.floor(deps.clock.now().getTime() / 1000),
    }),
  );
  pinOrigin(provider, new URL(deps.issuer));
  compareHashedSecrets(provider, deps.clients);
  rememberClients(provider, deps);
  issueRequestedAcr(provider);
  issueSessionIds(provider);
  extendSessions(provider, deps);
  return provider;
}

/** URLs are built from the issuer alone, whatever a request says of its host, port and protocol. */
function pinOrigin({ request }: Provider, issuer: URL): void {
  const fixed = {
    protocol: issuer.protocol.slice(0, -1),
    secure: issuer.protocol === 'https:',
    host: issuer.host,
    hostname: issuer.hostname,
    origin: issuer.origin,
  };
  for (const [name, value] of Object.entries(fixed)) Object.defineProperty(request, name, { value });
}

/** Client secrets are stored as digests, several to a client. */
function compareHashedSecrets(provider: Provider, clients: Clients): void {
  Object.defineProperty(provider.Client.prototype, 'compareClientSecret', {
    value(this: { clientId: string }, secret: string) {
      return clients.authenticate(this.clientId as ClientId, secret); // oidc-provider's clients carry our ids
    },
  });
}

/**
 * Keeps built clients as long as `Clients` recalls what they were built of. oidc-provider reads and digests a client's record on each
 * request and holds no more than a hundred built ones; past that each request pays for validating a client anew.
 */
function rememberClients(provider: Provider, { clients, endpointLimits }: ProviderDeps): void {
  const { Client } = provider;
  const find = Client.find.bind(Client);
  const built = new WeakMap<StoredClient, Awaited<ReturnType<typeof find>>>();
  Client.find = async (id: string) => {
    await endpointLimits.requireRoom(id);
    const stored = await clients.recall(id);
    const known = stored && built.get(stored);
    if (known) return known;
    const client = await find(id);
    if (stored && client) built.set(stored, client);
    return client;
  };
}

/** Tells an application the `acr` it asked for where that was reached, rather than a stronger one it may not know. */
function issueRequestedAcr(provider: Provider): void {
  Object.defineProperty(provider.OIDCContext.prototype, 'acr', {
    get(this: KoaContextWithOIDC['oidc']) {
      return acrToIssue(this.session?.acr, demandOf(this).acr);
    },
  });
}

/** Puts `sid` into every ID token. oidc-provider does so for clients that are told of sign-outs only. */
function issueSessionIds(provider: Provider): void {
  Object.defineProperty(provider.Client.prototype, 'includeSid', { value: () => true });
}
