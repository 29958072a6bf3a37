import type { Clock } from '../lib/clock.ts';
import { digest } from '../lib/digest.ts';
import type { Budget, RateStore } from '../rates/rate-store.ts';

const DAY_SECONDS = 86_400;
/** Three mails, then a pause that ends with the window. */
const BUDGET: Budget = { free: 2, windowSeconds: 900, pauseSeconds: 900, maxPauseSeconds: 900 };
/** Ten in one day of UTC: a window that ran on from mail to mail would never end for who gets one each day. */
const DAY_BUDGET: Budget = {
  free: 9,
  windowSeconds: DAY_SECONDS,
  pauseSeconds: DAY_SECONDS,
  maxPauseSeconds: DAY_SECONDS,
};

interface Deps {
  readonly rates: RateStore;
  readonly clock: Clock;
}

/** How many mails with a code or a link an address is sent, whoever asks for them and for whatever. */
export class MailLimits {
  readonly #deps: Deps;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /** Counts a mail that is about to be sent. False: it is not to be sent, and nobody is to be told so. */
  async allow(emailKey: string): Promise<boolean> {
    const { rates, clock } = this.#deps;
    const day = clock.now().toISOString().slice(0, 'yyyy-mm-dd'.length);
    const hit = await rates.hit(digest(`mail:${emailKey}`), BUDGET);
    if (!hit.allowed) return false;
    return (await rates.hit(digest(`mail-day:${day}:${emailKey}`), DAY_BUDGET)).allowed;
  }
}
