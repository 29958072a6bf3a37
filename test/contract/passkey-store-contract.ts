import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { addSeconds } from '../../src/lib/clock.ts';
import type { AccountId } from '../../src/lib/ids.ts';
import type { Passkey, PasskeyUse } from '../../src/passkeys/passkey-store.ts';
import { buildAccount, buildPasskey } from '../support/builders.ts';
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

    describe('a first passkey, with its account', () => {
      const openWithOrganization = async (t: TestContext) => {
        const { storage } = await open(t);
        const resident = await insertAccount(storage);
        const { organizationId } = resident;
        const build = (email?: string) => {
          const account = buildAccount({ organizationId, ...(email && { email }) });
          return { account, passkey: buildPasskey({ accountId: account.id }) };
        };
        return { ...storage, resident, build };
      };

      test('is stored, and so is the account', async (t) => {
        const { accounts, passkeys, build } = await openWithOrganization(t);
        const { account } = build();
        const passkey = buildFullPasskey(account.id);
        assert.equal(await passkeys.insertWithAccount(passkey, account), 'inserted');
        assert.deepEqual(await accounts.find(account.id), account);
        assert.deepEqual(await passkeys.listByAccount(account.id), [passkey]);
        assert.equal(await passkeys.insert(buildPasskey({ accountId: account.id }), LIMIT), 'inserted');
      });

      test('leaves nothing behind when the e-mail or the user handle of the account is taken', async (t) => {
        const { accounts, passkeys, resident, build } = await openWithOrganization(t);
        const { email, emailKey, userHandle } = resident;
        for (const taken of [{ email, emailKey }, { userHandle }]) {
          const { account, passkey } = build();
          assert.equal(await passkeys.insertWithAccount(passkey, { ...account, ...taken }), 'account-taken');
          assert.equal(await accounts.find(account.id), undefined);
          assert.equal(await passkeys.find(passkey.id), undefined);
          assert.equal(await passkeys.insertWithAccount(passkey, account), 'inserted');
        }
        assert.deepEqual(await accounts.find(resident.id), resident);
      });

      test('leaves no account behind when the passkey is taken', async (t) => {
        const { accounts, passkeys, resident, build } = await openWithOrganization(t);
        const taken = buildPasskey({ accountId: resident.id });
        const { account, passkey } = build();
        await passkeys.insert(taken, LIMIT);
        assert.equal(await passkeys.insertWithAccount({ ...passkey, id: taken.id }, account), 'taken');
        assert.equal(await accounts.find(account.id), undefined);
        assert.deepEqual(await passkeys.find(taken.id), taken);
        assert.equal(await passkeys.insertWithAccount(passkey, account), 'inserted');
      });

      test('changes nothing when the account is there already', async (t) => {
        const { accounts, passkeys, resident, build } = await openWithOrganization(t);
        const { account, passkey } = build();
        await passkeys.insertWithAccount(passkey, account);
        for (const there of [account, resident]) {
          const again = { ...build().account, id: there.id };
          const second = buildPasskey({ accountId: there.id });
          assert.equal(await passkeys.insertWithAccount(second, again), 'account-taken');
          assert.equal(await passkeys.find(second.id), undefined);
          assert.deepEqual(await accounts.find(there.id), there);
        }
        assert.deepEqual(await passkeys.listByAccount(account.id), [passkey]);
      });

      test('is stored by one of many who want the same e-mail', async (t) => {
        const { accounts, passkeys, resident, build } = await openWithOrganization(t);
        const rivals = Array.from({ length: 50 }, () => build('ada@example.com'));
        const outcomes = await Promise.all(rivals.map((one) => passkeys.insertWithAccount(one.passkey, one.account)));
        assert.deepEqual(outcomes.toSorted(), [...Array(49).fill('account-taken'), 'inserted']);
        const winner = requireValue(rivals[outcomes.indexOf('inserted')]);
        assert.deepEqual(await accounts.findByEmail(resident.organizationId, 'ada@example.com'), winner.account);
        for (const { passkey } of rivals)
          assert.deepEqual(await passkeys.find(passkey.id), passkey === winner.passkey ? passkey : undefined);
      });

      test('is stored by one of many who bring the same, and no other has an account', async (t) => {
        const { accounts, passkeys, build } = await openWithOrganization(t);
        const { id } = buildPasskey();
        const rivals = Array.from({ length: 50 }, () => build());
        const outcomes = await Promise.all(
          rivals.map(({ passkey, account }) => passkeys.insertWithAccount({ ...passkey, id }, account)),
        );
        assert.deepEqual(outcomes.toSorted(), ['inserted', ...Array(49).fill('taken')]);
        const winner = requireValue(rivals[outcomes.indexOf('inserted')]);
        assert.equal((await passkeys.find(id))?.accountId, winner.account.id);
        for (const { account } of rivals)
          assert.deepEqual(await accounts.find(account.id), account === winner.account ? account : undefined);
      });

      test('is there for whoever finds the account', async (t) => {
        const { accounts, passkeys, build } = await openWithOrganization(t);
        const newcomers = Array.from({ length: 20 }, () => build());
        let stored = 0;
        const signUps = newcomers.map(async ({ account, passkey }) => {
          await passkeys.insertWithAccount(passkey, account);
          stored += 1;
        });
        const watches = newcomers.map(async ({ account, passkey }) => {
          while (!(await accounts.find(account.id)) && stored < newcomers.length) await setImmediate();
          assert.deepEqual(await passkeys.listByAccount(account.id), [passkey]);
        });
        await Promise.all([...signUps, ...watches]);
      });
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
      const owned = Array.from({ length: 10 }, () => buildPasskey({ accountId, verifiedAt: TEST_START }));
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
      await passkeys.insert(buildPasskey({ accountId: other.id, verifiedAt: TEST_START }), LIMIT);
      assert.equal(await passkeys.delete(accountId, passkey.id, true), 'last');
      assert.deepEqual(await passkeys.find(passkey.id), passkey);
    });

    test('where one must be kept, one that was never verified is not enough', async (t) => {
      const { passkeys, accountId } = await openWithAccount(t);
      const verified = buildPasskey({ accountId, verifiedAt: TEST_START });
      const others = [buildPasskey({ accountId }), buildPasskey({ accountId })];
      for (const passkey of [verified, ...others]) await passkeys.insert(passkey, LIMIT);
      assert.equal(await passkeys.delete(accountId, verified.id, true), 'last');
      for (const { id } of others) assert.equal(await passkeys.delete(accountId, id, true), 'deleted');
      assert.equal(await passkeys.delete(accountId, verified.id, true), 'last');
      assert.equal(await passkeys.delete(accountId, verified.id, false), 'deleted');
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
