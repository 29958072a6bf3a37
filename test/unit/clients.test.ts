import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { Provider } from 'oidc-provider';
import { type ProviderMetadata, SETTING_NAMES } from '../../src/clients/client-metadata.ts';
import { Clients } from '../../src/clients/clients.ts';
import { Keyring } from '../../src/keys/keyring.ts';
import { Ids } from '../../src/lib/ids.ts';
import { InputError } from '../../src/lib/input-error.ts';
import { Sealer } from '../../src/lib/seal.ts';
import { createAdapterFactory } from '../../src/oidc/adapter.ts';
import { validateClient } from '../../src/oidc/validate-client.ts';
import { openTestStorage } from '../support/storages.ts';

const LEDGER = { name: 'Ledger', redirectUris: ['https://ledger.example/callback'] };
const ids = new Ids();
const DAY = 24 * 60 * 60;

test('a registered client has a secret of 256 bits that only its digest stays of', async (t) => {
  const { clients, storage } = await openClients(t);
  const { client, secret = '' } = await clients.register(LEDGER);

  assert.equal(Buffer.from(secret, 'base64url').length, 32);
  assert.equal(client.secrets[0]?.lastFour, secret.slice(-4));
  assert.doesNotMatch(JSON.stringify(await storage.clients.find(client.id)), new RegExp(secret));
  assert.equal(await clients.authenticate(client.id, secret), true);
});

test('no other text authenticates a client: not the digest, not the placeholder, not the secret of another', async (t) => {
  const { clients } = await openClients(t);
  const { client } = await clients.register(LEDGER);
  const other = await clients.register(LEDGER);
  const placeholder = String(clients.toProviderMetadata(client).client_secret);
  for (const text of ['', client.secrets[0]?.digest ?? '', placeholder, other.secret ?? '']) {
    assert.equal(await clients.authenticate(client.id, text), false);
  }
});

test('a client that proves itself otherwise gets no secret', async (t) => {
  const { clients } = await openClients(t);
  const { client, secret } = await clients.register({ ...LEDGER, authMethod: 'none' });
  assert.equal(secret, undefined);
  assert.equal('client_secret' in clients.toProviderMetadata(client), false);
  await assert.rejects(clients.addSecret(client.id), InputError);
});

test('what oidc-provider would refuse is not stored', async (t) => {
  const { clients } = await openClients(t);
  await assert.rejects(clients.register({ ...LEDGER, scopes: ['openid', 'payments'] }), {
    problems: [{ field: 'scopes', message: 'must only contain Authorization Server supported scope values' }],
  });
  assert.deepEqual((await clients.list({ limit: 10 })).items, []);
});

test('oidc-provider takes every kind of client that our rules take', async (t) => {
  const { clients, provider } = await openClients(t);
  const native = { applicationType: 'native', redirectUris: ['com.example.app:/callback', 'http://127.0.0.1/cb'] };
  const kinds = [
    {},
    { authMethod: 'none', idTokenAlgorithm: 'ES256', scopeClaimsInIdToken: true },
    { authMethod: 'client_secret_post', requirePkce: false, requirePar: true, consent: 'skip' },
    { authMethod: 'private_key_jwt', jwksUri: 'https://ledger.example/jwks' },
    {
      grantTypes: ['client_credentials'],
      redirectUris: [],
      resources: [{ indicator: 'https://api.example/', scopes: ['ledger:read'] }],
    },
    native,
  ];
  for (const kind of kinds) {
    const { client } = await clients.register({ ...LEDGER, ...kind });
    assert.equal((await provider.Client.find(client.id))?.clientName, 'Ledger');
  }
  assert.equal((await clients.list({ limit: 10 })).items.length, kinds.length);
});

test('an older secret works beside the new one for seven days', async (t) => {
  const { clients, clock } = await openClients(t);
  const { client, secret: older = '' } = await clients.register(LEDGER);
  const { secret: newer } = await clients.addSecret(client.id);

  clock.advance(7 * DAY - 1);
  assert.equal(await clients.authenticate(client.id, older), true);
  clock.advance(1);
  assert.equal(await clients.authenticate(client.id, older), false);
  assert.equal(await clients.authenticate(client.id, newer), true);
});

test('two secrets live at once, and no third until one has ended', async (t) => {
  const { clients, clock } = await openClients(t);
  const { client } = await clients.register(LEDGER);
  await clients.addSecret(client.id);
  await assert.rejects(clients.addSecret(client.id), InputError);
  clock.advance(7 * DAY);
  assert.equal((await clients.addSecret(client.id)).client.secrets.length, 2);
});

test('a removed secret works no more, but the only one cannot be removed', async (t) => {
  const { clients } = await openClients(t);
  const { client, secret: older = '' } = await clients.register(LEDGER);
  await assert.rejects(clients.removeSecret(client.id, older.slice(-4)), InputError);

  const { secret: newer } = await clients.addSecret(client.id);
  await clients.removeSecret(client.id, older.slice(-4));
  assert.equal(await clients.authenticate(client.id, older), false);
  assert.equal(await clients.authenticate(client.id, newer), true);
  await assert.rejects(clients.removeSecret(client.id, '....'), { code: 'not_found' });
});

test('of two secrets added at once, one is refused and none is lost', async (t) => {
  const { clients } = await openClients(t);
  const { client } = await clients.register(LEDGER);
  const outcomes = await Promise.allSettled([clients.addSecret(client.id), clients.addSecret(client.id)]);
  const added = outcomes.filter((outcome) => outcome.status === 'fulfilled');
  assert.equal(added.length, 1);
  assert.equal(await clients.authenticate(client.id, added[0]?.value.secret ?? ''), true);
  assert.equal((await clients.find(client.id))?.secrets.length, 2);
});

test('a disabled client does not authenticate', async (t) => {
  const { clients, storage, clock } = await openClients(t);
  const { client, secret = '' } = await clients.register(LEDGER);
  await storage.clients.update({ ...client, disabledAt: clock.now(), version: 2 });
  assert.equal(await clients.authenticate(client.id, secret), false);
});

test('a removed client is gone, with its secrets, and cannot be removed again', async (t) => {
  const { clients } = await openClients(t);
  const { client, secret = '' } = await clients.register(LEDGER);
  await clients.remove(client.id);
  assert.equal(await clients.find(client.id), undefined);
  assert.equal(await clients.authenticate(client.id, secret), false);
  await assert.rejects(clients.remove(client.id), { code: 'not_found' });
});

async function openClients(t: TestContext) {
  const { storage, clock } = await openTestStorage(t);
  const sealer = new Sealer(ids.newBytes(32), ids);
  const keyring = new Keyring({ store: storage.keys, sealer, clock });
  await keyring.ensure();
  const validate = (metadata: ProviderMetadata) => validateClient(provider, metadata);
  const clients = new Clients({ store: storage.clients, ids, clock, validate });
  const provider = new Provider('https://id.example', {
    adapter: createAdapterFactory({ records: storage.records, clients, sealer, clock }),
    jwks: { keys: [...(await keyring.signingJwks())] },
    scopes: ['openid', 'profile', 'email', 'offline_access'],
    clientAuthMethods: ['none', 'client_secret_basic', 'client_secret_post', 'private_key_jwt'],
    enabledJWA: { idTokenSigningAlgValues: ['RS256', 'ES256'] },
    features: { clientCredentials: { enabled: true }, devInteractions: { enabled: false } },
    extraClientMetadata: { properties: Object.values(SETTING_NAMES) },
  });
  return { storage, clock, clients, provider };
}
