import type { Policy } from '../../src/organizations/policy.ts';
import type { SignInAccount } from '../../src/sign-in/next-step.ts';
import type { Proof, SignIn } from '../../src/sign-in/sign-in.ts';
import { NOW, proveEverythingHeld } from './sign-ins.ts';

/**
 * The rules of signing in as the product states them, said a second time and in another way than `nextStep` does: not as an order of
 * questions but as conditions that all hold at the end. Tests compare the two.
 */

type Evidence = 'hardware-passkey' | Proof['method'];

interface AssuranceRow {
  readonly evidence: readonly Evidence[];
  readonly acr: string;
  readonly amr: string;
}

/** What a relying application is told: the first row all of whose evidence there is. Strongest first. */
const ASSURANCE_ROWS: readonly AssuranceRow[] = [
  { evidence: ['hardware-passkey', 'password'], acr: 'phrh', amr: 'hwk pwd pop user mfa' },
  { evidence: ['hardware-passkey'], acr: 'phrh', amr: 'hwk pop user mfa' },
  { evidence: ['password', 'passkey'], acr: 'phr', amr: 'pwd pop user mfa' },
  { evidence: ['passkey'], acr: 'phr', amr: 'pop user mfa' },
  { evidence: ['password', 'totp'], acr: 'urn:cardea:acr:mfa', amr: 'pwd otp mfa' },
  { evidence: ['password', 'email-code'], acr: 'urn:cardea:acr:pwd', amr: 'pwd otp' },
  { evidence: ['password', 'recovery-code'], acr: 'urn:cardea:acr:pwd', amr: 'pwd otp' },
  { evidence: ['password'], acr: 'urn:cardea:acr:pwd', amr: 'pwd' },
  { evidence: ['recovery-code'], acr: 'urn:cardea:acr:recovery', amr: 'otp' },
  { evidence: ['recovery-link'], acr: 'urn:cardea:acr:recovery', amr: 'otp' },
];

const STRENGTH: { readonly [acr: string]: number } = {
  phrh: 5,
  phr: 4,
  'urn:cardea:acr:mfa': 3,
  'urn:cardea:acr:pwd': 2,
  'urn:cardea:acr:recovery': 1,
};

/** The first row of the table that the proofs fill; they are taken at their word. */
export function findAssuranceRow(proofs: readonly Proof[]): AssuranceRow | undefined {
  const evidence = new Set<Evidence>(
    proofs.flatMap((proof) =>
      proof.method === 'passkey' && proof.hardware ? ['hardware-passkey', 'passkey'] : [proof.method],
    ),
  );
  return ASSURANCE_ROWS.find((row) => row.evidence.every((needed) => evidence.has(needed)));
}

/** What the sign-in may pass with, or undefined where it may not. */
export function findRightAssurance(
  signIn: SignIn,
  account: SignInAccount | undefined,
  policy: Policy,
): AssuranceRow | undefined {
  if (!account || account.disabled || policy.sso?.required || signIn.expiresAt <= NOW) return undefined;
  if (signIn.accountId !== account.id || signIn.organizationId !== account.organizationId) return undefined;

  const proofs = signIn.proofs.filter(
    (proof) => proof.accountId === account.id && isAllowed(proof, policy) && isStillTrue(proof, account, signIn),
  );
  const methods = new Set(proofs.map(({ method }) => method));
  const byPasskeyAlone = policy.passkey === 'alone' && methods.has('passkey');
  const passes =
    (methods.has('password') || byPasskeyAlone || isRecovered(methods, signIn, account, policy)) &&
    (!methods.has('recovery-link') || byPasskeyAlone || hasMade(account, signIn.made)) &&
    (byPasskeyAlone || isSecondFactorSettled(methods, signIn, account, policy)) &&
    isDemandSettled(proofs, signIn, account, policy) &&
    isEnrolmentSettled(methods, signIn, account, policy) &&
    !(methods.has('recovery-code') && account.recoveryCodes?.left === 0 && signIn.newCodes === undefined);
  return passes ? findAssuranceRow(proofs) : undefined;
}

