import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { buildAccount } from '../support/builders.ts';
import { race } from '../support/race.ts';
import type { OpenStores } from '../support/storages.ts';

/** Holds a backend to what `FailureStore` promises. */
export function describeFailureStore(name: string, open: OpenStores<'failures'>): void {
  describe(`${name}: failures`, () => {
    const account = buildAccount().id;
    const other = buildAccount().id;

    test('each try counts one more, exactly even for many at once', async (t) => {
      const { failures } = (await open(t)).storage;
      const counts = await race(50, () => failures.countTry(account, 'totp', 'stranger'));
      assert.deepEqual(
        counts.toSorted((left, right) => left - right),
        Array.from({ length: 50 }, (_, index) => index + 1),
      );
    });

    test('accounts, factors and sources are counted apart', async (t) => {
      const { failures } = (await open(t)).storage;
      await failures.countTry(account, 'password', 'stranger');
      assert.equal(await failures.countTry(account, 'password', 'known'), 1);
      assert.equal(await failures.countTry(account, 'totp', 'stranger'), 1);
      assert.equal(await failures.countTry(other, 'password', 'stranger'), 1);
      assert.equal(await failures.countTry(account, 'password', 'stranger'), 2);
    });

    test('clearing forgets every source of that factor and nothing else', async (t) => {
      const { failures } = (await open(t)).storage;
      for (const source of ['stranger', 'known']) await failures.countTry(account, 'password', source);
      await failures.countTry(account, 'totp', 'stranger');
      await failures.countTry(other, 'password', 'stranger');

      await failures.clear(account, 'password');
      await failures.clear(account, 'password');

      assert.equal(await failures.countTry(account, 'password', 'stranger'), 1);
      assert.equal(await failures.countTry(account, 'password', 'known'), 1);
      assert.equal(await failures.countTry(account, 'totp', 'stranger'), 2);
      assert.equal(await failures.countTry(other, 'password', 'stranger'), 2);
    });

    test('clearing without a factor forgets all of the account and nothing else', async (t) => {
      const { failures } = (await open(t)).storage;
      for (const factor of ['password', 'totp', 'recovery-code'] as const)
        for (const source of ['stranger', 'known']) await failures.countTry(account, factor, source);
      await failures.countTry(other, 'password', 'stranger');

      await failures.clear(account);

      for (const factor of ['password', 'totp', 'recovery-code'] as const)
        assert.equal(await failures.countTry(account, factor, 'stranger'), 1);
      assert.equal(await failures.countTry(other, 'password', 'stranger'), 2);
    });

    test('time forgives nothing', async (t) => {
      const { storage, clock } = await open(t);
      await storage.failures.countTry(account, 'password', 'stranger');
      clock.advance(10 * 365 * 86_400);
      assert.equal(await storage.failures.countTry(account, 'password', 'stranger'), 2);
    });
  });
}
