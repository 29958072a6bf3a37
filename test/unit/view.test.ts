import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { gzipSync } from 'node:zlib';
import { buildSync } from 'esbuild';
import { LANGUAGES } from '../../src/http/languages/languages.ts';
import { createViews } from '../../src/http/view.ts';
import type { ViewName } from '../../src/http/view-models.ts';
import { PAGE_SAMPLES, renderSample } from '../support/page-samples.ts';

const ROOT = join(import.meta.dirname, '../..');
const FOLDER = join(ROOT, 'views');
const manifest = {
  'cardea.css': 'cardea-1.css',
  'mark.svg': 'mark-1.svg',
  'confirm.js': 'confirm-1.js',
  'forms.js': 'forms-1.js',
  'other-device.js': 'other-device-1.js',
  'recovery-codes.js': 'recovery-codes-1.js',
  'register.js': 'register-1.js',
  'sign-in.js': 'sign-in-1.js',
};
const views = createViews({ folder: FOLDER, manifest, languages: LANGUAGES });
const pages = PAGE_SAMPLES.map((sample) => ({ ...sample, html: renderSample(views, sample) }));

/** Every view of the contract, so that one without a sample does not compile. */
const VIEW_NAMES: Record<ViewName, true> = {
  'sign-in': true,
  organization: true,
  password: true,
  passkey: true,
  totp: true,
  'recovery-code': true,
  'recovery-codes-spent': true,
  'recovery-codes-renewed': true,
  'enrol-passkey': true,
  consent: true,
  'sign-up': true,
  'sign-out': true,
  'signed-out': true,
  error: true,
  'set-up': true,
  'set-up-done': true,
  security: true,
  'passkey-add': true,
  'passkey-rename': true,
  'passkey-delete': true,
  'totp-add': true,
  'totp-delete': true,
  'recovery-codes-make': true,
  'recovery-codes-made': true,
  'password-change': true,
  confirm: true,
  activity: true,
  'sign-out-everywhere': true,
  'application-revoke': true,
  'email-code': true,
  email: true,
  'address-change': true,
  'address-code': true,
  'verify-address': true,
  'address-taken-over': true,
  'sign-up-email': true,
  'sign-up-code': true,
  'confirm-link': true,
  'confirm-link-done': true,
  'other-device': true,
  'other-device-confirm': true,
  'other-device-invite': true,
  'other-device-outcome': true,
  'other-device-passkey': true,
  'not-me': true,
  'sign-in-help': true,
  'sign-in-help-sent': true,
  recover: true,
  'recover-stop': true,
  'recover-stopped': true,
  'password-reset': true,
  'password-reset-done': true,
  'not-me-done': true,
  'dev-mail': true,
  'dev-mail-message': true,
};

function countOf(pattern: RegExp, html: string): number {
  return [...html.matchAll(pattern)].length;
}

test('every view of the contract has a template and a sample, and there is no other template', () => {
  const names = Object.keys(VIEW_NAMES).sort();
  const files = readdirSync(FOLDER).filter((file) => file.endsWith('.ejs'));
  assert.deepEqual(files.map((file) => file.replace('.ejs', '')).sort(), names);
  assert.deepEqual([...new Set(PAGE_SAMPLES.map(({ view }) => view))].sort(), names);
});

test('every page is whole: one heading, one title, nothing unfilled', () => {
  for (const { view, label, html } of pages) {
    assert.match(html, /^<!doctype html>\n<html lang="en-GB" dir="ltr">/, `${view} ${label}`);
    assert.match(html, /<\/html>\s*$/, `${view} ${label}`);
    assert.equal(countOf(/<h1>[^<]+<\/h1>/g, html), 1, `${view} ${label}`);
    // The script fills {origin} by itself.
    assert.doesNotMatch(html.replaceAll('{origin}', ''), /undefined|\[object |NaN|\{\w+\}|<%/, `${view} ${label}`);
  }
});

test('a page has at most one filled button, so that there is one likeliest thing to do', () => {
  for (const { view, label, html } of pages) {
    assert.ok(countOf(/class="primary/g, html) <= 1, `${view} ${label}`);
  }
});

test('every field has a label that names it, and every form posts to our own server', () => {
  for (const { view, label, html } of pages) {
    for (const [form] of html.matchAll(/<form\b[^>]*>/g)) assert.match(form, /method="post"/, `${view} ${label}`);
    for (const [, path] of html.matchAll(/(?:action|href|src)="([^"]*)"/g)) {
      assert.match(path ?? '', /^(\/(?!\/)|otpauth:)/, `${view} ${label}`);
    }
    for (const [input] of html.matchAll(/<input\b[^>]*>/g)) {
      if (/type="(hidden|radio)"|aria-hidden/.test(input)) continue;
      const id = /id="([^"]+)"/.exec(input)?.[1] ?? 'none';
      assert.ok(html.includes(`<label for="${id}">`), `${view} ${label}: ${input}`);
    }
  }
});

test('no page has a script, a style or a handler of its own, so that the strictest policy holds', () => {
  for (const { view, label, html } of pages) {
    assert.equal(countOf(/<script\b/g, html), 1, `${view} ${label}`);
    assert.match(html, /<script type="module" src="\/assets\/[a-z-]+-1\.js"><\/script>/, `${view} ${label}`);
    assert.doesNotMatch(html, /<style|\sstyle=|\son[a-z]+=|javascript:/, `${view} ${label}`);
  }
});

