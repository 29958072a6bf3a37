import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { loadConfig } from '../../config/load.ts';
import { ensureOrganization } from '../../src/first-start.ts';
import { Keyring } from '../../src/keys/keyring.ts';
import { Ids } from '../../src/lib/ids.ts';
import { Sealer } from '../../src/lib/seal.ts';
import { Organizations } from '../../src/organizations/organizations.ts';
import { findTestServer, NO_SERVER } from '../support/mongodb.ts';
import { race } from '../support/race.ts';
import { type OpenStores, openTestStorage } from '../support/storages.ts';

const PROCESSES = 8;

const ids = new Ids();
const { config } = loadConfig({});
const mongodb = await findTestServer();

/** What processes do that are started at once on an empty store: one of them makes it, and all have it. */
function describeFirstStart(name: string, open: OpenStores<'keys' | 'organizations'>): void {
  describe(`${name}: the first start of many processes at once`, () => {
    test('makes one key of each algorithm, which all have', async (t) => {
      const { storage, clock } = await open(t);
      const sealer = new Sealer(ids.newBytes(32), ids);

      const versions = await race(PROCESSES, async () => {
        const keyring = new Keyring({ store: storage.keys, sealer, clock });
        await keyring.ensure();
        return keyring.version();
      });

      assert.deepEqual((await storage.keys.list()).map(({ algorithm }) => algorithm).sort(), ['ES256', 'RS256']);
      assert.equal(new Set(versions).size, 1);
    });

    test('makes one organization, which all have', async (t) => {
      const { storage, clock } = await open(t);

      const organizations = await race(PROCESSES, () =>
        ensureOrganization(new Organizations({ store: storage.organizations, ids, clock }), config),
      );

      const { items } = await storage.organizations.list({ limit: 10 });
      assert.equal(items.length, 1);
      for (const organization of organizations) assert.deepEqual(organization, items[0]);
    });
  });
}

describeFirstStart('sqlite', openTestStorage);
if (mongodb) describeFirstStart('mongodb', mongodb.open);
else test('mongodb: the first start of many processes at once', { skip: NO_SERVER });
