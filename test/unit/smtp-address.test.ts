import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findRetryPause } from '../../src/mail/retry-pause.ts';
import { parseSmtpAddress } from '../../src/mail/smtp-address.ts';

test('an address says where the server is and how it is spoken to', () => {
  for (const [text, address] of [
    ['smtps://mail.example.com', { host: 'mail.example.com', port: 465, tls: 'immediate' }],
    ['smtp://mail.example.com', { host: 'mail.example.com', port: 587, tls: 'starttls' }],
    ['smtp://mail.example.com:2525/', { host: 'mail.example.com', port: 2525, tls: 'starttls' }],
    ['smtp://mail.example.com:25?tls=off', { host: 'mail.example.com', port: 25, tls: 'none' }],
    ['smtp://localhost:1025', { host: 'localhost', port: 1025, tls: 'none' }],
    ['smtp://127.0.0.1:1025', { host: '127.0.0.1', port: 1025, tls: 'none' }],
    ['smtp://[::1]:1025', { host: '::1', port: 1025, tls: 'none' }],
    ['smtps://localhost', { host: 'localhost', port: 465, tls: 'immediate' }],
  ] as const) {
    assert.deepEqual(parseSmtpAddress(text), address, text);
  }
  assert.deepEqual(parseSmtpAddress('smtps://ca%40rdea:p%40ss%3A%2F@mail.example.com:465'), {
    host: 'mail.example.com',
    port: 465,
    tls: 'immediate',
    user: 'ca@rdea',
    password: 'p@ss:/',
  });
});

test('no option of an address switches the verification of certificates off', () => {
  for (const query of ['?tls.rejectUnauthorized=false', '?ignoreTLS=true', '?tls=off&logger=true', '?tls=on', '#x']) {
    assert.throws(() => parseSmtpAddress(`smtp://mail.example.com${query}`), /not of the form/, query);
  }
});

test('a refusal of an address repeats no part of it', () => {
  for (const text of [
    'secret',
    'http://name:secret@mail.example.com',
    'smtp://name:se/cret@mail.example.com',
    'smtp://name:secret@mail.example.com/path',
    'smtp://name:secret%zz@mail.example.com',
    'smtp://name:secret@mail.example.com?tls=off',
    'smtp://',
    '',
  ]) {
    assert.throws(
      () => parseSmtpAddress(text),
      (error: Error) =>
        error.message.includes('the address of the mail server') && !/secret|example/.test(error.message),
      text,
    );
  }
});

test('a pause is never shorter than a half of what it is without chance, nor longer than that', () => {
  for (let attempt = 1; attempt < 2000; attempt += 1) {
    const longest = findRetryPause(attempt, 0);
    assert.ok(longest >= 5 && longest <= 900);
    assert.ok(findRetryPause(attempt, 0.999_999) >= longest / 2);
  }
});
