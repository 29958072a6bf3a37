import type { Account, AccountStore } from '../accounts/account-store.ts';
import { parseEmail } from '../accounts/email.ts';
import type { GuessableFactor } from '../accounts/failure-store.ts';
import type { AuditLog } from '../audit/audit-log.ts';
import type { RefusedFactor } from '../audit/audit-store.ts';
import { AppError } from '../lib/app-error.ts';
import type { Clock } from '../lib/clock.ts';
import type { AccountId, OrganizationId, SignInId } from '../lib/ids.ts';
import type { NoticeMessage } from '../notices/notice-message.ts';
import type { Notices } from '../notices/notices.ts';
import type { Organizations } from '../organizations/organizations.ts';
import type { PasskeyAuthentication, Passkeys } from '../passkeys/passkeys.ts';
import type { Passwords } from '../passwords/passwords.ts';
import type { Limits } from '../rates/limits.ts';
import type { RecoveryCodes } from '../recovery/recovery-codes.ts';
import type { Totps } from '../totp/totp.ts';
import type { Step } from './next-step.ts';
import { type OpenSignIns, type Progress, toPasskeyBinding } from './open-sign-ins.ts';
import type { Proof, SignIn } from './sign-in.ts';
import type { SignInAccounts } from './sign-in-accounts.ts';
import type { SignInCodes } from './sign-in-codes.ts';
import type { NewAccountWithPasskey } from './signing-up.ts';
import { type Source, toTrySource } from './source.ts';

interface Deps {
  readonly openSignIns: OpenSignIns;
  readonly accounts: AccountStore;
  readonly signInAccounts: SignInAccounts;
  readonly organizations: Organizations;
  readonly passkeys: Passkeys;
  readonly passwords: Passwords;
  readonly totps: Totps;
  readonly recoveryCodes: RecoveryCodes;
  readonly signInCodes: SignInCodes;
  readonly limits: Limits;
  readonly notices: Notices;
  readonly auditLog: AuditLog;
  readonly clock: Clock;
}

interface TypedPassword {
  readonly password: string;
  /** The e-mail that stood beside it: where another tab has named somebody else, or the sign-in was begun anew, it is named again. */
  readonly email?: string | undefined;
}

interface PasskeyAnswer {
  /** The JSON of the browser. */
  readonly response: unknown;
  /** The browser says that the device it runs on could hold a passkey. */
  readonly canBeLocal?: boolean | undefined;
}

/**
 * What a person can bring to a sign-in: who they are, a password, a code, a passkey. Each is verified here and recorded as a proof; what is
 * then missing `nextStep` says. It knows nothing of pages or of OpenID Connect.
 */
