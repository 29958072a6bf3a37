import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { AppError } from '../../src/lib/app-error.ts';
import { openMongo } from '../../src/storage/mongo/open-mongo.ts';
import {
  buildAccount,
  buildClient,
  buildOrganization,
  buildPasskey,
  buildSigningKey,
  buildTotp,
} from '../support/builders.ts';
import { TEST_START, TestClock } from '../support/clock.ts';
import { answerWell, FakeMongod, greet, isGreeting, type Message } from '../support/fake-mongod.ts';

const WRITES = ['update', 'delete', 'findAndModify'];
const UNAVAILABLE = { code: 'store_unavailable', retryAfterSeconds: 1 };
const RECORD = { payload: '{}', expiresAt: TEST_START };

async function openStores(t: TestContext, { port }: FakeMongod, options = '') {
  const url = `mongodb://127.0.0.1:${port}/any${options}`;
  const lines: string[] = [];
  const note = (_fields: object, message: string) => void lines.push(message);
  const stores = await openMongo({ url, clock: new TestClock(), logger: { info: note, warn: note } });
  t.after(() => stores[Symbol.asyncDispose]());
  return { stores, lines };
}

test('every write waits for the journals of a majority and every call is limited in time, whatever the address says', async (t) => {
  const fake = await FakeMongod.start(t);
  const weak = '?w=0&journal=false&wtimeoutMS=0&readPreference=secondary&socketTimeoutMS=0';
  const { stores } = await openStores(t, fake, weak);
  const { organizations, accounts, failures, passkeys, totps, clients, keys, records, spentCodes } = stores;
  const account = buildAccount();
  const passkey = buildPasskey();
  fake.commands.length = 0;

  await organizations.insert(buildOrganization());
  await organizations.update(buildOrganization());
  await accounts.insert(account);
  await accounts.find(account.id);
  await accounts.list({ limit: 1 });
  await failures.countTry(account.id, 'totp', 'stranger');
  await failures.clear(account.id, 'totp');
  await passkeys.insert(passkey, 1);
  await passkeys.insertWithAccount(passkey, account);
  await passkeys.recordUse(passkey.id, { counter: 1, backedUp: true, usedAt: TEST_START, usedWith: 'a browser' });
  await passkeys.rename(account.id, passkey.id, 'name');
  await passkeys.delete(account.id, passkey.id, false);
  await totps.put(buildTotp());
  await totps.advance(account.id, 1);
  await totps.delete(account.id);
  await clients.update(buildClient());
  await clients.delete(buildClient().id);
  await keys.insert(buildSigningKey());
  await keys.list();
  await records.put('RefreshToken', 'id', RECORD, {});
  await records.consume('RefreshToken', 'id', TEST_START);
  await records.replace('Grant', 'id', RECORD, {});
  await records.listByAccount('Consent', account.id);
  await records.deleteByGrant('grant', 'id');
  await records.deleteByConsent('id');
  await records.deleteByAccount(account.id);
  await spentCodes.spend('id', TEST_START);
  await stores.ping();

  const named = (...names: string[]) => fake.commands.filter((command) => names.some((name) => name in command));
  for (const command of fake.commands) assert.equal(command.maxTimeMS, 2000, JSON.stringify(command));
  for (const command of named(...WRITES)) {
    assert.deepEqual(command.writeConcern, { w: 'majority', wtimeout: 2000, j: true }, JSON.stringify(command));
  }
  assert.ok(named(...WRITES).length >= 20);
  assert.deepEqual(
    named('find').map(({ find, readConcern }) => [find, readConcern]),
    [
      ['accounts', undefined],
      ['accounts', { level: 'local' }],
      ['failures', undefined],
      ['signing_keys', { level: 'majority' }],
      ['consents', { level: 'local' }],
    ],
  );
});

const REFUSALS: readonly (readonly [string, Message])[] = [
  ['the server is no primary any more', { ok: 0, code: 10107, errmsg: 'not primary' }],
  ['the server shuts down', { ok: 0, code: 91, errmsg: 'shutting down' }],
  ['the server gives up after its time', { ok: 0, code: 50, errmsg: 'operation exceeded time limit' }],
  ['no majority has it in time', { ok: 1, n: 1, writeConcernError: { code: 64, errmsg: 'timed out' } }],
  ['there is no majority to have it', { ok: 1, n: 1, writeConcernError: { code: 79, errmsg: 'no such mode' } }],
  ['the rights are gone', { ok: 0, code: 13, errmsg: 'not authorized' }],
  ['the write is given up', { ok: 1, n: 0, writeErrors: [{ index: 0, code: 112, errmsg: 'write conflict' }] }],
];
for (const [what, answer] of REFUSALS) {
  test(`a write is unavailable when ${what}`, async (t) => {
    const fake = await FakeMongod.start(t);
    const { stores } = await openStores(t, fake);
    fake.answer = (command) => (isGreeting(command) ? greet() : answer);
    await assert.rejects(stores.clients.insert(buildClient()), UNAVAILABLE);
  });
}

