import type { Account, AccountStore, PasskeyOffer } from '../accounts/account-store.ts';
import { addSeconds, type Clock } from '../lib/clock.ts';

const DAY_SECONDS = 86_400;

/** Pauses before a declined offer comes back, in days; the last one repeats. */
const PAUSES_DAYS = [7, 30, 90] as const;

interface Deps {
  readonly accounts: AccountStore;
  readonly clock: Clock;
}

/** Offers to make a passkey, wherever they are made: whoever declines one is left alone for a while, or for good. */
export class PasskeyOffers {
  readonly #deps: Deps;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /** "Not now" or "Don't ask again". */
  async decline(account: Account, never: boolean): Promise<void> {
    const { accounts, clock } = this.#deps;
    const now = clock.now();
    const declinedTimes = account.passkeyOffer.declinedTimes + 1;
    const pauseDays = PAUSES_DAYS[Math.min(declinedTimes, PAUSES_DAYS.length) - 1] ?? 90;
    const passkeyOffer = { declinedTimes, never, notBefore: addSeconds(now, pauseDays * DAY_SECONDS) };
    // Losing against another change only means that the offer comes back sooner.
    await accounts.update({ ...account, passkeyOffer, updatedAt: now, version: account.version + 1 });
  }
}

/** Whether an offer may be made now. */
export function isOfferDue({ never, notBefore }: PasskeyOffer, now: Date): boolean {
  return !never && (notBefore === undefined || notBefore <= now);
}
