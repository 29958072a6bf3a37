import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { MailMessage } from '../../src/mail/mail-message.ts';
import { MAIL_LANGUAGES } from '../../src/mail/messages/languages.ts';
import { createMailWording } from '../../src/mail/messages/mail-wording.ts';
import { createMailRenderer } from '../../src/mail/render-mail.ts';
import { buildLetter, MAIL_SAMPLES, sampleMessage } from '../support/mail-samples.ts';
import { renderMail } from '../support/mailers.ts';

const FOLDER = join(import.meta.dirname, '../../views/mail');
const HOSTILE = `"'><img src=x onerror=alert(1)>`;
const BANNED = /\b(webauthn|fido2?|credentials?|otp|mfa|2fa|interactions?|tenants?|oops|sorry|invalid)\b|!/i;
const sentences = Object.entries(MAIL_LANGUAGES.en.texts);
const wording = createMailWording(MAIL_LANGUAGES.en);
const mails = MAIL_SAMPLES.map((message) => ({ message, type: message.type, ...renderMail(buildLetter(message)) }));

/** The addresses in the HTML, as a browser reads them. */
function listLinks(html: string): readonly string[] {
  return [...html.matchAll(/href="([^"]*)"/g)].map(([, link]) => (link ?? '').replaceAll('&amp;', '&'));
}

/** The links that a message has. */
function linksOf(message: MailMessage): readonly string[] {
  const { link, cancelLink, notMeLink } = { link: '', cancelLink: '', notMeLink: '', ...message };
  return [link, cancelLink, notMeLink].filter(Boolean);
}

test('every mail says the same as text and as HTML: its code, its links, when, with what and where', () => {
  for (const { message, type, text, html } of mails) {
    for (const link of linksOf(message)) {
      assert.ok(text.split('\n').includes(link), `${type}: the link has a line of its own`);
      assert.ok(listLinks(html).includes(link), type);
    }
    if ('code' in message) for (const form of [text, html]) assert.ok(form.includes(message.code), type);
    if (!('at' in message)) continue;
    for (const fact of ['3 March 2026 at 09:12 UTC', 'Chrome on Windows', 'Utrecht, Netherlands']) {
      for (const form of [text, html]) assert.ok(form.includes(fact), `${type}: ${fact}`);
    }
  }
});

