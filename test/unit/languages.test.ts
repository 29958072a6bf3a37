import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { STANDARD_SCOPES } from '../../src/clients/client-input.ts';
import { LANGUAGES } from '../../src/http/languages/languages.ts';
import { createWording } from '../../src/http/languages/wording.ts';
import { ERROR_STATUS, type ErrorCode } from '../../src/lib/error-codes.ts';

const ROOT = join(import.meta.dirname, '../..');
const wording = createWording(LANGUAGES.en);
const sentences = Object.entries(LANGUAGES.en.texts);
const moment = new Date('2026-03-03T09:00:00Z');

/** Words of the craft, and words that blame or shout. */
const BANNED = /\b(webauthn|fido2?|credentials?|otp|mfa|2fa|interactions?|tenants?|oops|sorry|invalid)\b|!/i;

/** The text of every source under a folder, but for the language files themselves. */
function readSources(folder: string): string {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => /\.(ejs|ts)$/.test(file) && !file.endsWith('en.ts'))
    .map((file) => readFileSync(join(ROOT, folder, file), 'utf8'))
    .join('\n');
}

test('every refusal of the catalogue says what happened and what to do next', () => {
  // Every code of the catalogue is one of its keys.
  for (const code of Object.keys(ERROR_STATUS) as ErrorCode[]) {
    const { title, next } = wording.refusal({ code });
    assert.match(title, /\.$/, code);
    assert.match(next, /\.$/, code);
  }
});

test('no sentence is for a code that does not exist', () => {
  const codes = new Set([...Object.keys(ERROR_STATUS), 'application_error']);
  const written = sentences.flatMap(([key]) => /^errors\.(\w+)\./.exec(key)?.[1] ?? []);
  assert.deepEqual(
    written.filter((code) => !codes.has(code)),
    [],
  );
});

test('no sentence has jargon, blame or an exclamation mark', () => {
  for (const [key, sentence] of sentences) assert.doesNotMatch(sentence, BANNED, key);
});

test('every sentence is used, and every sentence that a page names exists', () => {
  const views = readSources('views');
  const sources = views + readSources('src/http');
  const named = new Set([...sources.matchAll(/'([a-z][\w-]*(?:\.[\w-]+)*)'/g)].map(([, key]) => key));
  // A name with a gap, such as `errors.${code}.title`, stands for every sentence it may become.
  const patterns = [...(views + readSources('src/http/languages')).matchAll(/`((?:[\w.-]|\$\{[^}]+\})+)`/g)]
    .map(([, pattern]) => pattern ?? '')
    .filter((pattern) => /[a-z]+\.\$|\}\.[a-z]/.test(pattern))
    .map((pattern) => new RegExp(`^${pattern.replaceAll('.', '\\.').replaceAll(/\$\{[^}]+\}/g, '[\\w.-]+')}$`));
  const isUsed = (key: string) => named.has(key) || patterns.some((pattern) => pattern.test(key));

  assert.deepEqual(
    sentences.map(([key]) => key).filter((key) => !isUsed(key)),
    [],
  );
  const called = [...sources.matchAll(/\b(?:text\(|key: )'([^']+)'/g)].map(([, key]) => key ?? '');
  assert.ok(called.length > 80);
  assert.deepEqual(
    called.filter((key) => !wording.has(key)),
    [],
  );
});

test('everything that consent is asked for has words', () => {
  for (const scope of STANDARD_SCOPES) assert.ok(wording.has(`consent.scope.${scope}`), scope);
});

test('a reason has its own sentence, and an unknown reason the one of the code', () => {
  const says = (reason: string) => wording.refusal({ code: 'weak_password', reason }).next;
  const answers = ['too-short', 'too-long', 'common', 'context', 'something-else'].map(says);
  assert.equal(new Set(answers).size, answers.length);
  assert.equal(answers.at(-1), wording.refusal({ code: 'weak_password' }).next);
  assert.equal(says('toString'), answers.at(-1));
});

test('a wait is said in minutes, rounded up, and in seconds when it is short', () => {
  const says = (retryAfterSeconds?: number) => wording.refusal({ code: 'too_many_tries', retryAfterSeconds }).next;
  assert.match(says(1), /Wait 1 second,/);
  assert.match(says(59), /Wait 59 seconds,/);
  assert.match(says(61), /Wait 2 minutes,/);
  assert.match(says(), /Wait a few minutes,/);
});

test('a sentence names what it is filled with, and lacks nothing silently', () => {
  assert.equal(wording.text('to-application', { application: '<b>{x}' }), 'to continue to <b>{x}');
  assert.throws(() => wording.text('to-application'), /\{application\}/);
  assert.throws(() => wording.text('no.such.sentence'), /no\.such\.sentence/);
  assert.throws(() => wording.text('constructor'), /constructor/);
});

test('a sentence comes in parts, so that values and dates can be set off', () => {
  assert.deepEqual(wording.parts('security.passkey.added', { created: moment }), [
    { type: 'words', text: 'Added ' },
    { type: 'date', text: '3 March 2026', moment: '2026-03-03T09:00:00.000Z' },
  ]);
});

test('what went well names its object where it is known', () => {
  assert.equal(wording.success('passkey-added', 'Work laptop').title, '“Work laptop” was added.');
  assert.equal(wording.success('passkey-added').title, 'Your passkey was added.');
  assert.equal(wording.success('totp-on', 'anything').title, wording.success('totp-on').title);
});
