import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import type { Client, ClientSecret } from '../../src/clients/client-store.ts';
import { addSeconds } from '../../src/lib/clock.ts';
import { buildClient } from '../support/builders.ts';
import { TEST_START } from '../support/clock.ts';
import type { OpenStores } from '../support/storages.ts';
import { testPages } from './pages-contract.ts';
import { testVersions } from './versions-contract.ts';

/** Holds a backend to what `ClientStore` promises. */
export function describeClientStore(name: string, open: OpenStores<'clients'>): void {
  describe(`${name}: clients`, () => {
    const openSubject = async (t: TestContext) => {
      const { clients } = (await open(t)).storage;
      return {
        insert: (client: Client) => clients.insert(client),
        find: ({ id }: Client) => clients.find(id),
        update: (client: Client) => clients.update(client),
        list: clients.list.bind(clients),
      };
    };
    testVersions<Client>(async (t) => ({
      ...(await openSubject(t)),
      build: () => buildClient(),
      change: (client, mark) => ({ ...client, metadata: { ...client.metadata, client_uri: mark } }),
    }));
    testPages<Client>(async (t) => ({ ...(await openSubject(t)), build: (createdAt) => buildClient({ createdAt }) }));

    test('every field survives', async (t) => {
      const { clients } = (await open(t)).storage;
      const client = buildFullClient();
      assert.equal(await clients.insert(client), true);
      assert.deepEqual(await clients.find(client.id), client);
    });

    test('what is undefined comes back absent', async (t) => {
      const { clients } = (await open(t)).storage;
      const secret: ClientSecret = { digest: 'digest', lastFour: 'abcd', createdAt: TEST_START };
      const bare = buildClient({ secrets: [secret] });
      await clients.insert({ ...bare, disabledAt: undefined, secrets: [{ ...secret, expiresAt: undefined }] });
      assert.deepEqual(await clients.find(bare.id), bare);
    });

    test('a deleted one is gone and its id is free', async (t) => {
      const { clients } = (await open(t)).storage;
      const client = buildClient();
      await clients.insert(client);
      assert.equal(await clients.delete(client.id), true);
      assert.equal(await clients.delete(client.id), false);
      assert.equal(await clients.find(client.id), undefined);
      assert.equal(await clients.insert(client), true);
    });
  });
}

function buildFullClient(): Required<Client> {
  const secret: Required<ClientSecret> = {
    digest: 'n4bQgYhMfWWaL-qgxVrQFaO_TxsrC4Is0V1sFbDwCgg',
    lastFour: 'a_-9',
    createdAt: addSeconds(TEST_START, 0.001),
    expiresAt: addSeconds(TEST_START, 0.002),
  };
  return {
    ...buildClient({ version: 4, updatedAt: addSeconds(TEST_START, 0.003) }),
    metadata: {
      jwks: { keys: [{ kty: 'EC', n: null }] },
      default_max_age: 0,
      require_auth_time: false,
      contacts: ['ü'],
    },
    settings: {
      requirePkce: false,
      consent: 'skip',
      scopeClaimsInIdToken: true,
      resources: [{ indicator: 'https://api.example.com', scopes: ['ledger:read', 'ledger:write'] }],
    },
    secrets: [secret, { ...secret, lastFour: 'zzzz' }],
    disabledAt: addSeconds(TEST_START, 0.004),
  };
}
