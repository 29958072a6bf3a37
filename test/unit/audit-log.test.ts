import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { AuditSweeper } from '../../src/audit/audit-sweeper.ts';
import { describeActivity } from '../../src/http/activity.ts';
import { en } from '../../src/http/languages/en.ts';
import { createWording } from '../../src/http/languages/wording.ts';
import type { LogFields } from '../../src/lib/log-fields.ts';
import { buildAuditLog } from '../support/audit-log.ts';
import { buildAccount, buildAuditEvent } from '../support/builders.ts';
import { AUDIT_DETAILS } from '../support/full-items.ts';
import { openTestStorage } from '../support/storages.ts';

const account = buildAccount();
const REFUSED = { type: 'sign-in-refused', factor: 'password' } as const;
const DAY_SECONDS = 86_400;

async function setUp(t: TestContext) {
  const { storage, clock } = await openTestStorage(t);
  const errors: LogFields[] = [];
  const auditLog = buildAuditLog({ storage, clock, onError: (fields) => errors.push(fields) });
  const list = async () => {
    await auditLog.settle();
    return (await auditLog.list({ limit: 100 })).items;
  };
  return { storage, clock, auditLog, errors, list };
}

test('an event says when it happened, to whose account, by whom and with what', async (t) => {
  const { auditLog, clock, list } = await setUp(t);
  await auditLog.record({ type: 'totp-on' }, { account, device: 'Firefox on Linux' });
  const [event] = await list();
  const { id, organizationId } = account;
  assert.deepEqual(
    { ...event, id: undefined },
    {
      id: undefined,
      createdAt: clock.now(),
      actor: 'account',
      accountId: id,
      organizationId,
      device: 'Firefox on Linux',
      details: { type: 'totp-on' },
    },
  );
  assert.deepEqual((await auditLog.listByAccount(id, { limit: 9 })).items, [event]);
});

test('an event that cannot be stored fails nobody, and the log of the process says which is missing', async (t) => {
  const { storage, auditLog, errors } = await setUp(t);
  await storage[Symbol.asyncDispose]();
  await auditLog.record({ type: 'totp-on' }, { account });
  auditLog.recordCounted(REFUSED, { account });
  await auditLog.settle();
  assert.deepEqual(
    errors.map(({ type, accountId }) => ({ type, accountId })),
    [
      { type: 'totp-on', accountId: account.id },
      { type: 'sign-in-refused', accountId: account.id },
    ],
  );
});

test('of what strangers can repeat the first, the tenth and the hundredth of a day are stored', async (t) => {
  const { auditLog, clock, list } = await setUp(t);
  for (let count = 0; count < 120; count += 1) auditLog.recordCounted(REFUSED, { account });
  auditLog.recordCounted({ ...REFUSED, factor: 'totp' }, { account });
  auditLog.recordCounted(REFUSED, { account: buildAccount() });
  const counts = (await list())
    .filter(
      ({ accountId, details }) => accountId === account.id && 'factor' in details && details.factor === 'password',
    )
    .map(({ details }) => 'count' in details && details.count);
  assert.deepEqual(counts.toSorted(), [1, 10, 100]);
  assert.equal((await list()).length, 5);

  clock.advance(DAY_SECONDS);
  auditLog.recordCounted(REFUSED, { account });
  assert.deepEqual((await list()).at(-1)?.details, { ...REFUSED, count: 1 });
});

test('nothing is stored of what was tried with the name of nobody', async (t) => {
  const { auditLog, list } = await setUp(t);
  auditLog.recordCounted(REFUSED, {});
  assert.deepEqual(await list(), []);
});

test('an answer that is about to be sent does not wait for what is counted', async (t) => {
  const { storage, clock } = await openTestStorage(t);
  const calls: string[] = [];
  const rates: typeof storage.rates = {
    hit(...args) {
      calls.push('counted');
      return storage.rates.hit(...args);
    },
    clear: (key) => storage.rates.clear(key),
  };
  const auditLog = buildAuditLog({ storage: { audit: storage.audit, rates }, clock });
  auditLog.recordCounted(REFUSED, { account });
  await Promise.resolve().then(() => calls.push('answered'));
  await auditLog.settle();
  assert.deepEqual(calls, ['answered', 'counted']);
});

test('events are kept for a year', async (t) => {
  const { storage, clock, auditLog, list } = await setUp(t);
  const sweeper = new AuditSweeper({ store: storage.audit, clock, logger: { warn: () => assert.fail() } });
  await auditLog.record({ type: 'totp-on' }, { account });
  clock.advance(365 * DAY_SECONDS);
  await sweeper.sweep();
  assert.equal((await list()).length, 1);
  clock.advance(0.001);
  await sweeper.sweep();
  assert.equal((await list()).length, 0);
});

test('however many have to go, they go in one sweep', async (t) => {
  const { storage, clock, list } = await setUp(t);
  const sweeper = new AuditSweeper({ store: storage.audit, clock, logger: { warn: () => assert.fail() } });
  await Promise.all(Array.from({ length: 2001 }, () => storage.audit.append(buildAuditEvent())));
  clock.advance(366 * DAY_SECONDS);
  await storage.audit.append(buildAuditEvent({ createdAt: clock.now() }));
  await sweeper.sweep();
  assert.equal((await list()).length, 1);
});

test('every event has a sentence for people, which needs no value that is not there', () => {
  const wording = createWording({ locale: 'en', direction: 'ltr', texts: en });
  for (const details of AUDIT_DETAILS) {
    const { sentence, values } = describeActivity(buildAuditEvent({ details }));
    assert.ok(wording.text(`activity.event.${sentence}`, values).length > 5, sentence);
  }
  for (const factor of ['password', 'totp', 'recovery-code', 'email-code', 'passkey'] as const) {
    for (const count of [1, 10]) {
      const row = describeActivity(buildAuditEvent({ details: { type: 'sign-in-refused', factor, count } }));
      assert.match(
        wording.text(`activity.event.${row.sentence}`, row.values),
        count === 1 ? /^Sign-in refused: / : /10 times/,
      );
    }
  }
  for (const factor of ['password', 'totp', 'email-code', 'passkey'] as const) {
    for (const count of [1, 10]) {
      const row = describeActivity(buildAuditEvent({ details: { type: 'confirmation-refused', factor, count } }));
      const words = wording.text(`activity.event.${row.sentence}`, row.values);
      assert.match(words, count === 1 ? /^A change was not confirmed: / : /10 times/);
    }
  }
});