export class SigningIn {
  readonly #deps: Deps;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /** The person says who they are. Whatever was proved before is dropped. Unknown and known e-mails look alike. */
  async identify(id: SignInId, email: string, organizationSlug?: string): Promise<Progress> {
    const parsed = parseEmail(email);
    if (!parsed) throw new AppError('malformed_request', { field: 'email' });
    const { organizations } = this.#deps;
    const organization = organizationSlug === undefined ? undefined : await organizations.findBySlug(organizationSlug);
    return this.#deps.openSignIns.change(id, async (signIn) => {
      const organizationId = organization?.id ?? signIn.organizationId;
      return {
        ...withoutProofs(signIn),
        organizationId,
        identifier: email.trim(),
        accountId: await this.#findId(organizationId, parsed.emailKey),
      };
    });
  }

  /** The person names their organization; an unknown one is refused, since organizations are no secret. */
  async nameOrganization(id: SignInId, slug: string): Promise<Progress> {
    const organization = await this.#deps.organizations.findBySlug(slug);
    if (!organization) throw new AppError('organization_unknown', { field: 'organization' });
    return this.#deps.openSignIns.change(id, async (signIn) => {
      const emailKey = signIn.identifier === undefined ? undefined : parseEmail(signIn.identifier)?.emailKey;
      const accountId = emailKey === undefined ? undefined : await this.#findId(organization.id, emailKey);
      return { ...withoutProofs(signIn), organizationId: organization.id, accountId };
    });
  }

  /** Back to the question who it is. */
  async restart(id: SignInId): Promise<Progress> {
    return this.#deps.openSignIns.change(id, async (signIn) => ({
      ...withoutProofs(signIn),
      identifier: undefined,
      accountId: undefined,
    }));
  }

  /** Checks the password of whoever was named. Wrong ones, unknown accounts and switched-off passwords are refused alike. */
  async provePassword(id: SignInId, { password, email }: TypedPassword, source: Source): Promise<Progress> {
    const found = await this.#deps.openSignIns.require(id);
    const isNamed = email === undefined || email === found.signIn.identifier;
    const progress = isNamed ? found : await this.identify(id, email);
    const { step, signIn, stored } = progress;
    if (step.type === 'organization') return progress;
    if (step.type !== 'password') throw new AppError(step.type === 'passkey' ? 'method_not_offered' : 'step_finished');

    const open = await this.#requireTry(signIn, 'password', source);
    const outcome = await this.#deps.passwords.check(open ? stored : undefined, password);
    if (outcome.type === 'wrong' || signIn.accountId !== outcome.account.id) {
      this.#noteRefusal('password', stored, source);
      throw new AppError('sign_in_failed');
    }
    await this.#succeeded(signIn, outcome.account.id, 'password', source);
    return this.#addProof(id, { method: 'password', accountId: outcome.account.id, at: this.#deps.clock.now() });
  }

  /** Checks a code of the authenticator app. It is asked for only after another proof. */
  async proveTotp(id: SignInId, code: string, source: Source): Promise<Progress> {
    const { step, signIn, stored } = await this.#deps.openSignIns.require(id);
    if (step.type !== 'second-factor' || !signIn.accountId) throw new AppError('step_finished');
    if (!step.methods.includes('totp')) throw new AppError('method_not_offered');

    const open = await this.#requireTry(signIn, 'totp', source);
    if (!open || !(await this.#deps.totps.verify(signIn.accountId, code))) {
      this.#noteRefusal('totp', stored, source);
      throw new AppError('code_refused');
    }
    await this.#succeeded(signIn, signIn.accountId, 'totp', source);
    return this.#addProof(id, { method: 'totp', accountId: signIn.accountId, at: this.#deps.clock.now() });
  }

  /** Mails a code to somebody who may go on with one. */
  async sendEmailCode(id: SignInId, source: Source): Promise<void> {
    const { organization, ...progress } = await this.#deps.openSignIns.require(id);
    await this.#deps.signInCodes.send(id, requireEmailCodeStep(progress), { organization, source });
  }

  /** Checks the code of a mail. It is asked for only after another proof. */
  async proveEmailCode(id: SignInId, code: string): Promise<Progress> {
    const account = requireEmailCodeStep(await this.#deps.openSignIns.require(id));
    const isRight = await this.#deps.signInCodes.verify(id, account, code);
    if (!isRight) {
      this.#noteRefusal('email-code', account);
      throw new AppError('code_refused', { reason: 'email-code' });
    }
    return this.#addProof(id, { method: 'email-code', accountId: account.id, at: this.#deps.clock.now() });
  }

  /**
   * Spends a recovery code: after another proof, or before any where the policy lets it. Wrong ones are refused alike for everybody, after
   * the same work.
   */
  async proveRecoveryCode(id: SignInId, code: string, source: Source): Promise<Progress> {
    const progress = await this.#deps.openSignIns.require(id);
    const { step, signIn, stored } = progress;
    requireRecoveryCodeStep(step);

    const open = await this.#requireTry(signIn, 'recovery-code', source);
    const accountId = open && !stored?.disabledAt ? stored?.id : undefined;
    const isRight = await this.#deps.recoveryCodes.spend(accountId, code);
    if (!isRight || !accountId) {
      this.#noteRefusal('recovery-code', stored, source);
      throw new AppError('code_refused', { reason: 'recovery-code' });
    }
    const found = await this.#deps.signInAccounts.find(accountId);
    const codesLeft = found?.account.recoveryCodes?.left ?? 0;
    await this.#tell(progress, { type: 'recovery-code-used', codesLeft }, source);
    await this.#succeeded(signIn, accountId, 'recovery-code', source);
    return this.#addProof(id, { method: 'recovery-code', accountId, at: this.#deps.clock.now() });
  }

  /** Request options for a passkey, where a passkey may answer the present step. After a password they name the account's own passkeys. */
  async startPasskey({ step, signIn }: Progress): Promise<unknown> {
    requirePasskeyStep(step);

    const second = step.type === 'second-factor' && signIn.accountId !== undefined;
    const allow = second && signIn.accountId ? await this.#deps.passkeys.list(signIn.accountId) : undefined;
    return this.#deps.passkeys.startAuthentication({ binding: toPasskeyBinding(signIn.id), purpose: 'sign-in', allow });
  }

  /** Checks a passkey's answer. It may also say who the person is, unless that is settled already. */
  async provePasskey(id: SignInId, answer: PasskeyAnswer, source: Source): Promise<Progress> {
    const { response, canBeLocal } = answer;
    const { passkeys, limits, clock } = this.#deps;
    const { step, signIn, stored } = await this.#deps.openSignIns.require(id);
    requirePasskeyStep(step);
    await limits.requirePasskeyTry(source.address);

    const outcome = await passkeys.finishAuthentication({
      binding: toPasskeyBinding(id),
      purpose: 'sign-in',
      response,
      usedWith: source.description,
    });
    if (outcome.type === 'refused') {
      this.#noteRefusal('passkey', stored, source);
      throw refusePasskey(outcome);
    }
    const { passkey, owner, hardware } = outcome;
    const settled = signIn.identifier !== undefined || step.type === 'second-factor';
    const otherPerson = settled && owner.id !== signIn.accountId;
    const otherOrganization = signIn.organizationId !== undefined && owner.organizationId !== signIn.organizationId;
    if (owner.disabledAt || otherPerson || otherOrganization) {
      this.#noteRefusal('passkey', stored, source);
      throw new AppError('passkey_refused');
    }

    const proof: Proof = {
      method: 'passkey',
      accountId: owner.id,
      at: clock.now(),
      passkeyId: passkey.id,
      userVerified: true,
      hardware,
      ...(canBeLocal && outcome.onPhone && { elsewhere: true }),
    };
    await limits.restore(owner.id);
    return this.#addProof(id, proof, owner);
  }

  /**
   * Goes on with somebody who has just made their account in this sign-in, with this passkey. Creating it took the same touch as using it
   * would, the password if there is one was typed, and the account holds nothing yet that asking again could guard.
   */
  async acceptNewcomer(id: SignInId, { account, passkey }: NewAccountWithPasskey): Promise<Progress> {
    const { id: accountId, organizationId, email } = account;
    const base = { accountId, at: this.#deps.clock.now() };
    const userVerified = passkey.verifiedAt !== undefined;
    const passkeyProof: Proof = { ...base, method: 'passkey', passkeyId: passkey.id, userVerified, hardware: false };
    const proofs: readonly Proof[] = account.password
      ? [{ ...base, method: 'password' }, passkeyProof]
      : [passkeyProof];
    const made = [passkey.id];
    return this.#deps.openSignIns.change(id, async (signIn) => ({
      ...signIn,
      organizationId,
      identifier: email,
      accountId,
      proofs,
      made,
    }));
  }

  /** The e-mail of somebody who is signed in already. */
  async findEmail(id: AccountId): Promise<string | undefined> {
    return (await this.#deps.accounts.find(id))?.email;
  }

  async #tell({ stored, organization }: Progress, message: NoticeMessage, source: Source): Promise<void> {
    if (stored) await this.#deps.notices.tell(message, { account: stored, organization, device: source.description });
  }

  /** Of the account that was named, where there is one. */
  #noteRefusal(factor: RefusedFactor, account?: Pick<Account, 'id' | 'organizationId'>, source?: Source): void {
    this.#deps.auditLog.recordCounted({ type: 'sign-in-refused', factor }, { account, device: source?.description });
  }

  /** A proof is kept only if the sign-in is still about its account; a passkey may settle whose it is. */
  async #addProof(id: SignInId, proof: Proof, settles?: Account): Promise<Progress> {
    return this.#deps.openSignIns.change(id, async (signIn) => {
      const undecided = signIn.identifier === undefined && signIn.proofs.length === 0;
      const whose = settles && undecided ? { accountId: settles.id, organizationId: settles.organizationId } : {};
      const after = { ...signIn, ...whose, proofs: [...signIn.proofs, proof] };
      if (after.accountId !== proof.accountId) throw new AppError('step_finished');
      return after;
    });
  }

  async #findId(organizationId: OrganizationId | undefined, emailKey: string): Promise<AccountId | undefined> {
    if (organizationId === undefined) return undefined;
    return (await this.#deps.accounts.findByEmail(organizationId, emailKey))?.id;
  }

  /** Counts the try before anything is checked. False: this factor is off for such callers, but they are not told so. */
  async #requireTry(signIn: SignIn, factor: GuessableFactor, source: Source): Promise<boolean> {
    const outcome = await this.#deps.limits.requireTry({
      ...describeTry(signIn, factor, source),
      accountId: signIn.accountId,
      sourceAddress: source.address,
    });
    return outcome !== 'off';
  }

  async #succeeded(signIn: SignIn, accountId: AccountId, factor: GuessableFactor, source: Source): Promise<void> {
    await this.#deps.limits.succeeded({ ...describeTry(signIn, factor, source), accountId });
  }
}

