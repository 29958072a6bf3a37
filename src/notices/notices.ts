import type { Account } from '../accounts/account-store.ts';
import type { AuditLog } from '../audit/audit-log.ts';
import { addSeconds, type Clock } from '../lib/clock.ts';
import type { Outbox } from '../mail/outbox.ts';
import { describeRecipient } from '../mail/recipient.ts';
import type { Organization } from '../organizations/organization-store.ts';
import { describeEvent } from './describe-event.ts';
import { NOT_ME_SECONDS, type NotMeLinks } from './not-me-links.ts';
import type { NoticeMessage } from './notice-message.ts';

interface Deps {
  readonly outbox: Outbox;
  readonly notMeLinks: NotMeLinks;
  readonly auditLog: AuditLog;
  readonly clock: Clock;
}

/** Whose account it is about, and with what it was done. */
export interface NoticeAbout {
  /** As it was before, so that whoever read its mails then is told. */
  readonly account: Account;
  readonly organization: Pick<Organization, 'name'>;
  /** Browser and system in plain words. */
  readonly device: string;
  /** Which new credential, where there is one: the id of a passkey, or the moment of what an account has one of at most. */
  readonly target?: string | undefined;
}

/**
 * Tells people by mail what happened to their accounts, with a link for who did not do it, and the audit log with it. Whoever changes a credential calls it right
 * after the change and before the answer: what a person was told is done, they get a mail of. Between the two a crash can lose the mail,
 * and then the answer too; the other way round there would be mails of what never happened.
 */
export class Notices {
  readonly #deps: Deps;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /** Resolves when the mail is in the outbox. The same change told twice is one mail. */
  async tell(message: NoticeMessage, about: NoticeAbout): Promise<void> {
    const { account, target } = about;
    const event = describeEvent(message);
    if (event) await this.#deps.auditLog.record(event, about);
    const letter = await this.#write(message, about);
    const dedupeKey = JSON.stringify([account.id, message.type, target ?? letter.message.at.getTime()]);
    await this.#deps.outbox.enqueue({ ...letter, dedupeKey, expiresAt: this.#addToNow(NOT_ME_SECONDS) });
  }

  /** The same for a mail with something to type or to press: each is sent, and not when it has become of no use. */
  async ask(message: NoticeMessage & { readonly validSeconds: number }, about: NoticeAbout): Promise<void> {
    const letter = await this.#write(message, about);
    await this.#deps.outbox.enqueue({ ...letter, expiresAt: this.#addToNow(message.validSeconds) });
  }

  async #write(message: NoticeMessage, { account, organization, device, target }: NoticeAbout) {
    const at = this.#deps.clock.now();
    const { id: accountId, email, emailKey, emailVerified } = account;
    const address = { email, emailKey, emailVerified };
    const notMeLink = await this.#deps.notMeLinks.create({
      accountId,
      kind: message.type,
      target,
      address,
      at,
      device,
    });
    return { ...describeRecipient(account, organization.name), message: { ...message, at, device, notMeLink } };
  }

  #addToNow(seconds: number): Date {
    return addSeconds(this.#deps.clock.now(), seconds);
  }
}

/** How a notice names a credential of which an account has one at most. */
export function toTarget(since: Date | undefined): string | undefined {
  return since?.toISOString();
}
