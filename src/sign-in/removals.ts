import { AppError } from '../lib/app-error.ts';
import type { AccountId } from '../lib/ids.ts';
import type { TicketStore } from '../tickets/ticket-store.ts';
import type { FoundAccount, SignInAccounts } from './sign-in-accounts.ts';

interface Deps {
  readonly tickets: TicketStore;
  readonly signInAccounts: SignInAccounts;
}

/** Longer than any request takes; a process that ended in the middle holds nobody up for longer. */
const TURN_SECONDS = 10;

/** What is taken away from an account goes one by one, so that of two that stand in for each other one stays: they are in different stores. */
export class Removals {
  readonly #deps: Deps;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /** Calls `remove` with the account as it is then. Throws `changed_meanwhile` while something else of it is being removed. */
  async inTurn<Result>(id: AccountId, remove: (found: FoundAccount) => Promise<Result>): Promise<Result> {
    const { tickets, signInAccounts } = this.#deps;
    if (!(await tickets.put('removal', id, {}, TURN_SECONDS))) throw new AppError('changed_meanwhile');
    try {
      const found = await signInAccounts.find(id);
      if (!found) throw new AppError('changed_meanwhile');
      return await remove(found);
    } finally {
      await tickets.take('removal', id).catch(() => undefined); // it ends by itself, and what was removed is removed
    }
  }
}