test('a command that the server does not understand is a bug, not an outage', async (t) => {
  const fake = await FakeMongod.start(t);
  const { stores } = await openStores(t, fake);
  fake.answer = (command) => (isGreeting(command) ? greet() : { ok: 0, code: 9, errmsg: 'failed to parse' });
  await assert.rejects(stores.clients.insert(buildClient()), (error) => !(error instanceof AppError));
});

test('what another call has made in the meantime is changed instead', async (t) => {
  const fake = await FakeMongod.start(t);
  const { stores } = await openStores(t, fake);
  const duplicate = { code: 11000, errmsg: 'E11000 duplicate key error' };
  const answerSecond = async (call: () => Promise<unknown>) => {
    let tries = 0;
    fake.answer = (command) => {
      if (isGreeting(command)) return greet();
      tries += 1;
      if (tries > 1) return answerWell(command);
      const isCommandError = 'findAndModify' in command;
      return isCommandError ? { ok: 0, ...duplicate } : { ok: 1, n: 0, writeErrors: [{ index: 0, ...duplicate }] };
    };
    await call();
    assert.equal(tries, 2, call.toString());
  };
  await answerSecond(() => stores.records.put('Grant', 'id', RECORD, {}));
  await answerSecond(() => stores.totps.put(buildTotp()));
  await answerSecond(() => stores.failures.countTry(buildAccount().id, 'totp', 'stranger'));
});

test('a sign-up that breaks off between its two writes leaves a passkey without an account, never the opposite', async (t) => {
  const fake = await FakeMongod.start(t);
  const { stores } = await openStores(t, fake);
  const passkey = buildPasskey();
  fake.answer = (command) => {
    if (command.update === 'passkeys') return { ok: 1, n: 1, upserted: [{ index: 0, _id: passkey.accountId }] };
    return isGreeting(command) ? greet() : { ok: 0, code: 91, errmsg: 'shutting down' };
  };
  fake.commands.length = 0;
  const account = buildAccount({ id: passkey.accountId });
  await assert.rejects(stores.passkeys.insertWithAccount(passkey, account), UNAVAILABLE);
  const [first, ...others] = fake.commands.map(({ update }) => update);
  assert.equal(first, 'passkeys');
  assert.deepEqual(new Set(others), new Set(['accounts'])); // which may be done all the same, so the passkey stays
});

test('in a replica set a write whose primary steps down is done by the next one, and counts once', async (t) => {
  const fake = await FakeMongod.start(t);
  const me = `127.0.0.1:${fake.port}`;
  const greeting = greet({ setName: 'set', hosts: [me], me, primary: me, logicalSessionTimeoutMinutes: 30 });
  fake.answer = (command) => (isGreeting(command) ? greeting : answerWell(command));
  const { stores } = await openStores(t, fake, '?replicaSet=set&retryWrites=false');
  const steppedDown = { ok: 0, code: 189, errmsg: 'primary stepped down', errorLabels: ['RetryableWriteError'] };
  let tries = 0;
  fake.answer = (command) => {
    if (isGreeting(command)) return greeting;
    tries += 1;
    return tries === 1 ? steppedDown : answerWell(command);
  };

  fake.commands.length = 0;
  assert.equal(await stores.failures.countTry(buildAccount().id, 'totp', 'stranger'), 8);

  const [first, second] = fake.commands;
  assert.equal(tries, 2);
  assert.deepEqual([second?.lsid, second?.txnNumber], [first?.lsid, first?.txnNumber]); // by which the server knows that it is one write
  assert.ok(first?.txnNumber !== undefined);
});

test('a server that answers nothing any more is given up in time', { timeout: 20_000 }, async (t) => {
  const fake = await FakeMongod.start(t);
  const { stores } = await openStores(t, fake);
  fake.answer = () => undefined;
  const start = performance.now();
  await assert.rejects(stores.clients.list({ limit: 1 }), UNAVAILABLE);
  const seconds = (performance.now() - start) / 1000;
  assert.ok(seconds < 5, `${seconds} s`);
});

test('a server that goes away is missed within a second, and used again when it is back', {
  timeout: 20_000,
}, async (t) => {
  const fake = await FakeMongod.start(t);
  const { port } = fake;
  const { stores, lines } = await openStores(t, fake);
  await stores.ping();

  fake.stop();
  await assert.rejects(stores.ping(), UNAVAILABLE);
  const start = performance.now();
  await Promise.all([
    assert.rejects(stores.ping(), UNAVAILABLE),
    assert.rejects(stores.clients.insert(buildClient()), UNAVAILABLE),
  ]);
  const seconds = (performance.now() - start) / 1000;
  assert.ok(seconds < 1.5, `${seconds} s`);

  await fake.listen(port);
  await stores.ping();
  assert.equal(await stores.clients.delete(buildClient().id), true);
  assert.deepEqual(lines, ['MongoDB does not answer', 'MongoDB answers again']);
});

test('to be closed is not to be missed', async (t) => {
  const fake = await FakeMongod.start(t);
  const { stores, lines } = await openStores(t, fake);
  await stores[Symbol.asyncDispose]();
  assert.deepEqual(lines, []);
});
