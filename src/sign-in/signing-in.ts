import type { Account, AccountStore } from '../accounts/account-store.ts';
import { parseEmail } from '../accounts/email.ts';
import type { GuessableFactor } from '../accounts/failure-store.ts';
import { AppError } from '../lib/app-error.ts';
import type { Clock } from '../lib/clock.ts';
import { digest } from '../lib/digest.ts';
import type { AccountId, OrganizationId, SignInId } from '../lib/ids.ts';
import type { Organizations } from '../organizations/organizations.ts';
import type { PasskeyAuthentication, Passkeys } from '../passkeys/passkeys.ts';
import type { Passwords } from '../passwords/passwords.ts';
import type { Limits } from '../rates/limits.ts';
import type { Totps } from '../totp/totp.ts';
import type { SignInAccount, Step } from './next-step.ts';
import type { OpenSignIns, Progress } from './open-sign-ins.ts';
import type { Proof, SignIn } from './sign-in.ts';
import type { SignInAccounts } from './sign-in-accounts.ts';
import type { NewAccountWithPasskey } from './signing-up.ts';

interface Deps {
  readonly openSignIns: OpenSignIns;
  readonly accounts: AccountStore;
  readonly signInAccounts: SignInAccounts;
  readonly organizations: Organizations;
  readonly passkeys: Passkeys;
  readonly passwords: Passwords;
  readonly totps: Totps;
  readonly limits: Limits;
  readonly clock: Clock;
}

/** From where somebody tries: the address, and the browser if accounts have signed in with it before. */
export interface Source {
  readonly address: string;
  readonly browser?: { readonly id: string; readonly accountIds: readonly AccountId[] } | undefined;
  /** Browser and system in plain words. */
  readonly description: string;
}

