import assert from 'node:assert/strict';
import { DatabaseSync } from 'node:sqlite';
import { type TestContext, test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { addSeconds } from '../../src/lib/clock.ts';
import { Database } from '../../src/storage/sqlite/database.ts';
import { ExpirySweeper } from '../../src/storage/sqlite/expiry-sweeper.ts';
import type { Storage } from '../../src/storage/storage.ts';
import { buildSignIn } from '../support/builders.ts';
import { race } from '../support/race.ts';
import { openTestStorage } from '../support/storages.ts';

const TABLES = ['records', 'tickets', 'rates', 'sign_ins'];
const LIMIT = 10;

async function openSweptStorage(t: TestContext) {
  const { storage, clock, path } = await openTestStorage(t);
  const connection = new DatabaseSync(path);
  const database = new Database(connection);
  t.after(() => database.close());
  const sweeper = new ExpirySweeper({ database, clock, onError: assert.ifError });
  const countRows = () =>
    TABLES.map((table) => Number(connection.prepare(`SELECT count(*) AS count FROM ${table}`).get()?.count));
  return { storage, clock, sweeper, countRows };
}

/** Puts `count` rows into each table that end after `ttlSeconds`. */
async function fill({ records, tickets, rates, signIns }: Storage, now: Date, ttlSeconds: number): Promise<void> {
  const expiresAt = addSeconds(now, ttlSeconds);
  const budget = { free: 9, windowSeconds: ttlSeconds, pauseSeconds: 1, maxPauseSeconds: 1 };
  await race(25, async (index) => {
    const id = `${ttlSeconds}-${index}`;
    await records.put('AccessToken', id, { payload: '{}', expiresAt }, {});
    await tickets.put('sign-up', id, {}, ttlSeconds);
    await rates.hit(id, budget);
    await signIns.insert(buildSignIn({ expiresAt }));
  });
}

test('a walk removes all that is expired and nothing else, a bounded number of rows at a time', async (t) => {
  const { storage, clock, sweeper, countRows } = await openSweptStorage(t);
  await fill(storage, clock.now(), 60);
  await fill(storage, clock.now(), 61);
  await fill(storage, clock.now(), 60.001);
  clock.advance(60.001);

  let steps = 0;
  for (let walked = false; !walked; steps += 1) {
    const before = countRows().reduce((sum, count) => sum + count);
    walked = await sweeper.removeExpired(LIMIT);
    const removed = before - countRows().reduce((sum, count) => sum + count);
    assert.ok(removed <= LIMIT, `${removed} rows in one step`);
  }

  assert.deepEqual(countRows(), [25, 25, 25, 25]);
  assert.ok(steps > 4 * 7, `${steps} steps`);
  assert.ok(await storage.tickets.find('sign-up', '61-0'));
});

test('the next walk begins at the first row again', async (t) => {
  const { storage, clock, sweeper, countRows } = await openSweptStorage(t);
  const walk = async () => {
    while (!(await sweeper.removeExpired(LIMIT)));
  };
  await fill(storage, clock.now(), 60);
  await walk();
  assert.deepEqual(countRows(), [25, 25, 25, 25]);
  clock.advance(60);
  await walk();
  assert.deepEqual(countRows(), [0, 0, 0, 0]);
});

test('an open storage sweeps by itself', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const { storage, clock, countRows } = await openSweptStorage(t);
  await fill(storage, clock.now(), 60);
  clock.advance(60);

  for (let turn = 0; turn < 100 && countRows().some(Boolean); turn += 1) {
    t.mock.timers.tick(60_000);
    for (let step = 0; step < 3; step += 1) await setImmediate();
  }

  assert.deepEqual(countRows(), [0, 0, 0, 0]);
});
