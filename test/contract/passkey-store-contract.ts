import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { addSeconds } from '../../src/lib/clock.ts';
import type { AccountId } from '../../src/lib/ids.ts';
import type { Passkey, PasskeyUse } from '../../src/passkeys/passkey-store.ts';
import { buildPasskey } from '../support/builders.ts';
import { TEST_START } from '../support/clock.ts';
import { race } from '../support/race.ts';
import { requireValue } from '../support/require-value.ts';
import type { OpenStores } from '../support/storages.ts';
import { insertAccount } from '../support/stored-account.ts';

const LIMIT = 20;

/** Holds a backend to what `PasskeyStore` promises. */
export function describePasskeyStore(name: string, open: OpenStores<'organizations' | 'accounts' | 'passkeys'>): void {
  describe(`${name}: passkeys`, () => {
    const openWithAccount = async (t: TestContext) => {
      const { storage } = await open(t);
      return { storage, passkeys: storage.passkeys, accountId: (await insertAccount(storage)).id };
    };

    test('every field survives', async (t) => {
      const { passkeys, accountId } = await openWithAccount(t);
      const passkey = buildFullPasskey(accountId);
      assert.equal(await passkeys.insert(passkey, LIMIT), 'inserted');
      assert.deepEqual(await passkeys.find(passkey.id), passkey);
      assert.deepEqual(await passkeys.listByAccount(accountId), [passkey]);
    });

    test('what is undefined comes back absent', async (t) => {
      const { passkeys, accountId } = await openWithAccount(t);
      const bare = buildPasskey({ accountId });
      await passkeys.insert({ ...bare, lastUsedAt: undefined, lastUsedWith: undefined, verifiedAt: undefined }, LIMIT);
      assert.deepEqual(await passkeys.find(bare.id), bare);
    });

    test('what is not there is undefined', async (t) => {
      const { passkeys, accountId } = await openWithAccount(t);
      assert.equal(await passkeys.find(buildPasskey().id), undefined);
      assert.deepEqual(await passkeys.listByAccount(accountId), []);
    });

    test('an id is taken by whichever account was first', async (t) => {
      const { storage, passkeys, accountId } = await openWithAccount(t);
      const other = await insertAccount(storage);
      const passkey = buildPasskey({ accountId });
      const outcomes = await race(50, () => passkeys.insert(passkey, LIMIT));
      assert.equal(outcomes.filter((outcome) => outcome === 'inserted').length, 1);
      assert.equal(outcomes.filter((outcome) => outcome === 'taken').length, 49);
      assert.equal(await passkeys.insert({ ...passkey, accountId: other.id }, LIMIT), 'taken');
      assert.deepEqual(await passkeys.find(passkey.id), passkey);
    });

    test('an account has at most its limit, even if many are added at once', async (t) => {
      const { storage, passkeys, accountId } = await openWithAccount(t);
      const outcomes = await race(50, () => passkeys.insert(buildPasskey({ accountId }), LIMIT));
      assert.equal(outcomes.filter((outcome) => outcome === 'inserted').length, LIMIT);
      assert.equal(outcomes.filter((outcome) => outcome === 'full').length, 50 - LIMIT);
      assert.equal((await passkeys.listByAccount(accountId)).length, LIMIT);

      const other = await insertAccount(storage);
      assert.equal(await passkeys.insert(buildPasskey({ accountId: other.id }), LIMIT), 'inserted');
    });

    test('a list is of one account, oldest first', async (t) => {
      const { storage, passkeys, accountId } = await openWithAccount(t);
      const other = await insertAccount(storage);
      const old = buildPasskey({ accountId, createdAt: addSeconds(TEST_START, -0.001) });
      const recent = buildPasskey({ accountId });
      for (const passkey of [recent, old, buildPasskey({ accountId: other.id })]) await passkeys.insert(passkey, LIMIT);
      assert.deepEqual(await passkeys.listByAccount(accountId), [old, recent]);
    });

    test('a use is recorded whole, and only the first one verifies', async (t) => {
      const { passkeys, accountId } = await openWithAccount(t);
      const passkey = buildPasskey({ accountId, counter: 4, backedUp: true });
      const first = buildUse({ counter: 5, backedUp: false });
      const second = buildUse({ counter: 9, usedAt: addSeconds(TEST_START, 60), usedWith: 'Safari on macOS' });
      await passkeys.insert(passkey, LIMIT);

      assert.equal(await passkeys.recordUse(passkey.id, first), true);
      assert.deepEqual(await passkeys.find(passkey.id), {
        ...passkey,
        counter: 5,
        backedUp: false,
        lastUsedAt: first.usedAt,
        lastUsedWith: first.usedWith,
        verifiedAt: first.usedAt,
      });

      assert.equal(await passkeys.recordUse(passkey.id, second), true);
      const stored = requireValue(await passkeys.find(passkey.id));
      assert.deepEqual(
        [stored.counter, stored.backedUp, stored.lastUsedAt, stored.lastUsedWith, stored.verifiedAt],
        [9, true, second.usedAt, second.usedWith, first.usedAt],
      );
    });

    test('a counter that does not grow is refused and changes nothing', async (t) => {
      const { passkeys, accountId } = await openWithAccount(t);
      const passkey = buildPasskey({ accountId, counter: 5 });
      await passkeys.insert(passkey, LIMIT);
      for (const counter of [5, 4, 0]) assert.equal(await passkeys.recordUse(passkey.id, buildUse({ counter })), false);
      assert.deepEqual(await passkeys.find(passkey.id), passkey);
    });

    test('a passkey that does not count is used again and again', async (t) => {
      const { passkeys, accountId } = await openWithAccount(t);
      const passkey = buildPasskey({ accountId, counter: 0 });
      await passkeys.insert(passkey, LIMIT);
      assert.equal(await passkeys.recordUse(passkey.id, buildUse({ counter: 0 })), true);
      assert.equal(await passkeys.recordUse(passkey.id, buildUse({ counter: 0 })), true);
    });

    test('a passkey that begins to count stays counted', async (t) => {
      const { passkeys, accountId } = await openWithAccount(t);
      const passkey = buildPasskey({ accountId, counter: 0 });
      await passkeys.insert(passkey, LIMIT);
      assert.equal(await passkeys.recordUse(passkey.id, buildUse({ counter: 4_294_967_295 })), true);
      assert.equal(await passkeys.recordUse(passkey.id, buildUse({ counter: 0 })), false);
    });

    test('of many uses with one counter at once, one is recorded', async (t) => {
      const { passkeys, accountId } = await openWithAccount(t);
      const passkey = buildPasskey({ accountId, counter: 1 });
      await passkeys.insert(passkey, LIMIT);
      const outcomes = await race(50, () => passkeys.recordUse(passkey.id, buildUse({ counter: 2 })));
      assert.equal(outcomes.filter(Boolean).length, 1);
    });

    test('a use of a deleted passkey is refused', async (t) => {
      const { passkeys, accountId } = await openWithAccount(t);
      const passkey = buildPasskey({ accountId });
      await passkeys.insert(passkey, LIMIT);
      await passkeys.delete(accountId, passkey.id, false);
      assert.equal(await passkeys.recordUse(passkey.id, buildUse()), false);
      assert.equal(await passkeys.find(passkey.id), undefined);
    });

    test('only the owner renames', async (t) => {
      const { storage, passkeys, accountId } = await openWithAccount(t);
      const other = await insertAccount(storage);
      const passkey = buildPasskey({ accountId });
      await passkeys.insert(passkey, LIMIT);

      assert.equal(await passkeys.rename(other.id, passkey.id, 'Theirs'), false);
      assert.equal(await passkeys.rename(accountId, buildPasskey().id, 'Nothing'), false);
      assert.deepEqual(await passkeys.find(passkey.id), passkey);
      assert.equal(await passkeys.rename(accountId, passkey.id, 'My "phone"'), true);
      assert.deepEqual(await passkeys.find(passkey.id), { ...passkey, name: 'My "phone"' });
    });

    test('only the owner deletes', async (t) => {
      const { storage, passkeys, accountId } = await openWithAccount(t);
      const other = await insertAccount(storage);
      const passkey = buildPasskey({ accountId });
      await passkeys.insert(passkey, LIMIT);
      assert.equal(await passkeys.delete(other.id, passkey.id, false), 'absent');
      assert.equal(await passkeys.delete(accountId, passkey.id, false), 'deleted');
      assert.equal(await passkeys.delete(accountId, passkey.id, false), 'absent');
    });

    test('where one must be kept the last one stays, even if all are deleted at once', async (t) => {
      const { passkeys, accountId } = await openWithAccount(t);
      const owned = Array.from({ length: 10 }, () => buildPasskey({ accountId }));
      await race(owned.length, (index) => passkeys.insert(requireValue(owned[index]), LIMIT));

      const outcomes = await Promise.all(owned.map(({ id }) => passkeys.delete(accountId, id, true)));

      assert.equal(outcomes.filter((outcome) => outcome === 'deleted').length, 9);
      assert.equal(outcomes.filter((outcome) => outcome === 'last').length, 1);
      assert.equal((await passkeys.listByAccount(accountId)).length, 1);
    });

    test('passkeys of another account do not count as a last one', async (t) => {
      const { storage, passkeys, accountId } = await openWithAccount(t);
      const other = await insertAccount(storage);
      const passkey = buildPasskey({ accountId });
      await passkeys.insert(passkey, LIMIT);
      await passkeys.insert(buildPasskey({ accountId: other.id }), LIMIT);
      assert.equal(await passkeys.delete(accountId, passkey.id, true), 'last');
      assert.deepEqual(await passkeys.find(passkey.id), passkey);
    });

    test('a passkey made for any other RP ID is noticed', async (t) => {
      const { passkeys, accountId } = await openWithAccount(t);
      assert.equal(await passkeys.existsForOtherRpId('login.example.com'), false);
      await passkeys.insert(buildPasskey({ accountId, rpId: 'login.example.com' }), LIMIT);
      assert.equal(await passkeys.existsForOtherRpId('login.example.com'), false);
      assert.equal(await passkeys.existsForOtherRpId('a.example.com'), true);
      assert.equal(await passkeys.existsForOtherRpId('z.example.com'), true);
    });
  });
}

function buildUse(overrides: Partial<PasskeyUse> = {}): PasskeyUse {
  return { counter: 1, backedUp: true, usedAt: TEST_START, usedWith: 'Firefox on Linux', ...overrides };
}

function buildFullPasskey(accountId: AccountId): Required<Passkey> {
  return {
    ...buildPasskey({ accountId, counter: 4_294_967_295, backupEligible: false, backedUp: false }),
    publicKey: Uint8Array.from({ length: 256 }, (_, byte) => byte),
    aaguid: 'fbfc3007-154e-4ecc-8c0b-6e020557d7bd',
    transports: ['usb', 'x-unknown'],
    attestation: 'verified',
    lastUsedAt: addSeconds(TEST_START, 0.001),
    lastUsedWith: 'Firefox on Linux',
    verifiedAt: addSeconds(TEST_START, 0.002),
  };
}
