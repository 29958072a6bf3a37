import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { AppError } from '../../src/lib/app-error.ts';
import { addSeconds } from '../../src/lib/clock.ts';
import { digest } from '../../src/lib/digest.ts';
import { openRedis, type RedisStores } from '../../src/storage/redis/redis-stores.ts';
import { TEST_START, TestClock } from '../support/clock.ts';
import { race } from '../support/race.ts';
import { RedisCluster, runRedisCli, shareServers, skipWithoutRedis, waitFor } from '../support/redis.ts';
import { requireValue } from '../support/require-value.ts';

const CLIENTS = 20;
const REJECTED_WITHIN_MS = 1000;
const FAILED_OVER_WITHIN_MS = 15_000;
const RECORD = { payload: '{}', expiresAt: addSeconds(TEST_START, 600) };

interface Load {
  /** How many codes were stored and spent since the load began. */
  readonly spent: () => number;
  /** Ends it and answers every refusal there was. */
  readonly stop: () => Promise<readonly AppError[]>;
}

describe('redis, cluster', { skip: skipWithoutRedis }, () => {
  const getCluster = shareServers((owner) => RedisCluster.start(owner));

  async function open(t: TestContext, cluster: RedisCluster) {
    const lines: string[] = [];
    const write = (_: unknown, message: string) => lines.push(message);
    const logger = { info: write, warn: write };
    const storage = await openRedis({ url: cluster.url, clock: new TestClock(), production: true, logger });
    t.after(() => storage[Symbol.asyncDispose]());
    return { storage, lines };
  }

  test('slots that move under load are not noticed', async (t) => {
    const cluster = await RedisCluster.start(t); // of its own: a replica may learn late of slots that went and came back
    const { storage, lines } = await open(t, cluster);
    const load = startLoad(storage, 'moving');
    const [from, to] = cluster.primaries;
    const moves = [
      [from, to],
      [to, from],
    ] as const;
    for (const [source, target] of moves) {
      const [sourceId, targetId] = await Promise.all(
        [source, target].map((node) => node?.ask((redis) => redis.cluster('MYID'))),
      );
      const plan = ['--cluster-from', `${sourceId}`, '--cluster-to', `${targetId}`, '--cluster-slots', '300'];
      await runRedisCli('--cluster', 'reshard', `127.0.0.1:${from?.port}`, ...plan, '--cluster-yes');
      await waitFor(() => cluster.isSettled(), FAILED_OVER_WITHIN_MS);
    }
    assert.deepEqual(await load.stop(), []);
    assert.ok(load.spent() > 0);
    assert.deepEqual(lines, []);
  });

  for (const fault of ['dies', 'freezes'] as const) {
    test(`a primary that ${fault} is replaced, and no call waits for it or is answered wrong`, async (t) => {
      const cluster = await getCluster();
      const { storage, lines } = await open(t, cluster);
      const primary = requireValue(cluster.primaries[fault === 'dies' ? 0 : 1]);
      const load = startLoad(storage, fault);
      await waitFor(async () => load.spent() > CLIENTS, FAILED_OVER_WITHIN_MS);
      if (fault === 'dies') await primary.kill();
      else primary.freeze();

      await waitFor(() => isUsable(storage), FAILED_OVER_WITHIN_MS);
      const refusals = await load.stop();
      assert.ok(refusals.length > 0);
      for (const { code, retryAfterSeconds } of refusals)
        assert.deepEqual([code, retryAfterSeconds], ['store_unavailable', 1]);

      if (fault === 'dies') await primary.start();
      else primary.thaw();
      await waitFor(() => cluster.isSettled(), FAILED_OVER_WITHIN_MS);
      await waitFor(() => isUsable(storage), FAILED_OVER_WITHIN_MS);
      await waitFor(async () => lines.length > 1, FAILED_OVER_WITHIN_MS);
      assert.deepEqual(lines, ['a node of the Redis Cluster is lost', 'a node of the Redis Cluster is back']);
    });
  }
});

/** Stores codes and has each spent by two at once, over and over. A call that is not in time, or answers wrong, fails the test. */
function startLoad({ records }: RedisStores, name: string): Load {
  const refusals: AppError[] = [];
  let spent = 0;
  let isOver = false;
  const running = race(CLIENTS, async (client) => {
    for (let round = 0; !isOver; round += 1) {
      const id = digest(`${name} ${client} ${round}`);
      const put = await inTime(() => records.put('AuthorizationCode', id, RECORD, {}));
      if (put instanceof AppError) refusals.push(put);
      const outcomes = await race(2, () => inTime(() => records.consume('AuthorizationCode', id, TEST_START)));
      refusals.push(...outcomes.filter((outcome) => outcome instanceof AppError));
      const winners = outcomes.filter((outcome) => outcome === true).length;
      assert.ok(winners <= 1, 'a code was spent twice');
      spent += winners;
    }
  });
  const stop = async () => {
    isOver = true;
    await running;
    return refusals;
  };
  return { spent: () => spent, stop };
}

async function inTime<Answer>(call: () => Promise<Answer>): Promise<Answer | AppError> {
  const start = performance.now();
  try {
    return await call();
  } catch (error) {
    const elapsed = performance.now() - start;
    assert.ok(elapsed <= REJECTED_WITHIN_MS, `refused after ${elapsed} ms`);
    assert.ok(error instanceof AppError, String(error));
    await setImmediate(); // where calls are refused at once nothing else would have its turn
    return error;
  }
}

/** Every part of the key space takes writes. */
async function isUsable({ tickets }: RedisStores): Promise<boolean> {
  const outcomes = await race(100, (index) => tickets.put('sign-up', `${index}`, {}, 1).catch(() => 'refused'));
  return !outcomes.includes('refused');
}
