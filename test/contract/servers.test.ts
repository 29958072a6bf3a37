import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { addSeconds } from '../../src/lib/clock.ts';
import { Ids } from '../../src/lib/ids.ts';
import { openServerStorage } from '../../src/storage/servers/server-storage.ts';
import { TEST_START, TestClock } from '../support/clock.ts';
import { findTestServer, NO_SERVER, type TestServer } from '../support/mongodb.ts';
import { race } from '../support/race.ts';
import { RedisServer, shareServers, skipWithoutRedis } from '../support/redis.ts';
import { describeRecordStore } from './record-store-contract.ts';
import { describeStorage } from './storage-contract.ts';

const NAME = 'MongoDB and Redis together';
const CODE = { payload: '{}', expiresAt: addSeconds(TEST_START, 60) };

const mongodb = await findTestServer();
const skip = mongodb ? skipWithoutRedis : NO_SERVER;
if (mongodb && !skip) describe(NAME, () => defineTests(mongodb));
else test(NAME, { skip });

function defineTests(server: TestServer): void {
  const getRedis = shareServers((owner) => RedisServer.start(owner));

  async function open(t: TestContext) {
    const redis = await getRedis();
    await redis.ask((client) => client.flushall());
    const clock = new TestClock();
    const { url, db } = server.addDatabase(t);
    const addresses = { mongodbUrl: url, redisUrl: redis.url };
    const storage = await openServerStorage({ ...addresses, production: true, clock, ids: new Ids() });
    t.after(() => storage[Symbol.asyncDispose]());
    await Promise.all(
      ['consents', 'grants', 'refresh_tokens', 'spent_codes'].map((name) => db.collection(name).dropIndex('expiry')),
    ); // the server's own tidying would remove what a clock of the past has just stored
    return { redis, storage, clock };
  }

  describeStorage(NAME, open);
  describeRecordStore(NAME, open);

  for (const kind of ['AuthorizationCode', 'DeviceCode'] as const) {
    test(`a spent ${kind} that comes back unspent with an old replica is spent all the same`, async (t) => {
      const { redis, storage } = await open(t);
      const { records } = storage;
      await records.put(kind, 'id', CODE, {});
      const [key = ''] = await redis.ask((client) => client.keys('*'));
      const unspent = await redis.ask((client) => client.dumpBuffer(key));
      assert.equal(await records.consume(kind, 'id', TEST_START), true);
      await redis.ask((client) => client.restore(key, 60_000, unspent, 'REPLACE'));
      assert.deepEqual(await records.find(kind, 'id'), CODE);

      const outcomes = await race(20, () => records.consume(kind, 'id', TEST_START));
      assert.ok(!outcomes.includes(true));
      assert.deepEqual((await records.find(kind, 'id'))?.consumedAt, TEST_START);
    });
  }

  test('one of the two that cannot be used is told, and the other one is closed', async (t) => {
    const { url } = server.addDatabase(t);
    const redis = await RedisServer.start(t);
    const options = { production: false, clock: new TestClock(), ids: new Ids() };
    const addresses = { mongodbUrl: url, redisUrl: redis.url };
    const nowhere = { mongodbUrl: 'mongodb://127.0.0.1:1/x', redisUrl: 'redis://127.0.0.1:1' };
    await assert.rejects(openServerStorage({ ...options, ...addresses, mongodbUrl: nowhere.mongodbUrl }), /MongoDB/);
    await assert.rejects(openServerStorage({ ...options, ...addresses, redisUrl: nowhere.redisUrl }), /Redis/);
  });
}
