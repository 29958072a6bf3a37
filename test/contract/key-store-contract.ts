import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { SigningKey } from '../../src/keys/key-store.ts';
import { addSeconds } from '../../src/lib/clock.ts';
import { buildSigningKey } from '../support/builders.ts';
import { TEST_START } from '../support/clock.ts';
import { race } from '../support/race.ts';
import type { OpenStores } from '../support/storages.ts';

/** Holds a backend to what `KeyStore` promises. */
export function describeKeyStore(name: string, open: OpenStores<'keys'>): void {
  describe(`${name}: signing keys`, () => {
    test('every field survives', async (t) => {
      const { keys } = (await open(t)).storage;
      const key: Required<SigningKey> = {
        ...buildSigningKey({ algorithm: 'RS256', activeFrom: addSeconds(TEST_START, 0.001) }),
        sealedPrivateJwk: Uint8Array.from({ length: 256 }, (_, byte) => byte),
        retiredAt: addSeconds(TEST_START, 0.002),
      };
      assert.equal(await keys.insert(key), true);
      assert.deepEqual(await keys.list(), [key]);
    });

    test('what is undefined comes back absent', async (t) => {
      const { keys } = (await open(t)).storage;
      const key = buildSigningKey();
      await keys.insert({ ...key, retiredAt: undefined });
      assert.deepEqual(await keys.list(), [key]);
    });

    test('a kid is taken once, even by many at once', async (t) => {
      const { keys } = (await open(t)).storage;
      const outcomes = await race(50, () => keys.insert(buildSigningKey({ kid: 'one' })));
      assert.equal(outcomes.filter(Boolean).length, 1);
      assert.equal((await keys.list()).length, 1);
    });

    test('a generation of an algorithm is taken once, even by many at once', async (t) => {
      const { keys } = (await open(t)).storage;
      const [ecdsa, rsa] = await race(2, (index) =>
        race(25, () => keys.insert(buildSigningKey({ algorithm: index === 0 ? 'ES256' : 'RS256', generation: 2 }))),
      );
      assert.equal(ecdsa?.filter(Boolean).length, 1);
      assert.equal(rsa?.filter(Boolean).length, 1);
      assert.equal(await keys.insert(buildSigningKey({ generation: 3 })), true);
      assert.equal((await keys.list()).length, 3);
    });

    test('the list has every algorithm, newest first', async (t) => {
      const { keys } = (await open(t)).storage;
      const old = buildSigningKey({ algorithm: 'RS256' });
      const recent = buildSigningKey({ createdAt: addSeconds(TEST_START, 0.001) });
      assert.deepEqual(await keys.list(), []);
      for (const key of [old, recent]) await keys.insert(key);
      assert.deepEqual(await keys.list(), [recent, old]);
    });
  });
}
