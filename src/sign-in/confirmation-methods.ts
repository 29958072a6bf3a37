import type { ConfirmationMethod, Policy } from '../organizations/policy.ts';
import type { SignInAccount } from './next-step.ts';

/**
 * How somebody who is signed in may confirm that it is they, the preferred way first: what the policy lists, as far as the account has it
 * and signs in with it. Pure and total. Empty: only a whole new sign-in will do, and never nothing.
 */
export function listConfirmationMethods(account: SignInAccount, policy: Policy): readonly ConfirmationMethod[] {
  if (policy.sso?.required) return []; // it switches everything else off
  return policy.confirmWith.filter((method) => isUsable(method, account, policy));
}

function isUsable(method: ConfirmationMethod, account: SignInAccount, policy: Policy): boolean {
  switch (method) {
    case 'passkey':
      return policy.passkey !== 'off' && account.passkeys.length > 0 && hasPasskeyTakenOver(account, policy);
    case 'password':
      return policy.password !== 'off' && account.passwordSetAt !== undefined;
    case 'totp':
      return policy.secondFactors.includes('totp') && account.totpSince !== undefined;
    case 'email-link':
    case 'email-code':
      return account.receivesCodes;
  }
}

/** Where a passkey is to replace the password, it has proved itself only when it has. */
function hasPasskeyTakenOver(account: SignInAccount, policy: Policy): boolean {
  return policy.password !== 'until-passkey' || account.passwordSetAt === undefined;
}
