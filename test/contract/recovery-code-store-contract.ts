import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { addSeconds } from '../../src/lib/clock.ts';
import { buildRecoveryCodeSet } from '../support/builders.ts';
import { TEST_START } from '../support/clock.ts';
import { race } from '../support/race.ts';
import type { OpenStores } from '../support/storages.ts';
import { insertAccount } from '../support/stored-account.ts';

const LATER = addSeconds(TEST_START, 3600.004);

/** Holds a backend to what `RecoveryCodeStore` promises. */
export function describeRecoveryCodeStore(
  name: string,
  open: OpenStores<'organizations' | 'accounts' | 'recoveryCodes'>,
): void {
  describe(`${name}: recovery codes`, () => {
    const openWithAccounts = async (t: TestContext) => {
      const { storage } = await open(t);
      const [{ id: accountId }, { id: otherId }] = [await insertAccount(storage), await insertAccount(storage)];
      return { store: storage.recoveryCodes, accountId, otherId };
    };

    test('every field survives, and the order of the codes', async (t) => {
      const { store, accountId } = await openWithAccounts(t);
      const codes = [{ digest: 'second' }, { digest: 'first', spentAt: LATER }, { digest: 'third' }];
      const set = { accountId, codes, madeAt: addSeconds(TEST_START, 0.007) };
      await store.replace(set);
      assert.deepEqual(await store.find(accountId), set);
    });

    test('a set is inserted where there is none, even by many at once, and replaces nothing', async (t) => {
      const { store, accountId } = await openWithAccounts(t);
      const set = buildRecoveryCodeSet({ accountId });
      const outcomes = await race(20, () => store.insert(set));
      assert.equal(outcomes.filter(Boolean).length, 1);
      assert.equal(await store.insert({ ...set, codes: [{ digest: 'other' }] }), false);
      assert.deepEqual(await store.find(accountId), set);
    });

    test('a second set takes the place of the first whole, and the codes of the first are worth nothing', async (t) => {
      const { store, accountId } = await openWithAccounts(t);
      const second = buildRecoveryCodeSet({ accountId, codes: [{ digest: 'new' }], madeAt: LATER });
      await store.replace(buildRecoveryCodeSet({ accountId, codes: [{ digest: 'old' }, { digest: 'older' }] }));
      await store.replace(second);
      assert.equal(await store.spend(accountId, 'old', LATER), false);
      assert.deepEqual(await store.find(accountId), second);
    });

    test('a code is spent once, and the others stay', async (t) => {
      const { store, accountId } = await openWithAccounts(t);
      const set = buildRecoveryCodeSet({ accountId, codes: [{ digest: 'a' }, { digest: 'b' }, { digest: 'c' }] });
      await store.replace(set);
      assert.equal(await store.spend(accountId, 'b', LATER), true);
      assert.equal(await store.spend(accountId, 'b', addSeconds(LATER, 1)), false);
      assert.deepEqual(await store.find(accountId), {
        ...set,
        codes: [{ digest: 'a' }, { digest: 'b', spentAt: LATER }, { digest: 'c' }],
      });
    });

    test('of many that spend one code at once, one succeeds', async (t) => {
      const { store, accountId } = await openWithAccounts(t);
      await store.replace(buildRecoveryCodeSet({ accountId, codes: [{ digest: 'a' }, { digest: 'b' }] }));
      const outcomes = await race(50, () => store.spend(accountId, 'b', LATER));
      assert.equal(outcomes.filter(Boolean).length, 1);
    });

    test('many that spend different codes at once all succeed, and none is spent twice', async (t) => {
      const { store, accountId } = await openWithAccounts(t);
      const digests = Array.from({ length: 10 }, (_, index) => `code ${index}`);
      await store.replace(buildRecoveryCodeSet({ accountId, codes: digests.map((digest) => ({ digest })) }));
      const outcomes = await race(30, (index) => store.spend(accountId, `code ${index % 10}`, LATER));
      assert.equal(outcomes.filter(Boolean).length, 10);
      const codes = (await store.find(accountId))?.codes;
      assert.deepEqual(
        codes,
        digests.map((digest) => ({ digest, spentAt: LATER })),
      );
    });

    test('a code is spent for its own account only', async (t) => {
      const { store, accountId, otherId } = await openWithAccounts(t);
      const set = buildRecoveryCodeSet({ accountId, codes: [{ digest: 'a' }] });
      await store.replace(set);
      await store.replace(buildRecoveryCodeSet({ accountId: otherId, codes: [{ digest: 'b' }] }));
      assert.equal(await store.spend(otherId, 'a', LATER), false);
      assert.equal(await store.spend(accountId, 'c', LATER), false);
      assert.deepEqual(await store.find(accountId), set);
    });

    test('where there is none nothing is found, spent or deleted', async (t) => {
      const { store, accountId } = await openWithAccounts(t);
      assert.equal(await store.find(accountId), undefined);
      assert.equal(await store.spend(accountId, 'a', LATER), false);
      assert.equal(await store.delete(accountId), false);
    });

    test('a deleted set is gone with its codes', async (t) => {
      const { store, accountId } = await openWithAccounts(t);
      await store.replace(buildRecoveryCodeSet({ accountId, codes: [{ digest: 'a' }] }));
      assert.equal(await store.delete(accountId), true);
      assert.equal(await store.find(accountId), undefined);
      assert.equal(await store.spend(accountId, 'a', LATER), false);
    });
  });
}
