import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { addSeconds } from '../../src/lib/clock.ts';
import type { Page } from '../../src/lib/cursor.ts';
import type { MailId } from '../../src/lib/ids.ts';
import type { ClaimedMailJob, MailJob, NewMailJob, OutboxStore } from '../../src/mail/outbox-store.ts';
import { buildMailJob } from '../support/builders.ts';
import { TEST_START } from '../support/clock.ts';
import { race } from '../support/race.ts';
import { requireValue } from '../support/require-value.ts';
import type { OpenStores } from '../support/storages.ts';

const LEASE = 120;

/** Holds a backend to what `OutboxStore` promises. */
export function describeOutboxStore(name: string, open: OpenStores<'outbox'>): void {
  describe(`${name}: outbox`, () => {
    test('a claim has everything that was inserted, and its number', async (t) => {
      const { outbox } = (await open(t)).storage;
      const job = buildMailJob({
        dedupeKey: 'a key',
        sealedLetter: Uint8Array.from({ length: 256 }, (_, byte) => byte),
        expiresAt: addSeconds(TEST_START, 0.001),
      });
      assert.equal(await outbox.insert(job), true);
      const { dedupeKey: _, ...rest } = job;
      assert.deepEqual(await outbox.claim(LEASE), { ...rest, attempt: 1 });
    });

    test('an id is taken once, and so is a deduplication key, even by one of many at once', async (t) => {
      const { outbox } = (await open(t)).storage;
      const job = buildMailJob();
      assert.equal(await outbox.insert(job), true);
      assert.equal(await outbox.insert({ ...buildMailJob(), id: job.id }), false);

      const outcomes = await race(50, () => outbox.insert(buildMailJob({ dedupeKey: 'key' })));
      assert.equal(outcomes.filter(Boolean).length, 1);
      assert.equal(await outbox.insert(buildMailJob({ dedupeKey: 'other' })), true);
      assert.equal(await outbox.insert(buildMailJob()), true);
      assert.equal((await listAll(outbox)).length, 4);
    });

    test('a key stays taken when its mail is sent or given up, until that is swept', async (t) => {
      const { storage, clock } = await open(t);
      const { outbox } = storage;
      for (const [key, state] of [['one', 'sent'] as const, ['two', 'dead'] as const]) {
        await outbox.insert(buildMailJob({ dedupeKey: key }));
        await outbox.finish(await requireClaim(outbox), state);
        assert.equal(await outbox.insert(buildMailJob({ dedupeKey: key })), false);
        await outbox.sweep(state, addSeconds(clock.now(), 0.001));
        assert.equal(await outbox.insert(buildMailJob({ dedupeKey: key })), true);
        await outbox.finish(await requireClaim(outbox), state);
      }
    });

    test('of many workers at once each gets another job, and nobody one that is held', async (t) => {
      const { outbox } = (await open(t)).storage;
      const jobs = await insertMany(outbox, 20);
      const claims = await race(50, () => outbox.claim(LEASE));
      const held = claims.flatMap((claim) => claim?.id ?? []);
      assert.deepEqual(held.toSorted(), jobs.map(({ id }) => id).toSorted());
      assert.equal(await outbox.claim(LEASE), undefined);
    });

    test('a lease ends to the millisecond, and then one of many gets the job of the worker that died', async (t) => {
      const { storage, clock } = await open(t);
      const { outbox } = storage;
      await outbox.insert(buildMailJob());
      const dead = await requireClaim(outbox);
      clock.advance(LEASE - 0.001);
      assert.equal(await outbox.claim(LEASE), undefined);
      clock.advance(0.001);
      const claims = await race(20, () => outbox.claim(LEASE));
      assert.deepEqual(claims.filter(Boolean), [{ ...dead, attempt: 2 }]);
    });

    test('whoever is due for longest comes first', async (t) => {
      const { storage, clock } = await open(t);
      const { outbox } = storage;
      const times = [3, 1, 2];
      for (const seconds of times) {
        await outbox.insert(buildMailJob({ kind: `${seconds}`, createdAt: addSeconds(TEST_START, seconds) }));
      }
      assert.equal(await outbox.claim(LEASE), undefined);
      clock.advance(3);
      const kinds = [await requireClaim(outbox), await requireClaim(outbox), await requireClaim(outbox)];
      assert.deepEqual(
        kinds.map(({ kind }) => kind),
        ['1', '2', '3'],
      );
    });

    test('an expired job is claimed too, so that it can be given up', async (t) => {
      const { storage, clock } = await open(t);
      const job = buildMailJob({ expiresAt: addSeconds(TEST_START, 1) });
      await storage.outbox.insert(job);
      clock.advance(3600);
      assert.equal((await requireClaim(storage.outbox)).id, job.id);
    });

    test('what is put back is due when it was said, and says why', async (t) => {
      const { storage, clock } = await open(t);
      const { outbox } = storage;
      const job = buildMailJob();
      await outbox.insert(job);
      const dueAt = addSeconds(TEST_START, 5);
      assert.equal(await outbox.putBack(await requireClaim(outbox), dueAt, 'ECONNECTION'), true);

      assert.deepEqual(await listAll(outbox), [
        { ...describeJob(job), state: 'pending', attempts: 1, dueAt, failure: 'ECONNECTION' },
      ]);
      clock.advance(4.999);
      assert.equal(await outbox.claim(LEASE), undefined);
      clock.advance(0.001);
      const again = await requireClaim(outbox);
      assert.equal(again.attempt, 2);
      assert.deepEqual(again.sealedLetter, job.sealedLetter);
      assert.equal(await outbox.putBack(again, clock.now()), true);
      assert.equal((await listAll(outbox))[0]?.failure, 'ECONNECTION', 'what is not said stays');
    });

    test('what is finished is never claimed again, and its letter is gone', async (t) => {
      const { storage, clock } = await open(t);
      const { outbox } = storage;
      const [sent, dead] = [buildMailJob(), buildMailJob({ createdAt: addSeconds(TEST_START, 0.001) })];
      for (const job of [sent, dead]) await outbox.insert(job);
      clock.advance(1);
      const finishedAt = clock.now();
      assert.equal(await outbox.finish(await requireClaim(outbox), 'sent'), true);
      assert.equal(await outbox.finish(await requireClaim(outbox), 'dead', 'EENVELOPE 550'), true);

      const dueAt = addSeconds(finishedAt, LEASE);
      assert.deepEqual(await listAll(outbox), [
        { ...describeJob(sent), state: 'sent', attempts: 1, dueAt, finishedAt },
        { ...describeJob(dead), state: 'dead', attempts: 1, dueAt, failure: 'EENVELOPE 550', finishedAt },
      ]);
      clock.advance(2 * LEASE);
      assert.equal(await outbox.claim(LEASE), undefined);
    });

    test('only the latest claim counts, and only once', async (t) => {
      const { storage, clock } = await open(t);
      const { outbox } = storage;
      await outbox.insert(buildMailJob());
      const old = await requireClaim(outbox);
      clock.advance(LEASE);
      const latest = await requireClaim(outbox);
      assert.equal(await outbox.finish(old, 'sent'), false);
      assert.equal(await outbox.putBack(old, clock.now()), false);

      const outcomes = await race(20, (index) =>
        index % 2 ? outbox.finish(latest, 'sent') : outbox.finish(latest, 'dead'),
      );
      assert.equal(outcomes.filter(Boolean).length, 1);
      assert.equal(await outbox.putBack(latest, clock.now()), false);
      assert.equal(await outbox.finish({ id: 'absent' as MailId, attempt: 1 }, 'sent'), false);
      assert.equal(await outbox.putBack({ id: 'absent' as MailId, attempt: 1 }, clock.now()), false);
    });

    test('a list is in the order of creation, resumes where it stopped, and can be of one state', async (t) => {
      const { outbox } = (await open(t)).storage;
      const jobs = await insertMany(outbox, 7);
      for (let count = 0; count < 3; count += 1) await outbox.finish(await requireClaim(outbox), 'sent');
      const ids = jobs.map(({ id }) => id).toSorted();

      const first = await outbox.list({ limit: 4 });
      const second = await outbox.list({ limit: 4, after: first.next });
      assert.deepEqual(idsOf(first, second), ids);
      assert.equal(second.next, undefined);
      const sent = await outbox.list({ limit: 2 }, 'sent');
      const more = await outbox.list({ limit: 2, after: sent.next }, 'sent');
      assert.equal(idsOf(sent, more).length, 3);
      assert.equal((await listAll(outbox, 'pending')).length, 4);
      assert.deepEqual(await listAll(outbox, 'dead'), []);
    });

    test('a sweep takes what ended in that state before that moment, and nothing else', async (t) => {
      const { storage, clock } = await open(t);
      const { outbox } = storage;
      await insertMany(outbox, 5);
      const claims = [await requireClaim(outbox), await requireClaim(outbox), await requireClaim(outbox)];
      const [early, late, dead] = claims;
      await outbox.finish(requireValue(early), 'sent');
      await outbox.finish(requireValue(dead), 'dead');
      clock.advance(1);
      await outbox.finish(requireValue(late), 'sent');

      await outbox.sweep('sent', TEST_START);
      assert.equal((await listAll(outbox)).length, 5);
      await outbox.sweep('sent', clock.now());
      assert.deepEqual(
        (await listAll(outbox, 'sent')).map(({ id }) => id),
        [late?.id],
      );
      await outbox.sweep('dead', clock.now());
      assert.deepEqual(await listAll(outbox, 'dead'), []);
      assert.equal((await listAll(outbox, 'pending')).length, 2);
    });
  });
}

async function insertMany(outbox: OutboxStore, count: number): Promise<readonly NewMailJob[]> {
  const jobs = Array.from({ length: count }, () => buildMailJob());
  for (const job of jobs) assert.equal(await outbox.insert(job), true);
  return jobs;
}

async function requireClaim(outbox: OutboxStore): Promise<ClaimedMailJob> {
  return requireValue(await outbox.claim(LEASE));
}

async function listAll(outbox: OutboxStore, state?: MailJob['state']): Promise<readonly MailJob[]> {
  return (await outbox.list({ limit: 100 }, state)).items;
}

/** What a list shows of a job as it was inserted. */
function describeJob({ id, kind, createdAt, expiresAt }: NewMailJob) {
  return { id, kind, createdAt, expiresAt };
}

function idsOf(...pages: readonly Page<MailJob>[]): readonly MailId[] {
  return pages.flatMap(({ items }) => items.map(({ id }) => id));
}
