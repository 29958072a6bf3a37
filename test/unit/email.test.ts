import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseEmail } from '../../src/accounts/email.ts';

test('an address is kept as it was written and compared in lower case', () => {
  assert.deepEqual(parseEmail('  Ada.Lovelace@Example.COM '), {
    email: 'Ada.Lovelace@Example.COM',
    emailKey: 'ada.lovelace@example.com',
  });
});

test('dots and suffixes make different addresses: what they mean is not guessed (EM-15)', () => {
  const keys = ['ada.lovelace@gmail.com', 'adalovelace@gmail.com', 'adalovelace+shop@gmail.com'].map(
    (text) => parseEmail(text)?.emailKey,
  );
  assert.equal(new Set(keys).size, 3);
});

test('usual and unusual addresses are read', () => {
  for (const text of [
    'a@b.co',
    "o'brien+tag@sub.example.co.uk",
    'x_y-z!#$%&*/=?^`{|}~@example.org',
    'jörg@müller.example',
    '佐藤@例え.テスト',
    'a@xn--mller-kva.example',
    `${'a'.repeat(64)}@example.com`,
    `a@${'b'.repeat(63)}.com`,
  ]) {
    assert.equal(parseEmail(text)?.email, text);
  }
});

test('what is no address is not read', () => {
  for (const text of [
    '',
    'ada',
    '@example.com',
    'ada@',
    'ada@localhost',
    'ada@@example.com',
    'ada@example.com@evil.example',
    '.ada@example.com',
    'ada.@example.com',
    'a..b@example.com',
    'ada@-example.com',
    'ada@example-.com',
    'ada@example..com',
    'ada@.example.com',
    'ada lovelace@example.com',
    '"ada"@example.com',
    'ada@[192.0.2.1]',
    'Ada <ada@example.com>',
    'ada@example.com\r\nBcc: eve@evil.example',
    'ada\u0000@example.com',
    'ada\u202e@example.com',
    'ada\u200b@example.com',
    '\ud800@example.com',
    `${'a'.repeat(65)}@example.com`,
    `a@${'b'.repeat(64)}.com`,
    `a@${'b.'.repeat(126)}com`,
  ]) {
    assert.equal(parseEmail(text), undefined, JSON.stringify(text));
  }
});

test('another spelling of the same characters is refused, not taken for the usual one (EM-13)', () => {
  for (const text of [
    'ada＠example.com',
    'ada@example．com',
    'ａｄａ@example.com',
    'ada@ex\u212Bmple.com',
    '\u212A@example.com',
    'e\u0301@example.com',
    'ﬁ@example.com',
  ]) {
    assert.equal(parseEmail(text), undefined, text);
  }
});

test('long and nasty text is refused in no time (IN-16)', () => {
  const texts = [
    'a'.repeat(50_000),
    `${'a.'.repeat(25_000)}@`,
    `a@${'b-'.repeat(120)}`,
    `${'a.'.repeat(31)}a@${'b.'.repeat(90)}!`,
  ];
  const before = process.cpuUsage();
  for (const text of texts) assert.equal(parseEmail(text), undefined);
  assert.ok(process.cpuUsage(before).user < 50_000);
});
