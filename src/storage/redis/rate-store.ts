import type { Clock } from '../../lib/clock.ts';
import { digest } from '../../lib/digest.ts';
import type { Budget, Hit, RateStore } from '../../rates/rate-store.ts';
import { SPARE_MS } from './entry.ts';
import { toKey } from './key.ts';
import type { RedisConnection } from './redis-connection.ts';

interface Deps {
  readonly connection: RedisConnection;
  readonly clock: Clock;
}

/** The mark of a rate is the end of its pause; its body is the count. */
export class RedisRateStore implements RateStore {
  readonly #connection: RedisConnection;
  readonly #clock: Clock;

  constructor({ connection, clock }: Deps) {
    this.#connection = connection;
    this.#clock = clock;
  }

  async hit(key: string, { free, windowSeconds, pauseSeconds, maxPauseSeconds }: Budget): Promise<Hit> {
    const now = this.#clock.now().getTime();
    const [counted, value] = await this.#connection.run((redis) =>
      redis.countTry(
        nameRate(key),
        now,
        free,
        windowSeconds * 1000,
        pauseSeconds * 1000,
        maxPauseSeconds * 1000,
        SPARE_MS,
      ),
    );
    return counted === 1
      ? { allowed: true, count: value }
      : { allowed: false, retryAfterSeconds: Math.ceil(value / 1000) };
  }

  async clear(key: string): Promise<void> {
    await this.#connection.run((redis) => redis.del(nameRate(key)));
  }
}

function nameRate(key: string): string {
  return toKey(`rate:${digest(key)}`);
}
