import { availableParallelism } from 'node:os';
import type { Config } from '../config/load.ts';
import { LIFETIMES } from '../config/protocol.ts';
import { Accounts } from './accounts/accounts.ts';
import type { ClientMetadata } from './clients/client-metadata.ts';
import { Clients } from './clients/clients.ts';
import { Keyring } from './keys/keyring.ts';
import type { Clock } from './lib/clock.ts';
import type { AccountId, Ids } from './lib/ids.ts';
import type { Sealer } from './lib/seal.ts';
import { Organizations } from './organizations/organizations.ts';
import { Ceremonies } from './passkeys/ceremonies.ts';
import { PasskeyOwners } from './passkeys/passkey-owners.ts';
import { Passkeys } from './passkeys/passkeys.ts';
import { Hasher } from './passwords/hasher.ts';
import { Passwords } from './passwords/passwords.ts';
import { Limits } from './rates/limits.ts';
import { Enrolling } from './sign-in/enrolling.ts';
import { OpenSignIns } from './sign-in/open-sign-ins.ts';
import { PasswordChange } from './sign-in/password-change.ts';
import { SetUp } from './sign-in/set-up.ts';
import { SignInAccounts } from './sign-in/sign-in-accounts.ts';
import { SigningIn } from './sign-in/signing-in.ts';
import { SigningUp } from './sign-in/signing-up.ts';
import type { Storage } from './storage/storage.ts';
import { Totps } from './totp/totp.ts';

const DAY_SECONDS = 86_400;

export interface ServiceParts {
  readonly config: Config;
  readonly sealer: Sealer;
  readonly storage: Storage;
  readonly clock: Clock;
  readonly ids: Ids;
}

export type Services = ReturnType<typeof createServices>;

/** The services of the domains, each given what it calls. */
export function createServices({ config, storage, clock, ids, sealer }: ServiceParts) {
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
    hasher: new Hasher({ ids, cost, cores: Math.ceil(availableParallelism() / config.workers) }),
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
    clock,
  });
  const passwordChange = new PasswordChange({
    passwords,
    limits,
    endOtherSessions: (id, keep) => storage.records.deleteByAccount(id, keep),
  });
  const openSignIns = new OpenSignIns({
    signIns: storage.signIns,
    signInAccounts,
    organizations,
    passkeys,
    clock,
    signInSeconds: LIFETIMES.interaction,
  });
  const enrolling = new Enrolling({ openSignIns, accounts: storage.accounts, passkeys, passkeyOwners, clock });
  const signingIn = new SigningIn({
    openSignIns,
    accounts: storage.accounts,
    signInAccounts,
    organizations,
    passkeys,
    passwords,
    totps,
    limits,
    clock,
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
    openSignIns,
    enrolling,
    signingIn,
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
