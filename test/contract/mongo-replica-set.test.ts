import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { mongo } from 'mongoose';
import { addSeconds, systemClock } from '../../src/lib/clock.ts';
import { digest } from '../../src/lib/digest.ts';
import { type MongoStores, openMongo } from '../../src/storage/mongo/open-mongo.ts';
import { buildClient } from '../support/builders.ts';
import { findMongod, type Mongod, NO_MONGOD, startMongod } from '../support/mongod.ts';
import { race } from '../support/race.ts';
import { requireValue } from '../support/require-value.ts';

const binary = await findMongod();
const options = { skip: binary === undefined && NO_MONGOD, timeout: 120_000 };
const MEMBERS = 3;
const UNAVAILABLE = { code: 'store_unavailable' };
const DAY_SECONDS = 86_400;

async function start(t: TestContext, args: readonly string[]): Promise<Mongod> {
  const mongod = await startMongod(requireValue(binary), args);
  t.after(() => mongod[Symbol.asyncDispose]());
  return mongod;
}

async function connect(t: TestContext, url: string): Promise<mongo.MongoClient> {
  const client = new mongo.MongoClient(url, { serverSelectionTimeoutMS: 30_000 });
  t.after(() => client.close());
  return client.connect();
}

async function openStores(t: TestContext, url: string): Promise<MongoStores> {
  const stores = await openMongo({ url, clock: systemClock });
  t.after(() => stores[Symbol.asyncDispose]());
  return stores;
}

class ReplicaSet {
  readonly members: readonly Mongod[];
  readonly client: mongo.MongoClient;
  readonly url: string;

  constructor(members: readonly Mongod[], client: mongo.MongoClient, url: string) {
    this.members = members;
    this.client = client;
    this.url = url;
  }

  static async start(t: TestContext): Promise<ReplicaSet> {
    const members = await race(MEMBERS, () => start(t, ['--replSet', 'set']));
    const first = await connect(t, `mongodb://${members[0]?.address}/?directConnection=true`);
    await first.db('admin').command({
      replSetInitiate: {
        _id: 'set',
        members: members.map(({ address }, index) => ({ _id: index, host: address })),
        settings: { electionTimeoutMillis: 2000 },
      },
    });
    const url = `mongodb://${members.map(({ address }) => address).join()}/?replicaSet=set`;
    const client = await connect(t, url);
    await client.db('admin').command({ ping: 1 }); // waits for the first primary
    return new ReplicaSet(members, client, url);
  }

  async requirePrimary(): Promise<Mongod> {
    const { primary } = await this.client.db('admin').command({ hello: 1 });
    return requireValue(this.members.find(({ address }) => address === primary));
  }
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
    await set.client.db('admin').command({ replSetStepDown: 10, force: true });
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
  const mongod = await start(t, ['--setParameter', 'ttlMonitorSleepSecs=1']);
  const url = `mongodb://${mongod.address}`;
  const { records, spentCodes } = await openStores(t, url);
  const db = (await connect(t, url)).db('cardea');
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
  const mongod = await start(t, ['--auth']);
  const admin = await connect(t, `mongodb://${mongod.address}`);
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
