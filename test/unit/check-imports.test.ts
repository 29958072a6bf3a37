import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findCallProblems } from '../../scripts/check-calls.ts';
import { findImportProblems } from '../../scripts/check-imports.ts';
import { findViewProblems } from '../../scripts/check-views.ts';
import type { Problem } from '../../scripts/source-file.ts';

type Check = (files: ReadonlyMap<string, string>) => readonly Problem[];

/** What a check says of these files, as `path:line rule`. */
function judge(check: Check, files: Readonly<Record<string, string>>): readonly string[] {
  return check(new Map(Object.entries(files))).map(({ path, line, rule }) => `${path}:${line} ${rule}`);
}

test('an import that the table does not allow is found, however it is written', () => {
  const forms = [
    `import { openStorage } from '../storage/storage.ts';`,
    `import type { Storage } from '../storage/storage.ts';`,
    `import { type Storage } from '../storage/storage.ts';`,
    `import '../storage/storage.ts';`,
    `export { openStorage } from '../storage/storage.ts';`,
    `export * from '../storage/storage.ts';`,
    `export const storage = import('../storage/storage.ts');`,
    `export type Storage = import('../storage/storage.ts').Storage;`,
  ];
  for (const form of forms) {
    assert.deepEqual(judge(findImportProblems, { 'src/accounts/accounts.ts': `\n${form}` }), [
      'src/accounts/accounts.ts:2 may not import src/storage/storage.ts',
    ]);
  }
});

test('who may not import whom', () => {
  const forbidden = [
    ['src/lib/gate.ts', '../rates/rate-store.ts'],
    ['src/wire/passkey.ts', '../lib/ids.ts'],
    ['src/sign-in/next-step.ts', '../oidc/provider.ts'],
    ['src/passkeys/passkeys.ts', '../../config/protocol.ts'],
    ['src/oidc/provider.ts', '../http/view.ts'],
    ['src/storage/sqlite/totps.ts', '../../totp/totp.ts'],
    ['src/storage/sqlite/totps.ts', '../mongo/totps.ts'],
    ['src/browser/page.ts', '../lib/ids.ts'],
    ['src/cli/cardea.ts', '../storage/storage.ts'],
    ['src/app.ts', './cli/cardea.ts'],
    ['src/app.ts', './main.ts'],
    ['config/load.ts', '../src/lib/ids.ts'],
    ['config/presets.ts', '../src/lib/ids.ts'],
    ['examples/app.ts', '../src/app.ts'],
    ['src/accounts/accounts.ts', '../../test/support/app.ts'],
    ['src/new-room/thing.ts', '../lib/ids.ts'],
  ] as const;
  for (const [from, to] of forbidden) {
    assert.equal(judge(findImportProblems, { [from]: `import '${to}';` }).length, 1, `${from} → ${to}`);
  }
});

test('an import by the table is left alone', () => {
  const allowed = {
    'src/app.ts': `import './storage/sqlite/sqlite-storage.ts'; import './http/server.ts'; import '../config/load.ts';`,
    'src/http/server.ts': `import '../oidc/provider.ts'; import '../wire/passkey.ts'; import './view.ts';`,
    'src/sign-in/next-step.ts': `import '../passkeys/passkey-store.ts'; import '../lib/ids.ts';`,
    'src/storage/sqlite/totps.ts': `import '../../totp/totp-store.ts'; import '../storage.ts'; import 'node:sqlite';`,
    'config/presets.ts': `import type { Policy } from '../src/organizations/policy.ts'; import 'zod';`,
    'test/unit/a.test.ts': `import '../../src/app.ts'; import 'openid-client'; import 'node:crypto';`,
  };
  assert.deepEqual(judge(findImportProblems, allowed), []);
});

test('a library is imported only in its home', () => {
  const forbidden = {
    'src/http/server.ts': `import type { Provider } from 'oidc-provider/lib/provider.js';`,
    'src/sign-in/signing-in.ts': `import '@simplewebauthn/server/helpers';`,
    'src/storage/storage.ts': `import { DatabaseSync } from 'node:sqlite';`,
    'src/lib/ids.ts': `import 'left-pad';`,
    'src/lib/seal.ts': `import 'crypto';`,
    'src/browser/page.ts': `import 'node:fs';`,
    'src/cli/cardea.ts': `await import(process.argv[2]);`,
  };
  const found = judge(findImportProblems, forbidden).map((problem) => problem.split(':')[0]);
  assert.deepEqual(found, Object.keys(forbidden));
});

