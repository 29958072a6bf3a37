/**
 * A process of its own that uses one Redis together with others: `redis-racer.ts <address>`. It opens the stores, says that it is ready,
 * makes the calls it is sent, all at once, and sends back what they answered.
 */
import { addSeconds } from '../../src/lib/clock.ts';
import { digest } from '../../src/lib/digest.ts';
import type { SignInId } from '../../src/lib/ids.ts';
import { openRedis, type RedisStores } from '../../src/storage/redis/redis-stores.ts';
import { buildSignIn } from './builders.ts';
import { TEST_START, TestClock } from './clock.ts';
import { race } from './race.ts';

/** What is raced for: as many calls as rounds, for the things that the test has stored under the same numbers. */
export interface RedisRace {
  readonly name: keyof typeof RACES;
  readonly rounds: number;
}

const RECORD = { payload: '{}', expiresAt: addSeconds(TEST_START, 60) };

const RACES = {
  take: ({ tickets }, round) => tickets.take('sign-up', `${round}`),
  put: ({ tickets }, round) => tickets.put('set-up', `${round}`, {}, 60),
  consume: ({ records }, round) => records.consume('AuthorizationCode', digest(`${round}`), TEST_START),
  putIfAbsent: ({ records }, round) => records.putIfAbsent('ReplayDetection', digest(`${round}`), RECORD),
  update: ({ signIns }, round) => signIns.update(buildSignIn({ id: `update-${round}` as SignInId, version: 2 })), // any text is one
  delete: ({ signIns }, round) => signIns.delete(`delete-${round}` as SignInId), // any text is one
  hit: async ({ rates }, _, rounds) => {
    const hit = await rates.hit('key', { free: 2 * rounds, windowSeconds: 60, pauseSeconds: 1, maxPauseSeconds: 1 });
    return hit.allowed && hit.count;
  },
} as const satisfies Record<string, (stores: RedisStores, round: number, rounds: number) => Promise<unknown>>;

async function run(url: string): Promise<void> {
  const stores = await openRedis({ url, clock: new TestClock(), production: true });
  process.on('message', async ({ name, rounds }: RedisRace) => {
    process.send?.(await race(rounds, async (round) => (await RACES[name](stores, round, rounds)) ?? false));
  });
  process.once('disconnect', () => stores[Symbol.asyncDispose]());
  process.send?.('ready');
}

const [url] = process.argv.slice(2);
if (url !== undefined && process.send) await run(url);
