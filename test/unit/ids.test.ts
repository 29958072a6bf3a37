import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type AccountId, Ids } from '../../src/lib/ids.ts';

test('an id has 128 random bits in 22 characters that are safe in a URL', () => {
  assert.match(new Ids().newId<AccountId>(), /^[A-Za-z0-9_-]{22}$/);
});

test('an id does not begin like an option of a command line', () => {
  assert.equal(new Ids((length) => new Uint8Array(length).fill(0xfb)).newId<AccountId>(), 'A_v7-_v7-_v7-_v7-_v7-w');
});

test('a secret has 256 random bits in 43 characters unless told otherwise', () => {
  assert.match(new Ids().newSecret(), /^[A-Za-z0-9_-]{43}$/);
  assert.equal(Buffer.from(new Ids().newSecret(20), 'base64url').length, 20);
});

test('everything that is made is new', () => {
  const ids = new Ids();
  const made = Array.from({ length: 10_000 }, () => ids.newId<AccountId>());
  assert.equal(new Set(made).size, made.length);
  assert.notDeepEqual(ids.newBytes(32), ids.newBytes(32));
});

test('every byte of a secret comes from the source', () => {
  const asked: number[] = [];
  const ids = new Ids((length) => {
    asked.push(length);
    return new Uint8Array(length).fill(asked.length);
  });
  assert.deepEqual(
    [ids.newId<AccountId>(), ids.newSecret(), ids.newBytes(3)],
    [Buffer.alloc(16, 1).toString('base64url'), Buffer.alloc(32, 2).toString('base64url'), new Uint8Array([3, 3, 3])],
  );
  assert.deepEqual(asked, [16, 32, 3]);
});

test('bytes are a copy that nobody else can change', () => {
  const source = new Uint8Array([1, 2, 3]);
  const bytes = new Ids(() => source).newBytes(3);
  source.fill(9);
  assert.deepEqual([...bytes], [1, 2, 3]);
});

test('digits are as many as are asked for, zeros in front included, and any of them', () => {
  const ids = new Ids();
  const codes = Array.from({ length: 1000 }, () => ids.newDigits(8));
  for (const code of codes) assert.match(code, /^\d{8}$/);
  assert.equal(new Set(codes).size, codes.length);
  for (let place = 0; place < 8; place += 1) assert.equal(new Set(codes.map((code) => code[place])).size, 10);
  assert.equal(new Ids(() => new Uint8Array(8)).newDigits(8), '00000000');
});