test('a cycle is found, type-only ones included, and told once', () => {
  const cycle = {
    'src/lib/a.ts': `import type { B } from './b.ts';`,
    'src/lib/b.ts': `import './c.ts';`,
    'src/lib/c.ts': `export type A = import('./a.ts').A;`,
    'src/lib/d.ts': `import './a.ts';`,
  };
  assert.deepEqual(judge(findImportProblems, cycle), [
    'src/lib/c.ts:1 closes a cycle: src/lib/a.ts → src/lib/b.ts → src/lib/c.ts → src/lib/a.ts',
  ]);
  assert.equal(judge(findImportProblems, { 'src/lib/a.ts': `import './a.ts';` }).length, 1);
});

test('the environment is read in config/load.ts only', () => {
  const forms = [
    'process.env.HOME',
    `process['env']`,
    'globalThis.process.env',
    'const { env } = process;',
    `import { env } from 'node:process';`,
    'const name = process?.env?.NAME;',
  ];
  for (const form of forms) {
    assert.equal(judge(findCallProblems, { 'src/main.ts': form }).length, 1, form);
    assert.deepEqual(judge(findCallProblems, { 'config/load.ts': form }), [], form);
  }
});

test('the time comes from the clock only', () => {
  for (const form of ['Date.now()', 'new Date()', 'new Date', 'Date()', 'const now = Date.now;', 'performance.now()']) {
    assert.equal(judge(findCallProblems, { 'src/tickets/tickets.ts': form }).length, 1, form);
  }
  assert.deepEqual(judge(findCallProblems, { 'src/tickets/tickets.ts': 'new Date(seconds * 1000); clock.now();' }), []);
  assert.deepEqual(judge(findCallProblems, { 'src/lib/clock.ts': 'new Date()' }), []);
  assert.deepEqual(judge(findCallProblems, { 'src/http/middleware/log.ts': 'performance.now()' }), []);
});

test('randomness comes from Ids only', () => {
  const forms = [
    'Math.random()',
    `import { randomBytes } from 'node:crypto';`,
    'crypto.randomUUID()',
    'globalThis.crypto.getRandomValues(bytes)',
    'nodeCrypto.randomInt(6)',
  ];
  for (const form of forms) {
    assert.notEqual(judge(findCallProblems, { 'src/totp/totp.ts': form }).length, 0, form);
    if (form !== forms[0]) assert.deepEqual(judge(findCallProblems, { 'src/lib/ids.ts': form }), [], form);
  }
});

test('a forbidden name in a comment or a text is nothing', () => {
  assert.deepEqual(
    judge(findCallProblems, { 'src/totp/totp.ts': '// Math.random()\nexport const text = "Date.now()";' }),
    [],
  );
});

test('a view writes without escaping only to include', () => {
  const view = `<%- include('partials/head') %>\n<%= name %>\n<%- name %>\n<%-name%>`;
  assert.deepEqual(
    judge(findViewProblems, { 'views/a.ejs': view }),
    [3, 4].map((line) => `views/a.ejs:${line} writes without escaping: only an include may`),
  );
});

test('a view has no script, style or handler of its own', () => {
  const forbidden = [
    '<script>alert(1)</script>',
    '<script type="module">start()</script>',
    `<script src="<%= asset('a.js') %>">start()</script>`,
    '<style>p { color: red }</style>',
    '<p style="color: red">',
    `<p\n  style='<%= style %>'>`,
    '<button onclick="go()">',
    '<body class="<%= a > b %>" onload=go()>',
    '<a href="javascript:go()">',
  ];
  for (const markup of forbidden) assert.equal(judge(findViewProblems, { 'views/a.ejs': markup }).length, 1, markup);
});

test('what a view may have is left alone', () => {
  const view = `<script type="module" src="<%= asset('sign-in.js') %>"></script>
    <link rel="stylesheet" href="<%= asset('cardea.css') %>">
    <p class="style" data-on="1">once = 1</p>
    <% if (a < b && style === 'x') { %><b title="<%= onward %>">on=1</b><% } %>`;
  assert.deepEqual(judge(findViewProblems, { 'views/a.ejs': view }), []);
});
