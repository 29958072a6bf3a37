import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import type { Totp } from '../../src/totp/totp-store.ts';
import { buildTotp } from '../support/builders.ts';
import { race } from '../support/race.ts';
import type { OpenStores } from '../support/storages.ts';
import { insertAccount } from '../support/stored-account.ts';

/** Holds a backend to what `TotpStore` promises. */
export function describeTotpStore(name: string, open: OpenStores<'organizations' | 'accounts' | 'totps'>): void {
  describe(`${name}: totps`, () => {
    const openWithAccount = async (t: TestContext) => {
      const { storage } = await open(t);
      return { totps: storage.totps, accountId: (await insertAccount(storage)).id };
    };

    test('every field survives', async (t) => {
      const { totps, accountId } = await openWithAccount(t);
      const totp: Required<Totp> = {
        ...buildTotp({ accountId, lastStep: 58_000_000 }),
        sealedSecret: Uint8Array.from({ length: 256 }, (_, byte) => byte),
      };
      await totps.put(totp);
      assert.deepEqual(await totps.find(accountId), totp);
    });

    test('one is inserted where there is none, even by many at once, and replaces nothing', async (t) => {
      const { totps, accountId } = await openWithAccount(t);
      const totp = buildTotp({ accountId, lastStep: 3 });
      const outcomes = await race(20, () => totps.insert(totp));
      assert.equal(outcomes.filter(Boolean).length, 1);
      assert.equal(await totps.insert(buildTotp({ accountId, lastStep: 9 })), false);
      assert.deepEqual(await totps.find(accountId), totp);
    });

    test('a second one put replaces the first whole', async (t) => {
      const { totps, accountId } = await openWithAccount(t);
      const second = buildTotp({ accountId, lastStep: 3 });
      await totps.put(buildTotp({ accountId, lastStep: 9 }));
      await totps.put(second);
      assert.deepEqual(await totps.find(accountId), second);
    });

    test('the step only moves forward', async (t) => {
      const { totps, accountId } = await openWithAccount(t);
      const totp = buildTotp({ accountId, lastStep: 10 });
      await totps.put(totp);
      assert.equal(await totps.advance(accountId, 10), false);
      assert.equal(await totps.advance(accountId, 9), false);
      assert.deepEqual(await totps.find(accountId), totp);
      assert.equal(await totps.advance(accountId, 12), true);
      assert.equal(await totps.advance(accountId, 11), false);
      assert.deepEqual(await totps.find(accountId), { ...totp, lastStep: 12 });
    });

    test('of many that use one step at once, one succeeds', async (t) => {
      const { totps, accountId } = await openWithAccount(t);
      await totps.put(buildTotp({ accountId, lastStep: 10 }));
      const outcomes = await race(50, () => totps.advance(accountId, 11));
      assert.equal(outcomes.filter(Boolean).length, 1);
    });

    test('where there is none nothing is found, advanced or deleted', async (t) => {
      const { totps, accountId } = await openWithAccount(t);
      assert.equal(await totps.find(accountId), undefined);
      assert.equal(await totps.advance(accountId, 11), false);
      assert.equal(await totps.delete(accountId), false);
    });

    test('a deleted one is gone', async (t) => {
      const { totps, accountId } = await openWithAccount(t);
      await totps.put(buildTotp({ accountId }));
      assert.equal(await totps.delete(accountId), true);
      assert.equal(await totps.find(accountId), undefined);
    });
  });
}
