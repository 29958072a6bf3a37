import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { openRedis } from '../../src/storage/redis/redis-stores.ts';
import { TestClock } from '../support/clock.ts';
import { RedisSentinel, RedisServer, skipWithoutRedis, waitFor } from '../support/redis.ts';
import { useEveryStore } from '../support/redis-calls.ts';

const skip = skipWithoutRedis;
const FAILED_OVER_WITHIN_MS = 15_000;

/** A primary, its replica, and a Sentinel that gives the primary up after a second of silence. */
async function startPair(t: TestContext) {
  const primary = await RedisServer.start(t);
  const following = ['--replicaof', '127.0.0.1', `${primary.port}`];
  const replica = await RedisServer.start(t, { args: following });
  const sentinel = await RedisSentinel.start(t, primary);
  await waitFor(() => sentinel.knowsReplica(), FAILED_OVER_WITHIN_MS);
  return { primary, replica, sentinel };
}

for (const fault of ['dies', 'freezes'] as const) {
  test(`when a primary ${fault} the one that Sentinel names is used`, { skip }, async (t) => {
    const { primary, replica, sentinel } = await startPair(t);
    const storage = await openRedis({ url: sentinel.url, clock: new TestClock(), production: true });
    t.after(() => storage[Symbol.asyncDispose]());
    await useEveryStore(storage);

    if (fault === 'dies') await primary.kill();
    else primary.freeze();
    const budget = { free: 9, windowSeconds: 60, pauseSeconds: 1, maxPauseSeconds: 1 };
    const hit = () =>
      storage.rates.hit('after', budget).then(
        () => true,
        () => false,
      );
    await waitFor(hit, FAILED_OVER_WITHIN_MS);

    await useEveryStore(storage);
    assert.ok((await replica.ask((redis) => redis.keys('cardea:rate:*'))).length > 0);
  });
}

test('a primary that Sentinel does not know is told in one line', { skip }, async (t) => {
  const sentinel = await RedisSentinel.start(t, await RedisServer.start(t));
  const url = sentinel.url.replace(/\/[^/]+$/, '/another');
  const opening = openRedis({ url, clock: new TestClock(), production: true });
  await assert.rejects(opening, /^Error: Redis at 127\.0\.0\.1:\d+ cannot be used: [^\n]+$/);
});
