import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadCommonPasswords } from '../../src/passwords/blocklist.ts';
import { findWeakness, isTooLong, normalisePassword } from '../../src/passwords/password-rules.ts';

const common = await loadCommonPasswords();
const CONTEXT = ['Cardea', 'Northwind Traders', 'ada.lovelace', 'analytical-engine'];

function judge(password: string, minimumLength = 15): string | undefined {
  return findWeakness(password, { minimumLength, context: CONTEXT }, common);
}

test('the list holds far more than the 3000 commonest passwords of eight characters and more (PW-11)', () => {
  assert.ok([...common].filter((password) => password.length >= 8).length >= 3000);
  for (const password of ['password', '12345678', 'qwertyuiop', 'iloveyou', 'sunshine'])
    assert.ok(common.has(password));
});

test('a common password may not be chosen, however it is spelt or made longer (PW-11)', () => {
  const passwords = [
    'passwordpassword',
    'PASSWORDpassword',
    'ｐａｓｓｗｏｒｄpassword',
    'Sunshine1234567!',
    '2026-01-01-Sunshine',
    '1234567890123456',
    'michaelmichaelmi',
    'aaaaaaaaaaaaaaaa',
    'abcabcabcabcabca',
    'abcdefghijklmnop',
    'ponmlkjihgfedcba',
    'qwertyuiopasdfgh',
    'iloveyou!iloveyou!',
  ];
  for (const password of passwords) assert.equal(judge(password), 'common', password);
  for (const password of ['password', 'Dragon123!', 'trustno1', 'abcdefgh']) {
    assert.equal(judge(password, 8), 'common', password);
  }
});

test('names that others would try first do not count towards the length (PW-11)', () => {
  for (const password of [
    'northwind-2026!',
    'Ada.Lovelace1815',
    'cardea-cardea-12',
    'TradersNorthwind99',
    'analytical engine',
  ]) {
    assert.equal(judge(password), 'context', password);
  }
  assert.equal(judge('ada went to the lake at dawn'), undefined);
});

test('long enough is fifteen characters alone and eight with something after it', () => {
  assert.equal(judge('kxqv-wmzt-7301'), 'too-short');
  assert.equal(judge('kxqv-wmzt-7301w'), undefined);
  assert.equal(judge('kxqv-wm', 8), 'too-short');
  assert.equal(judge('kxqv-wmz', 8), undefined);
});

test('characters count, not bytes or halves', () => {
  assert.equal(judge('🦉🌲🪨🌊🔥🍂🌙⭐🐺🍄🌾🕯️'), 'too-short');
  assert.equal(judge('長い合言葉は覚えやすくて安全です'), undefined);
});

test('up to 128 characters and 1024 bytes are accepted, and not one more (PW-05)', () => {
  const words = 'correct horse battery staple and so on until it is really long; '; // 64 characters
  assert.equal(judge(words.slice(0, 64)), undefined);
  assert.equal(isTooLong('k7'.repeat(64)), false);
  assert.equal(isTooLong(`${'k7'.repeat(64)}x`), true);
  assert.equal(judge(`${words}${words.toUpperCase()}x`), 'too-long');
  assert.equal(isTooLong('🦉'.repeat(128)), false);
  assert.equal(isTooLong('x'.repeat(10_000_000)), true);
});

test('there are no rules about kinds of characters', () => {
  for (const password of ['gentle otters drift', 'rxqmvlwtkzpdbnf', '9274016385521743']) {
    assert.equal(judge(password), undefined, password);
  }
});

test('one password typed in two ways is one password', () => {
  assert.equal(normalisePassword('cafe\u0301 ﬁne Ｗｉｄｅ'), normalisePassword('caf\u00e9 fine Wide'));
});
