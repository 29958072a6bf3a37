import type { AccountStore } from '../accounts/account-store.ts';
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
      this.#looking ??= this.#look().finally(() => {
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
    const { accounts, organizations, recovering, clock } = this.#deps;
    for (const account of await accounts.listRecoveriesDue(clock.now(), BATCH)) {
      const organization = await organizations.find(account.organizationId);
      if (organization) await recovering.openDue(account, organization);
    }
  }

  async #look(): Promise<void> {
    try {
      await this.openDue();
    } catch (error) {
      this.#deps.logger.warn({ error }, 'recoveries that are due could not be opened'); // they stay due
    }
  }
}
