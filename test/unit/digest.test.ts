import assert from 'node:assert/strict';
import { test } from 'node:test';
import { digest, equalsInConstantTime } from '../../src/lib/digest.ts';

test('a digest is SHA-256 in base64url', () => {
  // The example of FIPS 180-2 §B.1, "abc".
  const expected = Buffer.from('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad', 'hex');
  assert.equal(digest('abc'), expected.toString('base64url'));
});

test('texts that differ in length, a letter or the form of a letter are not equal', () => {
  assert.ok(equalsInConstantTime('', ''));
  assert.ok(equalsInConstantTime('naïve', 'naïve'));
  for (const [left, right] of [
    ['a', 'b'],
    ['a', 'aa'],
    ['', 'a'],
    ['a', 'A'],
    ['na\u00efve', 'nai\u0308ve'],
  ] as const) {
    assert.ok(!equalsInConstantTime(left, right), `${left} and ${right}`);
    assert.ok(!equalsInConstantTime(right, left), `${right} and ${left}`);
  }
});
