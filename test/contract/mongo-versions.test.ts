import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { mongo } from 'mongoose';
import { addSeconds } from '../../src/lib/clock.ts';
import { COLLECTIONS } from '../../src/storage/mongo/migrate-mongo.ts';
import {
  buildAccount,
  buildAuditEvent,
  buildClient,
  buildMailJob,
  buildOrganization,
  buildPasskey,
  buildRecoveryCodeSet,
  buildSigningKey,
  buildTotp,
} from '../support/builders.ts';
import { TEST_START } from '../support/clock.ts';
import { findTestServer, NO_SERVER, type TestServer } from '../support/mongodb.ts';

const NEWER = { schemaVersion: 2, newField: { since: 'the next release' } };
const USE = { counter: 1, backedUp: true, usedAt: TEST_START, usedWith: 'a browser' };
const RECORD = { payload: '{}', expiresAt: addSeconds(TEST_START, 60) };

/** A collection whose ids are our own. */
function collectionOf(db: mongo.Db, name: string) {
  return db.collection<{ _id: string; [field: string]: unknown }>(name);
}

const server = await findTestServer();
if (server) describe('two releases at once in MongoDB', () => defineTests(server));
else test('two releases at once in MongoDB', { skip: NO_SERVER });

function defineTests({ open }: TestServer): void {
  test('a document names the release of its schema', async (t) => {
    const { storage, db } = await open(t);
    const account = buildAccount();
    await storage.organizations.insert(buildOrganization());
    await storage.accounts.insert(account);
    await storage.failures.countTry(account.id, 'totp', 'stranger');
    await storage.passkeys.insert(buildPasskey({ accountId: account.id }), 1);
    await storage.totps.put(buildTotp({ accountId: account.id }));
    await storage.clients.insert(buildClient());
    await storage.keys.insert(buildSigningKey());
    await storage.recoveryCodes.insert(buildRecoveryCodeSet({ accountId: account.id }));
    await storage.outbox.insert(buildMailJob());
    await storage.audit.append(buildAuditEvent());
    for (const kind of ['Consent', 'Grant', 'RefreshToken'] as const) await storage.records.put(kind, 'id', RECORD, {});
    await storage.spentCodes.spend('id', RECORD.expiresAt);

    for (const { name } of COLLECTIONS) assert.equal((await db.collection(name).findOne())?.schemaVersion, 1, name);
  });

  test('what only a newer release knows is neither shown nor touched', async (t) => {
    const { storage, db } = await open(t);
    const organization = buildOrganization();
    const account = buildAccount({ organizationId: organization.id, password: { hash: 'old', setAt: TEST_START } });
    const client = buildClient();
    await storage.organizations.insert(organization);
    await storage.accounts.insert(account);
    await storage.clients.insert(client);
    const inside = { 'policy.newRule': 'on', 'profile.nickname': 'Ada', 'password.pepper': 2, 'settings.newOne': true };
    for (const name of ['organizations', 'accounts', 'clients']) {
      await db.collection(name).updateOne({}, { $set: { ...NEWER, ...inside } });
    }

    assert.deepEqual(await storage.organizations.find(organization.id), organization);
    assert.deepEqual(await storage.accounts.find(account.id), account);
    assert.deepEqual(await storage.clients.find(client.id), client);
    await storage.organizations.update({ ...organization, name: 'Changed', version: 2 });
    const { password: _, ...rest } = account;
    await storage.accounts.update({ ...rest, profile: {}, version: 2 });
    await storage.clients.update({ ...client, name: 'Changed', version: 2 });

    assert.deepEqual(await storage.accounts.find(account.id), { ...rest, profile: {}, version: 2 });
    for (const name of ['organizations', 'accounts', 'clients']) {
      const document = await db.collection(name).findOne();
      assert.deepEqual({ schemaVersion: document?.schemaVersion, newField: document?.newField }, NEWER, name);
      assert.equal(document?.version, 2);
      assert.equal(document.policy.newRule, 'on');
      assert.equal(document.profile.nickname, 'Ada');
      assert.equal(document.password.pepper, 2);
      assert.equal(document.settings.newOne, true);
    }
  });

  test('neither in what is changed in part', async (t) => {
    const { storage, db } = await open(t);
    const { id } = buildAccount();
    const passkey = buildPasskey({ accountId: id });
    await storage.passkeys.insert(passkey, 2);
    await storage.totps.put(buildTotp({ accountId: id }));
    await storage.records.put('RefreshToken', 'id', RECORD, { grantId: 'grant' });
    await storage.failures.countTry(id, 'totp', 'stranger');
    const newer = { $set: { ...NEWER, 'passkeys.0.newField': 'kept' } };
    for (const name of ['passkeys', 'totps', 'refresh_tokens', 'failures']) {
      await db.collection(name).updateOne({}, name === 'passkeys' ? newer : { $set: NEWER });
    }

    assert.deepEqual(await storage.passkeys.find(passkey.id), passkey);
    await storage.passkeys.recordUse(passkey.id, USE);
    await storage.passkeys.rename(id, passkey.id, 'name');
    await storage.passkeys.insert(buildPasskey({ accountId: id }), 2);
    await storage.totps.advance(id, 1);
    await storage.records.consume('RefreshToken', 'id', TEST_START);
    await storage.records.put('RefreshToken', 'id', RECORD, {});
    await storage.failures.countTry(id, 'totp', 'stranger');

    for (const name of ['passkeys', 'totps', 'refresh_tokens', 'failures']) {
      const document = await db.collection(name).findOne();
      assert.deepEqual({ schemaVersion: document?.schemaVersion, newField: document?.newField }, NEWER, name);
    }
    const stored = await collectionOf(db, 'passkeys').findOne({ _id: id });
    assert.equal(Object(stored?.passkeys)[0].newField, 'kept');
  });

  test('a new secret of an authenticator app takes with it whatever was said of the old one', async (t) => {
    const { storage, db } = await open(t);
    const totp = buildTotp();
    await storage.totps.put(totp);
    await db.collection('totps').updateOne({}, { $set: NEWER });
    await storage.totps.put(totp);
    assert.deepEqual(Object.keys((await db.collection('totps').findOne()) ?? {}).sort(), [
      '_id',
      'confirmedAt',
      'lastStep',
      'schemaVersion',
      'sealedSecret',
    ]);
  });

  test('what an older release has not stored is absent, and a change adds it', async (t) => {
    const { storage, db } = await open(t);
    const account = buildAccount({ disabledAt: TEST_START });
    await storage.accounts.insert(account);
    await db.collection('accounts').updateOne({}, { $unset: { disabledAt: 1, schemaVersion: 1 } });

    const { disabledAt: _, ...rest } = account;
    assert.deepEqual(await storage.accounts.find(account.id), rest);
    assert.equal(await storage.accounts.update({ ...account, version: 2 }), true);
    assert.deepEqual(await storage.accounts.find(account.id), { ...account, version: 2 });
    assert.equal((await db.collection('accounts').findOne())?.schemaVersion, 1);
  });
}
