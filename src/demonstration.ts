import type { Account } from './accounts/account-store.ts';
import type { App } from './app.ts';
import type { Client } from './clients/client-store.ts';

/** What a person who tries Cardea out needs to know. */
export interface Demonstration {
  readonly clientId: string;
  readonly applicationUrl: string;
  readonly email: string;
  /** Absent once somebody has changed or replaced it. */
  readonly password?: string | undefined;
}

const EMAIL = 'demo@example.com';
/** A password set within this time of the account is the one made here. */
const SAME_MOMENT_MS = 60_000;

/** Makes, once, an account and a client to try Cardea out with; in development only. */
export async function prepareDemonstration(app: App, applicationUrl: string): Promise<Demonstration> {
  const client = (await findClient(app, applicationUrl)) ?? (await registerClient(app, applicationUrl));
  const password = makePassword(app);
  const account = await findOrMakeAccount(app, password);
  const isOriginal =
    account.password !== undefined &&
    account.password.switchedOffAt === undefined &&
    account.password.setAt.getTime() - account.createdAt.getTime() < SAME_MOMENT_MS;
  return { clientId: client.id, applicationUrl, email: EMAIL, password: isOriginal ? password : undefined };
}

async function findClient({ clients }: App, applicationUrl: string): Promise<Client | undefined> {
  const { items } = await clients.list({ limit: 100 });
  return items.find(({ metadata }) => {
    const uris = metadata.redirect_uris;
    return Array.isArray(uris) && uris.includes(`${applicationUrl}/callback`);
  });
}

async function registerClient({ clients }: App, applicationUrl: string): Promise<Client> {
  const { client } = await clients.register({
    name: 'Ledger',
    authMethod: 'none',
    consent: 'skip',
    redirectUris: [`${applicationUrl}/callback`],
    postLogoutRedirectUris: [applicationUrl],
  });
  return client;
}

async function findOrMakeAccount({ accounts, organizations, passwords }: App, password: string): Promise<Account> {
  const organization = await organizations.requireOrFirst(undefined);
  const existing = await accounts.findByEmail(organization.id, EMAIL);
  if (existing) return existing;
  const account = await accounts.create({
    organizationId: organization.id,
    email: EMAIL,
    emailVerified: true, // its mails lie where everybody here can read them
    profile: { name: 'Alex Example' },
  });
  return passwords.set(account, password, { minimumLength: 15, organizationName: organization.name });
}

/** The same at each start of the same installation, so that it can be printed again without being stored. */
function makePassword({ signer }: App): string {
  const letters = signer
    .sign('demonstration password', EMAIL)
    .toLowerCase()
    .replaceAll(/[^a-z0-9]/g, '');
  return (letters.slice(0, 16).match(/.{4}/g) ?? []).join('-');
}
