import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { addSeconds } from '../../src/lib/clock.ts';
import { digest } from '../../src/lib/digest.ts';
import type { RecordKind, RecordStore } from '../../src/oidc/record-store.ts';
import { TEST_START } from '../support/clock.ts';
import { race } from '../support/race.ts';
import type { OpenStores } from '../support/storages.ts';

const TTL = 60;
const KINDS: { readonly [Kind in RecordKind]: true } = {
  Session: true,
  Interaction: true,
  Grant: true,
  AuthorizationCode: true,
  AccessToken: true,
  RefreshToken: true,
  ClientCredentials: true,
  DeviceCode: true,
  PushedAuthorizationRequest: true,
  ReplayDetection: true,
  BackchannelAuthenticationRequest: true,
  Consent: true,
  EndedSession: true,
};
const ID = digest('id');

/** Holds a backend to what `RecordStore` promises. */
export function describeRecordStore(name: string, open: OpenStores<'records'>): void {
  describe(`${name}: records of oidc-provider`, () => {
    test('a record survives as it was', async (t) => {
      const { records } = (await open(t)).storage;
      const record = buildRecord(JSON.stringify({ text: 'ä "quoted" 👩‍💻', long: 'x'.repeat(20_000) }));
      await records.put('AccessToken', ID, record, {});
      assert.deepEqual(await records.find('AccessToken', ID), record);
    });

    test('kinds are kept apart', async (t) => {
      const { records } = (await open(t)).storage;
      const kinds = Object.keys(KINDS) as RecordKind[]; // its keys are exactly the kinds
      for (const kind of kinds) {
        assert.equal(await records.find(kind, ID), undefined);
        await records.put(kind, ID, buildRecord(kind), {});
      }
      for (const kind of kinds) {
        assert.deepEqual(await records.find(kind, ID), buildRecord(kind));
        await records.delete(kind, ID);
        assert.equal(await records.find(kind, ID), undefined);
      }
    });

    test('a second put replaces the record and what it is found by, but never makes it unused', async (t) => {
      const { records } = (await open(t)).storage;
      const consumedAt = addSeconds(TEST_START, 1.001);
      const second = { payload: 'second', expiresAt: addSeconds(TEST_START, 2 * TTL) };
      await records.put('DeviceCode', ID, buildRecord('first'), { userCode: 'first-code' });
      await records.consume('DeviceCode', ID, consumedAt);
      await records.put('DeviceCode', ID, second, { userCode: 'second-code' });

      assert.deepEqual(await records.find('DeviceCode', ID), { ...second, consumedAt });
      assert.equal(await records.consume('DeviceCode', ID, TEST_START), false);
      assert.equal(await records.findByUserCode('first-code'), undefined);
      assert.deepEqual(await records.findByUserCode('second-code'), { ...second, consumedAt, id: ID });
    });

    test('a live id is kept from a second claim, even if many claim it at once, and an expired one is free', async (t) => {
      const { storage, clock } = await open(t);
      const { records } = storage;
      const outcomes = await race(50, (index) => records.putIfAbsent('ReplayDetection', ID, buildRecord(`${index}`)));
      assert.equal(outcomes.filter(Boolean).length, 1);
      assert.deepEqual(await records.find('ReplayDetection', ID), buildRecord(`${outcomes.indexOf(true)}`));

      await records.consume('ReplayDetection', ID, TEST_START);
      clock.advance(TTL - 0.001);
      const later = { payload: 'later', expiresAt: addSeconds(TEST_START, 2 * TTL) };
      assert.equal(await records.putIfAbsent('ReplayDetection', ID, later), false);
      clock.advance(0.001);
      assert.equal(await records.putIfAbsent('ReplayDetection', ID, later), true);
      assert.deepEqual(await records.find('ReplayDetection', ID), later);
    });

    test('what is there is replaced with what it is found by, and what is gone or expired stays away', async (t) => {
      const { storage, clock } = await open(t);
      const { records } = storage;
      const second = buildRecord('second');
      for (const kind of ['Grant', 'Consent'] as const) {
        assert.equal(await records.replace(kind, ID, second, {}), false);
        assert.equal(await records.find(kind, ID), undefined);
        await records.put(kind, ID, buildRecord('first'), { accountId: 'first', grantId: 'first' });
        assert.equal(await records.replace(kind, ID, second, { accountId: 'second', grantId: 'second' }), true);
        await records.deleteByAccount('first');
        await records.deleteByConsent('first');
        assert.deepEqual(await records.find(kind, ID), second);
        await records.deleteByAccount('second');
        assert.equal(await records.find(kind, ID), undefined);
        await records.put(kind, ID, buildRecord('first'), {});
      }
      clock.advance(TTL);
      const later = { payload: 'later', expiresAt: addSeconds(TEST_START, 2 * TTL) };
      for (const kind of ['Grant', 'Consent'] as const) {
        assert.equal(await records.replace(kind, ID, later, {}), false);
        assert.equal(await records.find(kind, ID), undefined);
      }
    });

    test('a grant that is deleted while many would replace it is gone', async (t) => {
      const { records } = (await open(t)).storage;
      await records.put('Grant', ID, buildRecord('grant'), { grantId: 'consent' });
      await Promise.all([
        race(25, (index) => records.replace('Grant', ID, buildRecord(`${index}`), { grantId: 'consent' })),
        records.deleteByConsent('consent'),
        race(25, (index) => records.replace('Grant', ID, buildRecord(`${index}`), { grantId: 'consent' })),
      ]);
      assert.equal(await records.find('Grant', ID), undefined);
    });

    test('it is there until its time is up, and not a millisecond longer', async (t) => {
      const { storage, clock } = await open(t);
      const { records } = storage;
      const record = buildRecord('record');
      await records.put('Session', ID, record, { uid: 'uid', userCode: 'code' });

      clock.advance(TTL - 0.001);
      assert.deepEqual(await records.find('Session', ID), record);
      assert.deepEqual(await records.findByUid('uid'), { ...record, id: ID });
      assert.deepEqual(await records.findByUserCode('code'), { ...record, id: ID });
      clock.advance(0.001);
      assert.equal(await records.find('Session', ID), undefined);
      assert.equal(await records.findByUid('uid'), undefined);
      assert.equal(await records.findByUserCode('code'), undefined);
      assert.equal(await records.consume('Session', ID, TEST_START), false);
    });

    test('of many that use it at once, one does, and the moment is kept', async (t) => {
      const { records } = (await open(t)).storage;
      const record = buildRecord('code');
      await records.put('AuthorizationCode', ID, record, {});
      const outcomes = await race(50, (index) =>
        records.consume('AuthorizationCode', ID, addSeconds(TEST_START, index / 1000)),
      );
      const winner = outcomes.indexOf(true);
      assert.equal(outcomes.filter(Boolean).length, 1);
      assert.deepEqual(await records.find('AuthorizationCode', ID), {
        ...record,
        consumedAt: addSeconds(TEST_START, winner / 1000),
      });
    });

    test('what is absent or of another kind is not used', async (t) => {
      const { records } = (await open(t)).storage;
      await records.put('RefreshToken', ID, buildRecord('token'), {});
      assert.equal(await records.consume('AuthorizationCode', ID, TEST_START), false);
      assert.equal(await records.consume('RefreshToken', digest('other'), TEST_START), false);
      assert.deepEqual(await records.find('RefreshToken', ID), buildRecord('token'));
    });

    test('a session is found by its uid after its id changed', async (t) => {
      const { records } = (await open(t)).storage;
      await records.put('Session', digest('old'), buildRecord('old'), { uid: 'uid' });
      await records.put('Session', digest('new'), buildRecord('new'), { uid: 'uid' });
      assert.deepEqual(await records.findByUid('uid'), { ...buildRecord('new'), id: digest('new') });
      await records.delete('Session', digest('old'));
      assert.deepEqual(await records.findByUid('uid'), { ...buildRecord('new'), id: digest('new') });
      assert.equal(await records.findByUid('other'), undefined);
    });

    test('an account lists what it has of a kind, live and no longer of another account', async (t) => {
      const { storage, clock } = await open(t);
      const { records } = storage;
      const used = { payload: 'used', expiresAt: addSeconds(TEST_START, TTL / 2) };
      for (const kind of ['Session', 'Consent'] as const) {
        assert.deepEqual(await records.listByAccount(kind, 'mine'), []);
        await records.put(kind, digest('1'), buildRecord(`${kind} 1`), { accountId: 'mine', uid: '1' });
        await records.put(kind, digest('2'), used, { accountId: 'mine', uid: '2' });
        await records.put(kind, digest('3'), buildRecord('moved'), { accountId: 'mine', uid: '3' });
        await records.put(kind, digest('3'), buildRecord('moved'), { accountId: 'other', uid: '3' });
        await records.put(kind, digest('4'), buildRecord('deleted'), { accountId: 'mine', uid: '4' });
        await records.delete(kind, digest('4'));
        await records.put(kind, digest('5'), buildRecord('nobody'), {});
      }
      await records.put('Grant', digest('1'), buildRecord('Grant'), { accountId: 'mine' });

      for (const kind of ['Session', 'Consent'] as const) {
        const listed = (await records.listByAccount(kind, 'mine')).toSorted((a, b) =>
          a.payload.localeCompare(b.payload),
        );
        assert.deepEqual(listed, [
          { ...buildRecord(`${kind} 1`), id: digest('1') },
          { ...used, id: digest('2') },
        ]);
        assert.equal((await records.listByAccount(kind, 'other')).length, 1);
      }
      clock.advance(TTL / 2);
      assert.equal((await records.listByAccount('Session', 'mine')).length, 1);
      clock.advance(TTL / 2);
      assert.deepEqual(await records.listByAccount('Consent', 'mine'), []);
    });

    test('a grant goes with its codes and refresh tokens, again and again, and others stay', async (t) => {
      const { records } = (await open(t)).storage;
      for (const grantId of ['mine', 'other']) {
        await records.put('Grant', digest(grantId), buildRecord('grant'), { accountId: 'account' });
        await records.put('AuthorizationCode', digest(`code-${grantId}`), buildRecord('code'), { grantId });
        for (const token of ['1', '2']) {
          await records.put('RefreshToken', digest(token + grantId), buildRecord('token'), { grantId });
        }
      }

      await records.deleteByGrant('mine', digest('mine'));
      await records.deleteByGrant('mine', digest('mine'));

      assert.equal(await records.find('Grant', digest('mine')), undefined);
      assert.equal(await records.find('AuthorizationCode', digest('code-mine')), undefined);
      assert.equal(await records.find('RefreshToken', digest('1mine')), undefined);
      assert.equal(await records.find('RefreshToken', digest('2mine')), undefined);
      assert.deepEqual(await records.find('Grant', digest('other')), buildRecord('grant'));
      assert.deepEqual(await records.find('AuthorizationCode', digest('code-other')), buildRecord('code'));
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

    test('a consent goes with its grants, again and again, and others stay', async (t) => {
      const { records } = (await open(t)).storage;
      for (const consent of ['mine', 'other']) {
        await records.put('Consent', digest(consent), buildRecord('consent'), { accountId: 'account' });
        for (const grant of ['1', '2']) {
          const index = { accountId: 'account', grantId: digest(consent) };
          await records.put('Grant', digest(grant + consent), buildRecord('grant'), index);
        }
      }

      await records.deleteByConsent(digest('mine'));
      await records.deleteByConsent(digest('mine'));

      const remaining = await records.listByAccount('Consent', 'account');
      assert.deepEqual(remaining, [{ ...buildRecord('consent'), id: digest('other') }]);
      for (const grant of ['1', '2']) {
        assert.equal(await records.find('Grant', digest(`${grant}mine`)), undefined);
        assert.deepEqual(await records.find('Grant', digest(`${grant}other`)), buildRecord('grant'));
      }
    });

    test('all that an account has goes, and what others have stays', async (t) => {
      const { records } = (await open(t)).storage;
      await putAllOf(records, 'mine');
      await putAllOf(records, 'other');
      await records.deleteByAccount('mine');
      await records.deleteByAccount('mine');
      assert.deepEqual(await findKindsOf(records, 'mine'), []);
      assert.deepEqual(await findKindsOf(records, 'other'), OF_ACCOUNTS);
    });

    test('all that an account has goes except the session to be kept', async (t) => {
      const { records } = (await open(t)).storage;
      await putAllOf(records, 'mine');
      await records.put('Session', digest('second'), buildRecord('second'), { accountId: 'mine', uid: 'second' });
      await records.deleteByAccount('mine', 'uid-mine');
      assert.deepEqual(await findKindsOf(records, 'mine'), ['Session']);
      assert.equal(await records.find('Session', digest('second')), undefined);
    });
  });
}

function buildRecord(payload: string) {
  return { payload, expiresAt: addSeconds(TEST_START, TTL) };
}

const OF_ACCOUNTS = ['Session', 'Interaction', 'Consent', 'Grant', 'AuthorizationCode', 'RefreshToken'] as const;

async function putAllOf(records: RecordStore, accountId: string): Promise<void> {
  for (const kind of OF_ACCOUNTS) {
    const index = kind === 'Session' ? { accountId, uid: `uid-${accountId}` } : { accountId };
    await records.put(kind, digest(accountId), buildRecord(kind), index);
  }
}

async function findKindsOf(records: RecordStore, accountId: string): Promise<readonly RecordKind[]> {
  const found = await Promise.all(OF_ACCOUNTS.map((kind) => records.find(kind, digest(accountId))));
  return OF_ACCOUNTS.filter((_, index) => found[index] !== undefined);
}