test('what people and applications say of themselves is text on every page', () => {
  const hostile = `"'><img src=x onerror=alert(1)></script>`;
  for (const sample of PAGE_SAMPLES) {
    const html = renderSample(views, poison(sample, hostile));
    assert.doesNotMatch(html, /<img|onerror=alert\(1\)>|<\/script><\/script>/, `${sample.view} ${sample.label}`);
    assert.ok(html.includes('&lt;img src=x'), `${sample.view} ${sample.label}`);
  }
});

/** The sample with other words wherever somebody else's words stand. */
function poison<Sample extends { readonly model: object }>(sample: Sample, words: string): Sample {
  const spoken = new Set([
    'organizationName',
    'applicationName',
    'email',
    'name',
    'provider',
    'lastUsedWith',
    'browser',
    'value',
  ]);
  const text = JSON.stringify(sample.model, (key, value) =>
    spoken.has(key) && typeof value === 'string' ? words : value,
  );
  const model = JSON.parse(text, (_key, value) =>
    typeof value === 'string' && /^\d{4}-\d\d-\d\dT/.test(value) ? new Date(value) : value,
  );
  return { ...sample, model };
}

test('fields of a model never become settings or names of the template engine', () => {
  const settings = { settings: { 'view options': { client: true } }, client: true, delimiter: '?', text: () => 'mine' };
  const model = { organizationName: 'Northwind', ...settings };
  assert.equal(
    views.render('signed-out', model, 'en'),
    views.render('signed-out', { organizationName: 'Northwind' }, 'en'),
  );
});

test('a refusal comes first: in the title, and in a notice that takes the focus from the field', () => {
  const refused = pages.filter(({ model }) => 'notice' in model && model.notice?.tone === 'error');
  assert.ok(refused.length > 3);
  for (const { view, label, html } of refused) {
    assert.match(html, /<title>Error: /, `${view} ${label}`);
    assert.match(html, /id="notice" data-tone="error" role="alert" tabindex="-1" autofocus>/, `${view} ${label}`);
    assert.equal(countOf(/ autofocus/g, html), 1, `${view} ${label}`);
    const before = html.slice(html.indexOf('</h1>'), html.indexOf('id="notice"'));
    assert.doesNotMatch(before, /<(form|ul|section|a)\b/, `${view} ${label}`);
  }
});

test('whatever needs a passkey is hidden until the script shows it', () => {
  for (const { view, label, html } of pages) {
    for (const [tag] of html.matchAll(/<[^>]*data-needs-passkeys[^>]*>/g)) {
      assert.match(tag, /^<(p|button)[^>]* hidden/, `${view} ${label}`);
      if (!tag.includes('type="button"') && tag.startsWith('<button'))
        assert.match(tag, / disabled/, `${view} ${label}`);
    }
    if (view === 'passkey' || html.includes('data-register')) assert.match(html, /<noscript>/, `${view} ${label}`);
  }
});

test('every form of a signed-in person carries their proof of origin', () => {
  for (const { view, label, html, model } of pages) {
    if (!('csrf' in model)) continue;
    const forms = html.match(/<form\b[\s\S]*?<\/form>/g) ?? [];
    for (const form of forms) assert.ok(form.includes(`name="csrf" value="${model.csrf}"`), `${view} ${label}`);
  }
});

test('an unknown language is answered in English, an unknown page or asset is a bug', () => {
  const model = { organizationName: 'Northwind' };
  assert.equal(views.render('signed-out', model, '../../x'), views.render('signed-out', model, 'en'));
  const bare = createViews({ folder: FOLDER, manifest: {}, languages: LANGUAGES });
  assert.throws(() => bare.render('signed-out', model, 'en'), /no asset/);
  assert.throws(() => views.render('toString' as ViewName, model, 'en'), /no template toString/);
});

test('a language that is written from right to left turns the page', () => {
  const mirrored = { ...LANGUAGES.en, locale: 'ar', direction: 'rtl' } as const;
  const others = createViews({ folder: FOLDER, manifest, languages: { ...LANGUAGES, ar: mirrored } });
  assert.match(others.render('signed-out', { organizationName: 'Northwind' }, 'ar'), /<html lang="ar" dir="rtl">/);
});

test('the first page is light: 15 KB of script, 12 KB of style and 50 KB in all, before compression', () => {
  const { outputFiles } = buildSync({
    entryPoints: [join(ROOT, 'src/browser/sign-in.entry.ts'), join(FOLDER, 'assets/cardea.css')],
    bundle: true,
    minify: true,
    outdir: ROOT,
    write: false,
  });
  const [script, style] = outputFiles.map((file) => file.contents);
  const html = pages.find(({ view }) => view === 'sign-in')?.html;
  assert.ok(script && style && html);
  assert.ok(script.length < 15 * 1024, `script: ${script.length}`);
  assert.ok(style.length < 12 * 1024, `style: ${style.length}`);
  assert.ok(script.length + style.length + html.length < 50 * 1024);
  assert.ok(gzipSync(Buffer.concat([script, style])).length < 10 * 1024);
});