/** A method that the policy does not use proves nothing. */
export function isAllowed(proof: Proof, policy: Policy): boolean {
  if (proof.method === 'password') return policy.password !== 'off';
  if (proof.method === 'passkey') return policy.passkey !== 'off' && proof.userVerified;
  if (proof.method === 'recovery-link') return policy.passkey === 'alone';
  return policy.secondFactors.includes(proof.method);
}

/** A proof by something that is gone, or was replaced after the proof, proves nothing. */
export function isStillTrue(
  proof: Proof,
  account: SignInAccount,
  { newCodes, made }: Pick<SignIn, 'newCodes' | 'made'>,
): boolean {
  if (proof.method === 'password') return account.passwordSetAt !== undefined && account.passwordSetAt <= proof.at;
  if (proof.method === 'totp') return account.totpSince !== undefined && account.totpSince <= proof.at;
  if (proof.method === 'passkey') return account.passkeys.some(({ id }) => id === proof.passkeyId);
  if (proof.method === 'email-code') return account.receivesCodes;
  if (proof.method === 'recovery-link') {
    const isOpen = account.recoveryOpenedAt !== undefined && account.recoveryOpenedAt <= proof.at;
    return isOpen || hasMade(account, made);
  }
  if (newCodes === 'made') return true; // in this very sign-in, in the place of what was proved
  return account.recoveryCodes !== undefined && account.recoveryCodes.madeAt <= proof.at;
}

/** By a link, or a code, and a passkey that was made with it: of whoever has no password that could be asked for. */
function isRecovered(methods: ReadonlySet<string>, signIn: SignIn, account: SignInAccount, policy: Policy): boolean {
  const hasPassword = policy.password !== 'off' && account.passwordSetAt !== undefined;
  const byCode = methods.has('recovery-code') && policy.passkey === 'alone' && !hasPassword;
  return (byCode || methods.has('recovery-link')) && hasMade(account, signIn.made);
}

function hasMade(account: SignInAccount, made: SignIn['made']): boolean {
  return account.passkeys.some(({ id }) => made.includes(id));
}

function isSecondFactorSettled(
  methods: ReadonlySet<string>,
  signIn: SignIn,
  account: SignInAccount,
  policy: Policy,
): boolean {
  if (policy.secondFactor === 'off' || policy.secondFactors.some((method) => methods.has(method))) return true;
  if (methods.has('recovery-link') && hasMade(account, signIn.made)) return true;
  if (policy.secondFactor === 'required') return false;
  const older = account.passkeys.filter(({ id }) => !signIn.made.includes(id));
  const held = new Set(proveEverythingHeld({ ...account, passkeys: older }).map(({ method }) => method));
  return !policy.secondFactors.some((method) => held.has(method));
}

/** Met; or only wished for and out of reach of anything that the account could add. */
function isDemandSettled(
  proofs: readonly Proof[],
  { demand }: SignIn,
  account: SignInAccount,
  policy: Policy,
): boolean {
  if (demand.accountId !== undefined && demand.accountId !== account.id) return false;
  const isMetBy = (all: readonly Proof[]) => {
    const strength = STRENGTH[findAssuranceRow(all)?.acr ?? ''] ?? 0;
    return demand.acr.some((wanted) => strength >= (STRENGTH[wanted] ?? Number.POSITIVE_INFINITY));
  };
  if (demand.acr.length === 0 || isMetBy(proofs)) return true;
  const couldAdd = proveEverythingHeld(account).filter((proof) => isAllowed(proof, policy));
  return !demand.essential && !isMetBy([...proofs, ...couldAdd]);
}

function isEnrolmentSettled(
  methods: ReadonlySet<string>,
  signIn: SignIn,
  account: SignInAccount,
  policy: Policy,
): boolean {
  if (policy.enrolPasskey === 'manual' || account.passkeys.length > 0 || methods.has('passkey')) return true;
  return policy.enrolPasskey === 'offer' && (signIn.offerAnswered || !account.passkeyOfferDue);
}
