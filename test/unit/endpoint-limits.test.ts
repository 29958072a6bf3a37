import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { EndpointLimits } from '../../src/oidc/endpoint-limits.ts';
import { FloodLimit } from '../../src/rates/flood-limit.ts';
import { openTestStorage } from '../support/storages.ts';

const SOURCE = '192.0.2.1';

/** The limits of two processes on one store; each answers how it refuses a client that cannot prove itself. */
async function openProcesses(t: TestContext) {
  const { storage, clock } = await openTestStorage(t);
  const openProcess = () => {
    const limits = new EndpointLimits({ ...storage, tokens: new FloodLimit({ perMinute: 1000 }), clock });
    return async (source = SOURCE, status = 401) => {
      const wait = await limits.guard({ path: '/token', status }, source, async () => undefined);
      return wait ?? status;
    };
  };
  return { clock, one: openProcess(), other: openProcess() };
}

test('failed authentications from one source are counted by all processes together', async (t) => {
  const { clock, one, other } = await openProcesses(t);
  for (let count = 0; count < 10; count += 1) assert.deepEqual([await one(), await other()], [401, 401]);
  assert.equal(await one(), 401);

  assert.equal(await one(), 60);
  assert.equal(await other(), 401); // by which it learns
  clock.advance(10);
  assert.deepEqual([await one(), await other()], [50, 50]);
  assert.equal(await one('192.0.2.2'), 401);
  clock.advance(50);
  assert.deepEqual([await one(), await other()], [401, 401]);
});

test('what is no failure of authentication counts against nobody', async (t) => {
  const { one } = await openProcesses(t);
  for (let count = 0; count < 50; count += 1) assert.equal(await one(SOURCE, 400), 400);
});

test('failures now and then add up to nothing', async (t) => {
  const { clock, one } = await openProcesses(t);
  for (let count = 0; count < 50; count += 1) {
    assert.equal(await one(), 401);
    clock.advance(30);
  }
});
