import type { Account } from '../accounts/account-store.ts';
import type { EmailLinks } from '../email-proofs/email-links.ts';
import { AppError } from '../lib/app-error.ts';
import { addSeconds, type Clock } from '../lib/clock.ts';
import type { AccountId } from '../lib/ids.ts';
import type { Outbox } from '../mail/outbox.ts';
import { describeRecipient } from '../mail/recipient.ts';
import { type Notices, toTarget } from '../notices/notices.ts';
import type { Organization } from '../organizations/organization-store.ts';
import type { Passwords } from '../passwords/passwords.ts';
import type { Limits } from '../rates/limits.ts';
import { minimumPasswordLength } from './password-change.ts';
import type { SignInAccounts } from './sign-in-accounts.ts';

interface Deps {
  readonly issuer: string;
  readonly emailLinks: EmailLinks;
  readonly signInAccounts: SignInAccounts;
  readonly passwords: Passwords;
  readonly limits: Limits;
  readonly outbox: Outbox;
  readonly notices: Notices;
  readonly clock: Clock;
  readonly endSessions: (id: AccountId) => Promise<void>;
}

/** Whose password the link sets anew. */
export interface ResettableAccount {
  readonly account: Account;
  readonly organization: Organization;
  readonly minimumLength: number;
}

const LINK_SECONDS = 1800;

/**
 * Another password for somebody who has forgotten theirs, by a link that is mailed. It signs nobody in: whatever follows a password is
 * asked for as ever. An account without a password gets none by mail.
 */
export class PasswordReset {
  readonly #deps: Deps;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /** Nothing is mailed where there is no password that could be used. */
  async sendLink(
    account: Account,
    { organization, device }: { readonly organization: Organization; readonly device: string },
  ): Promise<void> {
    const { issuer, emailLinks, outbox, clock } = this.#deps;
    if (!hasUsablePassword(account, organization)) return;
    const token = await emailLinks.issue({
      purpose: 'reset-password',
      binding: `reset-password:${account.id}`,
      accountId: account.id,
      emailKey: account.emailKey,
      device,
      validSeconds: LINK_SECONDS,
      about: { passwordSetAt: toTarget(account.password?.setAt) },
    });
    const at = clock.now();
    const link = `${issuer}/reset-password/${token}`;
    const message = { type: 'password-reset-link', at, device, link, validSeconds: LINK_SECONDS } as const;
    const expiresAt = addSeconds(at, LINK_SECONDS);
    await outbox.enqueue({ ...describeRecipient(account, organization.name), message, expiresAt });
  }

  /** Looking spends nothing. Throws `link_used_or_expired`, as for a password that was set since, and an address that was changed. */
  async require(token: string): Promise<ResettableAccount> {
    const { emailLinks, signInAccounts } = this.#deps;
    const link = await emailLinks.find('reset-password', token);
    const found = link && (await signInAccounts.find(link.accountId));
    if (!found || found.account.disabled || !hasUsablePassword(found.stored, found.organization))
      throw new AppError('link_used_or_expired');
    const { stored: account, organization } = found;
    const isOfThen = link.about.passwordSetAt === toTarget(account.password?.setAt);
    if (!isOfThen || account.emailKey !== link.emailKey) throw new AppError('link_used_or_expired');
    return { account, organization, minimumLength: minimumPasswordLength(organization.policy) };
  }

  /** Spends the link, unless the password is a weak one, and signs everybody out. Throws `weak_password` and `link_used_or_expired`. */
  async reset(token: string, typed: string, device: string): Promise<void> {
    const { emailLinks, passwords, limits, notices, endSessions } = this.#deps;
    const { account, organization, minimumLength } = await this.require(token);
    const demand = { minimumLength, organizationName: organization.name };
    await passwords.requireStrong(account.email, typed, demand);
    if (!(await emailLinks.press(token))) throw new AppError('link_used_or_expired');
    await endSessions(account.id); // and again: whoever still got in with the password of before is signed out as well
    const after = await passwords.set(account, typed, demand);
    await endSessions(account.id);
    const accountKey = `${account.organizationId}:${account.emailKey}`;
    await limits.succeeded({ factor: 'password', source: 'stranger', accountKey, accountId: account.id });
    const target = toTarget(after.password?.setAt);
    await notices.tell({ type: 'password-reset' }, { account: after, organization, device, target });
  }
}

function hasUsablePassword({ password }: Account, { policy }: Organization): boolean {
  return policy.password !== 'off' && password !== undefined && password.switchedOffAt === undefined;
}
