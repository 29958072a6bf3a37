import type { Account } from '../accounts/account-store.ts';
import { AppError } from '../lib/app-error.ts';
import type { AccountId } from '../lib/ids.ts';
import { type Notices, toTarget } from '../notices/notices.ts';
import type { Organization } from '../organizations/organization-store.ts';
import type { Policy } from '../organizations/policy.ts';
import type { Passwords } from '../passwords/passwords.ts';
import type { Confirmation } from './confirmation.ts';
import type { Guesses } from './guesses.ts';
import type { Source } from './source.ts';

interface Deps {
  readonly passwords: Passwords;
  readonly guesses: Guesses;
  readonly notices: Notices;
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
    /** By which the person may change it at all. */
    readonly confirmation: Confirmation;
    /** Where `needsCurrentPassword`. */
    readonly current?: string | undefined;
    readonly password: string;
    readonly sessionUid: string;
    readonly source: Source;
  }): Promise<void> {
    const { passwords, guesses, notices, endOtherSessions } = this.#deps;
    const { account, organization, confirmation, current = '', password, sessionUid, source } = request;
    if (organization.policy.password === 'off' || account.password?.switchedOffAt)
      throw new AppError('method_not_offered');
    const present = needsCurrentPassword(account, confirmation)
      ? await guesses.requirePassword(account, current, source)
      : account;
    const minimumLength = minimumPasswordLength(organization.policy);
    const after = await passwords.set(present, password, { minimumLength, organizationName: organization.name });
    await endOtherSessions(account.id, sessionUid);
    const type = account.password ? 'password-changed' : 'password-set';
    const target = toTarget(after.password?.setAt);
    await notices.tell({ type }, { account, organization, device: source.description, target });
  }
}

/** Another password takes the present one too, unless that is what the person has just confirmed with. */
export function needsCurrentPassword({ password }: Account, { by }: Confirmation): boolean {
  return password !== undefined && by !== 'password';
}

/** What somebody new is told of the password they choose; undefined where a passkey is enough. */
export function describePassword(policy: Policy): { readonly minimumLength: number } | undefined {
  return policy.passkey === 'alone' ? undefined : { minimumLength: minimumPasswordLength(policy) };
}

/** In characters: a password that stands alone must be longer than one that something else always follows (NIST SP 800-63B-4 §3.1.1.2). */
export function minimumPasswordLength(policy: Policy): number {
  return policy.secondFactor === 'required' ? 8 : 15;
}
