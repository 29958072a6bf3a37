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
import { Confirmations } from './sign-in/confirmation.ts';
import { ConfirmationMails } from './sign-in/confirmation-mails.ts';
import { Confirming } from './sign-in/confirming.ts';
import { Enrolling } from './sign-in/enrolling.ts';
import { Guesses } from './sign-in/guesses.ts';
import { InvitingDevice } from './sign-in/inviting-device.ts';
import { JoiningDevice } from './sign-in/joining-device.ts';
import { MailedHelp } from './sign-in/mailed-help.ts';
import { NotMe } from './sign-in/not-me.ts';
import { OpenSignIns } from './sign-in/open-sign-ins.ts';
import { OtherDeviceFlows } from './sign-in/other-device-flows.ts';
import { PasskeyOffers } from './sign-in/passkey-offers.ts';
import { PasswordChange } from './sign-in/password-change.ts';
import { PasswordReset } from './sign-in/password-reset.ts';
import { Recovering } from './sign-in/recovering.ts';
import { RecoveryLinks } from './sign-in/recovery-links.ts';
import { RecoveryMails } from './sign-in/recovery-mails.ts';
import { RenewingCodes } from './sign-in/renewing-codes.ts';
import { SetUp } from './sign-in/set-up.ts';
import { SignInAccounts } from './sign-in/sign-in-accounts.ts';
import { SignInCodes } from './sign-in/sign-in-codes.ts';
import { SignUpAddresses } from './sign-in/sign-up-addresses.ts';
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

