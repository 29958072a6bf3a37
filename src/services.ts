import { availableParallelism } from 'node:os';
import type { Config } from '../config/load.ts';
import { LIFETIMES } from '../config/protocol.ts';
import { Accounts } from './accounts/accounts.ts';
import { AuditLog } from './audit/audit-log.ts';
import type { ClientMetadata } from './clients/client-metadata.ts';
import { Clients } from './clients/clients.ts';
import { EmailCodes } from './email-proofs/email-codes.ts';
import { EmailLinks } from './email-proofs/email-links.ts';
import { MailLimits } from './email-proofs/mail-limits.ts';
import { Keyring } from './keys/keyring.ts';
import type { Clock } from './lib/clock.ts';
import type { AccountId, Ids } from './lib/ids.ts';
import type { Logger } from './lib/logger.ts';
import type { Sealer } from './lib/seal.ts';
import type { Outbox } from './mail/outbox.ts';
import { NotMeLinks } from './notices/not-me-links.ts';
import { Notices } from './notices/notices.ts';
import { Organizations } from './organizations/organizations.ts';
import { Ceremonies } from './passkeys/ceremonies.ts';
import { PasskeyOwners } from './passkeys/passkey-owners.ts';
import { Passkeys } from './passkeys/passkeys.ts';
import { Hasher } from './passwords/hasher.ts';
import { Passwords } from './passwords/passwords.ts';
import { Limits } from './rates/limits.ts';
import { RecoveryCodes } from './recovery/recovery-codes.ts';
import { ChangingAddress } from './sign-in/changing-address.ts';
import { Confirmations } from './sign-in/confirmation.ts';
import { ConfirmationMails } from './sign-in/confirmation-mails.ts';
import { Confirming } from './sign-in/confirming.ts';
import { Enrolling } from './sign-in/enrolling.ts';
import { Finishing } from './sign-in/finishing.ts';
import { Guesses } from './sign-in/guesses.ts';
import { InvitingDevice } from './sign-in/inviting-device.ts';
import { JoiningDevice } from './sign-in/joining-device.ts';
import { MailedHelp } from './sign-in/mailed-help.ts';
import { NewAddresses } from './sign-in/new-addresses.ts';
import { NotMe } from './sign-in/not-me.ts';
import { OpenSignIns } from './sign-in/open-sign-ins.ts';
import { OtherDeviceFlows } from './sign-in/other-device-flows.ts';
import { PasskeyOffers } from './sign-in/passkey-offers.ts';
import { PasswordChange } from './sign-in/password-change.ts';
import { PasswordReset } from './sign-in/password-reset.ts';
import { Recovering } from './sign-in/recovering.ts';
import { RecoveryLinks } from './sign-in/recovery-links.ts';
import { RecoveryMails } from './sign-in/recovery-mails.ts';
import { Removals } from './sign-in/removals.ts';
import { RenewingCodes } from './sign-in/renewing-codes.ts';
import { SetUp } from './sign-in/set-up.ts';
import { SignInAccounts } from './sign-in/sign-in-accounts.ts';
import { SignInCodes } from './sign-in/sign-in-codes.ts';
import { SigningIn } from './sign-in/signing-in.ts';
import { SigningUp } from './sign-in/signing-up.ts';
import { SwitchedOffPasswords } from './sign-in/switched-off-passwords.ts';
import { VerifyingAddress } from './sign-in/verifying-address.ts';
import type { Storage } from './storage/storage.ts';
import { Totps } from './totp/totp.ts';

const DAY_SECONDS = 86_400;

export interface ServiceParts {
  readonly config: Config;
  readonly sealer: Sealer;
  readonly storage: Storage;
  readonly outbox: Outbox;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly logger: Logger;
  /** Ends every session and all that applications hold of an account, except the session with that uid. */
  readonly endSessions: (id: AccountId, keepSessionUid?: string) => Promise<void>;
  /** Whether the account still has the session with that uid. */
  readonly isSignedIn: (id: AccountId, sessionUid: string) => Promise<boolean>;
}

export type Services = ReturnType<typeof createServices>;

/** All that the pages, the provider and the command line call, each given what it calls. */
export function createServices(parts: ServiceParts) {
  const { config, storage } = parts;
  const shared = { ...parts, issuer: config.issuer, tickets: storage.tickets, rates: storage.rates };
  const domains = createDomains(shared);
  const mailing = createMailing({ ...shared, ...domains });
  const entrances = createEntrances({ ...shared, ...domains, ...mailing });
  const changes = createChanges({ ...shared, ...domains, ...mailing });
  return { ...domains, ...mailing, ...entrances, ...changes };
}

interface SharedParts extends ServiceParts {
  readonly issuer: string;
  readonly tickets: Storage['tickets'];
  readonly rates: Storage['rates'];
}

type Domains = ReturnType<typeof createDomains>;
type Mailing = ReturnType<typeof createMailing>;