type DoneStep = Extract<Step, { type: 'done' }>;

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
  async provePassword(id: SignInId, password: string, source: Source): Promise<Progress> {
    const { step, signIn, stored } = await this.#deps.openSignIns.require(id);
    if (step.type !== 'password') throw new AppError(step.type === 'passkey' ? 'method_not_offered' : 'step_finished');

    const open = await this.#requireTry(signIn, 'password', source);
    const outcome = await this.#deps.passwords.check(open ? stored : undefined, password);
    if (outcome.type === 'wrong' || signIn.accountId !== outcome.account.id) throw new AppError('sign_in_failed');
    await this.#succeeded(signIn, outcome.account.id, 'password', source);
    return this.#addProof(id, { method: 'password', accountId: outcome.account.id, at: this.#deps.clock.now() });
  }

  /** Checks a code of the authenticator app. It is asked for only after another proof. */
  async proveTotp(id: SignInId, code: string, source: Source): Promise<Progress> {
    const { step, signIn } = await this.#deps.openSignIns.require(id);
    if (step.type !== 'second-factor' || !signIn.accountId) throw new AppError('step_finished');
    if (!step.methods.includes('totp')) throw new AppError('method_not_offered');

    const open = await this.#requireTry(signIn, 'totp', source);
    if (!open || !(await this.#deps.totps.verify(signIn.accountId, code))) throw new AppError('code_refused');
    await this.#succeeded(signIn, signIn.accountId, 'totp', source);
    return this.#addProof(id, { method: 'totp', accountId: signIn.accountId, at: this.#deps.clock.now() });
  }

  /** Request options for a passkey, where a passkey may answer the present step. After a password they name the account's own passkeys. */
  async startPasskey(id: SignInId): Promise<unknown> {
    const { step, signIn } = await this.#deps.openSignIns.require(id);
    requirePasskeyStep(step);

    const second = step.type === 'second-factor' && signIn.accountId !== undefined;
    const allow = second && signIn.accountId ? await this.#deps.passkeys.list(signIn.accountId) : undefined;
    const { options, challenge } = await this.#deps.passkeys.startAuthentication({
      binding: digest(id),
      purpose: 'sign-in',
      allow,
    });
    await this.#deps.openSignIns.keepChallenge(id, challenge);
    return options;
  }

  /** Checks a passkey's answer. It may also say who the person is, unless that is settled already. */
  async provePasskey(id: SignInId, response: unknown, source: Source): Promise<Progress> {
    const { passkeys, limits, signInAccounts, clock } = this.#deps;
    const { step, signIn } = await this.#deps.openSignIns.require(id);
    requirePasskeyStep(step);
    await limits.requirePasskeyTry(source.address);

    const outcome = await passkeys.finishAuthentication({
      binding: digest(id),
      purpose: 'sign-in',
      response,
      usedWith: source.description,
    });
    if (outcome.type === 'refused') throw refusePasskey(outcome);
    const { passkey, hardware } = outcome;
    const owner = await signInAccounts.find(passkey.accountId);
    const settled = signIn.identifier !== undefined || step.type === 'second-factor';
    const otherPerson = settled && passkey.accountId !== signIn.accountId;
    const otherOrganization =
      signIn.organizationId !== undefined && owner?.account.organizationId !== signIn.organizationId;
    if (!owner || owner.account.disabled || otherPerson || otherOrganization) throw new AppError('passkey_refused');

    const proof: Proof = {
      method: 'passkey',
      accountId: owner.account.id,
      at: clock.now(),
      passkeyId: passkey.id,
      userVerified: true,
      hardware,
    };
    await limits.restore(owner.account.id);
    return this.#addProof(id, proof, owner.account);
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

  /** Ends a sign-in that is done; of several callers at once, one. The others are told that the step is finished. */
  async finish({ signIn, step, stored, policy }: Progress): Promise<DoneStep> {
    if (step.type !== 'done') throw new AppError('step_finished');
    if (!(await this.#deps.openSignIns.end(signIn))) throw new AppError('step_finished');
    if (stored && policy.password === 'until-passkey' && step.amr.includes('pop'))
      await this.#switchPasswordOff(stored);
    return step;
  }

  async #switchPasswordOff(account: Account): Promise<void> {
    if (!account.password || account.password.switchedOffAt) return;
    const { accounts, clock } = this.#deps;
    const now = clock.now();
    const password = { ...account.password, switchedOffAt: now };
    // Losing against another change leaves it to the next passkey sign-in.
    await accounts.update({ ...account, password, updatedAt: now, version: account.version + 1 });
  }

  /** A proof is kept only if the sign-in is still about its account; a passkey may settle whose it is. */
  async #addProof(id: SignInId, proof: Proof, settles?: SignInAccount): Promise<Progress> {
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
      ...describeTry(signIn, source),
      accountId: signIn.accountId,
      factor,
      sourceAddress: source.address,
    });
    return outcome !== 'off';
  }

  async #succeeded(signIn: SignIn, accountId: AccountId, factor: GuessableFactor, source: Source): Promise<void> {
    await this.#deps.limits.succeeded({ ...describeTry(signIn, source), accountId, factor });
  }
}

/** Known and unknown accounts are counted alike: under what was typed. */
function describeTry(signIn: SignIn, source: Source) {
  const knows = signIn.accountId !== undefined && source.browser?.accountIds.includes(signIn.accountId);
  return {
    accountKey: `${signIn.organizationId ?? ''}:${signIn.identifier === undefined ? signIn.accountId : parseEmail(signIn.identifier)?.emailKey}`,
    source: knows ? (`known:${source.browser?.id ?? ''}` as const) : ('stranger' as const),
  };
}

function withoutProofs(signIn: SignIn): SignIn {
  return { ...signIn, proofs: [], made: [], offerAnswered: false };
}

/** Nobody's passkey is named, so that the page can tell the password manager. */
function refusePasskey(outcome: Extract<PasskeyAuthentication, { type: 'refused' }>): AppError {
  return new AppError('passkey_refused', {
    cause: outcome.cause,
    ...(outcome.unknownPasskey && { reason: 'unknown' }),
  });
}

function requirePasskeyStep(step: Step): void {
  const offered =
    step.type === 'passkey' ||
    ((step.type === 'identify' || step.type === 'password') && step.passkey) ||
    (step.type === 'second-factor' && step.methods.includes('passkey'));
  if (!offered)
    throw new AppError(step.type === 'done' || step.type === 'enrol-passkey' ? 'step_finished' : 'method_not_offered');
}
