import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';

/**
 * How often something may happen in a minute. It wards off floods, not guesses: each process counts for itself, in memory. Tries of
 * secrets are counted in the store, by `Limits`.
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
