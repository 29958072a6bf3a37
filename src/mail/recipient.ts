import type { Account } from '../accounts/account-store.ts';
import type { Letter } from './mail-message.ts';

/** Whom a letter to the owner of an account goes to, in what they read it and in whose name it is sent. */
export function describeRecipient(
  { email, profile }: Pick<Account, 'email' | 'profile'>,
  organizationName: string,
): Omit<Letter, 'message'> {
  const language = profile.locale?.split('-')[0]?.toLowerCase() ?? 'en';
  return { to: email, organizationName, language, timeZone: profile.zoneinfo };
}
