import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLocalJWKSet, decodeProtectedHeader, type JSONWebKeySet, jwtVerify } from 'jose';
import { UnreadableKeyError } from '../../src/keys/keyring.ts';
import { addSeconds } from '../../src/lib/clock.ts';
import { openTestApp, type TestApp } from '../support/app.ts';
import { buildSigningKey } from '../support/builders.ts';
import { RawClient } from '../support/raw-client.ts';
import { addSigningKey } from '../support/signing-key.ts';

const API = 'https://invoices.example/';

/** A client that gets signed tokens for itself. */
async function registerMachine(site: TestApp): Promise<() => Promise<string>> {
  const client = await RawClient.register(site, {
    authMethod: 'client_secret_post',
    grantTypes: ['client_credentials'],
    redirectUris: [],
    resources: [{ indicator: API, scopes: ['invoices:read'] }],
  });
  return async () => {
    const { body } = await client.post('/token', { grant_type: 'client_credentials', resource: API });
    return String(body.access_token);
  };
}

async function readJwks({ issuer }: TestApp): Promise<JSONWebKeySet> {
  return (await fetch(`${issuer}/jwks`)).json() as Promise<JSONWebKeySet>; // the document of that address
}

test('a key that another process has added is published, and signs from when it is to', async (t) => {
  const site = await openTestApp(t);
  const { app, advance, dataDir } = site;
  const obtain = await registerMachine(site);
  const before = await readJwks(site);
  const early = await obtain();

  const kid = await addSigningKey({ keys: app.storage.keys, dataDir }, addSeconds(new Date(), 60));
  assert.deepEqual(await readJwks(site), before);
  await app.signingKeys.refresh();

  const jwks = await readJwks(site);
  assert.deepEqual(jwks.keys.map((key) => key.kid).sort(), [...before.keys.map((key) => key.kid), kid].sort());
  assert.equal(decodeProtectedHeader(await obtain()).kid, decodeProtectedHeader(early).kid);

  advance(60);
  await app.signingKeys.refresh();
  const late = await obtain();
  assert.equal(decodeProtectedHeader(late).kid, kid);
  for (const token of [early, late]) await jwtVerify(token, createLocalJWKSet(jwks), { audience: API });
  assert.equal((await readJwks(site)).keys.length, 3);
});

test('a key that cannot be read leaves the others as they are', async (t) => {
  const site = await openTestApp(t);
  const { app } = site;
  const obtain = await registerMachine(site);
  const before = await readJwks(site);
  await app.storage.keys.insert(buildSigningKey({ generation: 2 }));

  await assert.rejects(app.signingKeys.refresh(), UnreadableKeyError);
  await jwtVerify(await obtain(), createLocalJWKSet(before), { audience: API });
  assert.deepEqual(await readJwks(site), before);
});
