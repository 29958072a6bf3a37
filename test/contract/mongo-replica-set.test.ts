import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { addSeconds, systemClock } from '../../src/lib/clock.ts';
import { digest } from '../../src/lib/digest.ts';
import { type MongoStores, openMongo } from '../../src/storage/mongo/open-mongo.ts';
import { buildClient } from '../support/builders.ts';
import { findMongod, NO_MONGOD } from '../support/mongod.ts';
import { race } from '../support/race.ts';
import { connectClient, ReplicaSet, startOwnMongod } from '../support/replica-set.ts';

const options = { skip: (await findMongod()) === undefined && NO_MONGOD, timeout: 120_000 };
const UNAVAILABLE = { code: 'store_unavailable' };
const DAY_SECONDS = 86_400;

async function openStores(t: TestContext, url: string): Promise<MongoStores> {
  const stores = await openMongo({ url, clock: systemClock });
  t.after(() => stores[Symbol.asyncDispose]());
  return stores;
}

/** Stores clients from several callers until told to stop, and remembers outside which ones were acknowledged. */
class Writers {
  readonly acknowledged: ReturnType<typeof buildClient>['id'][] = [];
  readonly #stores: MongoStores;
  readonly #done: Promise<unknown>;
  #stopped = false;

  constructor(stores: MongoStores) {
    this.#stores = stores;
    this.#done = race(8, () => this.#write());
  }

  async waitForMore(count: number): Promise<void> {
    const goal = this.acknowledged.length + count;
    while (this.acknowledged.length < goal) await setTimeout(20);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#done;
  }

  async #write(): Promise<void> {
    while (!this.#stopped) {
      const client = buildClient();
      const start = performance.now();
      const stored = await this.#stores.clients.insert(client).catch((error: unknown) => {
        assert.equal(Object(error).code, 'store_unavailable');
        return false;
      });
      assert.ok(performance.now() - start < 5000);
      if (stored) this.acknowledged.push(client.id);
    }
  }
}

test('a replica set loses its primary in every way, and nothing that it has acknowledged', options, async (t) => {
  const set = await ReplicaSet.start(t);
  const stores = await openStores(t, set.url);
  const code = (index: number) => digest(`code ${index}`);
  const inAMinute = addSeconds(systemClock.now(), 60);
  assert.deepEqual(
    new Set(await race(50, (index) => stores.spentCodes.spend(code(index), inAMinute))),
    new Set([true]),
  );

  const writers = new Writers(stores);
  await writers.waitForMore(50);
  await t.test('by stepping down', async () => {
    await set.stepDown();
    await writers.waitForMore(50);
  });
  await t.test('by freezing', async () => {
    const frozen = await set.requirePrimary();
    frozen.process.kill('SIGSTOP');
    await writers.waitForMore(50);
    frozen.process.kill('SIGCONT');
  });
  await t.test('by dying', async () => {
    (await set.requirePrimary()).process.kill('SIGKILL');
    await writers.waitForMore(50);
  });
  await writers.stop();

  for (const id of writers.acknowledged) assert.ok(await stores.clients.find(id), id);
  const revived = await race(50, (index) => stores.spentCodes.spend(code(index), inAMinute));
  assert.deepEqual(new Set(revived), new Set([false]));

  await t.test('and without a majority it takes no writes', async () => {
    (await set.requirePrimary()).process.kill('SIGKILL');
    const begin = performance.now();
    await assert.rejects(stores.clients.insert(buildClient()), UNAVAILABLE);
    assert.ok(performance.now() - begin < 5000);
  });
});

test('MongoDB removes what has been expired for a day, and nothing else', options, async (t) => {
  const mongod = await startOwnMongod(t, ['--setParameter', 'ttlMonitorSleepSecs=1']);
  const url = `mongodb://${mongod.address}`;
  const { records, spentCodes } = await openStores(t, url);
  const db = (await connectClient(t, url)).db('cardea');
  const count = () =>
    Promise.all(['grants', 'refresh_tokens', 'spent_codes'].map((name) => db.collection(name).countDocuments()));
  const now = systemClock.now();
  for (const [id, seconds] of Object.entries({ removed: -DAY_SECONDS - 60, kept: -DAY_SECONDS + 600, live: 600 })) {
    const expiresAt = addSeconds(now, seconds);
    await records.put('Grant', id, { payload: '{}', expiresAt }, {});
    await records.put('RefreshToken', id, { payload: '{}', expiresAt }, {});
    await spentCodes.spend(id, expiresAt);
  }

  while ((await count()).some((left) => left > 2)) await setTimeout(100);
  await setTimeout(2000); // two more rounds, in which it could remove too much
  assert.deepEqual(await count(), [2, 2, 2]);
});

test('a MongoDB that asks for a password opens for the right one only', options, async (t) => {
  const mongod = await startOwnMongod(t, ['--auth']);
  const admin = await connectClient(t, `mongodb://${mongod.address}`);
  await admin
    .db('admin')
    .command({ createUser: 'cardea', pwd: 's3cr3t', roles: [{ role: 'readWrite', db: 'cardea' }] });

  const stores = await openStores(t, `mongodb://cardea:s3cr3t@${mongod.address}/cardea?authSource=admin`);
  assert.equal(await stores.clients.insert(buildClient()), true);
  const wrong = openMongo({ url: `mongodb://cardea:wrong@${mongod.address}/?authSource=admin`, clock: systemClock });
  await assert.rejects(wrong, /refuses the name or the password/);
  const nobody = openMongo({ url: `mongodb://${mongod.address}`, clock: systemClock });
  await assert.rejects(nobody, /wants a name and a password/);
});
