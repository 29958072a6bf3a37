import type { Account } from '../accounts/account-store.ts';
import type { Organization } from '../organizations/organization-store.ts';
import type { Intent } from './confirmation.ts';
import type { Source } from './source.ts';

/** What a mail is to say about the confirmation that it is for. */
export interface ProofLetter {
  readonly to: Account;
  readonly organization: Organization;
  readonly intent: Intent;
  readonly source: Source;
  /** Names session, account and intent: what the letter proves counts for them and for nothing else. */
  readonly binding: string;
}

/**
 * Shows by a mail that somebody has the address of their account. Whoever sends mails implements it; where nobody does, nobody is
 * offered it. Each of the two ways works for ten minutes and once, and a later letter takes the place of the earlier one.
 */
export interface EmailProofs {
  /** An address that was sent too many is sent nothing, which nothing tells; what it was sent before stays good. */
  sendCode(letter: ProofLetter): Promise<void>;
  /** Counts the try, then compares: after five wrong ones no code is right, nor one that another address of theirs was sent. */
  verifyCode(binding: string, code: string, account: Account): Promise<boolean>;
  /** The same as `sendCode`. */
  sendLink(letter: ProofLetter): Promise<void>;
  /** Whether somebody has pressed the button on the page that the link leads to; opening that page is not enough. */
  verifyLink(binding: string): Promise<boolean>;
}
