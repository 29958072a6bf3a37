import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';
import type { Config } from '../../config/load.ts';
import { PRESETS } from '../../config/presets.ts';
import type { Account } from '../../src/accounts/account-store.ts';
import { type App, openApp } from '../../src/app.ts';
import type { RequestHandler } from '../../src/http/app-context.ts';
import { createLogger } from '../../src/lib/logger.ts';
import type { FolderMail } from '../../src/mail/mail-folder.ts';
import type { Organization } from '../../src/organizations/organization-store.ts';
import type { Policy } from '../../src/organizations/policy.ts';
import { makeTempFolder } from './temp-folder.ts';
import type { ServerAddresses } from './test-servers.ts';

/** The whole application in this process, on a free port of loopback. */
export interface TestApp {
  readonly app: App;
  readonly issuer: string;
  /** Moves the time of the whole process, oidc-provider's included, which reads `Date` itself. It stands still otherwise. */
  advance(seconds: number): void;
  /** The lines of its log so far. */
  readonly log: readonly string[];
  readonly dataDir: string;
  /** What it has sent so far, the oldest first. */
  mails(): Promise<readonly FolderMail[]>;
  /** Where it keeps everything, unless that is in the folder. */
  readonly addresses: ServerAddresses | undefined;
  /** Settings with which another process opens the same installation. */
  readonly environment: Readonly<Record<string, string>>;
}

export interface TestSettings {
  readonly config?: Partial<Config>;
  /** Changes to the policy of the first organization, `convenience` with sign-up for everybody. */
  readonly policy?: Partial<Policy>;
  /** For browsers, whose time cannot be stopped: time runs until it is moved for the first time. */
  readonly timeRuns?: boolean;
}

const NEVER = 1_000_000;
/** `servers`: every application of the tests is on MongoDB and Redis instead of a file of its own. */
const servers =
  process.env.CARDEA_TEST_STORE === 'servers'
    ? await (await import('./test-servers.ts')).startTestServers() // with libraries that no other run needs
    : undefined;

/** Opens an application for one test; it is closed, and its folder removed, when the test ends. */
export async function openTestApp(
  t: TestContext,
  { config = {}, policy, timeRuns = false }: TestSettings = {},
): Promise<TestApp> {
  let handle: RequestHandler = (_request, response) => response.destroy();
  const server = createServer((request, response) => handle(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo; // it listens on a port, not on a pipe
  const issuer = `http://localhost:${port}`;
  const owned = new AsyncDisposableStack();
  t.after(() => owned.disposeAsync()); // before the folder goes
  const dataDir = makeTempFolder(t);
  const log: string[] = [];
  const logger = createLogger({
    level: 'debug',
    format: 'json',
    destination: { write: (line) => void log.push(line) },
  });
  const addresses = servers?.addDatabases(t);
  const app = await openApp({ ...testConfig(issuer, port, dataDir), ...config }, { ...addresses }, { logger });
  await changePolicy(app, { signUp: 'unverified', ...policy });
  handle = app.handleRequest;
  owned.use(app);
  owned.defer(() => {
    server.close();
    server.closeAllConnections();
  });
  const { folder } = app.mail;
  assert.ok(folder);
  app.mail.start();
  const mails = async () => {
    await app.mail.settle();
    return (await folder.list()).toReversed();
  };
  const advance = (seconds: number) => moveTime(t, seconds);
  if (!timeRuns) advance(0);
  const environment = {
    CARDEA_ISSUER: issuer,
    CARDEA_DATA_DIR: dataDir,
    ...(addresses && { CARDEA_MONGODB_URL: addresses.mongodbUrl, CARDEA_REDIS_URL: addresses.redisUrl }),
  };
  return { app, advance, issuer, log, dataDir, mails, addresses, environment };
}

/** Of the whole process, so that it can be stopped only once in a test. */
let stoppedBy: TestContext | undefined;

function moveTime(t: TestContext, seconds: number): void {
  const now = Date.now() + seconds * 1000;
  if (stoppedBy === t) t.mock.timers.setTime(now);
  else t.mock.timers.enable({ apis: ['Date'], now });
  stoppedBy = t;
}

function testConfig(issuer: string, port: number, dataDir: string): Config {
  return {
    env: 'development',
    issuer,
    host: '127.0.0.1',
    port,
    dataDir,
    rpId: 'localhost',
    mailFrom: 'no-reply@localhost',
    organizationName: 'Northwind',
    policy: 'convenience',
    demo: true,
    demoPort: 0,
    trustedProxies: [],
    logLevel: 'debug',
    logFormat: 'json',
    sessionIdleMinutes: 60,
    sessionHours: 24,
    workers: 1,
    hashMemoryKib: 19_456,
    hashPasses: 2,
    limitToken: NEVER,
    limitSource: NEVER,
    limitPasskey: NEVER,
    limitPages: NEVER,
    outboundAllow: [],
    relatedOrigins: [],
  };
}

/** Changes fields of the first organization's policy. */
export async function changePolicy({ organizations }: App, policy: Partial<Policy>): Promise<Organization> {
  const organization = await organizations.requireOrFirst(undefined);
  return organizations.setPolicy(organization.id, { ...organization.policy, ...policy });
}

/** A preset with sign-up for everybody. */
export function presetOf(name: keyof typeof PRESETS): Policy {
  return { ...PRESETS[name], signUp: 'unverified' };
}

export const TEST_PASSWORD = 'correct horse battery staple';

/** An account of the first organization, with `TEST_PASSWORD`. */
export async function addAccount(
  { accounts, organizations, passwords }: App,
  email: string,
  { emailVerified = false }: { readonly emailVerified?: boolean } = {},
): Promise<Account> {
  const { id: organizationId, name: organizationName } = await organizations.requireOrFirst(undefined);
  const profile = { name: 'Alex Example' };
  const account = await accounts.create({ organizationId, email, emailVerified, profile });
  return passwords.set(account, TEST_PASSWORD, { minimumLength: 8, organizationName });
}
