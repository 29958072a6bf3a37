import type { Account } from '../accounts/account-store.ts';
import { EMAIL_CODE_SECONDS, type EmailCodes } from '../email-proofs/email-codes.ts';
import type { MailLimits } from '../email-proofs/mail-limits.ts';
import { addSeconds, type Clock } from '../lib/clock.ts';
import { digest } from '../lib/digest.ts';
import type { SignInId } from '../lib/ids.ts';
import type { Outbox } from '../mail/outbox.ts';
import { describeRecipient } from '../mail/recipient.ts';
import type { Organization } from '../organizations/organization-store.ts';
import type { Source } from './source.ts';

interface Deps {
  readonly emailCodes: EmailCodes;
  readonly mailLimits: MailLimits;
  readonly outbox: Outbox;
  readonly clock: Clock;
}

/** The codes that are mailed to people in the middle of a sign-in. Each is good in that sign-in, and so in that browser, only. */
export class SignInCodes {
  readonly #deps: Deps;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /** An address that was sent too many is sent nothing, which nothing tells; the code of before stays good. */
  async send(id: SignInId, to: Account, about: { organization: Organization; source: Source }): Promise<void> {
    const { emailCodes, mailLimits, outbox, clock } = this.#deps;
    if (!(await mailLimits.allow(to.emailKey))) return;
    const code = await emailCodes.issue({ binding: nameSignIn(id, to), emailKey: to.emailKey });
    const at = clock.now();
    const device = about.source.description;
    await outbox.enqueue({
      ...describeRecipient(to, about.organization.name),
      message: { type: 'sign-in-code', at, device, code, validSeconds: EMAIL_CODE_SECONDS },
      expiresAt: addSeconds(at, EMAIL_CODE_SECONDS),
    });
  }

  /** Counts the try first: after five wrong ones no code is right. */
  verify(id: SignInId, account: Account, code: string): Promise<boolean> {
    return this.#deps.emailCodes.verify({ binding: nameSignIn(id, account), emailKey: account.emailKey }, code);
  }
}

function nameSignIn(id: SignInId, account: Account): string {
  return digest(JSON.stringify(['sign-in', id, account.id]));
}