test('every mail is whole: a subject, one heading, whom it was sent to, nothing unfilled', () => {
  for (const { type, subject, text, html } of mails) {
    assert.match(subject, /Northwind/, type);
    assert.match(html, /^<!doctype html>\n<html lang="en-GB" dir="ltr">/, type);
    assert.match(html, /<\/html>\s*$/, type);
    assert.equal([...html.matchAll(/<h1/g)].length, 1, type);
    for (const form of [subject, text, html]) {
      assert.doesNotMatch(form, /undefined|\[object |NaN|<%|Invalid Date/, type);
      assert.doesNotMatch(form.replaceAll(/<style>[\s\S]*<\/style>/g, ''), /\{\w+\}/, type);
    }
    for (const form of [text, html]) assert.match(form, /sent to alex@northwind\.example/, type);
  }
});

test('no mail loads, runs or counts anything, and its only links are those it was given', () => {
  for (const { message, type, html } of mails) {
    assert.doesNotMatch(
      html,
      /<(img|link|script|iframe|object|form|video|base)\b|\ssrc=|url\(|@import|\son\w+=/i,
      type,
    );
    assert.deepEqual([...new Set(listLinks(html))].sort(), [...new Set(linksOf(message))].sort(), type);
  }
});

test('every change of how somebody signs in can be answered with "this wasn’t me", and every recovery be stopped', () => {
  const others = [
    'verify-address',
    'sign-in-code',
    'sign-up-code',
    'account-known',
    'address-code',
    'address-taken',
    'address-in-use', // the one of before can say so
    'address-restored',
    'password-reset-link',
    'recovery-started',
    'recovery-cancelled',
  ];
  for (const { message, type, text } of mails) {
    if (others.includes(type)) continue;
    assert.ok('notMeLink' in message || 'cancelLink' in message, type);
    assert.match(text, /Wasn’t that you\?/, type);
  }
});

test('names that people choose are text, and neither a tag nor a link nor endless', () => {
  const long = `${'long '.repeat(40)}end`;
  for (const [name, expected] of [
    [HOSTILE, '&lt;img src=x onerror=alert(1)&gt;'],
    ['https://evil.example/reset', 'https:\u200b/\u200b/\u200bevil.\u200bexample/\u200breset'],
    ['call@evil.example', 'call@\u200bevil.\u200bexample'],
    [long, `${long.slice(0, 63)}…`],
    ['👩‍💻'.repeat(40), `${Array.from('👩‍💻'.repeat(40)).slice(0, 63).join('')}…`],
  ] as const) {
    const message = {
      ...sampleMessage('passkey-renamed'),
      passkeyName: name,
      formerName: name,
      device: name,
      place: name,
    };
    const { html, text, subject } = renderMail(buildLetter(message));
    assert.ok(html.includes(expected), html);
    assert.equal(html.split(expected).length - 1, 4);
    assert.doesNotMatch(html, /<img/);
    if (name !== HOSTILE) assert.ok(!text.includes(name), 'as text it is tamed too');
    assert.ok(!subject.includes(name.slice(0, 10)));
  }
});

test('the name of the organization is text too', () => {
  for (const { type, message } of mails) {
    const { html } = renderMail(buildLetter(message, { organizationName: HOSTILE }));
    assert.doesNotMatch(html, /<img/, type);
    assert.ok(html.includes('&lt;img src=x onerror=alert(1)&gt;'), type);
  }
});

test('a place that is not known is not spoken of', () => {
  const { place: _, ...message } = sampleMessage('new-sign-in');
  const { text, html } = renderMail(buildLetter(message));
  for (const form of [text, html]) assert.doesNotMatch(form, /Where/);
});

test('moments are told in the zone of the person, and in UTC when that is none', () => {
  const message = sampleMessage('new-sign-in');
  const says = (timeZone?: string) => renderMail(buildLetter(message, { timeZone })).text;
  assert.match(says('Europe/Amsterdam'), /When: 3 March 2026 at 10:12 CET/);
  assert.match(says('America/New_York'), /When: 3 March 2026 at 04:12 GMT-5/);
  for (const zone of [undefined, '', 'No/Where', '../../x', 'a'.repeat(5000)]) assert.match(says(zone), /at 09:12 UTC/);
});

test('spans of time are told in minutes, hours or days', () => {
  const says = (seconds: number) => wording.duration(seconds);
  assert.deepEqual([60, 600, 1800, 7199].map(says), ['1 minute', '10 minutes', '30 minutes', '120 minutes']);
  assert.deepEqual([7200, 86_400, 172_800].map(says), ['2 hours', '24 hours', '48 hours']);
  assert.deepEqual([172_801, 259_200].map(says), ['3 days', '3 days']);
});

test('a letter makes the same mail each time', () => {
  for (const message of MAIL_SAMPLES) {
    assert.deepEqual(renderMail(buildLetter(message)), renderMail(buildLetter(message)));
  }
});

test('an unknown language is answered in English, and one from right to left turns the mail', () => {
  const message = sampleMessage('passkey-added');
  assert.deepEqual(renderMail(buildLetter(message, { language: '../../x' })), renderMail(buildLetter(message)));
  const arabic = { ...MAIL_LANGUAGES.en, locale: 'ar', direction: 'rtl' } as const;
  const render = createMailRenderer({ folder: FOLDER, languages: { ...MAIL_LANGUAGES, ar: arabic } });
  assert.match(render(buildLetter(message, { language: 'ar' })).html, /<html lang="ar" dir="rtl">/);
});

test('no sentence has jargon, blame or an exclamation mark, and none is for a mail that does not exist', () => {
  const types = new Set<string>(MAIL_SAMPLES.map(({ type }) => type));
  const common = new Set(['fact', 'code', 'link', 'notMe', 'footer']);
  for (const [key, sentence] of sentences) {
    assert.doesNotMatch(sentence, BANNED, key);
    const [about = ''] = key.split('.');
    assert.ok(types.has(about) || common.has(about), key);
  }
});

test('a sentence lacks no value silently', () => {
  assert.throws(() => wording.text('footer'), /\{to\}/);
  assert.throws(() => wording.text('footer', { to: 'a' }), /\{organization\}/);
});

test('colours are those of the pages', () => {
  const pages = readFileSync(join(FOLDER, '../assets/cardea.css'), 'utf8');
  const [mail] = mails;
  const colours = new Set(mail?.html.match(/#[0-9a-f]{6}\b/gi));
  assert.ok(colours.size > 10);
  for (const colour of colours) assert.ok(pages.includes(colour === '#ffffff' ? '#fff' : colour), colour);
});
