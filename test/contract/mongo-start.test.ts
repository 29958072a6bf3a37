import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Mongoose } from 'mongoose';
import { COLLECTIONS, migrateMongo } from '../../src/storage/mongo/migrate-mongo.ts';
import { openMongo } from '../../src/storage/mongo/open-mongo.ts';
import { buildAccount, buildOrganization, buildPasskey } from '../support/builders.ts';
import { TEST_START, TestClock } from '../support/clock.ts';
import { answerWell, FakeMongod, greet, isGreeting, type Message } from '../support/fake-mongod.ts';
import { findTestServer, NO_SERVER, type TestServer } from '../support/mongodb.ts';
import { race } from '../support/race.ts';

const SECRET = 's3cr3t';

/** Why the stores do not open, in one line that does not show the password. */
async function explain(url: string): Promise<string> {
  const opening = openMongo({ url, clock: new TestClock() });
  const error = await opening.then(
    () => assert.fail('it opened'),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof Error);
  assert.equal(error.cause, undefined);
  assert.doesNotMatch(error.message, /\n|s3cr3t/);
  return error.message.replaceAll(/:\d{4,5}\b/g, ':port');
}

function answering(greeting: Message, answer: Message) {
  return (command: Message) => (isGreeting(command) ? greeting : answer);
}

test('a server that is not there is named', { timeout: 10_000 }, async (t) => {
  const fake = await FakeMongod.start(t);
  const { port } = fake;
  fake.stop();
  assert.equal(
    await explain(`mongodb://cardea:${SECRET}@127.0.0.1:${port}/cardea`),
    'cannot use MongoDB at 127.0.0.1:port: it did not answer within 3 s (connect ECONNREFUSED 127.0.0.1:port)',
  );
});

test('a server that is too old is refused', async (t) => {
  const fake = await FakeMongod.start(t, answering(greet({ maxWireVersion: 8 }), { ok: 1 }));
  assert.equal(
    await explain(`mongodb://127.0.0.1:${fake.port}`),
    'cannot use MongoDB at 127.0.0.1:port: it is older than MongoDB 4.4',
  );
});

test('a set without a primary is told from one that is not there', async (t) => {
  const fake = await FakeMongod.start(t);
  const me = `127.0.0.1:${fake.port}`;
  const secondary = { ismaster: false, isWritablePrimary: false, secondary: true, setName: 'set', hosts: [me], me };
  fake.answer = answering(greet(secondary), { ok: 1 });
  assert.equal(
    await explain(`mongodb://${me}/?replicaSet=set`),
    'cannot use MongoDB at 127.0.0.1:port: it had no primary for 3 s',
  );
});

test('wrong credentials are said to be wrong', async (t) => {
  const refusal = { ok: 0, code: 18, codeName: 'AuthenticationFailed', errmsg: 'Authentication failed.' };
  const fake = await FakeMongod.start(t, answering(greet({ saslSupportedMechs: ['SCRAM-SHA-256'] }), refusal));
  assert.equal(
    await explain(`mongodb://cardea:${SECRET}@127.0.0.1:${fake.port}`),
    'cannot use MongoDB at 127.0.0.1:port: it refuses the name or the password',
  );
});

test('missing rights are said to be missing', async (t) => {
  const fake = await FakeMongod.start(t, (command) =>
    'createIndexes' in command ? { ok: 0, code: 13, errmsg: `not authorized, ${SECRET}` } : answerWell(command),
  );
  assert.equal(
    await explain(`mongodb://127.0.0.1:${fake.port}`),
    'cannot use MongoDB at 127.0.0.1:port: it wants a name and a password, or gives this name too few rights',
  );
});

test('an address that is none, or that may show a part of the password, is refused without showing it', async () => {
  const addresses = [
    '',
    'localhost:27017',
    `http://cardea:${SECRET}@localhost`,
    'mongodb://',
    `mongodb://cardea:${SECRET}`,
    `mongodb:/cardea:${SECRET}@localhost`,
    `mongodb://cardea:pass@${SECRET}/word@localhost/cardea`,
    `mongodb://cardea:1234/${SECRET}@localhost/cardea`,
    `mongodb://cardea:1234?${SECRET}@localhost/cardea`,
    `mongodb://cardea:1234#${SECRET}@localhost/cardea`,
  ];
  for (const url of addresses) assert.match(await explain(url), /^the address of MongoDB is not of the form /, url);
  for (const rest of ['localhost/?fooBar=1', '[::1]:27017,other:27018/?tls=maybe']) {
    assert.match(await explain(`mongodb://cardea:${SECRET}@${rest}`), /its address has an option, a host or an enc/);
  }
  assert.match(await explain(`mongodb://cardea:${SECRET}%zz@localhost`), /^cannot use MongoDB at localhost: /);
});

