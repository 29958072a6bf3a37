import type { PendingInteraction } from '../../oidc/interactions.ts';
import type { Step } from '../../sign-in/next-step.ts';
import type { Progress } from '../../sign-in/open-sign-ins.ts';
import type { SignIn } from '../../sign-in/sign-in.ts';
import { canMakeSilently } from '../../sign-in/silent-passkey.ts';
import type { AccountCard, Notice, OtherWay, SignInShell, ViewModels, ViewName } from '../view-models.ts';
import { hasHelp } from './sign-in-help-pages.ts';
import { toBasePath } from './sign-in-visits.ts';

/** A page that is to be sent: its name and exactly what it is given. */
export type Page = { readonly [Name in ViewName]: { readonly name: Name; readonly model: ViewModels[Name] } }[ViewName];

/** What the page of a step depends on beside the step itself. */
export interface StepPageInput {
  readonly pending: PendingInteraction;
  readonly progress: Progress;
  readonly remembered: readonly AccountCard[];
  /** The way that the person chose to see; it proves nothing. */
  readonly method?: unknown;
  /** A code is under way by mail. */
  readonly isSent: boolean;
  /** What was typed into a form that was refused. */
  readonly email?: string | undefined;
  readonly notice?: Notice | undefined;
}

/** Steps that a page asks for; the others lead somewhere else. */
type AskedStep = Exclude<Step, { type: 'done' | 'refused' }>;

/** The page that asks for what is missing. */
export function describeStepPage(step: AskedStep, input: StepPageInput): Page {
  const { pending, progress, remembered, notice } = input;
  const { signIn, organization, stored } = progress;
  const shell = {
    base: toBasePath(signIn.id),
    organizationName: organization.name,
    applicationName: pending.clientName,
    help: hasHelp(progress),
    notice,
  };
  // Before the first proof the card shows what was typed; after it, whose account it is.
  const name = signIn.proofs.length > 0 ? stored?.profile.name : undefined;
  const account = { email: signIn.identifier ?? stored?.email ?? '', name };
  switch (step.type) {
    case 'identify': {
      const email = input.email ?? pending.loginHint ?? '';
      const asked = { passkey: step.passkey, askOrganization: step.organization, signUp: maySignUp(progress) };
      return { name: 'sign-in', model: { ...shell, ...asked, email, remembered } };
    }
    case 'organization':
      return { name: 'organization', model: { ...shell, organization: pending.organization ?? '' } };
    case 'password':
    case 'passkey': {
      const { type, recoveryCode } = step;
      if (recoveryCode && input.method === 'recovery-code')
        return { name: 'recovery-code', model: { ...shell, account, otherWays: [type] } };
      const otherWays: readonly OtherWay[] = recoveryCode ? ['recovery-code'] : [];
      return type === 'password'
        ? { name: type, model: { ...shell, account, passkey: step.passkey, otherWays } }
        : { name: type, model: { ...shell, account, second: false, otherWays } };
    }
    case 'second-factor':
      return describeSecondFactorPage(step, { ...shell, account }, input);
    case 'enrol-passkey': {
      const { must, recovers = false, passkey = false, local = false } = step;
      if (passkey && input.method === 'passkey')
        return { name: 'passkey', model: { ...shell, account, second: false, otherWays: ['new-passkey'] } };
      return {
        name: 'enrol-passkey',
        model: {
          ...shell,
          must,
          recovers: recovers && (isByLink(signIn) ? 'link' : 'code'),
          local,
          silent: canMakeSilently(progress),
          account,
          otherWays: passkey ? ['passkey'] : [],
        },
      };
    }
    case 'new-recovery-codes':
      return { name: 'recovery-codes-spent', model: { ...shell, account } };
  }
}

/** The way that was chosen, if it is among those that would do. */
function describeSecondFactorPage(
  { methods, first }: Extract<Step, { type: 'second-factor' }>,
  model: SignInShell & { readonly account: AccountCard },
  { method: chosen, isSent }: StepPageInput,
): Page {
  const method = methods.find((one) => one === chosen) ?? first;
  const otherWays = methods.filter((one) => one !== method);
  switch (method) {
    case 'totp':
    case 'recovery-code':
      return { name: method, model: { ...model, otherWays } };
    case 'passkey':
      return { name: method, model: { ...model, second: true, otherWays } };
    case 'email-code':
      return { name: method, model: { ...model, isSent, otherWays } };
  }
}

function isByLink({ proofs }: SignIn): boolean {
  return proofs.some(({ method }) => method === 'recovery-link');
}

/** Whether somebody new may make an account here. */
export function maySignUp({ policy, signIn }: Progress): boolean {
  return (
    ['open', 'unverified'].includes(policy.signUp) && policy.passkey !== 'off' && signIn.organizationId !== undefined
  );
}
