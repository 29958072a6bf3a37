import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { JSONWebKeySet } from 'jose';
import { addServers } from '../support/add-servers.ts';
import { presetOf } from '../support/app.ts';
import { findTestServer, NO_SERVER } from '../support/mongodb.ts';
import { openOperator } from '../support/operator.ts';
import { RawClient } from '../support/raw-client.ts';
import { skipWithoutRedis, waitFor } from '../support/redis.ts';
import { requireValue } from '../support/require-value.ts';
import { type Environment, ServerProcess } from '../support/server-process.ts';
import { addSigningKey } from '../support/signing-key.ts';
import { makeTempFolder } from '../support/temp-folder.ts';
import { Visitor } from '../support/visitor.ts';

/** Within which all processes see what one of them has changed. */
const SEEN_MS = 6000;
const CREDENTIALS = { grant_type: 'client_credentials' };

interface Store {
  readonly name: string;
  readonly skip: string | false;
  /** As settings. */
  describe(t: TestContext): Promise<Environment>;
}

async function readKids({ issuer }: ServerProcess): Promise<readonly unknown[]> {
  const { keys } = (await (await fetch(`${issuer}/jwks`)).json()) as JSONWebKeySet; // the document of that address
  return keys.map(({ kid }) => kid);
}

const mongodb = await findTestServer();
const STORES: readonly Store[] = [
  { name: 'one file', skip: false, describe: async () => ({}) },
  {
    name: 'MongoDB and Redis',
    skip: mongodb ? skipWithoutRedis : NO_SERVER,
    describe: (t) => addServers(t, requireValue(mongodb)),
  },
];

for (const { name, skip, describe } of STORES) {
  test(`processes that are started at once on empty stores are one installation: ${name}`, {
    skip,
    concurrency: true,
  }, async (t) => {
    await testInstallation(t, await describe(t));
  });
}

async function testInstallation(t: TestContext, stores: Environment): Promise<void> {
  const dataDir = makeTempFolder(t);
  const start = () => ServerProcess.start(t, { CARDEA_DATA_DIR: dataDir, ...stores });
  const servers = await Promise.all([start(), start()]);
  const [one, other] = servers;
  const operator = await openOperator(t, one.environment);
  const register = () =>
    RawClient.register(
      { app: operator, issuer: one.issuer },
      { grantTypes: ['client_credentials'], redirectUris: [], authMethod: 'client_secret_post' },
    );

  await t.test('with one organization and one key of each algorithm', async () => {
    assert.equal((await operator.organizations.list({ limit: 10 })).items.length, 1);
    assert.equal((await operator.storage.keys.list()).length, 2);
    assert.deepEqual(await readKids(one), await readKids(other));
  });

  const changes = [
    t.test('a client that is removed by a command gets nothing more', async () => {
      const client = await register();
      assert.equal((await client.post('/token', CREDENTIALS)).status, 200);
      await other.runCommand('client', 'remove', client.id, '--yes');
      await waitFor(async () => (await client.post('/token', CREDENTIALS)).status === 401, SEEN_MS);
    }),
    t.test('a secret that is removed by a command opens nothing more, and the new one does', async () => {
      const client = await register();
      assert.equal((await client.post('/token', CREDENTIALS)).status, 200);
      const added = JSON.parse(await other.runCommand('client', 'add-secret', client.id, '--json'));
      await other.runCommand('client', 'remove-secret', client.id, requireValue(client.secret).slice(-4));
      await waitFor(async () => (await client.post('/token', CREDENTIALS)).status === 401, SEEN_MS);
      assert.equal((await client.post('/token', { ...CREDENTIALS, client_secret: added.clientSecret })).status, 200);
    }),
    t.test('a policy that one of them changes is what the others go by', async () => {
      const client = await RawClient.register({ app: operator, issuer: one.issuer });
      const offersSignUp = async () => (await client.authorize(new Visitor(one.issuer))).text.includes('/sign-up"');
      assert.equal(await offersSignUp(), true);
      const { id } = await operator.organizations.requireOrFirst(undefined);
      await operator.organizations.setPolicy(id, { ...presetOf('convenience'), signUp: 'closed' });
      await waitFor(async () => !(await offersSignUp()), SEEN_MS);
    }),
    t.test('a key that is added is published by all', async () => {
      const kid = await addSigningKey({ keys: operator.storage.keys, dataDir }, new Date());
      const haveIt = async () => (await Promise.all(servers.map(readKids))).every((kids) => kids.includes(kid));
      await waitFor(haveIt, SEEN_MS);
    }),
  ];
  await Promise.all(changes);
}
