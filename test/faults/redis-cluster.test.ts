import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { FaultSite, skipFaults } from '../support/fault-site.ts';
import { Load } from '../support/load.ts';
import type { Person } from '../support/person.ts';
import { race } from '../support/race.ts';
import { RedisCluster, runRedisCli, shareServers, waitFor } from '../support/redis.ts';
import { requireValue } from '../support/require-value.ts';

const PEOPLE = 20;
/** Who presents each code at once. */
const RIVALS = 2;
const FAILED_OVER_WITHIN_MS = 15_000;

describe('on a Redis Cluster', { skip: skipFaults }, () => {
  const getCluster = shareServers((owner) => RedisCluster.start(owner));

  /** People who get codes and spend them, each code by two at once, over and over. */
  async function startLoad(t: TestContext) {
    const cluster = await getCluster();
    const site = await FaultSite.open(t, { cluster });
    const people = await race(PEOPLE, async () => (await site.admitPerson()).person);
    const load = new Load(PEOPLE, async (index) => {
      const code = await getCode(requireValue(people[index]));
      await site.ledger.exchange(site.client, code, RIVALS);
    });
    return { cluster, site, load };
  }

  test('slots that move under load are noticed by nobody', async (t) => {
    const { cluster, site, load } = await startLoad(t);
    const [from, to] = cluster.primaries;
    const [source, target] = await race(2, (index) =>
      requireValue([from, to][index]).ask((redis) => redis.cluster('MYID')),
    );
    await load.waitForMore(PEOPLE);
    const plan = [
      '--cluster-from',
      `${source}`,
      '--cluster-to',
      `${target}`,
      '--cluster-slots',
      '300',
      '--cluster-yes',
    ];
    await runRedisCli('--cluster', 'reshard', `127.0.0.1:${from?.port}`, ...plan);
    await load.waitForMore(PEOPLE);
    await load.stop();
    assert.deepEqual(load.missed, []);
    await site.ledger.verify();
  });

  test('a primary that dies under load is replaced, and no code is spent twice', async (t) => {
    const { cluster, site, load } = await startLoad(t);
    const primary = requireValue(cluster.primaries[2]);
    await load.waitForMore(PEOPLE);
    await primary.kill();
    await load.waitForMissed(1);
    await load.waitForMore(5 * PEOPLE, FAILED_OVER_WITHIN_MS); // more than those whose keys are elsewhere would do
    await load.stop();
    await site.waitForRecovery();
    await site.ledger.verify();
    await primary.start();
    await waitFor(() => cluster.isSettled(), FAILED_OVER_WITHIN_MS);
  });
});

/** In the session that there is; one that went with the primary, less than a second old, is begun anew. */
async function getCode(person: Person): Promise<string> {
  try {
    return await person.comeBack();
  } catch (error) {
    if (error instanceof assert.AssertionError && error.message.includes('login_required')) return person.signIn();
    throw error;
  }
}
