import assert from 'node:assert/strict';
import { test } from 'node:test';
import { maskEmail } from '../../src/accounts/mask-email.ts';

test('a masked address tells its first letter and where it is, and not how long it is', () => {
  assert.equal(maskEmail('alex@example.com'), 'a•••@example.com');
  assert.equal(maskEmail('a@example.com'), 'a•••@example.com');
  assert.equal(maskEmail('𝒶lex@example.com'), '𝒶•••@example.com');
});
