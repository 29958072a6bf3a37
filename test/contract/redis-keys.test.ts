import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { addSeconds } from '../../src/lib/clock.ts';
import { digest } from '../../src/lib/digest.ts';
import type { SignInId } from '../../src/lib/ids.ts';
import { openRedis } from '../../src/storage/redis/redis-stores.ts';
import { buildSignIn } from '../support/builders.ts';
import { TEST_START } from '../support/clock.ts';
import { openTestRedis, RedisServer, shareServers, skipWithoutRedis } from '../support/redis.ts';
import { useEveryStore } from '../support/redis-calls.ts';

const skip = skipWithoutRedis;
const TTL = 60;
const RECORD = { payload: '{}', expiresAt: addSeconds(TEST_START, TTL) };
/** Redis keeps a second more than it is told, and the test takes some time. */
const TTL_MS = { from: (TTL - 20) * 1000, to: (TTL + 1) * 1000 };

const getServer = shareServers((owner) => RedisServer.start(owner, { args: ['--rdbcompression', 'no'] }));

async function open(t: TestContext) {
  const server = await getServer();
  return { server, ...(await openTestRedis(t, server)) };
}

test('nothing that names a person, a session or a secret is in what a server has on its disk', { skip }, async (t) => {
  const { server, storage } = await open(t);
  const { tickets, rates, signIns, records } = storage;
  const clear = ['ticket-id', 'ada@example.com', 'sign-in-id', 'an-account', 'a-session', 'a-grant', 'a-user-code'];
  const [ticketId = '', address = '', signInId, accountId, uid, grantId, userCode] = clear;
  const budget = { free: 1, windowSeconds: TTL, pauseSeconds: 1, maxPauseSeconds: 1 };
  await tickets.put('sign-up', ticketId, {}, TTL);
  await rates.hit(address, budget);
  await signIns.insert(buildSignIn({ id: signInId as SignInId })); // any text is one
  await records.put('Session', digest('1'), RECORD, { accountId, uid });
  await records.put('DeviceCode', digest('2'), RECORD, { grantId, userCode });

  await server.ask((redis) => redis.save());
  const dump = readFileSync(join(server.folder, 'dump.rdb'), 'latin1');
  assert.ok(dump.includes(digest('an-account')) && dump.includes('"offerAnswered":false'), 'it is readable');
  for (const text of clear) assert.ok(!dump.includes(text), text);
});

test('every key expires with what it holds, and its indexes with the last of theirs', { skip }, async (t) => {
  const { server, storage } = await open(t);
  await storage.tickets.put('sign-up', 'id', {}, TTL);
  await storage.rates.hit('key', { free: 0, windowSeconds: 1, pauseSeconds: TTL, maxPauseSeconds: TTL });
  await storage.signIns.insert(buildSignIn({ expiresAt: RECORD.expiresAt }));
  const short = { ...RECORD, expiresAt: addSeconds(TEST_START, 1) };
  const index = { accountId: 'account', grantId: 'grant', uid: 'uid', userCode: 'code' };
  await storage.records.put('Session', digest('1'), RECORD, index);
  await storage.records.put('Session', digest('2'), short, { accountId: 'account', grantId: 'grant' });
  await storage.records.putIfAbsent('ReplayDetection', digest('3'), RECORD);
  await storage.records.put('AuthorizationCode', digest('4'), RECORD, {});
  await storage.records.consume('AuthorizationCode', digest('4'), TEST_START);

  const keys = await server.ask((redis) => redis.keys('*'));
  assert.equal(keys.length, 11);
  for (const key of keys.filter((name) => name !== `cardea:session:${digest('2')}`)) {
    const ttl = await server.ask((redis) => redis.pttl(key));
    assert.ok(ttl > TTL_MS.from && ttl <= TTL_MS.to, `${key} expires in ${ttl} ms`);
  }
});

test('an index forgets what has expired when something is added to it', { skip }, async (t) => {
  const { server, storage, clock } = await open(t);
  for (const round of [1, 2, 3]) {
    const expiresAt = addSeconds(clock.now(), TTL);
    await storage.records.put('Session', digest(`${round}`), { ...RECORD, expiresAt }, { accountId: 'account' });
    clock.advance(TTL - 1);
  }
  const members = await server.ask((redis) => redis.zrange(`cardea:of-account:${digest('account')}`, '0', '-1'));
  assert.deepEqual(members, [`session:${digest('2')}`, `session:${digest('3')}`]);
});

test('an index is believed only where the record says the same', { skip }, async (t) => {
  const { storage } = await open(t);
  const { records } = storage;
  await records.put('Session', digest('1'), RECORD, { accountId: 'mine', uid: 'first' });
  await records.put('Session', digest('1'), RECORD, { accountId: 'other', uid: 'second' });
  assert.equal(await records.findByUid('first'), undefined);
  await records.deleteByAccount('mine');
  assert.deepEqual(await records.findByUid('second'), { ...RECORD, id: digest('1') });
  await records.deleteByAccount('other', 'second');
  assert.ok(await records.find('Session', digest('1')));
  await records.deleteByAccount('other', 'first');
  assert.equal(await records.find('Session', digest('1')), undefined);
});

test('a record that was written while its account was emptied is found by the next emptying', { skip }, async (t) => {
  const { storage } = await open(t);
  const { records } = storage;
  for (let round = 0; round < 20; round += 1) {
    const put = records.put('Session', digest('1'), RECORD, { accountId: 'account', uid: 'uid' });
    await Promise.all([put, records.deleteByAccount('account'), records.delete('Session', digest('1'))]);
    await records.deleteByAccount('account');
    assert.equal(await records.find('Session', digest('1')), undefined);
  }
});

test('a payload cannot pass for a mark, a name or an expiry', { skip }, async (t) => {
  const { storage } = await open(t);
  const { records } = storage;
  const payload = `of-account:${digest('account')},by-uid:${digest('uid')};{"consumed":1}`;
  await records.put('AuthorizationCode', digest('1'), { ...RECORD, payload }, { accountId: 'account', uid: 'other' });
  await records.put('AuthorizationCode', digest('2'), { ...RECORD, payload }, {});
  await records.put('Session', digest('1'), RECORD, { uid: 'uid' });
  await records.delete('Session', digest('1'));
  assert.equal(await records.findByUid('uid'), undefined);
  assert.equal(await records.consume('AuthorizationCode', digest('2'), TEST_START), true);
  await records.deleteByAccount('account');
  assert.deepEqual(await records.find('AuthorizationCode', digest('2')), {
    ...RECORD,
    payload,
    consumedAt: TEST_START,
  });
});

test('a server whose clock is another keeps things as long', { skip }, async (t) => {
  const { server, storage, clock } = await open(t); // the clock of the tests stands still, long ago
  await storage.tickets.put('sign-up', 'id', { kept: true }, TTL);
  const other = await openRedis({ url: server.url, clock, production: true });
  t.after(() => other[Symbol.asyncDispose]());
  assert.deepEqual(await other.tickets.take('sign-up', 'id'), { kept: true });
  await useEveryStore(other);
});