/** What there is, without the ways in which people get at it. */
function createDomains(parts: SharedParts) {
  const { config, storage, sealer, clock, ids } = parts;
  const stores = { accounts: storage.accounts, passkeys: storage.passkeys, totps: storage.totps };
  const auditLog = new AuditLog({ ...parts, store: storage.audit });
  const organizations = new Organizations({ store: storage.organizations, ids, clock });
  const origins = [new URL(config.issuer).origin, ...config.relatedOrigins];
  const ceremonies = new Ceremonies({ rpId: config.rpId, origins });
  const cost = { memoryKib: config.hashMemoryKib, passes: config.hashPasses, lanes: 1 };
  const hasher = new Hasher({ ids, cost, cores: Math.ceil(availableParallelism() / config.workers) });
  return {
    auditLog,
    organizations,
    accounts: new Accounts({ ...parts, store: storage.accounts }),
    passkeys: new Passkeys({ ...parts, store: storage.passkeys, accounts: storage.accounts, ceremonies, auditLog }),
    passkeyOwners: new PasskeyOwners({ store: storage.passkeys, organizations, rpId: config.rpId }),
    passkeyOffers: new PasskeyOffers({ accounts: storage.accounts, clock }),
    passwords: new Passwords({ accounts: storage.accounts, hasher, auditLog, clock }),
    totps: new Totps({ ...parts, store: storage.totps }),
    recoveryCodes: new RecoveryCodes({ store: storage.recoveryCodes, sealer, ids, clock }),
    signInAccounts: new SignInAccounts({ ...stores, recoveryCodes: storage.recoveryCodes, organizations, clock }),
    limits: new Limits({ rates: storage.rates, failures: storage.failures, budgets: readBudgets(config) }),
    keyring: new Keyring({ store: storage.keys, sealer, clock }),
    ...createClients(parts),
  };
}

/** Clients are checked by the provider, and the provider is told of clients: one of the two has to come second. */
function createClients({ storage, ids, clock }: SharedParts) {
  let validate: (metadata: ClientMetadata) => Promise<void> = () =>
    Promise.reject(new Error('the provider is not there yet'));
  const clients = new Clients({ store: storage.clients, ids, clock, validate: (metadata) => validate(metadata) });
  const providerReady = (validateMetadata: typeof validate) => {
    validate = validateMetadata;
  };
  return { clients, providerReady };
}

/** What mails prove and tell. */
function createMailing(parts: SharedParts & Domains) {
  const notMeLinks = new NotMeLinks(parts);
  const emailCodes = new EmailCodes(parts);
  const mailLimits = new MailLimits(parts);
  return {
    emailCodes,
    emailLinks: new EmailLinks(parts),
    mailLimits,
    newAddresses: new NewAddresses({ ...parts, emailCodes, mailLimits }),
    notMeLinks,
    notices: new Notices({ ...parts, notMeLinks }),
  };
}

/** The ways in: signing in and up, the first administrator, and for who has lost something. */
function createEntrances(parts: SharedParts & Domains & Mailing) {
  const { storage } = parts;
  const openSignIns = new OpenSignIns({
    ...parts,
    signIns: storage.signIns,
    signInSeconds: LIFETIMES.signIn,
  });
  const recoveryLinks = new RecoveryLinks(parts);
  const recoveryMails = new RecoveryMails({ ...parts, recoveryLinks });
  const recovering = new Recovering({ ...parts, openSignIns, recoveryLinks, recoveryMails });
  const passwordReset = new PasswordReset(parts);
  const signingUp = new SigningUp(parts);
  const signInCodes = new SignInCodes(parts);
  const signing = { ...parts, openSignIns, recovering };
  return {
    openSignIns,
    recovering,
    passwordReset,
    mailedHelp: new MailedHelp({ ...parts, passwordReset, recovering }),
    signingUp,
    setUp: new SetUp({ ...parts, accounts: storage.accounts, signingUp }),
    signingIn: new SigningIn({ ...parts, openSignIns, accounts: storage.accounts, signInCodes }),
    enrolling: new Enrolling(signing),
    finishing: new Finishing({ ...signing, accounts: storage.accounts }),
    renewingCodes: new RenewingCodes({ ...parts, openSignIns }),
  };
}

/** What somebody who is signed in changes about how they sign in, and how they show that it is they. */
function createChanges(parts: SharedParts & Domains & Mailing) {
  const confirmations = new Confirmations(parts);
  const guesses = new Guesses(parts);
  const confirmationMails = new ConfirmationMails(parts);
  const confirming = new Confirming({ ...parts, confirmations, guesses, emailProofs: confirmationMails });
  const flows = new OtherDeviceFlows(parts);
  const changingAddress = new ChangingAddress({ ...parts, confirmations });
  const removals = new Removals(parts);
  return {
    changingAddress,
    confirmations,
    confirmationMails,
    confirming,
    invitingDevice: new InvitingDevice({ ...parts, flows, confirmations, confirming }),
    joiningDevice: new JoiningDevice({ ...parts, flows, confirmations }),
    removals,
    passwordChange: new PasswordChange({ ...parts, guesses, endOtherSessions: parts.endSessions }),
    switchedOffPasswords: new SwitchedOffPasswords(parts),
    verifyingAddress: new VerifyingAddress(parts),
    notMe: new NotMe({ ...parts, changingAddress, removals }),
  };
}

function readBudgets({ limitSource, limitPasskey }: Config) {
  return {
    source: { free: limitSource, windowSeconds: 900, pauseSeconds: 900, maxPauseSeconds: DAY_SECONDS },
    passkey: { free: limitPasskey, windowSeconds: 60, pauseSeconds: 5, maxPauseSeconds: 60 },
  };
}
