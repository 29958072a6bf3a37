import type { AccountId, OrganizationId, PasskeyId } from '../lib/ids.ts';
import type { Policy, SecondFactor } from '../organizations/policy.ts';
import { type Assurance, assess, satisfies } from './assurance.ts';
import type { Demand, Proof, ProofMethod, SignIn } from './sign-in.ts';

/** What the decision needs to know of an account, as it is now. */
export interface SignInAccount {
  readonly id: AccountId;
  readonly organizationId: OrganizationId;
  readonly disabled: boolean;
  /** When the password was set; absent when there is none or a passkey took its place. */
  readonly passwordSetAt?: Date | undefined;
  readonly passkeys: readonly { readonly id: PasskeyId; readonly hardware: boolean }[];
  /** When the authenticator app was confirmed; absent when there is none. */
  readonly totpSince?: Date | undefined;
  /** The recovery codes that it was given last, of which none may be left. */
  readonly recoveryCodes?: { readonly left: number; readonly madeAt: Date } | undefined;
  /** When a recovery was opened by its link, for as long as it is good. */
  readonly recoveryOpenedAt?: Date | undefined;
  /** A code can be mailed to them, at an address that is known to be theirs. */
  readonly receivesCodes: boolean;
  /** Now is a moment to offer a passkey: it was not declined lately or for good. */
  readonly passkeyOfferDue: boolean;
}

export type SignInRefusal =
  | 'sign_in_expired'
  | 'sso_required'
  | 'second_factor_missing'
  | 'unmet_demand'
  | 'wrong_account';

/** What a person must do next. */
export type Step =
  /** Say who they are; a passkey says it too where `passkey` is true. */
  | { readonly type: 'identify'; readonly passkey: boolean; readonly organization: boolean }
  | { readonly type: 'organization' }
  /** Type the password; use a passkey in its place where `passkey` is true, and begin with a recovery code where `recoveryCode` is. */
  | { readonly type: 'password'; readonly passkey: boolean; readonly recoveryCode: boolean }
  | { readonly type: 'passkey'; readonly recoveryCode: boolean }
  | { readonly type: 'second-factor'; readonly methods: readonly SecondFactor[]; readonly first: SecondFactor }
  /** `recovers`: nothing but a recovery code or link was proved, which lets a person make a passkey and do nothing else. `passkey`: one that they have will do.
   * `local`: they have signed in with a phone, at a device that could hold a passkey of its own. */
  | {
      readonly type: 'enrol-passkey';
      readonly must: boolean;
      readonly recovers?: true;
      readonly passkey?: true;
      readonly local?: true;
    }
  /** The last recovery code was spent in this sign-in: take new ones, or leave it. */
  | { readonly type: 'new-recovery-codes' }
  | ({ readonly type: 'done'; readonly accountId: AccountId; readonly authTime: Date } & Assurance)
  | { readonly type: 'refused'; readonly code: SignInRefusal };

/**
 * The one decision: what is still missing before `signIn` is a sign-in. Every page, endpoint and link asks it, and nothing else lets a
 * person through. Pure and total. Before the first proof the answer depends on what was typed and on the policy, never on the account.
 */
export function nextStep(signIn: SignIn, account: SignInAccount | undefined, policy: Policy, now: Date): Step {
  if (signIn.expiresAt <= now) return { type: 'refused', code: 'sign_in_expired' };
  if (policy.sso?.required) return { type: 'refused', code: 'sso_required' };

  const proofs = account ? findCountingProofs(signIn, account, policy) : [];
  if (!account || !hasFirstFactor(proofs, account, policy)) return askFirstFactor(signIn, proofs, policy);

  const situation = { signIn, proofs, account, policy };
  return (
    missingRecovery(situation) ??
    missingSecondFactor(situation) ??
    missingForDemand(situation) ??
    missingPasskey(situation) ??
    missingRecoveryCodes(situation) ??
    finish(proofs, account)
  );
}

/** A sign-in whose first factor was proved, with the proofs of it that count. */
interface Situation {
  readonly signIn: SignIn;
  readonly proofs: readonly Proof[];
  readonly account: SignInAccount;
  readonly policy: Policy;
}

function findCountingProofs(signIn: SignIn, account: SignInAccount, policy: Policy): readonly Proof[] {
  const sameAccount = signIn.accountId === account.id && signIn.organizationId === account.organizationId;
  if (!sameAccount || account.disabled) return [];
  return signIn.proofs.filter((proof) => proof.accountId === account.id && counts(proof, { signIn, account, policy }));
}

