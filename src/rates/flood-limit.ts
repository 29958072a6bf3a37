import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';

/**
 * How often something may happen in a minute. It wards off floods, not guesses, so each process counts for itself, in memory. A share
 * of the number for each of several processes would refuse whoever keeps to one connection, and so to one process, far too early; and
 * to count in the store would cost more than most of what is counted. Tries of secrets are counted there, by `Limits`.
 */
export class FloodLimit {
  readonly #limiter: RateLimiterMemory;

  constructor({ perMinute }: { readonly perMinute: number }) {
    this.#limiter = new RateLimiterMemory({ points: perMinute, duration: 60 });
  }

  /** Counts once; answers for how many seconds to wait when that was too often, else undefined. */
  async hit(key: string): Promise<number | undefined> {
    try {
      await this.#limiter.consume(key);
      return undefined;
    } catch (outcome) {
      if (!(outcome instanceof RateLimiterRes)) throw outcome;
      return toSeconds(outcome);
    }
  }

  /** The same without counting. */
  async findWait(key: string): Promise<number | undefined> {
    const state = await this.#limiter.get(key);
    return state && state.consumedPoints > this.#limiter.points ? toSeconds(state) : undefined;
  }
}

function toSeconds({ msBeforeNext }: RateLimiterRes): number {
  return Math.ceil(msBeforeNext / 1000);
}
