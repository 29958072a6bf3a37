import type { Account, AccountPassword, AccountStore } from '../accounts/account-store.ts';
import type { AuditLog } from '../audit/audit-log.ts';
import { AppError } from '../lib/app-error.ts';
import type { Clock } from '../lib/clock.ts';
import { loadCommonPasswords } from './blocklist.ts';
import type { Hasher } from './hasher.ts';
import { findWeakness, isTooLong, normalisePassword } from './password-rules.ts';

const PRODUCT_NAME = 'Cardea';

interface Deps {
  readonly accounts: Pick<AccountStore, 'find' | 'update'>;
  readonly hasher: Hasher;
  readonly auditLog: Pick<AuditLog, 'recordCounted'>;
  readonly clock: Clock;
}

export type PasswordCheck = { readonly type: 'right'; readonly account: Account } | { readonly type: 'wrong' };

/** What is asked of a new password. */
export interface PasswordDemand {
  /** In characters. */
  readonly minimumLength: number;
  /** Others would try it first. */
  readonly organizationName: string;
}

/**
 * The passwords of accounts. How often one may be tried is the business of `Limits`, and whether the policy asks for one that of
 * `nextStep`: here it is right or wrong, in the same time for every account and none.
 */
export class Passwords {
  readonly #deps: Deps;
  #common: Promise<ReadonlySet<string>> | undefined;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /**
   * Whether this is the password of the account, if there is one that can be used. A right one whose hash has become weak is hashed
   * again. Throws `malformed_request` for text that is no password, before anything is hashed.
   */
  async check(account: Account | undefined, typed: string): Promise<PasswordCheck> {
    const password = parsePassword(typed);
    const { hasher } = this.#deps;
    const current = account?.password;
    if (!account || !current || current.switchedOffAt || account.disabledAt) {
      await hasher.verifyNothing(password);
      return { type: 'wrong' };
    }
    if (!(await hasher.verify(current.hash, password))) {
      if (!hasher.isUsable(current.hash)) this.#alert(account);
      return { type: 'wrong' };
    }
    if (!hasher.needsRehash(current.hash)) return { type: 'right', account };
    const stronger = { ...current, hash: await hasher.hash(password) };
    const updated = this.#replacePassword(account, stronger);
    if (await this.#deps.accounts.update(updated)) return { type: 'right', account: updated };
    // The account changed meanwhile, and perhaps its password: the one it had is not brought back, and what was typed is judged anew.
    return this.check(await this.#deps.accounts.find(account.id), typed);
  }

  /** Throws `weak_password` with the reason when nobody with this e-mail may choose this password. Stores nothing. */
  async requireStrong(
    email: string,
    typed: string,
    { minimumLength, organizationName }: PasswordDemand,
  ): Promise<void> {
    const [name = '', host = ''] = email.split('@');
    const context = [PRODUCT_NAME, organizationName, name, host.slice(0, host.lastIndexOf('.'))];
    this.#common ??= loadCommonPasswords();
    const reason = findWeakness(typed, { minimumLength, context }, await this.#common);
    if (reason) throw new AppError('weak_password', { field: 'password', reason });
  }

  /** What an account keeps of a password; nothing is stored yet. Throws `weak_password` with the reason. */
  async prepare(email: string, typed: string, demand: PasswordDemand): Promise<AccountPassword> {
    await this.requireStrong(email, typed, demand);
    const hash = await this.#deps.hasher.hash(normalisePassword(typed));
    return { hash, setAt: this.#deps.clock.now() };
  }

  /**
   * Gives the account this password and answers the account as it is then. Throws `weak_password` with the reason, and
   * `changed_meanwhile` when the account is no longer the given one.
   */
  async set(account: Account, typed: string, demand: PasswordDemand): Promise<Account> {
    const updated = this.#replacePassword(account, await this.prepare(account.email, typed, demand));
    if (!(await this.#deps.accounts.update(updated))) throw new AppError('changed_meanwhile');
    return updated;
  }

  /** Leaves the account without one. Throws `changed_meanwhile` when the account is no longer the given one. */
  async remove(account: Account): Promise<void> {
    if (!(await this.#deps.accounts.update(this.#replacePassword(account, undefined))))
      throw new AppError('changed_meanwhile');
  }

  /** What is stored is damaged or was tampered with. */
  #alert(account: Account): void {
    const details = { type: 'password-alert', alert: 'unusable-hash' } as const;
    this.#deps.auditLog.recordCounted(details, { account, actor: 'system' });
  }

  #replacePassword(account: Account, password: AccountPassword | undefined): Account {
    return { ...account, password, updatedAt: this.#deps.clock.now(), version: account.version + 1 };
  }
}

/** Forms and JSON say what they like at run time. */
function parsePassword(typed: string): string {
  if (typeof typed !== 'string' || !typed.isWellFormed() || isTooLong(typed)) {
    throw new AppError('malformed_request', { field: 'password' });
  }
  return normalisePassword(typed);
}
