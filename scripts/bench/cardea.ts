import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { loadConfig } from '../../config/load.ts';
import { openApp } from '../../src/app.ts';
import { Authenticator, type RequestOptions } from '../../test/support/authenticator.ts';
import { LANES } from './load.ts';
import { ServerProcess } from './server-process.ts';
import { type BenchClient, type IdTokenAlgorithm, REDIRECT_URI, type Target } from './target.ts';

export const ORIGIN = 'https://id.example';
const SCRIPT = join(import.meta.dirname, '../../src/main.ts');
const DISCOVERY = '/.well-known/openid-configuration';

/** Of each lane, which take turns: who signed in a hundred times over would have the most sessions there may be, and end one each time. */
const ACCOUNTS = 16;

type Environment = Readonly<Record<string, string>>;

interface Place {
  /** Of its data. */
  readonly folder: string;
  readonly port: number;
  /** Where it hands over the mail that each sign-in in a new browser sends. */
  readonly smtpUrl: string;
}

/** How a measured server is set up: for production, with the limits out of the way. Its log goes where it costs nothing to keep. */
export function cardeaEnvironment({ folder, port, smtpUrl }: Place): Environment {
  const limits = ['TOKEN', 'SOURCE', 'PASSKEY', 'PAGES'].map((name) => [`CARDEA_LIMIT_${name}`, '1000000']);
  return {
    CARDEA_ENV: 'production',
    CARDEA_ISSUER: ORIGIN,
    CARDEA_PORT: String(port),
    CARDEA_DATA_DIR: folder,
    CARDEA_SEALING_KEY: randomBytes(32).toString('base64'),
    CARDEA_COOKIE_KEYS: randomBytes(32).toString('base64url'),
    CARDEA_SMTP_URL: smtpUrl,
    ...Object.fromEntries(limits),
  };
}

/** Starts Cardea as its users do, apart from `npm`. */
export function startCardea(environment: Environment, profileFolder?: string): Promise<ServerProcess> {
  const { host } = new URL(ORIGIN);
  return ServerProcess.start({
    script: SCRIPT,
    port: Number(environment.CARDEA_PORT),
    host,
    readyPath: DISCOVERY,
    environment,
    profileFolder,
  });
}

/** What a data folder was filled with before the server starts. */
export interface Prepared {
  readonly clients: Readonly<Record<IdTokenAlgorithm, BenchClient>>;
  /** For each lane some, each with the passkey of an account of its own. */
  readonly authenticators: readonly (readonly Authenticator[])[];
}

/** Registers clients, and accounts with a passkey for each lane. */
export async function prepareCardea(environment: Environment): Promise<Prepared> {
  const { config, secrets } = loadConfig({ ...environment, CARDEA_LOG_LEVEL: 'silent' });
  await using app = await openApp(config, secrets);
  const register = async (idTokenAlgorithm: IdTokenAlgorithm): Promise<BenchClient> => {
    const { client, secret = '' } = await app.clients.register({
      name: `Ledger ${idTokenAlgorithm}`,
      redirectUris: [REDIRECT_URI],
      grantTypes: ['authorization_code', 'refresh_token', 'client_credentials'],
      idTokenAlgorithm,
      consent: 'skip',
    });
    return { id: client.id, secret };
  };
  const organization = await app.organizations.requireOrFirst(undefined);
  const makeAccount = async (name: string): Promise<Authenticator> => {
    const email = `${name}@example.com`;
    const account = await app.accounts.create({
      organizationId: organization.id,
      email,
      profile: { name: 'Alex Example' },
    });
    const authenticator = new Authenticator();
    const options = await app.passkeys.startRegistration({
      binding: email,
      account: { ...account, label: email, displayName: email },
      organizationName: organization.name,
    });
    await app.passkeys.finishRegistration({
      binding: email,
      accountId: account.id,
      response: authenticator.create(options, { origin: ORIGIN }),
      userAgent: 'Chrome',
    });
    return authenticator;
  };
  const makeAccounts = async (lane: number): Promise<readonly Authenticator[]> => {
    const made: Authenticator[] = [];
    while (made.length < ACCOUNTS) made.push(await makeAccount(`person-${lane}-${made.length}`));
    return made;
  };
  return {
    clients: { ES256: await register('ES256'), RS256: await register('RS256') },
    authenticators: await Promise.all(Array.from({ length: LANES }, (_, lane) => makeAccounts(lane))),
  };
}

/** Cardea as it was prepared, with passkeys at hand for each lane. */
export function createCardeaTarget(server: ServerProcess, { clients, authenticators }: Prepared): Target {
  const signIns: number[] = [];
  return {
    name: 'cardea',
    server,
    origin: ORIGIN,
    clients,
    answer(options, lane) {
      const count = signIns[lane] ?? 0;
      signIns[lane] = count + 1;
      const authenticator = authenticators[lane]?.[count % ACCOUNTS];
      if (!authenticator) throw new Error(`lane ${lane} has no passkey`);
      return authenticator.get(options as unknown as RequestOptions, { origin: ORIGIN }); // what they lack, it would not sign
    },
  };
}
