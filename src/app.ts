import { join } from 'node:path';
import type { Config, Secrets } from '../config/load.ts';
import { LIFETIMES, SCOPE_CLAIMS } from '../config/protocol.ts';
import type { Accounts } from './accounts/accounts.ts';
import type { AuditLog } from './audit/audit-log.ts';
import { AuditSweeper } from './audit/audit-sweeper.ts';
import type { Clients } from './clients/clients.ts';
import { completeSecrets, ensureOrganization, requireSameRpId } from './first-start.ts';
import type { RequestHandler } from './http/app-context.ts';
import { LANGUAGES } from './http/languages/languages.ts';
import { loadAssets, readManifest } from './http/middleware/assets.ts';
import { health } from './http/middleware/health.ts';
import { Pages } from './http/pages/pages.ts';
import { createProviderPages } from './http/pages/provider-pages.ts';
import { createRouters } from './http/pages/routers.ts';
import { createRequestHandler } from './http/server.ts';
import { Sessions } from './http/session.ts';
import { createViews } from './http/view.ts';
import { type Clock, systemClock } from './lib/clock.ts';
import { Ids } from './lib/ids.ts';
import { createLogger, type Logger } from './lib/logger.ts';
import { Sealer } from './lib/seal.ts';
import { Signer } from './lib/signer.ts';
import { createAccess } from './oidc/access.ts';
import { BrowserSessions } from './oidc/browser-sessions.ts';
import { EndpointLimits } from './oidc/endpoint-limits.ts';
import { logProviderEvents, recordSignOuts } from './oidc/events.ts';
import { Interactions } from './oidc/interactions.ts';
import { createOutboundFetch } from './oidc/outbound-fetch.ts';
import { createProvider } from './oidc/provider.ts';
import { SigningKeys } from './oidc/signing-keys.ts';
import { validateClient } from './oidc/validate-client.ts';
import { type Mail, openMail } from './open-mail.ts';
import type { Organizations } from './organizations/organizations.ts';
import type { Passkeys } from './passkeys/passkeys.ts';
import type { Passwords } from './passwords/passwords.ts';
import { FloodLimit } from './rates/flood-limit.ts';
import type { RecoveryCodes } from './recovery/recovery-codes.ts';
import { createServices, type ServiceParts } from './services.ts';
import type { Recovering } from './sign-in/recovering.ts';
import { RecoveryClock } from './sign-in/recovery-clock.ts';
import type { SetUp } from './sign-in/set-up.ts';
import type { SwitchedOffPasswords } from './sign-in/switched-off-passwords.ts';
import { openStorage } from './storage/open-storage.ts';
import type { Storage } from './storage/storage.ts';
import type { Totps } from './totp/totp.ts';

