import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { AppError } from '../../src/lib/app-error.ts';
import { addSeconds } from '../../src/lib/clock.ts';
import { digest } from '../../src/lib/digest.ts';
import { openRedis, type RedisStores } from '../../src/storage/redis/redis-stores.ts';
import { TEST_START, TestClock } from '../support/clock.ts';
import { race } from '../support/race.ts';
import { RedisServer, skipWithoutRedis, waitFor } from '../support/redis.ts';
import { listCalls, useEveryStore } from '../support/redis-calls.ts';

const skip = skipWithoutRedis;
const REJECTED_WITHIN_MS = 1000;
const RECOVERED_WITHIN_MS = 5000;
const RECORD = { payload: '{}', expiresAt: addSeconds(TEST_START, 60) };
const BUDGET = { free: 10_000, windowSeconds: 600, pauseSeconds: 1, maxPauseSeconds: 1 };

async function open(t: TestContext, server: RedisServer) {
  const lines: string[] = [];
  const write = (_: unknown, message: string) => lines.push(message);
  const logger = { info: write, warn: write };
  const storage = await openRedis({ url: server.url, clock: new TestClock(), production: true, logger });
  t.after(() => storage[Symbol.asyncDispose]());
  return { storage, lines };
}

/** Every call, all at once, has to be refused, in time. */
async function assertUnavailable(storage: RedisStores): Promise<void> {
  await Promise.all(
    Object.entries(listCalls(storage)).map(async ([name, call]) => {
      const start = performance.now();
      await assert.rejects(call(), { code: 'store_unavailable', status: 503, retryAfterSeconds: 1 }, name);
      const elapsed = performance.now() - start;
      assert.ok(elapsed <= REJECTED_WITHIN_MS, `${name} was refused after ${elapsed} ms`);
    }),
  );
}

async function waitForRecovery({ ping }: RedisStores): Promise<void> {
  await waitFor(
    () =>
      ping().then(
        () => true,
        () => false,
      ),
    RECOVERED_WITHIN_MS,
  ); // prettier-ignore
}

test('while the server is dead every call is refused in time, and it recovers by itself', { skip }, async (t) => {
  const server = await RedisServer.start(t);
  const { storage, lines } = await open(t, server);
  for (let round = 1; round <= 2; round += 1) {
    await server.kill();
    await assertUnavailable(storage);
    await assertUnavailable(storage);
    await server.start();
    await waitForRecovery(storage);
    await useEveryStore(storage);
  }
  const once = ['the connection to Redis is lost', 'the connection to Redis is back'];
  assert.deepEqual(lines, [...once, ...once]);
});

test('while the server is frozen every call is refused in time, and it recovers by itself', { skip }, async (t) => {
  const server = await RedisServer.start(t);
  const { storage, lines } = await open(t, server);
  server.freeze();
  await assertUnavailable(storage);
  await assertUnavailable(storage);
  await assertUnavailable(storage);
  server.thaw();
  await waitForRecovery(storage);
  await useEveryStore(storage);
  assert.deepEqual(lines, ['the connection to Redis is lost', 'the connection to Redis is back']);
});

test('calls under way are refused when the server dies', { skip }, async (t) => {
  const server = await RedisServer.start(t);
  const { storage } = await open(t, server);
  server.freeze();
  const calls = assertUnavailable(storage);
  await server.kill();
  await calls;
});

test('a try is never counted twice, however often the server goes and comes', { skip }, async (t) => {
  const server = await RedisServer.start(t, { args: ['--appendonly', 'yes', '--appendfsync', 'always'] });
  const { storage } = await open(t, server);
  const { rates } = storage;
  let tries = 0;
  const counts: number[] = [];
  const hit = async () => {
    tries += 1;
    const answer = await rates.hit('key', BUDGET).catch((error: unknown) => error);
    if (answer instanceof AppError) return;
    assert.ok(typeof answer === 'object' && answer && 'count' in answer);
    counts.push(Number(answer.count));
  };

  for (const leave of ['kill', 'freeze', 'kill', 'freeze'] as const) {
    await race(20, hit);
    if (leave === 'freeze') server.freeze();
    const unsure = race(20, hit); // on their way when it goes
    if (leave === 'kill') await Promise.all([server.kill(), unsure]).then(() => server.start());
    else await unsure.then(() => server.thaw());
    await waitForRecovery(storage);
  }
  await hit();

  const last = counts.at(-1) ?? 0;
  assert.ok(last <= tries, `${last} of ${tries}`);
  assert.ok(last >= counts.length);
  assert.equal(new Set(counts).size, counts.length, 'two tries were given one number');
});

