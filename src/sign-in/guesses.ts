import type { Account } from '../accounts/account-store.ts';
import type { GuessableFactor } from '../accounts/failure-store.ts';
import type { AuditLog } from '../audit/audit-log.ts';
import { AppError } from '../lib/app-error.ts';
import type { Passwords } from '../passwords/passwords.ts';
import type { Limits } from '../rates/limits.ts';
import type { Totps } from '../totp/totp.ts';
import { type Source, toTrySource } from './source.ts';

interface Deps {
  readonly passwords: Passwords;
  readonly totps: Totps;
  readonly limits: Limits;
  readonly auditLog: AuditLog;
}

/**
 * What somebody who is signed in types to show that it is they. It could be guessed, so each try is counted before it is checked, and from
 * the budgets of signing in: who may not try there any more may not here.
 */
export class Guesses {
  readonly #deps: Deps;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /** Answers the account as it is now. Throws `wrong_password` and `too_many_tries`. */
  async requirePassword(account: Account, typed: string, source: Source): Promise<Account> {
    const open = await this.#requireTry(account, 'password', source);
    const outcome = await this.#deps.passwords.check(open ? account : undefined, typed);
    if (outcome.type === 'wrong') {
      this.#noteRefusal(account, 'password', source);
      throw new AppError('wrong_password');
    }
    await this.#deps.limits.succeeded(describeTry(account, 'password', source));
    return outcome.account;
  }

  /** Throws `code_refused` and `too_many_tries`. */
  async requireTotp(account: Account, code: string, source: Source): Promise<void> {
    const open = await this.#requireTry(account, 'totp', source);
    if (!open || !(await this.#deps.totps.verify(account.id, code))) {
      this.#noteRefusal(account, 'totp', source);
      throw new AppError('code_refused');
    }
    await this.#deps.limits.succeeded(describeTry(account, 'totp', source));
  }

  /** False: the factor is off for such callers, but they are not told so. */
  async #requireTry(account: Account, factor: GuessableFactor, source: Source): Promise<boolean> {
    const attempt = describeTry(account, factor, source);
    return (await this.#deps.limits.requireTry({ ...attempt, sourceAddress: source.address })) !== 'off';
  }

  #noteRefusal(account: Account, factor: 'password' | 'totp', { description: device }: Source): void {
    this.#deps.auditLog.recordCounted({ type: 'confirmation-refused', factor }, { account, device });
  }
}

/** As at a sign-in at which the e-mail was typed. */
function describeTry({ id, organizationId, emailKey }: Account, factor: GuessableFactor, source: Source) {
  return {
    accountKey: `${organizationId}:${emailKey}`,
    accountId: id,
    factor,
    source: toTrySource(source, id),
  };
}