test('the path of the address names the database', async (t) => {
  const fake = await FakeMongod.start(t);
  for (const [path, database] of [
    ['', 'cardea'],
    ['/?retryReads=true', 'cardea'],
    ['/elsewhere?retryReads=true', 'elsewhere'],
  ]) {
    fake.commands.length = 0;
    await using _stores = await openMongo({ url: `mongodb://127.0.0.1:${fake.port}${path}`, clock: new TestClock() });
    const migrations = fake.commands.filter((command) => 'createIndexes' in command);
    assert.equal(migrations.length, COLLECTIONS.filter(({ schema }) => schema.indexes().length > 0).length);
    for (const { $db } of migrations) assert.equal($db, database);
  }
});

const server = await findTestServer();
if (server) describe('the indexes in MongoDB', () => defineTests(server));
else test('the indexes in MongoDB', { skip: NO_SERVER });

function defineTests(server: TestServer): void {
  test('many that make them at once, and again, make them once', async (t) => {
    const { url, db } = server.addDatabase(t);
    await race(5, async () => {
      const connection = await new Mongoose().createConnection(url).asPromise();
      await migrateMongo(connection);
      await migrateMongo(connection);
      await connection.close();
    });

    const collections = (await db.listCollections().toArray()).map(({ name }) => name).sort();
    const indexes = collections.map(async (name) => {
      const all = await db.collection(name).indexes();
      return all.map((index) => `${name}.${index.name}${index.unique ? ' unique' : ''}`).sort();
    });
    assert.deepEqual((await Promise.all(indexes)).flat(), [
      'accounts._id_',
      'accounts.creation',
      'accounts.email unique',
      'accounts.organization',
      'accounts.recovery',
      'accounts.role',
      'accounts.user_handle unique',
      'audit_events._id_',
      'audit_events.account',
      'audit_events.creation',
      'clients._id_',
      'clients.creation',
      'consents._id_',
      'consents.account',
      'consents.expiry',
      'failures._id_',
      'failures.account',
      'grants._id_',
      'grants.account',
      'grants.expiry',
      'grants.grant',
      'organizations._id_',
      'organizations.creation',
      'organizations.slug unique',
      'outbox._id_',
      'outbox.creation',
      'outbox.dedupe_key unique',
      'outbox.due',
      'outbox.finished',
      'passkeys._id_',
      'passkeys.passkey unique',
      'passkeys.rp_id',
      'refresh_tokens._id_',
      'refresh_tokens.account',
      'refresh_tokens.expiry',
      'refresh_tokens.grant',
      'signing_keys._id_',
      'signing_keys.generation unique',
      'spent_codes._id_',
      'spent_codes.expiry',
    ]);
  });

  test('stores that open while others are at work find everything and change nothing', async (t) => {
    const { storage, url } = await server.open(t);
    const organization = buildOrganization();
    const account = buildAccount({ organizationId: organization.id });
    await storage.organizations.insert(organization);
    await storage.accounts.insert(account);
    await using other = await openMongo({ url, clock: new TestClock() });
    assert.deepEqual(await other.accounts.find(account.id), account);
    assert.equal(await other.organizations.insert(buildOrganization({ slug: organization.slug })), false);
  });

  test('an account without passkeys, and one that has lost its last, keep nobody else from having none', async (t) => {
    const { storage } = await server.open(t);
    const accounts = [buildAccount().id, buildAccount().id, buildAccount().id];
    for (const accountId of accounts) {
      const passkey = buildPasskey({ accountId, createdAt: TEST_START });
      assert.equal(await storage.passkeys.insert(passkey, 1), 'inserted');
      assert.equal(await storage.passkeys.delete(accountId, passkey.id, false), 'deleted');
      assert.deepEqual(await storage.passkeys.listByAccount(accountId), []);
    }
    for (const accountId of accounts) {
      assert.equal(await storage.passkeys.insert(buildPasskey({ accountId }), 1), 'inserted');
    }
  });
}
