import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { addSeconds } from '../../src/lib/clock.ts';
import {
  buildAccount,
  buildClient,
  buildMailJob,
  buildOrganization,
  buildPasskey,
  buildTotp,
} from '../support/builders.ts';
import { TEST_START } from '../support/clock.ts';
import { findTestServer, NO_SERVER, type TestServer } from '../support/mongodb.ts';
import { requireValue } from '../support/require-value.ts';
import { insertAccount } from '../support/stored-account.ts';
import { describeAccountStore } from './account-store-contract.ts';
import { describeAuditStore } from './audit-store-contract.ts';
import { describeClientStore } from './client-store-contract.ts';
import { describeDurableRecordStore } from './durable-record-store-contract.ts';
import { describeFailureStore } from './failure-store-contract.ts';
import { describeKeyStore } from './key-store-contract.ts';
import { describeLastingRecordStore } from './lasting-record-store-contract.ts';
import { describeOrganizationStore } from './organization-store-contract.ts';
import { describeOutboxStore } from './outbox-store-contract.ts';
import { describePasskeyStore } from './passkey-store-contract.ts';
import { describeRecoveryCodeStore } from './recovery-code-store-contract.ts';
import { describeTotpStore } from './totp-store-contract.ts';

const NAME = 'mongodb';

const server = await findTestServer();
if (server) describe('the durable stores in MongoDB', () => defineTests(server));
else test('the durable stores in MongoDB', { skip: NO_SERVER });

function defineTests({ open }: TestServer): void {
  describeOrganizationStore(NAME, open);
  describeAccountStore(NAME, open);
  describeFailureStore(NAME, open);
  describePasskeyStore(NAME, open);
  describeTotpStore(NAME, open);
  describeRecoveryCodeStore(NAME, open);
  describeClientStore(NAME, open);
  describeKeyStore(NAME, open);
  describeOutboxStore(NAME, open);
  describeAuditStore(NAME, open);
  describeDurableRecordStore(NAME, open);
  describeLastingRecordStore(NAME, async (t) => {
    const { storage, clock } = await open(t);
    return { storage: { records: storage.records, lastingRecords: storage.records }, clock };
  });

  test('nothing of the letter of a finished mail stays', async (t) => {
    const { storage, db } = await open(t);
    await storage.outbox.insert(buildMailJob());
    assert.equal((await db.collection('outbox').findOne())?.sealedLetter?.length(), 300);
    await storage.outbox.finish(requireValue(await storage.outbox.claim(1)), 'sent');
    assert.equal((await db.collection('outbox').findOne())?.sealedLetter, undefined);
  });

  test('what a sign-up that broke off has left behind holds its id for a day, and its e-mail not at all', async (t) => {
    const { storage, db } = await open(t);
    const { passkeys, accounts } = storage;
    const { organizationId } = await insertAccount(storage);
    const account = buildAccount({ organizationId });
    const abandoned = buildPasskey({ accountId: account.id });
    await passkeys.insertWithAccount(abandoned, account);
    await db.collection<{ _id: string }>('accounts').deleteOne({ _id: account.id }); // as if it had never got there

    const again = { ...buildAccount({ organizationId, email: account.email }) };
    const other = buildPasskey({ accountId: again.id });
    assert.equal(await passkeys.insertWithAccount({ ...other, id: abandoned.id }, again), 'taken');
    assert.equal(await passkeys.insertWithAccount(other, again), 'inserted');
    const later = addSeconds(abandoned.createdAt, 86_401);
    const newcomer = buildAccount({ organizationId });
    const same = { ...buildPasskey({ accountId: newcomer.id, createdAt: later }), id: abandoned.id };
    assert.equal(await passkeys.insertWithAccount(same, newcomer), 'inserted');
    assert.deepEqual(await passkeys.find(abandoned.id), same);
    assert.deepEqual(await passkeys.listByAccount(account.id), []);

    const muchLater = { ...other, accountId: newcomer.id, createdAt: addSeconds(later, 86_401) };
    assert.equal(await passkeys.insert(muchLater, 20), 'taken', 'what has an account is never given away');
    assert.deepEqual((await accounts.find(again.id))?.id, again.id);
  });

  test('open stores answer', async (t) => {
    const { storage } = await open(t);
    await storage.ping();
  });

  test('after disposal every store rejects', async (t) => {
    const { storage } = await open(t);
    await storage[Symbol.asyncDispose]();
    await storage[Symbol.asyncDispose]();

    const { id } = buildAccount();
    const calls = [
      () => storage.ping(),
      () => storage.organizations.insert(buildOrganization()),
      () => storage.accounts.find(id),
      () => storage.failures.countTry(id, 'totp', 'stranger'),
      () => storage.passkeys.insert(buildPasskey(), 1),
      () => storage.totps.put(buildTotp()),
      () => storage.clients.list({ limit: 1 }),
      () => storage.keys.list(),
      () => storage.outbox.claim(1),
      () => storage.audit.list({ limit: 1 }),
      () => storage.records.deleteByAccount(id),
      () => storage.spentCodes.spend('id', TEST_START),
    ];
    for (const call of calls) {
      await assert.rejects(call(), { code: 'store_unavailable', retryAfterSeconds: 1 }, call.toString());
    }
  });

  test('writes that wait when it is disposed are done', async (t) => {
    const { storage } = await open(t);
    const write = storage.clients.insert(buildClient());
    await storage[Symbol.asyncDispose]();
    assert.equal(await write, true);
  });
}