/** A proof counts while what it proved is still so: under this policy, with this very password or passkey. */
function counts(proof: Proof, { signIn, account, policy }: Omit<Situation, 'proofs'>): boolean {
  switch (proof.method) {
    case 'password':
      return policy.password !== 'off' && isSince(proof.at, account.passwordSetAt);
    case 'passkey':
      return (
        policy.passkey !== 'off' && proof.userVerified && account.passkeys.some(({ id }) => id === proof.passkeyId)
      );
    case 'totp':
      return policy.secondFactors.includes('totp') && isSince(proof.at, account.totpSince);
    case 'email-code':
      return policy.secondFactors.includes('email-code') && account.receivesCodes;
    case 'recovery-code':
      return (
        policy.secondFactors.includes('recovery-code') &&
        (signIn.newCodes === 'made' || isSince(proof.at, account.recoveryCodes?.madeAt))
      );
    case 'recovery-link':
      return policy.passkey === 'alone' && (hasMade(signIn, account) || isSince(proof.at, account.recoveryOpenedAt));
  }
}

function isSince(moment: Date, since: Date | undefined): boolean {
  return since !== undefined && moment >= since;
}

function hasFirstFactor(proofs: readonly Proof[], account: SignInAccount, policy: Policy): boolean {
  const isFirst = has(proofs, 'password') || has(proofs, 'recovery-link');
  return isFirst || passedAlone(proofs, policy) || recovers(proofs, account, policy);
}

function passedAlone(proofs: readonly Proof[], policy: Policy): boolean {
  return policy.passkey === 'alone' && has(proofs, 'passkey');
}

/** A recovery code stands in for nothing that the account has: where there is a password, that is asked for too. */
function recovers(proofs: readonly Proof[], { passwordSetAt }: SignInAccount, policy: Policy): boolean {
  const hasPassword = policy.password !== 'off' && passwordSetAt !== undefined;
  return has(proofs, 'recovery-code') && mayRecover(policy) && !hasPassword;
}

/** Where a passkey signs in by itself, the one that a recovery code lets somebody make is a way in. */
function mayRecover(policy: Policy): boolean {
  return policy.passkey === 'alone' && policy.secondFactors.includes('recovery-code');
}

/** Knows of no account, so that it cannot tell one from another. */
function askFirstFactor({ organizationId, identifier }: SignIn, proofs: readonly Proof[], policy: Policy): Step {
  const passkey = policy.passkey === 'alone';
  const unknown = organizationId === undefined;
  if (unknown && (policy.organizationPrompt === 'first' || identifier !== undefined)) return { type: 'organization' };
  if (identifier === undefined) {
    return { type: 'identify', passkey, organization: unknown && policy.organizationPrompt === 'with-email' };
  }
  // A passkey that the application demands is asked for afterwards: whoever has none is to be told so, and only then may be.
  const recoveryCode = mayRecover(policy) && !has(proofs, 'recovery-code');
  return policy.password === 'off' ? { type: 'passkey', recoveryCode } : { type: 'password', passkey, recoveryCode };
}

/**
 * Whoever has a recovery link makes a passkey first of all, or uses one that they find, and so does who has proved a recovery code and
 * nothing else; what is demanded beyond that the passkey can meet.
 */
function missingRecovery({ signIn, proofs, account, policy }: Situation): Step | undefined {
  const { demand } = signIn;
  const isOther = demand.accountId !== undefined && demand.accountId !== account.id; // and refused for it
  const recovering = has(proofs, 'recovery-link') || !has(proofs, 'password');
  if (!recovering || passedAlone(proofs, policy) || isOther) return undefined;
  if (hasMade(signIn, account)) return undefined;
  const hasPasskey = account.passkeys.length > 0;
  return { type: 'enrol-passkey', must: true, recovers: true, ...(hasPasskey && { passkey: true }) };
}

function hasMade({ made }: SignIn, account: SignInAccount): boolean {
  return account.passkeys.some(({ id }) => made.includes(id));
}

function missingSecondFactor({ signIn, proofs, account, policy }: Situation): Step | undefined {
  if (passedAlone(proofs, policy) || policy.secondFactor === 'off') return undefined;
  if (policy.secondFactors.some((method) => has(proofs, method))) return undefined;
  // Waiting stood in for whatever the account has; the passkey that was made is the factor from now on.
  if (has(proofs, 'recovery-link') && hasMade(signIn, account)) return undefined;

  const enrolled = policy.secondFactors.filter((method) => isEnrolled(method, account));
  // Whoever accepts the offer of a passkey in this very sign-in is not asked for it at once.
  const onlyJustMade = enrolled.every(
    (method) => method === 'passkey' && account.passkeys.every(({ id }) => signIn.made.includes(id)),
  );
  if (policy.secondFactor === 'when-enrolled' && onlyJustMade) return undefined;

  // A passkey that would have done by itself does here too, even where the list leaves it out.
  const passkey = policy.passkey === 'alone' && account.passkeys.length > 0 ? (['passkey'] as const) : [];
  const step = askAnyOf([...enrolled, ...passkey]);
  if (step) return step;
  if (policy.secondFactors.includes('passkey')) return { type: 'enrol-passkey', must: true };
  return { type: 'refused', code: 'second_factor_missing' };
}

