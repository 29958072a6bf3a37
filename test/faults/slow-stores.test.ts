import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FaultSite, skipFaults } from '../support/fault-site.ts';

/** What each call of a store may take by itself. */
const MONGODB_MS = 1500;
const REDIS_MS = 600;
const ANSWERED_WITHIN_MS = 5000;

test('however slow each call of a store is, every request is answered in time', { skip: skipFaults }, async (t) => {
  const site = await FaultSite.open(t);
  const { mongo, redis } = site.installation;
  const requests = Object.entries(await site.prepareRequests());
  mongo.delayAnswers(MONGODB_MS);
  redis.delayAnswers(REDIS_MS);

  const answers = await Promise.all(
    requests.map(async ([name, request]) => {
      const start = performance.now();
      const { status, headers } = await request();
      return { name, status, retryAfter: headers.get('retry-after'), elapsed: performance.now() - start };
    }),
  );

  for (const { name, status, retryAfter, elapsed } of answers) {
    assert.ok(elapsed <= ANSWERED_WITHIN_MS, `${name}: ${Math.round(elapsed)} ms`);
    assert.ok(status < 400 || (status === 503 && retryAfter === '1'), `${name}: ${status}`);
  }
  const refused = answers.filter(({ status }) => status === 503).map(({ name }) => name);
  assert.ok(refused.includes('an unspent code'), `refused: ${refused}`);
  mongo.restore();
  redis.restore();
  await site.waitForRecovery();
});
