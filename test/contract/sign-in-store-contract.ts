import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { addSeconds } from '../../src/lib/clock.ts';
import type { Demand, Proof, SignIn } from '../../src/sign-in/sign-in.ts';
import { buildAccount, buildPasskey, buildSignIn } from '../support/builders.ts';
import { TEST_START } from '../support/clock.ts';
import { race } from '../support/race.ts';
import type { OpenStores } from '../support/storages.ts';
import { testVersions } from './versions-contract.ts';

const TTL = 900;

/** Holds a backend to what `SignInStore` promises. */
export function describeSignInStore(name: string, open: OpenStores<'signIns'>): void {
  describe(`${name}: sign-ins`, () => {
    testVersions<SignIn>(async (t: TestContext) => {
      const { signIns } = (await open(t)).storage;
      return {
        insert: (signIn) => signIns.insert(signIn),
        find: ({ id }) => signIns.find(id),
        update: (signIn) => signIns.update(signIn),
        build: () => buildSignIn(),
        change: (signIn, mark) => ({ ...signIn, identifier: mark }),
      };
    });

    test('every field survives', async (t) => {
      const { signIns } = (await open(t)).storage;
      const signIn = buildFullSignIn();
      assert.equal(await signIns.insert(signIn), true);
      assert.deepEqual(await signIns.find(signIn.id), signIn);
    });

    test('what is undefined comes back absent', async (t) => {
      const { signIns } = (await open(t)).storage;
      const bare = buildSignIn();
      await signIns.insert({
        ...bare,
        organizationId: undefined,
        identifier: undefined,
        accountId: undefined,
        demand: { ...bare.demand, accountId: undefined },
      });
      assert.deepEqual(await signIns.find(bare.id), bare);
    });

    test('a change replaces every field', async (t) => {
      const { signIns } = (await open(t)).storage;
      const full = buildFullSignIn();
      const bare = buildSignIn({ id: full.id, version: full.version + 1, expiresAt: addSeconds(TEST_START, 60) });
      await signIns.insert(full);
      assert.equal(await signIns.update(bare), true);
      assert.deepEqual(await signIns.find(full.id), bare);
    });

    test('it is there until its time is up, and not a millisecond longer', async (t) => {
      const { storage, clock } = await open(t);
      const { signIns } = storage;
      const signIn = buildSignIn({ expiresAt: addSeconds(TEST_START, TTL) });
      await signIns.insert(signIn);

      clock.advance(TTL - 0.001);
      assert.deepEqual(await signIns.find(signIn.id), signIn);
      assert.equal(await signIns.insert(signIn), false);
      assert.equal(await signIns.update({ ...signIn, version: 2 }), true);
      clock.advance(0.001);
      assert.equal(await signIns.find(signIn.id), undefined);
      assert.equal(await signIns.update({ ...signIn, version: 3, expiresAt: addSeconds(clock.now(), TTL) }), false);
      assert.equal(await signIns.delete(signIn.id), false);
    });

    test('the id of an expired one is free', async (t) => {
      const { storage, clock } = await open(t);
      const { signIns } = storage;
      const old = buildSignIn({ identifier: 'old@example.com', version: 9 });
      await signIns.insert(old);
      clock.advance(TTL);
      const anew = buildSignIn({ id: old.id, expiresAt: addSeconds(clock.now(), TTL) });
      assert.equal(await signIns.insert(anew), true);
      assert.deepEqual(await signIns.find(old.id), anew);
    });

    test('of many that end it at once, one does', async (t) => {
      const { signIns } = (await open(t)).storage;
      const signIn = buildSignIn();
      await signIns.insert(signIn);
      const outcomes = await race(50, () => signIns.delete(signIn.id));
      assert.equal(outcomes.filter(Boolean).length, 1);
      assert.equal(await signIns.find(signIn.id), undefined);
      assert.equal(await signIns.update({ ...signIn, version: 2 }), false);
    });
  });
}

function buildFullSignIn(): Required<SignIn> {
  const { id: accountId, organizationId } = buildAccount();
  const { id: passkeyId } = buildPasskey();
  const demand: Required<Demand> = { acr: ['phr', 'phrh'], essential: true, accountId };
  const proofs: Proof[] = [
    { accountId, at: addSeconds(TEST_START, 0.001), method: 'password' },
    { accountId, at: addSeconds(TEST_START, 0.002), method: 'passkey', passkeyId, userVerified: true, hardware: false },
    { accountId, at: addSeconds(TEST_START, 0.003), method: 'totp' },
    { accountId, at: addSeconds(TEST_START, 0.004), method: 'recovery-code' },
    { accountId, at: addSeconds(TEST_START, 0.005), method: 'email-code' },
  ];
  return {
    ...buildSignIn({ version: 6 }),
    organizationId,
    identifier: 'Ada@example.com',
    accountId,
    proofs,
    demand,
    newCodes: 'made',
    offerAnswered: true,
    made: [passkeyId],
  };
}
