import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { addSeconds } from '../../src/lib/clock.ts';
import { digest } from '../../src/lib/digest.ts';
import type { DurableKind, DurableRecordStore } from '../../src/storage/mongo/durable-record-store.ts';
import type { SpentStore } from '../../src/storage/mongo/spent-store.ts';
import { TEST_START, type TestClock } from '../support/clock.ts';
import { race } from '../support/race.ts';

interface Opened {
  readonly storage: { readonly records: DurableRecordStore; readonly spentCodes: SpentStore };
  readonly clock: TestClock;
}

const TTL = 60;
const ID = digest('id');
const KINDS: readonly DurableKind[] = ['Consent', 'Grant', 'RefreshToken'];

/** Holds a backend to what `DurableRecordStore` and `SpentStore` promise. */
export function describeDurableRecordStore(name: string, open: (t: TestContext) => Promise<Opened>): void {
  describe(`${name}: durable records`, () => {
    test('a record survives as it was, and kinds are kept apart', async (t) => {
      const { records } = (await open(t)).storage;
      const text = JSON.stringify({ text: 'ä "quoted" 👩‍💻', long: 'x'.repeat(20_000) });
      for (const kind of KINDS) {
        assert.equal(await records.find(kind, ID), undefined);
        await records.put(kind, ID, buildRecord(kind + text), {});
      }
      for (const kind of KINDS) {
        assert.deepEqual(await records.find(kind, ID), buildRecord(kind + text));
        await records.delete(kind, ID);
        await records.delete(kind, ID);
        assert.equal(await records.find(kind, ID), undefined);
      }
    });

    test('a second put replaces the record and what it is found by, but never makes it unused', async (t) => {
      const { records } = (await open(t)).storage;
      const consumedAt = addSeconds(TEST_START, 1.001);
      const second = { payload: 'second', expiresAt: addSeconds(TEST_START, 2 * TTL) };
      await records.put('RefreshToken', ID, buildRecord('first'), { grantId: 'first', accountId: 'first' });
      await records.consume('RefreshToken', ID, consumedAt);
      await records.put('RefreshToken', ID, second, { grantId: 'second' });

      assert.deepEqual(await records.find('RefreshToken', ID), { ...second, consumedAt });
      assert.equal(await records.consume('RefreshToken', ID, TEST_START), false);
      await records.deleteByGrant('first');
      await records.deleteByAccount('first');
      assert.deepEqual(await records.find('RefreshToken', ID), { ...second, consumedAt });
      await records.deleteByGrant('second');
      assert.equal(await records.find('RefreshToken', ID), undefined);
    });

    test('many that put one new record at once all succeed', async (t) => {
      const { records } = (await open(t)).storage;
      await race(50, (index) => records.put('Grant', ID, buildRecord(`${index}`), { accountId: 'account' }));
      assert.ok(await records.find('Grant', ID));
    });

    test('what is there is replaced, and what is gone or expired stays away', async (t) => {
      const { storage, clock } = await open(t);
      const { records } = storage;
      for (const kind of ['Consent', 'Grant'] as const) {
        assert.equal(await records.replace(kind, ID, buildRecord('second'), {}), false);
        await records.put(kind, ID, buildRecord('first'), {});
        assert.equal(await records.replace(kind, ID, buildRecord('second'), {}), true);
        assert.deepEqual(await records.find(kind, ID), buildRecord('second'));
      }
      clock.advance(TTL);
      assert.equal(await records.replace('Grant', ID, buildRecord('later'), {}), false);
      await records.delete('Consent', ID);
      assert.equal(await records.replace('Consent', ID, buildRecord('later'), {}), false);
    });

    test('a consent goes with its grants and is listed no more, and others stay', async (t) => {
      const { records } = (await open(t)).storage;
      for (const consent of ['mine', 'other']) {
        await records.put('Consent', digest(consent), buildRecord(consent), { accountId: 'account' });
        await records.put('Grant', digest(consent), buildRecord('grant'), { grantId: digest(consent) });
      }
      await records.deleteByConsent(digest('mine'));
      await records.deleteByConsent(digest('mine'));
      const remaining = await records.listByAccount('Consent', 'account');
      assert.deepEqual(remaining, [{ ...buildRecord('other'), id: digest('other') }]);
      assert.equal(await records.find('Grant', digest('mine')), undefined);
      assert.deepEqual(await records.find('Grant', digest('other')), buildRecord('grant'));
    });

    test('it is there until its time is up, and not a millisecond longer', async (t) => {
      const { storage, clock } = await open(t);
      const { records } = storage;
      for (const kind of KINDS) await records.put(kind, ID, buildRecord(kind), {});
      clock.advance(TTL - 0.001);
      for (const kind of KINDS) assert.deepEqual(await records.find(kind, ID), buildRecord(kind));
      clock.advance(0.001);
      for (const kind of KINDS) {
        assert.equal(await records.find(kind, ID), undefined);
        assert.equal(await records.consume(kind, ID, TEST_START), false);
      }
    });

    test('of many that use it at once, one does, and the moment is kept', async (t) => {
      const { records } = (await open(t)).storage;
      await records.put('RefreshToken', ID, buildRecord('token'), { grantId: 'grant' });
      const outcomes = await race(50, (index) =>
        records.consume('RefreshToken', ID, addSeconds(TEST_START, index / 1000)),
      );
      assert.equal(outcomes.filter(Boolean).length, 1);
      assert.deepEqual(await records.find('RefreshToken', ID), {
        ...buildRecord('token'),
        consumedAt: addSeconds(TEST_START, outcomes.indexOf(true) / 1000),
      });
    });

    test('what is absent or of another kind is not used', async (t) => {
      const { records } = (await open(t)).storage;
      await records.put('RefreshToken', ID, buildRecord('token'), {});
      assert.equal(await records.consume('Grant', ID, TEST_START), false);
      assert.equal(await records.consume('RefreshToken', digest('other'), TEST_START), false);
      assert.deepEqual(await records.find('RefreshToken', ID), buildRecord('token'));
    });

    test('a grant goes with its refresh tokens, again and again, and others stay', async (t) => {
      const { records } = (await open(t)).storage;
      for (const grantId of ['mine', 'other']) {
        await records.put('Grant', digest(grantId), buildRecord('grant'), {});
        for (const token of ['1', '2']) {
          await records.put('RefreshToken', digest(token + grantId), buildRecord('token'), { grantId });
        }
      }

      await records.deleteByGrant('mine', digest('mine'));
      await records.deleteByGrant('mine', digest('mine'));

      assert.equal(await records.find('Grant', digest('mine')), undefined);
      assert.equal(await records.find('RefreshToken', digest('1mine')), undefined);
      assert.equal(await records.find('RefreshToken', digest('2mine')), undefined);
      assert.deepEqual(await records.find('Grant', digest('other')), buildRecord('grant'));
      assert.deepEqual(await records.find('RefreshToken', digest('1other')), buildRecord('token'));
    });

    test('where its own record is not named the grant itself stays', async (t) => {
      const { records } = (await open(t)).storage;
      await records.put('Grant', digest('grant'), buildRecord('grant'), {});
      await records.put('RefreshToken', ID, buildRecord('token'), { grantId: 'grant' });
      await records.deleteByGrant('grant');
      assert.equal(await records.find('RefreshToken', ID), undefined);
      assert.deepEqual(await records.find('Grant', digest('grant')), buildRecord('grant'));
    });

    test('all that an account has goes, and what others and nobody have stays', async (t) => {
      const { records } = (await open(t)).storage;
      for (const kind of KINDS) {
        for (const accountId of ['mine', 'other']) {
          await records.put(kind, digest(accountId), buildRecord(kind), { accountId });
        }
        await records.put(kind, digest('nobody'), buildRecord(kind), {});
      }
      await records.deleteByAccount('mine');
      await records.deleteByAccount('mine');
      for (const kind of KINDS) {
        assert.equal(await records.find(kind, digest('mine')), undefined);
        for (const id of ['other', 'nobody']) {
          assert.deepEqual(await records.find(kind, digest(id)), buildRecord(kind));
        }
      }
    });
  });

  describe(`${name}: spent codes`, () => {
    test('of many that spend a code at once one does, and nobody ever after', async (t) => {
      const { storage, clock } = await open(t);
      const { spentCodes } = storage;
      const expiresAt = addSeconds(TEST_START, TTL);
      const outcomes = await race(50, () => spentCodes.spend(ID, expiresAt));
      assert.equal(outcomes.filter(Boolean).length, 1);
      clock.advance(2 * TTL);
      assert.equal(await spentCodes.spend(ID, addSeconds(expiresAt, TTL)), false);
      assert.equal(await spentCodes.spend(digest('other'), expiresAt), true);
    });
  });
}

function buildRecord(payload: string) {
  return { payload, expiresAt: addSeconds(TEST_START, TTL) };
}
