import type { Account, PendingRecovery } from '../accounts/account-store.ts';
import { addSeconds, type Clock } from '../lib/clock.ts';
import type { MailMessage } from '../mail/mail-message.ts';
import type { Outbox } from '../mail/outbox.ts';
import { describeRecipient } from '../mail/recipient.ts';
import type { Organization } from '../organizations/organization-store.ts';
import { RECOVERY_LINK_SECONDS, type RecoveryLinks } from './recovery-links.ts';

interface Deps {
  readonly outbox: Outbox;
  readonly recoveryLinks: RecoveryLinks;
  readonly clock: Clock;
}

/** For a mail that says what happened; it is given up when it cannot be sent for so long. */
const NEWS_SECONDS = 7 * 86_400;

/** What the owner of an account is mailed of a recovery that is under way. */
export class RecoveryMails {
  readonly #deps: Deps;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  async sendStarted(account: Account, organization: Organization, recovery: PendingRecovery): Promise<void> {
    const { recoveryLinks } = this.#deps;
    const { startedAt: at, device = '', opensAt } = recovery;
    const cancelLink = recoveryLinks.create('stop', account, recovery);
    const message = { type: 'recovery-started', at, device, opensAt, cancelLink } as const;
    await this.#send(message, { account, organization, expiresAt: opensAt });
  }

  /** Once for each recovery, however often it is called. */
  async sendReady(account: Account, organization: Organization, recovery: PendingRecovery): Promise<void> {
    const dedupeKey = JSON.stringify([account.id, 'recovery-ready', recovery.startedAt.getTime()]);
    await this.#sendLink('recovery-ready', recovery, { account, organization, dedupeKey });
  }

  async sendOffered(account: Account, organization: Organization, recovery: PendingRecovery): Promise<void> {
    await this.#sendLink('recovery-offered', recovery, { account, organization });
  }

  /** Once for each recovery. */
  async sendStopped(
    account: Account,
    organization: Organization,
    { recovery, device }: { readonly recovery: PendingRecovery; readonly device: string },
  ): Promise<void> {
    const at = this.#deps.clock.now();
    const dedupeKey = JSON.stringify([account.id, 'recovery-cancelled', recovery.startedAt.getTime()]);
    const expiresAt = addSeconds(at, NEWS_SECONDS);
    await this.#send({ type: 'recovery-cancelled', at, device }, { account, organization, dedupeKey, expiresAt });
  }

  async #sendLink(
    type: 'recovery-ready' | 'recovery-offered',
    recovery: PendingRecovery,
    about: Omit<About, 'expiresAt'>,
  ): Promise<void> {
    const { recoveryLinks, clock } = this.#deps;
    const link = recoveryLinks.create('open', about.account, recovery);
    const cancelLink = recoveryLinks.create('stop', about.account, recovery);
    const expiresAt = addSeconds(clock.now(), RECOVERY_LINK_SECONDS);
    await this.#send({ type, link, cancelLink, validSeconds: RECOVERY_LINK_SECONDS }, { ...about, expiresAt });
  }

  async #send(message: MailMessage, { account, organization, ...rest }: About): Promise<void> {
    await this.#deps.outbox.enqueue({ ...describeRecipient(account, organization.name), message, ...rest });
  }
}

interface About {
  readonly account: Account;
  readonly organization: Organization;
  readonly dedupeKey?: string;
  readonly expiresAt: Date;
}
