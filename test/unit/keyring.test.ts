import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { calculateJwkThumbprint } from 'jose';
import { Keyring, UnreadableKeyError } from '../../src/keys/keyring.ts';
import { addSeconds } from '../../src/lib/clock.ts';
import { Ids } from '../../src/lib/ids.ts';
import { Sealer } from '../../src/lib/seal.ts';
import { openTestStorage } from '../support/storages.ts';

const ids = new Ids();

test('a new installation gets one key for each algorithm, named by its thumbprint and fit to sign', async (t) => {
  const { keyring } = await openKeyring(t);
  await keyring.ensure();

  const jwks = await keyring.signingJwks();
  assert.deepEqual(jwks.map(({ alg }) => alg).sort(), ['ES256', 'RS256']);
  for (const jwk of jwks) {
    assert.equal(jwk.kid, await calculateJwkThumbprint(jwk));
    assert.equal(jwk.use, 'sig');
    assert.equal(typeof jwk.d, 'string');
  }
  const rsa = jwks.find(({ alg }) => alg === 'RS256');
  assert.equal(Buffer.from(rsa?.n ?? '', 'base64url').length * 8, 2048);
});

test('an installation keeps its keys over a restart', async (t) => {
  const { keyring, restart } = await openKeyring(t);
  await keyring.ensure();
  const before = await keyring.signingJwks();

  const restarted = restart();
  await restarted.ensure();
  assert.deepEqual(await restarted.signingJwks(), before);
  assert.equal(await restarted.version(), await keyring.version());
});

test('private keys are stored sealed', async (t) => {
  const { keyring, storage } = await openKeyring(t);
  await keyring.ensure();
  const secrets = (await keyring.signingJwks()).map(({ d = '' }) => d);
  for (const { sealedPrivateJwk } of await storage.keys.list()) {
    const stored = Buffer.from(sealedPrivateJwk).toString('latin1');
    for (const secret of secrets) assert.equal(stored.includes(secret), false);
  }
});

test('another sealing key is refused, and no key is made beside those it does not open', async (t) => {
  const { storage, clock, addKey } = await openKeyring(t);
  await addKey({ activeFrom: clock.now() }); // there is none for RS256, so there would be one to make
  const wrong = new Keyring({ store: storage.keys, sealer: new Sealer(ids.newBytes(32), ids), clock });

  await assert.rejects(wrong.ensure(), /the sealing key does not open/);
  await assert.rejects(wrong.signingJwks(), UnreadableKeyError);
  assert.equal((await storage.keys.list()).length, 1);
});

test('a sealed key that was moved to another row is refused', async (t) => {
  const { keyring, storage, clock } = await openKeyring(t);
  await keyring.ensure();
  const [key] = await storage.keys.list();
  assert.ok(key);
  await storage.keys.insert({ ...key, kid: 'another', generation: 2, createdAt: clock.now() });
  await assert.rejects(keyring.signingJwks(), UnreadableKeyError);
});

test('the newest active key signs; later and earlier ones are only published', async (t) => {
  const { keyring, storage, clock, addKey } = await openKeyring(t);
  const now = clock.now();
  const retired = await addKey({ activeFrom: addSeconds(now, -300), retiredAt: now });
  const old = await addKey({ activeFrom: addSeconds(now, -200) });
  const current = await addKey({ activeFrom: addSeconds(now, -100) });
  const coming = await addKey({ activeFrom: addSeconds(now, 100) });
  assert.equal((await storage.keys.list()).length, 4);

  const kids = async () => (await keyring.signingJwks()).map(({ kid }) => kid);
  assert.deepEqual(await kids(), [current, old, coming, retired]);

  const version = await keyring.version();
  clock.advance(99);
  assert.equal(await keyring.version(), version);
  clock.advance(1);
  assert.deepEqual(await kids(), [coming, current, old, retired]);
  assert.notEqual(await keyring.version(), version);
});

test('a key is made where the only one of its algorithm is retired', async (t) => {
  const { keyring, storage, clock, addKey } = await openKeyring(t);
  const retired = await addKey({ activeFrom: addSeconds(clock.now(), -300), retiredAt: clock.now() });
  await keyring.ensure();
  const elliptic = (await storage.keys.list()).filter(({ algorithm }) => algorithm === 'ES256');
  assert.equal(elliptic.length, 2);
  assert.notEqual((await keyring.signingJwks()).find(({ alg }) => alg === 'ES256')?.kid, retired);
});

async function openKeyring(t: TestContext) {
  const { storage, clock } = await openTestStorage(t);
  const sealer = new Sealer(ids.newBytes(32), ids);
  const restart = () => new Keyring({ store: storage.keys, sealer, clock });
  const addKey = async (times: { readonly activeFrom: Date; readonly retiredAt?: Date }) => {
    const kid = ids.newSecret();
    const sealedPrivateJwk = sealer.seal(JSON.stringify({ kid, alg: 'ES256' }), `signing-key:${kid}`);
    const generation = (await storage.keys.list()).length + 1;
    const createdAt = times.activeFrom;
    await storage.keys.insert({ kid, algorithm: 'ES256', generation, sealedPrivateJwk, createdAt, ...times });
    return kid;
  };
  return { storage, clock, keyring: restart(), restart, addKey };
}
