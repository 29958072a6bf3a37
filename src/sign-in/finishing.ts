import type { Account, AccountStore } from '../accounts/account-store.ts';
import type { AuditLog } from '../audit/audit-log.ts';
import { AppError } from '../lib/app-error.ts';
import type { Clock } from '../lib/clock.ts';
import type { Notices } from '../notices/notices.ts';
import type { Step } from './next-step.ts';
import type { OpenSignIns, Progress } from './open-sign-ins.ts';
import type { Recovering } from './recovering.ts';
import type { Source } from './source.ts';

interface Deps {
  readonly openSignIns: OpenSignIns;
  readonly accounts: AccountStore;
  readonly recovering: Recovering;
  readonly notices: Notices;
  readonly auditLog: AuditLog;
  readonly clock: Clock;
}

type DoneStep = Extract<Step, { type: 'done' }>;

/** The end of a sign-in, and what follows from its being done. */
export class Finishing {
  readonly #deps: Deps;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /**
   * Ends a sign-in that is done; of several callers at once, one. The others are told that the step is finished. A passkey switches off the
   * password that was to last until then, and stops a recovery that is under way. Whoever comes with a browser that the account does not
   * know is told of it, unless they have made the account just now.
   */
  async finish(progress: Progress, source: Source): Promise<DoneStep> {
    const { openSignIns, recovering, notices, auditLog } = this.#deps;
    const { signIn, step, stored: account, policy, organization } = progress;
    if (step.type !== 'done' || !account) throw new AppError('step_finished');
    if (!(await openSignIns.end(signIn))) throw new AppError('step_finished');
    const about = { account, organization, device: source.description };
    if (step.amr.includes('pop')) {
      if (policy.password === 'until-passkey' && (await this.#switchPasswordOff(account)))
        await notices.tell({ type: 'password-off' }, about);
      await recovering.stop(account, about);
    }
    const isKnown = source.browser?.accountIds.includes(step.accountId) ?? false;
    const isNewcomer = signIn.made.length > 0 && account.createdAt >= signIn.startedAt;
    const newBrowser = isKnown || isNewcomer ? undefined : true;
    const { acr, amr } = step;
    await auditLog.record({ type: 'signed-in', acr, amr, newBrowser }, about);
    if (newBrowser) await notices.tell({ type: 'new-sign-in' }, about);
    return step;
  }

  /** False where there is nothing to switch off, and where another change was faster: that leaves it to the next passkey sign-in. */
  async #switchPasswordOff(account: Account): Promise<boolean> {
    if (!account.password || account.password.switchedOffAt) return false;
    const { accounts, clock } = this.#deps;
    const now = clock.now();
    const password = { ...account.password, switchedOffAt: now };
    return accounts.update({ ...account, password, updatedAt: now, version: account.version + 1 });
  }
}
