import type { PendingInteraction } from '../../oidc/interactions.ts';
import type { Step } from '../../sign-in/next-step.ts';
import type { Progress } from '../../sign-in/open-sign-ins.ts';
import type { AccountCard, Notice, ViewModels, ViewName } from '../view-models.ts';
import { toBasePath } from './sign-in-visits.ts';

/** A page that is to be sent: its name and exactly what it is given. */
export type Page = { readonly [Name in ViewName]: { readonly name: Name; readonly model: ViewModels[Name] } }[ViewName];

/** What the page of a step depends on beside the step itself. */
export interface StepPageInput {
  readonly pending: PendingInteraction;
  readonly progress: Progress;
  readonly remembered: readonly AccountCard[];
  /** The second factor that the person chose to see; it proves nothing. */
  readonly method?: unknown;
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
      return { name: 'password', model: { ...shell, account, passkey: step.passkey } };
    case 'passkey':
      return { name: 'passkey', model: { ...shell, account, second: false, otherMethods: [] } };
    case 'second-factor': {
      const passkey = step.methods.includes('passkey');
      const totp = step.methods.includes('totp');
      const showTotp = totp && (!passkey || (input.method ?? step.first) === 'totp');
      return showTotp
        ? { name: 'totp', model: { ...shell, account, otherMethods: passkey ? ['passkey'] : [] } }
        : { name: 'passkey', model: { ...shell, account, second: true, otherMethods: totp ? ['totp'] : [] } };
    }
    case 'enrol-passkey':
      return { name: 'enrol-passkey', model: { ...shell, must: step.must, account } };
  }
}

/** Whether somebody new may make an account here. */
export function maySignUp({ policy, signIn }: Progress): boolean {
  return policy.signUp === 'open' && policy.passkey !== 'off' && signIn.organizationId !== undefined;
}