/** The services of the domains, each given what it calls. */
export function createServices({
  config,
  storage,
  outbox,
  clock,
  ids,
  logger,
  sealer,
  endSessions,
  isSignedIn,
}: ServiceParts) {
  const { tickets, rates } = storage;
  const auditLog = new AuditLog({ store: storage.audit, rates, ids, clock, logger });
  const organizations = new Organizations({ store: storage.organizations, ids, clock });
  const accounts = new Accounts({ store: storage.accounts, ids, clock, endSessions });
  const origins = [new URL(config.issuer).origin, ...config.relatedOrigins];
  const ceremonies = new Ceremonies({ rpId: config.rpId, origins });
  const passkeys = new Passkeys({
    store: storage.passkeys,
    accounts: storage.accounts,
    tickets,
    ceremonies,
    auditLog,
    ids,
    clock,
  });
  const passkeyOwners = new PasskeyOwners({ store: storage.passkeys, organizations, rpId: config.rpId });
  const cost = { memoryKib: config.hashMemoryKib, passes: config.hashPasses, lanes: 1 };
  const passwords = new Passwords({
    accounts: storage.accounts,
    hasher: new Hasher({ ids, cost, cores: Math.ceil(availableParallelism() / config.workers) }),
    auditLog,
    clock,
  });
  const totps = new Totps({ store: storage.totps, tickets, rates, sealer, ids, clock });
  const recoveryCodes = new RecoveryCodes({ store: storage.recoveryCodes, sealer, ids, clock });
  const notMeLinks = new NotMeLinks({ issuer: config.issuer, tickets, ids });
  const notices = new Notices({ outbox, notMeLinks, auditLog, clock });
  const limits = new Limits({ rates, failures: storage.failures, budgets: readBudgets(config) });
  const signInAccounts = new SignInAccounts({
    accounts: storage.accounts,
    organizations,
    passkeys: storage.passkeys,
    totps: storage.totps,
    recoveryCodes: storage.recoveryCodes,
    clock,
  });
  const notMe = new NotMe({
    notMeLinks,
    notices,
    signInAccounts,
    passkeys,
    passwords,
    totps,
    recoveryCodes,
    auditLog,
    endSessions,
  });
  const signingUp = new SigningUp({ accounts, passkeys, passkeyOwners, passwords, tickets, auditLog, ids });
  const setUp = new SetUp({
    issuer: config.issuer,
    accounts: storage.accounts,
    organizations,
    signingUp,
    tickets,
    ids,
  });
  const confirmations = new Confirmations({ tickets, clock });
  const guesses = new Guesses({ passwords, totps, limits });
  const emailCodes = new EmailCodes({ tickets, rates, sealer, ids });
  const emailLinks = new EmailLinks({ tickets, ids, clock });
  const mailLimits = new MailLimits({ rates, clock });
  const { issuer } = config;
  const confirmationMails = new ConfirmationMails({
    issuer,
    emailCodes,
    emailLinks,
    mailLimits,
    notices,
    signInAccounts,
  });
  const emailProofs = confirmationMails;
  const confirming = new Confirming({ confirmations, passkeys, guesses, limits, tickets, emailProofs });
  const flows = new OtherDeviceFlows({ tickets, sealer, signInAccounts, isSignedIn, ids, clock });
  const invitingDevice = new InvitingDevice({
    issuer,
    flows,
    confirmations,
    confirming,
    passkeys,
    notices,
    mailLimits,
  });
  const joiningDevice = new JoiningDevice({ flows, confirmations, passkeys, passkeyOwners });
  const passwordChange = new PasswordChange({
    passwords,
    guesses,
    notices,
    endOtherSessions: endSessions,
  });
  const signUpAddresses = new SignUpAddresses({ accounts, emailCodes, mailLimits, limits, outbox, tickets, clock });
  const verifyingAddress = new VerifyingAddress({
    issuer,
    accounts,
    signInAccounts,
    passkeys,
    totps,
    recoveryCodes,
    emailCodes,
    emailLinks,
    mailLimits,
    outbox,
    auditLog,
    endSessions,
    clock,
  });
  const openSignIns = new OpenSignIns({
    signIns: storage.signIns,
    signInAccounts,
    organizations,
    passkeys,
    clock,
    signInSeconds: LIFETIMES.interaction,
  });
  const recoveryLinks = new RecoveryLinks({ issuer, accounts, organizations, sealer });
  const recoveryMails = new RecoveryMails({ outbox, recoveryLinks, clock });
  const recovering = new Recovering({
    accounts,
    openSignIns,
    recoveryLinks,
    recoveryMails,
    notices,
    auditLog,
    tickets,
    ids,
    clock,
    endSessions,
  });
  const passwordReset = new PasswordReset({
    issuer,
    emailLinks,
    signInAccounts,
    passwords,
    limits,
    outbox,
    notices,
    clock,
    endSessions,
  });
  const mailedHelp = new MailedHelp({ accounts, mailLimits, limits, passwordReset, recovering });
  const passkeyOffers = new PasskeyOffers({ accounts: storage.accounts, clock });
  const enrolling = new Enrolling({ openSignIns, passkeys, passkeyOwners, passkeyOffers, recovering, notices });
  const signInCodes = new SignInCodes({ emailCodes, mailLimits, outbox, clock });
  const signingIn = new SigningIn({
    openSignIns,
    accounts: storage.accounts,
    signInAccounts,
    organizations,
    passkeys,
    passwords,
    totps,
    recoveryCodes,
    signInCodes,
    recovering,
    limits,
    notices,
    auditLog,
    clock,
  });
  const switchedOffPasswords = new SwitchedOffPasswords({ accounts, notices });
  const renewingCodes = new RenewingCodes({ openSignIns, recoveryCodes, notices });
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
    passkeyOffers,
    passwords,
    totps,
    recoveryCodes,
    limits,
    auditLog,
    notices,
    notMe,
    signInAccounts,
    openSignIns,
    enrolling,
    signingIn,
    renewingCodes,
    switchedOffPasswords,
    recovering,
    passwordReset,
    mailedHelp,
    signingUp,
    signUpAddresses,
    setUp,
    confirmations,
    confirmationMails,
    verifyingAddress,
    confirming,
    invitingDevice,
    joiningDevice,
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
