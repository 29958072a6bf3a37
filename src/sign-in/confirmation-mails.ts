import { z } from 'zod';
import type { Account } from '../accounts/account-store.ts';
import { EMAIL_CODE_SECONDS, type EmailCodes } from '../email-proofs/email-codes.ts';
import type { EmailLinks } from '../email-proofs/email-links.ts';
import type { MailLimits } from '../email-proofs/mail-limits.ts';
import { AppError } from '../lib/app-error.ts';
import type { Notices } from '../notices/notices.ts';
import type { Organization } from '../organizations/organization-store.ts';
import { CONFIRMATION_PURPOSES, type Intent } from './confirmation.ts';
import type { EmailProofs, ProofLetter } from './email-proofs.ts';
import type { SignInAccounts } from './sign-in-accounts.ts';

interface Deps {
  readonly issuer: string;
  readonly emailCodes: EmailCodes;
  readonly emailLinks: EmailLinks;
  readonly mailLimits: MailLimits;
  readonly notices: Notices;
  readonly signInAccounts: SignInAccounts;
}

/** What the link of a mail is to confirm, for its page. */
export interface LinkedIntent {
  readonly account: Account;
  readonly organization: Organization;
  readonly intent: Intent;
  /** Names session, account and intent; see `nameIntent`. */
  readonly binding: string;
  readonly at: Date;
  readonly device: string;
}

const LINK_SECONDS = 600;
/** Written below and read by nobody else. */
const intentSchema = z.strictObject({ purpose: z.enum(CONFIRMATION_PURPOSES), target: z.string().optional() });

/** The mails by which people confirm that it is they, and the pages that their links lead to. */
export class ConfirmationMails implements EmailProofs {
  readonly #deps: Deps;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  async sendCode({ to, organization, source, binding }: ProofLetter): Promise<void> {
    const { emailCodes, mailLimits, notices } = this.#deps;
    if (!(await mailLimits.allow(to.emailKey))) return;
    const code = await emailCodes.issue({ binding, emailKey: to.emailKey });
    const message = { type: 'confirmation-code', code, validSeconds: EMAIL_CODE_SECONDS } as const;
    await notices.ask(message, { account: to, organization, device: source.description });
  }

  verifyCode(binding: string, code: string, { emailKey }: Account): Promise<boolean> {
    return this.#deps.emailCodes.verify({ binding, emailKey }, code);
  }

  async sendLink({ to, organization, intent, source, binding }: ProofLetter): Promise<void> {
    const { issuer, emailLinks, mailLimits, notices } = this.#deps;
    if (!(await mailLimits.allow(to.emailKey))) return;
    const device = source.description;
    const token = await emailLinks.issue({
      purpose: 'confirm',
      binding,
      accountId: to.id,
      emailKey: to.emailKey,
      device,
      validSeconds: LINK_SECONDS,
      about: { ...intent },
    });
    const link = `${issuer}/confirm/${token}`;
    const message = { type: 'confirmation-link', link, validSeconds: LINK_SECONDS } as const;
    await notices.ask(message, { account: to, organization, device });
  }

  verifyLink(binding: string): Promise<boolean> {
    return this.#deps.emailLinks.consume(binding);
  }

  /** What the link is for; looking spends nothing. Throws `link_used_or_expired`, as for a link that an earlier address was sent. */
  async require(token: string): Promise<LinkedIntent> {
    const { emailLinks, signInAccounts } = this.#deps;
    const link = await emailLinks.find('confirm', token);
    const found = link && (await signInAccounts.find(link.accountId));
    if (!found || found.account.disabled || found.stored.emailKey !== link.emailKey)
      throw new AppError('link_used_or_expired');
    const { binding, at, device, about } = link;
    const intent = intentSchema.parse(about);
    const { stored: account, organization } = found;
    return { account, organization, intent, binding, at: new Date(at), device };
  }

  /** The button of that page was pressed. Throws `link_used_or_expired`, for all callers at once but one. */
  async press(token: string): Promise<LinkedIntent> {
    const linked = await this.require(token);
    if (!(await this.#deps.emailLinks.press(token))) throw new AppError('link_used_or_expired');
    return linked;
  }
}
