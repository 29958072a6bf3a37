import type { Account } from '../accounts/account-store.ts';
import type { Accounts } from '../accounts/accounts.ts';
import type { AuditLog } from '../audit/audit-log.ts';
import { EMAIL_CODE_SECONDS, type EmailCodes } from '../email-proofs/email-codes.ts';
import type { EmailLinks } from '../email-proofs/email-links.ts';
import type { MailLimits } from '../email-proofs/mail-limits.ts';
import { AppError } from '../lib/app-error.ts';
import { addSeconds, type Clock } from '../lib/clock.ts';
import { digest } from '../lib/digest.ts';
import type { AccountId } from '../lib/ids.ts';
import type { Outbox } from '../mail/outbox.ts';
import { describeRecipient } from '../mail/recipient.ts';
import type { Organization } from '../organizations/organization-store.ts';
import type { Passkeys } from '../passkeys/passkeys.ts';
import type { RecoveryCodes } from '../recovery/recovery-codes.ts';
import type { Totps } from '../totp/totp.ts';
import type { Confirmer } from './confirmation.ts';
import type { SignInAccounts } from './sign-in-accounts.ts';
import type { Source } from './source.ts';

interface Deps {
  readonly issuer: string;
  readonly accounts: Accounts;
  readonly signInAccounts: SignInAccounts;
  readonly passkeys: Passkeys;
  readonly totps: Totps;
  readonly recoveryCodes: RecoveryCodes;
  readonly emailCodes: EmailCodes;
  readonly emailLinks: EmailLinks;
  readonly mailLimits: MailLimits;
  readonly outbox: Outbox;
  readonly auditLog: AuditLog;
  readonly endSessions: (id: AccountId) => Promise<void>;
  readonly clock: Clock;
}

type Person = Pick<Confirmer, 'sessionUid' | 'stored' | 'organization'>;

/** Whose address a link verifies, and from where that was asked for. */
export interface LinkedAddress {
  readonly account: Account;
  readonly organization: Organization;
  readonly at: Date;
  readonly device: string;
}

const LINK_SECONDS = 86_400;

/** How an address comes to be known as the owner's of an account: by a code or a link that was sent there. */
export class VerifyingAddress {
  readonly #deps: Deps;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /** An address that was sent too many is sent nothing, which nothing tells. */
  async send(person: Person, source: Source): Promise<void> {
    const { issuer, emailCodes, emailLinks, mailLimits, outbox, clock } = this.#deps;
    const { stored, organization } = person;
    const { id: accountId, emailKey } = stored;
    if (!(await mailLimits.allow(emailKey))) return;
    const code = await emailCodes.issue({ binding: nameSession(person), emailKey });
    const at = clock.now();
    const device = source.description;
    const token = await emailLinks.issue({
      purpose: 'verify-address',
      binding: digest(JSON.stringify(['verify-address', accountId])),
      accountId,
      emailKey,
      device,
      validSeconds: LINK_SECONDS,
      about: {},
    });
    const link = { link: `${issuer}/verify/${token}`, validSeconds: LINK_SECONDS };
    await outbox.enqueue({
      ...describeRecipient(stored, organization.name),
      message: { type: 'verify-address', at, device, ...link, code, codeSeconds: EMAIL_CODE_SECONDS },
      expiresAt: addSeconds(at, LINK_SECONDS),
    });
  }

  /** Typed in the session that asked for it. Throws `code_refused`. */
  async byCode(person: Person, { code, device }: { readonly code: string; readonly device: string }): Promise<void> {
    const { id, emailKey } = person.stored;
    const isRight = await this.#deps.emailCodes.verify({ binding: nameSession(person), emailKey }, code);
    if (!isRight) throw new AppError('code_refused', { reason: 'email-code' });
    await this.#deps.accounts.verifyEmail(id, emailKey);
    await this.#deps.auditLog.record({ type: 'address-verified' }, { account: person.stored, device });
  }

  /** Looking changes nothing. Throws `link_used_or_expired`, also for an earlier address and for one that is verified already. */
  async require(token: string): Promise<LinkedAddress> {
    const { emailLinks, signInAccounts } = this.#deps;
    const link = await emailLinks.find('verify-address', token);
    const found = link && (await signInAccounts.find(link.accountId));
    const isLive = found && !found.account.disabled && !found.stored.emailVerified;
    if (!isLive || found.stored.emailKey !== link.emailKey) throw new AppError('link_used_or_expired');
    return { account: found.stored, organization: found.organization, at: new Date(link.at), device: link.device };
  }

  /** For who is signed in to the very account, and so has both: it and the mail. Throws `link_used_or_expired`. */
  async byLink(token: string, device: string): Promise<void> {
    const { account } = await this.require(token);
    await this.#deps.accounts.verifyEmail(account.id, account.emailKey);
    await this.#deps.auditLog.record({ type: 'address-verified' }, { account, device });
    await this.#deps.emailLinks.press(token);
  }

  /**
   * For who has the mail and nothing of the account, which somebody else may have made with their address: all that was set up before they
   * showed that it is theirs ends here. An administrator's account is not to be had so. The link is spent last: where something fails in
   * between it works again. Throws `link_used_or_expired`, `method_not_offered`.
   */
  async takeOver(token: string, device: string): Promise<void> {
    const { accounts, endSessions, emailLinks, auditLog } = this.#deps;
    const { account } = await this.require(token);
    if (account.role === 'administrator') throw new AppError('method_not_offered');
    await endSessions(account.id);
    await this.#removeAll(account.id);
    await accounts.takeOver(account.id, account.emailKey);
    await endSessions(account.id); // of a sign-in that was about to be done
    await this.#removeAll(account.id);
    await auditLog.record({ type: 'account-taken-over' }, { account, device });
    await emailLinks.press(token);
  }

  async #removeAll(id: AccountId): Promise<void> {
    const { passkeys, totps, recoveryCodes } = this.#deps;
    for (const passkey of await passkeys.list(id)) await passkeys.remove(id, passkey.id, { keepOne: false });
    await totps.remove(id);
    await recoveryCodes.remove(id);
  }
}

function nameSession({ sessionUid, stored }: Person): string {
  return digest(JSON.stringify(['verify-address', sessionUid, stored.id]));
}