/**
 * Known and unknown accounts are counted alike: under what was typed. Recovery codes may come before any proof too, so that strangers could
 * use up the tries of whoever has proved something.
 */
function describeTry(signIn: SignIn, factor: GuessableFactor, source: Source) {
  const from = toTrySource(source, signIn.accountId);
  const isProved = factor === 'recovery-code' && signIn.proofs.length > 0;
  return {
    factor,
    accountKey: `${signIn.organizationId ?? ''}:${signIn.identifier === undefined ? signIn.accountId : parseEmail(signIn.identifier)?.emailKey}`,
    source: isProved && from === 'stranger' ? ('proved' as const) : from,
  };
}

function withoutProofs(signIn: SignIn): SignIn {
  return { ...signIn, proofs: [], made: [], offerAnswered: false, newCodes: undefined };
}

/** Nobody's passkey is named, so that the page can tell the password manager. */
export function refusePasskey(outcome: Extract<PasskeyAuthentication, { type: 'refused' }>): AppError {
  return new AppError('passkey_refused', {
    cause: outcome.cause,
    ...(outcome.unknownPasskey && { reason: 'unknown' }),
  });
}

function requireRecoveryCodeStep(step: Step): void {
  const offered =
    ((step.type === 'password' || step.type === 'passkey') && step.recoveryCode) ||
    (step.type === 'second-factor' && step.methods.includes('recovery-code'));
  const isAsking = step.type === 'password' || step.type === 'passkey' || step.type === 'second-factor';
  if (!offered) throw new AppError(isAsking ? 'method_not_offered' : 'step_finished');
}

function requirePasskeyStep(step: Step): void {
  const offered =
    step.type === 'passkey' ||
    (step.type === 'enrol-passkey' && step.passkey) ||
    ((step.type === 'identify' || step.type === 'password') && step.passkey) ||
    (step.type === 'second-factor' && step.methods.includes('passkey'));
  if (!offered)
    throw new AppError(step.type === 'done' || step.type === 'enrol-passkey' ? 'step_finished' : 'method_not_offered');
}

function requireEmailCodeStep({ step, stored }: Pick<Progress, 'step' | 'stored'>): Account {
  if (step.type !== 'second-factor' || !stored) throw new AppError('step_finished');
  if (!step.methods.includes('email-code')) throw new AppError('method_not_offered');
  return stored;
}
