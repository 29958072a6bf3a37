import type { Account } from '../accounts/account-store.ts';
import { AppError } from '../lib/app-error.ts';
import type { AccountId } from '../lib/ids.ts';
import type { Organization } from '../organizations/organization-store.ts';
import type { Policy } from '../organizations/policy.ts';
import type { Passwords } from '../passwords/passwords.ts';
import type { Limits } from '../rates/limits.ts';

interface Deps {
  readonly passwords: Passwords;
  readonly limits: Limits;
  /** Ends every session, grant and refresh token of an account but those of one session. */
  readonly endOtherSessions: (id: AccountId, keepSessionUid: string) => Promise<void>;
}

/** A person who is signed in gives their account a password, or another one. */
export class PasswordChange {
  readonly #deps: Deps;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /**
   * Whoever knew the old password is signed out; the session that changed it goes on. Throws `wrong_password`, `weak_password` with its
   * reason, `too_many_tries`, and `method_not_offered` where the policy or a passkey has switched passwords off.
   */
  async change(request: {
    readonly account: Account;
    readonly organization: Organization;
    /** Needed when the account has a password. */
    readonly current: string | undefined;
    readonly password: string;
    readonly sessionUid: string;
    readonly sourceAddress: string;
  }): Promise<void> {
    const { passwords, endOtherSessions } = this.#deps;
    const { account, organization, password, sessionUid } = request;
    if (organization.policy.password === 'off' || account.password?.switchedOffAt)
      throw new AppError('method_not_offered');
    const confirmed = account.password ? await this.#requireCurrent(request) : account;
    const minimumLength = minimumPasswordLength(organization.policy);
    await passwords.set(confirmed, password, { minimumLength, organizationName: organization.name });
    await endOtherSessions(account.id, sessionUid);
  }

  async #requireCurrent(request: {
    readonly account: Account;
    readonly current: string | undefined;
    readonly sessionUid: string;
    readonly sourceAddress: string;
  }): Promise<Account> {
    const { account, sessionUid, sourceAddress } = request;
    const tried = {
      accountKey: `${account.organizationId}:${account.emailKey}`,
      accountId: account.id,
      factor: 'password',
      source: `known:${sessionUid}`,
      sourceAddress,
    } as const;
    const open = (await this.#deps.limits.requireTry(tried)) !== 'off';
    const outcome = await this.#deps.passwords.check(open ? account : undefined, request.current ?? '');
    if (outcome.type === 'wrong') throw new AppError('wrong_password');
    await this.#deps.limits.succeeded(tried);
    return outcome.account;
  }
}

/** What somebody new is told of the password they choose; undefined where a passkey is enough. */
export function describePassword(policy: Policy): { readonly minimumLength: number } | undefined {
  return policy.passkey === 'alone' ? undefined : { minimumLength: minimumPasswordLength(policy) };
}

/** In characters: a password that stands alone must be longer than one that something else always follows (NIST SP 800-63B-4 §3.1.1.2). */
export function minimumPasswordLength(policy: Policy): number {
  return policy.secondFactor === 'required' ? 8 : 15;
}
