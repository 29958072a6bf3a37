import type { Progress } from './open-sign-ins.ts';

/**
 * Whether the browser may make a passkey without a word (a conditional create, WebAuthn Level 3 §5.1.3): where one is offered, to who has
 * typed the password. One that is demanded has to count at once, and so is made with the person.
 */
export function canMakeSilently({ step, signIn }: Pick<Progress, 'step' | 'signIn'>): boolean {
  const isOffered = step.type === 'enrol-passkey' && !step.must && !step.local;
  return isOffered && signIn.proofs.some(({ method }) => method === 'password');
}
