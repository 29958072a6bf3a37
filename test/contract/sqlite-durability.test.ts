import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { DURABLE_KINDS, type RecordKind } from '../../src/oidc/record-store.ts';
import { SqliteAccountStore } from '../../src/storage/sqlite/account-store.ts';
import { SqliteClientStore } from '../../src/storage/sqlite/client-store.ts';
import { Database } from '../../src/storage/sqlite/database.ts';
import { SqliteFailureStore } from '../../src/storage/sqlite/failure-store.ts';
import { SqliteKeyStore } from '../../src/storage/sqlite/key-store.ts';
import { openConnection } from '../../src/storage/sqlite/open-connection.ts';
import { SqlitePasskeyStore } from '../../src/storage/sqlite/passkey-store.ts';
import { SqliteRateStore } from '../../src/storage/sqlite/rate-store.ts';
import { SqliteRecordStore } from '../../src/storage/sqlite/record-store.ts';
import { SqliteSignInStore } from '../../src/storage/sqlite/sign-in-store.ts';
import { SqliteTicketStore } from '../../src/storage/sqlite/ticket-store.ts';
import { SqliteTotpStore } from '../../src/storage/sqlite/totp-store.ts';
import { buildAccount, buildClient, buildPasskey, buildSignIn, buildSigningKey } from '../support/builders.ts';
import { TEST_START, TestClock } from '../support/clock.ts';
import { makeTempFolder } from '../support/temp-folder.ts';

const RECORD = { payload: '{}', expiresAt: new Date(TEST_START.getTime() + 60_000) };

/** Answers the stores, and a check of how the connection has committed a call's write: the setting stays until it has to change. */
async function openStores(t: TestContext) {
  const connection = await openConnection(join(makeTempFolder(t), 'test.sqlite'));
  const database = new Database(connection);
  t.after(() => database.close());
  const deps = { database, clock: new TestClock() };
  const readSynchronous = () => connection.prepare('PRAGMA synchronous').get()?.synchronous;
  const isDurable = async (call: () => Promise<unknown>) => {
    await database.write('short-lived', () => undefined);
    assert.equal(readSynchronous(), 1);
    await call();
    return readSynchronous() === 2;
  };
  return { deps, isDurable };
}

test('what an installation must not lose is on the disk before it is acknowledged', async (t) => {
  const { deps, isDurable } = await openStores(t);
  const { id } = buildAccount();
  const passkey = buildPasskey();
  const clients = new SqliteClientStore(deps);
  const failures = new SqliteFailureStore(deps);
  const passkeys = new SqlitePasskeyStore({ ...deps, accounts: new SqliteAccountStore(deps) });
  const totps = new SqliteTotpStore(deps);
  const records = new SqliteRecordStore(deps);
  const use = { counter: 1, backedUp: true, usedAt: TEST_START, usedWith: 'Firefox on Linux' };
  const calls = [
    () => clients.insert(buildClient()),
    () => clients.update(buildClient()),
    () => clients.delete(buildClient().id),
    () => new SqliteKeyStore(deps).insert(buildSigningKey()),
    () => failures.countTry(id, 'totp', 'stranger'),
    () => failures.clear(id, 'totp'),
    () => passkeys.insert(passkey, 0),
    () => passkeys.recordUse(passkey.id, use),
    () => passkeys.rename(id, passkey.id, 'name'),
    () => passkeys.delete(id, passkey.id, true),
    () => totps.advance(id, 1),
    () => totps.delete(id),
    () => records.deleteByGrant('grant'),
    () => records.deleteByConsent('consent'),
    () => records.deleteByAccount(id),
  ];
  for (const call of calls) assert.equal(await isDurable(call), true, call.toString());
});

test('what may be asked for again is not waited for', async (t) => {
  const { deps, isDurable } = await openStores(t);
  const tickets = new SqliteTicketStore(deps);
  const rates = new SqliteRateStore(deps);
  const signIns = new SqliteSignInStore(deps);
  const signIn = buildSignIn();
  const calls = [
    () => tickets.put('sign-up', 'id', {}, 60),
    () => tickets.take('sign-up', 'id'),
    () => rates.hit('key', { free: 1, windowSeconds: 1, pauseSeconds: 1, maxPauseSeconds: 1 }),
    () => rates.clear('key'),
    () => signIns.insert(signIn),
    () => signIns.update({ ...signIn, version: 2 }),
    () => signIns.delete(signIn.id),
  ];
  for (const call of calls) assert.equal(await isDurable(call), false, call.toString());
});

test('records are durable by their kind, and so is what spends or deletes them', async (t) => {
  const { deps, isDurable } = await openStores(t);
  const records = new SqliteRecordStore(deps);
  const kinds: RecordKind[] = [
    'Grant',
    'RefreshToken',
    'AuthorizationCode',
    'Consent',
    'AccessToken',
    'Session',
    'ReplayDetection',
  ];
  for (const kind of kinds) {
    const durable = DURABLE_KINDS.has(kind);
    assert.equal(await isDurable(() => records.put(kind, 'id', RECORD, {})), durable, kind);
    assert.equal(await isDurable(() => records.putIfAbsent(kind, 'other', RECORD)), durable, kind);
    assert.equal(await isDurable(() => records.consume(kind, 'id', TEST_START)), durable, kind);
    assert.equal(await isDurable(() => records.delete(kind, 'id')), durable, kind);
  }
});