/** An opened installation. Nothing of it listens: the server, the command line and the tests start here. */
export interface App extends AsyncDisposable {
  readonly issuer: string;
  readonly storage: Storage;
  readonly organizations: Organizations;
  readonly accounts: Accounts;
  readonly passkeys: Passkeys;
  readonly passwords: Passwords;
  readonly totps: Totps;
  readonly recoveryCodes: RecoveryCodes;
  readonly clients: Clients;
  readonly setUp: SetUp;
  readonly recovering: Recovering;
  readonly switchedOffPasswords: SwitchedOffPasswords;
  readonly auditLog: AuditLog;
  readonly signer: Signer;
  readonly signingKeys: SigningKeys;
  readonly recoveryClock: RecoveryClock;
  readonly mail: Mail;
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
const BUILD = join(ROOT, 'build');

/** Opens the store, makes what is missing on a first start (keys, the first organization), and puts the parts together. */
export async function openApp(config: Config, secrets: Secrets, overrides: Overrides = {}): Promise<App> {
  const clock = overrides.clock ?? systemClock;
  const ids = overrides.ids ?? new Ids();
  const logger = overrides.logger ?? createLogger({ level: config.logLevel, format: config.logFormat, clock });
  const { sealingKey, cookieKeys } = completeSecrets(secrets, config.dataDir, ids);
  const { mongodbUrl, redisUrl } = secrets;
  const production = config.env === 'production';
  const storage = await openStorage({ mongodbUrl, redisUrl, dataDir: config.dataDir, production, clock, ids, logger });
  try {
    const parts = { config, sealer: new Sealer(sealingKey, ids), storage, clock, ids, logger };
    return await assemble({ ...parts, cookieKeys, mail: openMail({ ...parts, smtpUrl: secrets.smtpUrl }) });
  } catch (error) {
    await storage[Symbol.asyncDispose]();
    throw error;
  }
}

interface Parts extends Omit<ServiceParts, 'outbox' | 'endSessions' | 'isSignedIn'> {
  readonly mail: Mail;
  readonly cookieKeys: readonly string[];
  readonly logger: Logger;
}

async function assemble(parts: Parts): Promise<App> {
  const { config, storage, mail, clock, ids, logger } = parts;
  const { issuer } = config;
  await requireSameRpId(storage, config.rpId);
  const lifetimes = {
    ...LIFETIMES,
    sessionIdle: config.sessionIdleMinutes * 60,
    sessionAbsolute: config.sessionHours * 3600,
  };
  const access = createAccess({ ...parts, records: storage.records, lifetimes });
  const { accountSessions } = access;
  const services = createServices({
    ...parts,
    outbox: mail.outbox,
    endSessions: (id, keepUid) => accountSessions.endAll(id, keepUid),
    isSignedIn: (id, uid) => accountSessions.has(id, uid),
  });
  await services.keyring.ensure();
  const { name: organizationName } = await ensureOrganization(services.organizations, config);

  const manifest = await readManifest(BUILD);
  const development = config.env === 'development';
  const views = createViews({ folder: join(ROOT, 'views'), manifest, languages: LANGUAGES });
  const pages = new Pages({ views, organizationName, development });
  const signer = new Signer(parts.cookieKeys);
  const endpointLimits = new EndpointLimits({
    tokens: new FloodLimit({ perMinute: config.limitToken }),
    rates: storage.rates,
    records: storage.records,
    clock,
  });
  const provider = await createProvider({
    ...parts,
    ...services,
    ...access,
    issuer,
    lifetimes,
    scopeClaims: SCOPE_CLAIMS,
    outboundFetch: createOutboundFetch(config.outboundAllow),
    records: storage.records,
    accounts: storage.accounts,
    endpointLimits,
    pages: createProviderPages(pages),
  });
  services.providerReady((metadata) => validateClient(provider, metadata));
  logProviderEvents(provider, logger);
  recordSignOuts(provider, { accounts: storage.accounts, auditLog: services.auditLog });
  const signingKeys = new SigningKeys({ provider, keyring: services.keyring, logger });
  await signingKeys.refresh();

  const browserSessions = new BrowserSessions(provider, accountSessions);
  const sessions = new Sessions({
    browserSessions,
    signInAccounts: services.signInAccounts,
    signer,
    clock,
    sessionSeconds: lifetimes.sessionAbsolute,
  });
  let draining = false;
  const handleRequest = createRequestHandler({
    issuer,
    application: provider,
    pages,
    logger,
    ids,
    trustedProxies: config.trustedProxies,
    relatedOrigins: config.relatedOrigins,
    assets: await loadAssets(join(BUILD, 'browser'), manifest),
    pageLimit: new FloodLimit({ perMinute: config.limitPages }),
    endpointLimits,
    health: health({ ping: () => storage.ping(), isDraining: () => draining }),
    keysVersion: () => signingKeys.version,
    routers: createRouters({
      ...services,
      ...access,
      issuer,
      ids,
      signer,
      pages,
      sessions,
      browserSessions,
      interactions: new Interactions({ ...access, provider, scopeClaims: SCOPE_CLAIMS }),
      scopeClaims: SCOPE_CLAIMS,
      mailFolder: mail.folder,
    }),
  });
  signingKeys.start();
  const recoveryClock = new RecoveryClock({ ...services, accounts: storage.accounts, clock, logger });
  recoveryClock.start();
  const auditSweeper = new AuditSweeper({ store: storage.audit, clock, logger });
  auditSweeper.start();
  return {
    ...services,
    issuer,
    storage,
    signingKeys,
    recoveryClock,
    signer,
    mail,
    logger,
    handleRequest,
    startDraining: () => {
      draining = true;
    },
    async [Symbol.asyncDispose]() {
      await signingKeys.stop();
      await recoveryClock.stop();
      await mail.stop();
      await auditSweeper.stop();
      await services.auditLog.settle();
      await storage[Symbol.asyncDispose]();
      await logger.flush();
    },
  };
}
