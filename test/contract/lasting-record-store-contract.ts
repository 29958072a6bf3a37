import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { addSeconds } from '../../src/lib/clock.ts';
import { digest } from '../../src/lib/digest.ts';
import type { LastingKind, LastingRecord, LastingRecordStore } from '../../src/oidc/lasting-record-store.ts';
import type { DurableRecordStore } from '../../src/storage/mongo/durable-record-store.ts';
import { TEST_START, type TestClock } from '../support/clock.ts';
import { race } from '../support/race.ts';

interface Opened {
  readonly storage: {
    readonly records: Pick<DurableRecordStore, 'put' | 'find' | 'consume' | 'deleteByGrant'>;
    readonly lastingRecords: LastingRecordStore;
  };
  readonly clock: TestClock;
}

const TTL = 60;
const KINDS: readonly LastingKind[] = ['Consent', 'Grant', 'RefreshToken'];

/** Holds a backend to what `LastingRecordStore` promises. */
export function describeLastingRecordStore(name: string, open: (t: TestContext) => Promise<Opened>): void {
  describe(`${name}: lasting records`, () => {
    test('a record is inserted as it was, used and with what it is found by', async (t) => {
      const { records, lastingRecords } = (await open(t)).storage;
      const record = buildFullRecord();
      for (const kind of KINDS) {
        assert.equal(await lastingRecords.insert(kind, record), true);
        assert.deepEqual(await lastingRecords.list(kind, 10), [record]);
        const { payload, expiresAt, consumedAt } = record;
        assert.deepEqual(await records.find(kind, record.id), { payload, expiresAt, consumedAt });
        assert.equal(await records.consume(kind, record.id, TEST_START), false);
      }
      await records.deleteByGrant(record.grantId);
      assert.deepEqual(await lastingRecords.list('RefreshToken', 10), []);
    });

    test('what is undefined comes back absent', async (t) => {
      const { lastingRecords } = (await open(t)).storage;
      const bare = buildRecord('bare');
      await lastingRecords.insert('Grant', {
        ...bare,
        consumedAt: undefined,
        grantId: undefined,
        accountId: undefined,
      });
      assert.deepEqual(await lastingRecords.list('Grant', 10), [bare]);
    });

    test('what a server has put is listed with what it is found by', async (t) => {
      const { records, lastingRecords } = (await open(t)).storage;
      const { id, payload, expiresAt, consumedAt, ...index } = buildFullRecord();
      await records.put('RefreshToken', id, { payload, expiresAt }, index);
      await records.consume('RefreshToken', id, consumedAt);
      assert.deepEqual(await lastingRecords.list('RefreshToken', 10), [
        { id, payload, expiresAt, consumedAt, ...index },
      ]);
    });

    test('an id is taken once, even by many at once, and an expired one is not replaced', async (t) => {
      const { storage, clock } = await open(t);
      const record = buildRecord('one');
      const outcomes = await race(20, () => storage.lastingRecords.insert('Grant', record));
      assert.equal(outcomes.filter(Boolean).length, 1);
      clock.advance(TTL);
      const later = { ...record, expiresAt: addSeconds(TEST_START, 2 * TTL) };
      assert.equal(await storage.lastingRecords.insert('Grant', later), false);
      assert.deepEqual(await storage.lastingRecords.list('Grant', 10), []);
    });

    test('a list is of one kind, ordered by id, and goes on behind one', async (t) => {
      const { storage } = await open(t);
      const { records, lastingRecords } = storage;
      const built = Array.from({ length: 7 }, (_, index) => buildRecord(`${index}`));
      const edges = ['-', '_', 'A', 'Z', 'a', 'z', '0', '9'].map((id) => ({ ...buildRecord(id), id: id.repeat(43) }));
      await Promise.all([...built, ...edges].map((record) => lastingRecords.insert('Grant', record)));
      await records.put('RefreshToken', digest('other'), buildRecord('other'), {});

      const all = await lastingRecords.list('Grant', 100);
      const first = await lastingRecords.list('Grant', 4);
      const second = await lastingRecords.list('Grant', 100, first.at(-1)?.id);

      const order = [...built, ...edges].toSorted((left, right) => (left.id < right.id ? -1 : 1));
      assert.deepEqual(all, order);
      assert.deepEqual([first.length, ...first, ...second], [4, ...order]);
    });

    test('what is expired is not listed', async (t) => {
      const { storage, clock } = await open(t);
      const record = buildRecord('one');
      await storage.lastingRecords.insert('Grant', record);
      clock.advance(TTL - 0.001);
      assert.deepEqual(await storage.lastingRecords.list('Grant', 10), [record]);
      clock.advance(0.001);
      assert.deepEqual(await storage.lastingRecords.list('Grant', 10), []);
    });
  });
}

function buildRecord(name: string): LastingRecord {
  return { id: digest(name), payload: `"${name}"`, expiresAt: addSeconds(TEST_START, TTL) };
}

/** With every optional field. */
function buildFullRecord() {
  return {
    ...buildRecord('ä "quoted" 👩‍💻'),
    consumedAt: addSeconds(TEST_START, 0.001),
    grantId: 'grant',
    accountId: 'account',
  } satisfies Required<LastingRecord>;
}
