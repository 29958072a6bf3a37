import type { Account, AccountStore } from '../accounts/account-store.ts';
import type { Clock } from '../lib/clock.ts';
import type { Logger } from '../lib/logger.ts';
import type { Organizations } from '../organizations/organizations.ts';
import type { Recovering } from './recovering.ts';

interface Deps {
  readonly accounts: AccountStore;
  readonly organizations: Organizations;
  readonly recovering: Recovering;
  readonly clock: Clock;
  readonly logger: Pick<Logger, 'warn'>;
}

const LOOK_EVERY_MS = 30_000;
const BATCH = 100;

/** Mails the links of recoveries whose waiting time is over. Any number of processes may run one each. */
export class RecoveryClock {
  readonly #deps: Deps;
  #timer: NodeJS.Timeout | undefined;
  #looking: Promise<void> | undefined;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /** Looks from now on; it does not keep the process alive. */
  start(): void {
    this.#timer = setInterval(() => {
      this.#looking ??= this.#survive(() => this.openDue()).finally(() => {
        this.#looking = undefined;
      });
    }, LOOK_EVERY_MS).unref();
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#looking;
  }

  /** Opens those that are due now. */
  async openDue(): Promise<void> {
    const { accounts, clock } = this.#deps;
    const due = await accounts.listRecoveriesDue(clock.now(), BATCH);
    for (const account of due) await this.#survive(() => this.#open(account)); // none holds up the others
  }

  async #open(account: Account): Promise<void> {
    const { organizations, recovering } = this.#deps;
    const organization = await organizations.find(account.organizationId);
    if (organization) await recovering.openDue(account, organization);
  }

  /** What could not be opened stays due. */
  async #survive(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.#deps.logger.warn({ error }, 'a recovery that is due could not be opened');
    }
  }
}
