import { readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import type { Config, Secrets } from '../config/load.ts';
import { PRESETS } from '../config/presets.ts';
import { LIFETIMES, SCOPE_CLAIMS } from '../config/protocol.ts';
import { Accounts } from './accounts/accounts.ts';
import type { ClientMetadata } from './clients/client-metadata.ts';
import { Clients } from './clients/clients.ts';
import type { RequestHandler } from './http/app-context.ts';
import { KnownBrowsers } from './http/known-browser.ts';
import { LANGUAGES } from './http/languages/languages.ts';
import { type AssetManifest, loadAssets } from './http/middleware/assets.ts';
import { health } from './http/middleware/health.ts';
import { createAccountPages } from './http/pages/account-pages.ts';
import { Pages } from './http/pages/pages.ts';
import { createProviderPages } from './http/pages/provider-pages.ts';
import { createSetUpPages } from './http/pages/set-up-pages.ts';
import { createSignInPages } from './http/pages/sign-in-pages.ts';
import { createRequestHandler } from './http/server.ts';
import { Sessions } from './http/session.ts';
import { createViews } from './http/view.ts';
import { Keyring } from './keys/keyring.ts';
import { type Clock, systemClock } from './lib/clock.ts';
import { type AccountId, Ids } from './lib/ids.ts';
import { createLogger, type Logger } from './lib/logger.ts';
import { Sealer } from './lib/seal.ts';
import { Signer } from './lib/signer.ts';
import { BrowserSessions } from './oidc/browser-sessions.ts';
import { EndpointLimits } from './oidc/endpoint-limits.ts';
import { logProviderEvents } from './oidc/events.ts';
import { Interactions } from './oidc/interactions.ts';
import { createOutboundFetch } from './oidc/outbound-fetch.ts';
import { createProvider } from './oidc/provider.ts';
import { validateClient } from './oidc/validate-client.ts';
import { Organizations } from './organizations/organizations.ts';
import { Ceremonies } from './passkeys/ceremonies.ts';
import { PasskeyOwners } from './passkeys/passkey-owners.ts';
import { Passkeys } from './passkeys/passkeys.ts';
import { Hasher } from './passwords/hasher.ts';
import { Passwords } from './passwords/passwords.ts';
import { FloodLimit } from './rates/flood-limit.ts';
import { Limits } from './rates/limits.ts';
import { PasswordChange } from './sign-in/password-change.ts';
import { SetUp } from './sign-in/set-up.ts';
import { SignInAccounts } from './sign-in/sign-in-accounts.ts';
import { SigningIn } from './sign-in/signing-in.ts';
import { SigningUp } from './sign-in/signing-up.ts';
import { DataFolder } from './storage/data-folder.ts';
import { openSqliteStorage } from './storage/sqlite/sqlite-storage.ts';
import type { Storage } from './storage/storage.ts';
import { Totps } from './totp/totp.ts';

/** An opened installation. Nothing of it listens: the server, the command line and the tests start here. */
export interface App extends AsyncDisposable {
  readonly issuer: string;
  readonly storage: Storage;
  readonly organizations: Organizations;
  readonly accounts: Accounts;
  readonly passkeys: Passkeys;
  readonly passwords: Passwords;
  readonly totps: Totps;
  readonly clients: Clients;
  readonly setUp: SetUp;
  readonly signer: Signer;
  readonly logger: Logger;
  readonly handleRequest: RequestHandler;
  /** From now on the installation says that it should be sent no more requests. */
  startDraining(): void;
}

/** What tests put in the place of the real thing. */
export interface Overrides {
  readonly clock?: Clock;
  readonly ids?: Ids;
  readonly logger?: Logger;
}

const ROOT = join(import.meta.dirname, '..');
const ASSET_FOLDER = join(ROOT, 'build', 'browser');
const DAY_SECONDS = 86_400;
/** Failed authentications of clients from one source. */
const REFUSALS_PER_MINUTE = 20;

/** Opens the store, makes what is missing on a first start (keys, the first organization), and puts the parts together. */
export async function openApp(config: Config, secrets: Secrets, overrides: Overrides = {}): Promise<App> {
  const clock = overrides.clock ?? systemClock;
  const ids = overrides.ids ?? new Ids();
  const logger = overrides.logger ?? createLogger({ level: config.logLevel, format: config.logFormat, clock });
  const folder = new DataFolder(config.dataDir);
  const { sealingKey, cookieKeys } = completeSecrets(secrets, folder, ids);
  const storage = await openSqliteStorage({ path: folder.databasePath, clock, logger });
  try {
    return await assemble({ config, cookieKeys, sealer: new Sealer(sealingKey, ids), storage, clock, ids, logger });
  } catch (error) {
    await storage[Symbol.asyncDispose]();
    throw error;
  }
}

interface Parts {
  readonly config: Config;
  readonly cookieKeys: readonly string[];
  readonly sealer: Sealer;
  readonly storage: Storage;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly logger: Logger;
}

async function assemble(parts: Parts): Promise<App> {
  const { config, storage, clock, ids, logger } = parts;
  const { issuer } = config;
  await requireSameRpId(storage, config.rpId);
  const domain = createDomain(parts);
  await domain.keyring.ensure();
  const { name: organizationName } = await ensureOrganization(domain.organizations, config);

  const manifest = await readManifest();
  const development = config.env === 'development';
  const views = createViews({ folder: join(ROOT, 'views'), manifest, languages: LANGUAGES });
  const pages = new Pages({ views, organizationName, development });
  const signer = new Signer(parts.cookieKeys);
  const lifetimes = {
    ...LIFETIMES,
    sessionIdle: config.sessionIdleMinutes * 60,
    sessionAbsolute: config.sessionHours * 3600,
  };
  const endpointLimits = new EndpointLimits({
    tokens: new FloodLimit({ perMinute: config.limitToken }),
    refusals: new FloodLimit({ perMinute: REFUSALS_PER_MINUTE }),
    rates: storage.rates,
    records: storage.records,
  });
  const provider = await createProvider({
    ...parts,
    ...domain,
    issuer,
    lifetimes,
    scopeClaims: SCOPE_CLAIMS,
    outboundFetch: createOutboundFetch(config.outboundAllow),
    records: storage.records,
    accounts: storage.accounts,
    endpointLimits,
    pages: createProviderPages(pages),
  });
  domain.providerReady((metadata) => validateClient(provider, metadata));
  logProviderEvents(provider, logger);

  const browserSessions = new BrowserSessions(provider, storage.records);
  const sessions = new Sessions({
    browserSessions,
    signInAccounts: domain.signInAccounts,
    signer,
    clock,
    sessionSeconds: lifetimes.sessionAbsolute,
  });
  const knownBrowsers = new KnownBrowsers({ signer, ids, secure: issuer.startsWith('https:') });
  const signingIn = new SigningIn({
    ...domain,
    signIns: storage.signIns,
    accounts: storage.accounts,
    clock,
    signInSeconds: LIFETIMES.interaction,
  });
  let draining = false;
  const handleRequest = createRequestHandler({
    issuer,
    application: provider,
    pages,
    logger,
    ids,
    trustedProxies: config.trustedProxies,
    assets: await loadAssets(ASSET_FOLDER, manifest),
    pageLimit: new FloodLimit({ perMinute: config.limitPages }),
    endpointLimits,
    health: health({ ping: () => storage.ping(), isDraining: () => draining }),
    routers: {
      interaction: createSignInPages({
        ...domain,
        interactions: new Interactions(provider, SCOPE_CLAIMS),
        signingIn,
        knownBrowsers,
        pages,
      }),
      account: createAccountPages({
        ...domain,
        sessions,
        records: storage.records,
        pages,
        browserSessions,
      }),
      'set-up': createSetUpPages({ setUp: domain.setUp, pages }),
    },
  });
  return {
    ...domain,
    issuer,
    storage,
    signer,
    logger,
    handleRequest,
    startDraining: () => {
      draining = true;
    },
    async [Symbol.asyncDispose]() {
      await storage[Symbol.asyncDispose]();
      await logger.flush();
    },
  };
}

/** The services of the domains, each given what it calls. */
function createDomain({ config, storage, clock, ids, sealer }: Parts) {
  const { tickets, rates } = storage;
  const organizations = new Organizations({ store: storage.organizations, ids, clock });
  const endSessions = (id: AccountId) => storage.records.deleteByAccount(id);
  const accounts = new Accounts({ store: storage.accounts, ids, clock, endSessions });
  const ceremonies = new Ceremonies({ rpId: config.rpId, origin: new URL(config.issuer).origin });
  const passkeys = new Passkeys({
    store: storage.passkeys,
    accounts: storage.accounts,
    tickets,
    ceremonies,
    ids,
    clock,
  });
  const passkeyOwners = new PasskeyOwners({ store: storage.passkeys, organizations, rpId: config.rpId });
  const cost = { memoryKib: config.hashMemoryKib, passes: config.hashPasses, lanes: 1 };
  const passwords = new Passwords({
    accounts: storage.accounts,
    hasher: new Hasher({ ids, cost, cores: availableParallelism() }),
    clock,
  });
  const totps = new Totps({ store: storage.totps, tickets, rates, sealer, ids, clock });
  const limits = new Limits({ rates, failures: storage.failures, budgets: readBudgets(config) });
  const signInAccounts = new SignInAccounts({
    accounts: storage.accounts,
    organizations,
    passkeys: storage.passkeys,
    totps: storage.totps,
    clock,
  });
  const signingUp = new SigningUp({ accounts, passkeys, passkeyOwners, passwords, tickets, ids });
  const setUp = new SetUp({
    issuer: config.issuer,
    accounts: storage.accounts,
    organizations,
    signingUp,
    tickets,
    ids,
  });
  const passwordChange = new PasswordChange({
    passwords,
    limits,
    endOtherSessions: (id, keep) => storage.records.deleteByAccount(id, keep),
  });
  const keyring = new Keyring({ store: storage.keys, sealer, clock });

  // Clients are checked by the provider, and the provider is told of clients: one of the two has to come second.
  let validate: (metadata: ClientMetadata) => Promise<void> = () =>
    Promise.reject(new Error('the provider is not there yet'));
  const clients = new Clients({ store: storage.clients, ids, clock, validate: (metadata) => validate(metadata) });
  const providerReady = (validateMetadata: typeof validate) => {
    validate = validateMetadata;
  };
  return {
    organizations,
    accounts,
    passkeys,
    passkeyOwners,
    passwords,
    totps,
    limits,
    signInAccounts,
    signingUp,
    setUp,
    passwordChange,
    keyring,
    clients,
    providerReady,
  };
}

function readBudgets({ limitSource, limitPasskey }: Config) {
  return {
    source: { free: limitSource, windowSeconds: 900, pauseSeconds: 900, maxPauseSeconds: DAY_SECONDS },
    passkey: { free: limitPasskey, windowSeconds: 60, pauseSeconds: 5, maxPauseSeconds: 60 },
  };
}

function completeSecrets({ sealingKey, cookieKeys }: Secrets, folder: DataFolder, ids: Ids) {
  if (sealingKey && cookieKeys) return { sealingKey, cookieKeys };
  const made = folder.readOrMakeSecrets(ids);
  return { sealingKey: sealingKey ?? made.sealingKey, cookieKeys: cookieKeys ?? made.cookieKeys };
}

/** Passkeys work for the RP ID they were made for and for no other: serving another would lock everybody out without a word. */
async function requireSameRpId({ passkeys }: Storage, rpId: string): Promise<void> {
  if (await passkeys.existsForOtherRpId(rpId)) {
    throw new Error(
      `the stored passkeys were made for another RP ID than ${rpId}: set CARDEA_RP_ID, or CARDEA_ISSUER, to what it was`,
    );
  }
}

async function ensureOrganization(organizations: Organizations, config: Config) {
  const [first] = (await organizations.list({ limit: 1 })).items;
  if (first) return first;
  const signUp = config.demo ? 'open' : 'closed';
  return organizations.create({ name: config.organizationName, policy: { ...PRESETS[config.policy], signUp } });
}

async function readManifest(): Promise<AssetManifest> {
  try {
    return JSON.parse(await readFile(join(ROOT, 'build', 'manifest.json'), 'utf8'));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return {}; // the command line shows no pages
    throw error;
  }
}
