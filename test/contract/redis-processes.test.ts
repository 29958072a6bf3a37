import assert from 'node:assert/strict';
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { addSeconds } from '../../src/lib/clock.ts';
import { digest } from '../../src/lib/digest.ts';
import type { SignInId } from '../../src/lib/ids.ts';
import type { RedisStores } from '../../src/storage/redis/redis-stores.ts';
import { buildSignIn } from '../support/builders.ts';
import { TEST_START } from '../support/clock.ts';
import { race } from '../support/race.ts';
import { openTestRedis, RedisCluster, RedisServer, shareServers, skipWithoutRedis } from '../support/redis.ts';
import type { RedisRace } from '../support/redis-racer.ts';

const RACER = fileURLToPath(new URL('../support/redis-racer.ts', import.meta.url));
const ROUNDS = 200;
const SUCCEED_ONCE = ['take', 'put', 'consume', 'putIfAbsent', 'update', 'delete'] as const;

function startRacer(t: TestContext, url: string): ChildProcess {
  const racer = fork(RACER, [url]);
  t.after(() => racer.kill());
  return racer;
}

async function receive(racer: ChildProcess): Promise<unknown> {
  const end = new AbortController();
  const died = once(racer, 'exit', end).then(() => assert.fail('the racer died'));
  const [message] = await Promise.race([once(racer, 'message', end), died]);
  end.abort();
  return message;
}

/** Stores what the racers race for. */
async function prepare({ tickets, records, signIns }: RedisStores): Promise<void> {
  const record = { payload: '{}', expiresAt: addSeconds(TEST_START, 60) };
  await race(ROUNDS, async (round) => {
    await tickets.put('sign-up', `${round}`, {}, 60);
    await records.put('AuthorizationCode', digest(`${round}`), record, {});
    await signIns.insert(buildSignIn({ id: `update-${round}` as SignInId })); // any text is one
    await signIns.insert(buildSignIn({ id: `delete-${round}` as SignInId })); // any text is one
  });
}

for (const [name, getServers] of [
  ['a single node', shareServers((owner) => RedisServer.start(owner))],
  ['a Cluster', shareServers((owner) => RedisCluster.start(owner))],
] as const) {
  test(`of two processes on ${name} nothing is done or counted twice`, { skip: skipWithoutRedis }, async (t) => {
    const servers = await getServers();
    const { storage } = await openTestRedis(t, servers);
    await prepare(storage);
    const racers = [startRacer(t, servers.url), startRacer(t, servers.url)];
    assert.deepEqual(await Promise.all(racers.map(receive)), ['ready', 'ready']);
    const run = async (call: RedisRace['name']) => {
      const answers = Promise.all(racers.map(receive));
      for (const racer of racers) racer.send({ name: call, rounds: ROUNDS });
      return (await answers) as unknown[][]; // what a racer sends
    };

    for (const call of SUCCEED_ONCE) {
      const [mine = [], theirs = []] = await run(call);
      for (let round = 0; round < ROUNDS; round += 1) {
        const successes = [mine[round], theirs[round]].filter((answer) => answer !== false);
        assert.equal(successes.length, 1, `${call}, round ${round}`);
      }
    }
    const counts = (await run('hit')).flat().map(Number);
    assert.deepEqual(
      counts.toSorted((left, right) => left - right),
      Array.from({ length: 2 * ROUNDS }, (_, index) => index + 1),
    );
  });
}