test('a full server counts and stores nothing, and what it has can be read, and taken or is not spent', {
  skip,
}, async (t) => {
  const server = await RedisServer.start(t);
  const { storage } = await open(t, server);
  const { tickets, records } = storage;
  const calls = listCalls(storage);
  await tickets.put('sign-up', 'kept', { kept: true }, 60);
  await records.put('AuthorizationCode', digest('kept'), RECORD, {});
  await server.ask((redis) => redis.config('SET', 'maxmemory', '1'));

  const writes = [
    calls['tickets.put'],
    calls['rates.hit'],
    calls['signIns.insert'],
    calls['records.put'],
    calls['records.put, indexed'],
    calls['records.put, spendable'],
    calls['records.putIfAbsent'],
    () => records.consume('AuthorizationCode', digest('kept'), TEST_START),
  ];
  for (const write of writes) await assert.rejects(write(), { code: 'store_unavailable' }, write.toString());
  assert.deepEqual(await records.find('AuthorizationCode', digest('kept')), RECORD);
  assert.deepEqual(await tickets.find('sign-up', 'kept'), { kept: true });
  assert.deepEqual(await tickets.take('sign-up', 'kept'), { kept: true });
  assert.equal(await tickets.take('sign-up', 'kept'), undefined);

  await server.ask((redis) => redis.config('SET', 'maxmemory', '0'));
  assert.equal(await records.consume('AuthorizationCode', digest('kept'), TEST_START), true);
});

test('a primary that became a replica is refused and asked for anew, as another may have its name now', {
  skip,
}, async (t) => {
  const server = await RedisServer.start(t);
  const { storage } = await open(t, server);
  const findConnection = async () =>
    /^id=(\d+) .* name=cardea /m.exec(`${await server.ask((redis) => redis.client('LIST'))}`)?.[1];
  const first = await findConnection();
  await server.ask((redis) => redis.replicaof('127.0.0.1', 1));
  await assert.rejects(storage.rates.hit('key', BUDGET), { code: 'store_unavailable' });
  await server.ask((redis) => redis.replicaof('NO', 'ONE'));
  await waitForRecovery(storage);
  await useEveryStore(storage);
  assert.notEqual(await findConnection(), first);
});

test('a server that forgot the scripts is given them again', { skip }, async (t) => {
  const server = await RedisServer.start(t);
  const { storage } = await open(t, server);
  await useEveryStore(storage);
  await server.ask((redis) => redis.script('FLUSH'));
  await useEveryStore(storage);
});

test('a refusal carries none of what the command carried', { skip }, async (t) => {
  const server = await RedisServer.start(t);
  const { storage } = await open(t, server);
  await server.ask((redis) => redis.config('SET', 'maxmemory', '1'));
  await assert.rejects(storage.tickets.put('sign-up', 'id', { a: 'secret' }, 60), ({ cause }: Error) => {
    assert.ok(cause instanceof Error);
    assert.match(cause.message, /^OOM /);
    assert.deepEqual(Object.keys(cause), []);
    return true;
  });
});

test('after disposal every call is refused, those under way are finished, and twice is no harm', {
  skip,
}, async (t) => {
  const server = await RedisServer.start(t);
  const { storage, lines } = await open(t, server);
  const put = storage.tickets.put('sign-up', 'id', {}, 60);
  const indexed = listCalls(storage)['records.put, indexed']();
  await storage[Symbol.asyncDispose]();
  assert.equal(await put, true);
  await indexed;
  for (const [name, call] of Object.entries(listCalls(storage))) {
    await assert.rejects(call(), { code: 'store_unavailable' }, name);
  }
  await storage[Symbol.asyncDispose]();
  assert.deepEqual(lines, []);
});
