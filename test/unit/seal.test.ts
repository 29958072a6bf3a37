import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Ids } from '../../src/lib/ids.ts';
import { Sealer } from '../../src/lib/seal.ts';

const key = new Uint8Array(32).fill(1);
const sealer = new Sealer(key, new Ids());

test('what is sealed opens in its own place', () => {
  for (const text of ['', 'secret', 'ключ 🔑', 'x'.repeat(100_000)]) {
    assert.equal(sealer.open(sealer.seal(text, 'totp:a'), 'totp:a'), text);
  }
});

test('what is sealed does not show the text, and never looks the same twice', () => {
  const sealed = [sealer.seal('JBSWY3DPEHPK3PXP', 'totp:a'), sealer.seal('JBSWY3DPEHPK3PXP', 'totp:a')];
  for (const bytes of sealed) assert.ok(!Buffer.from(bytes).includes('JBSWY3DPEHPK3PXP'));
  assert.notDeepEqual(sealed[0], sealed[1]);
});

test('a sealed value that was moved to another row does not open', () => {
  const sealed = sealer.seal('secret', 'totp:a');
  assert.throws(() => sealer.open(sealed, 'totp:b'));
  assert.throws(() => sealer.open(sealed, ''));
});

test('a sealed value does not open with another key', () => {
  const other = new Sealer(new Uint8Array(32).fill(2), new Ids());
  assert.throws(() => other.open(sealer.seal('secret', 'totp:a'), 'totp:a'));
});

test('a sealed value of which any byte was altered, or lost, does not open', () => {
  const sealed = sealer.seal('secret', 'totp:a');
  for (const index of sealed.keys()) {
    const altered = sealed.with(index, (sealed[index] ?? 0) ^ 1);
    assert.throws(() => sealer.open(altered, 'totp:a'), `byte ${index}`);
    assert.throws(() => sealer.open(sealed.subarray(0, index), 'totp:a'), `the first ${index} bytes`);
  }
});

test('a tag that was shortened is not accepted', () => {
  const sealed = sealer.seal('', 'totp:a');
  for (const length of [12, 13, 14, 15]) {
    assert.throws(() => sealer.open(sealed.subarray(0, 12 + length), 'totp:a'), `${length} bytes`);
  }
});

test('a digest is the same for the same text in the same place under the same key, and for nothing else', () => {
  const digest = sealer.digest('text', 'place');
  const other = new Sealer(new Uint8Array(32).fill(2), new Ids());
  assert.match(digest, /^[\w-]{43}$/);
  assert.equal(new Sealer(key, new Ids()).digest('text', 'place'), digest);
  assert.notEqual(sealer.digest('text', 'elsewhere'), digest);
  assert.notEqual(sealer.digest('text ', 'place'), digest);
  assert.notEqual(other.digest('text', 'place'), digest);
});

test('a sealing key has 32 bytes', () => {
  for (const length of [0, 16, 31, 33]) assert.throws(() => new Sealer(new Uint8Array(length), new Ids()), TypeError);
});