/** Undefined when there is nothing to ask for. */
function askAnyOf(candidates: readonly SecondFactor[]): Step | undefined {
  const methods = [...new Set(candidates)];
  const [first] = methods;
  return first && { type: 'second-factor', methods, first };
}

/** Whether the account has it, so that it can be asked for. */
export function isEnrolled(method: SecondFactor, account: SignInAccount): boolean {
  switch (method) {
    case 'passkey':
      return account.passkeys.length > 0;
    case 'totp':
      return account.totpSince !== undefined;
    case 'recovery-code':
      return (account.recoveryCodes?.left ?? 0) > 0;
    case 'email-code':
      return account.receivesCodes;
  }
}

function missingForDemand({ signIn: { demand }, proofs, account, policy }: Situation): Step | undefined {
  if (demand.accountId !== undefined && demand.accountId !== account.id)
    return { type: 'refused', code: 'wrong_account' };
  if (demand.acr.length === 0 || meets(proofs, demand)) return undefined;

  const enough = possibleProofs(account, policy)
    .filter((proof) => meets([...proofs, proof], demand))
    .map(({ method }) => method);
  const step = askAnyOf([...policy.secondFactors, 'passkey' as const].filter((method) => enough.includes(method)));
  return step ?? (demand.essential ? { type: 'refused', code: 'unmet_demand' } : undefined);
}

function meets(proofs: readonly Proof[], demand: Demand): boolean {
  const reached = assess(proofs)?.acr;
  return demand.acr.some((wanted) => satisfies(reached, wanted));
}

/** What the account could bring to a password, as if it had been brought; the moment plays no part in what proofs amount to. */
function possibleProofs(account: SignInAccount, policy: Policy): readonly Proof[] {
  const brought = { accountId: account.id, at: new Date(0) };
  const usable = policy.passkey === 'off' ? [] : account.passkeys;
  return [
    ...usable.map(({ id, hardware }) => ({
      ...brought,
      method: 'passkey' as const,
      passkeyId: id,
      userVerified: true,
      hardware,
    })),
    ...(policy.secondFactors.includes('totp') && account.totpSince ? [{ ...brought, method: 'totp' as const }] : []),
  ];
}

/**
 * Whether the account could reach one of the demanded `acr` values under the policy, with whatever it has enrolled.
 * Asked when somebody is signed in already, to decide whether asking again can help.
 */
export function canReach(demand: Demand, account: SignInAccount, policy: Policy): boolean {
  const at = account.passwordSetAt;
  const password: Proof[] = at && policy.password !== 'off' ? [{ accountId: account.id, at, method: 'password' }] : [];
  const hasFirstFactor = password.length > 0 || (policy.passkey === 'alone' && account.passkeys.length > 0);
  return (
    hasFirstFactor &&
    [undefined, ...possibleProofs(account, policy)].some((proof) =>
      meets(proof ? [...password, proof] : password, demand),
    )
  );
}

function missingPasskey({ signIn, proofs, account, policy }: Situation): Step | undefined {
  const hasNone = account.passkeys.length === 0;
  if (hasNone && policy.enrolPasskey === 'require') return { type: 'enrol-passkey', must: true };
  if (policy.enrolPasskey !== 'offer' || !account.passkeyOfferDue || signIn.offerAnswered) return undefined;
  if (hasNone) return { type: 'enrol-passkey', must: false };
  const isAtOther = proofs.some((proof) => proof.method === 'passkey' && proof.elsewhere);
  return isAtOther ? { type: 'enrol-passkey', must: false, local: true } : undefined;
}

/** Whoever has spent their last code is told so while they may still make others. */
function missingRecoveryCodes({ signIn, proofs, account }: Situation): Step | undefined {
  if (!has(proofs, 'recovery-code') || signIn.newCodes !== undefined) return undefined;
  return account.recoveryCodes?.left === 0 ? { type: 'new-recovery-codes' } : undefined;
}

function finish(proofs: readonly Proof[], account: SignInAccount): Step {
  const assurance = assess(proofs);
  // Unreachable: a first factor is among the proofs. If that ever changes, the person starts again rather than passes.
  if (!assurance) return { type: 'identify', passkey: false, organization: false };
  const authTime = new Date(Math.max(...proofs.map((proof) => proof.at.getTime())));
  return { type: 'done', accountId: account.id, authTime, ...assurance };
}

function has(proofs: readonly Proof[], method: ProofMethod): boolean {
  return proofs.some((proof) => proof.method === method);
}
