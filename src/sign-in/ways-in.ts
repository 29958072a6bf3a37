import type { Policy } from '../organizations/policy.ts';
import { isEnrolled, type SignInAccount } from './next-step.ts';

/** Whether the owner of an account that has these could sign in, or would be let in to make a passkey. Pure; for "what if this were gone". */
export function hasWayIn(account: SignInAccount, policy: Policy): boolean {
  if (policy.sso?.required) return true; // and nothing of the account's own plays a part
  const { passkey, password, secondFactor, secondFactors } = policy;
  const hasCodes = secondFactors.includes('recovery-code') && isEnrolled('recovery-code', account);
  if (passkey === 'alone' && (account.passkeys.length > 0 || hasCodes)) return true;
  if (password === 'off' || account.passwordSetAt === undefined) return false;
  // Whoever has no second factor yet is asked to make a passkey.
  const hasSecond = secondFactors.some((method) => method === 'passkey' || isEnrolled(method, account));
  return secondFactor !== 'required' || hasSecond;
}
