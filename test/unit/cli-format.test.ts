import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { CommanderError } from 'commander';
import { CliError } from '../../src/cli/cli-error.ts';
import { EXIT } from '../../src/cli/exit-code.ts';
import { explainError } from '../../src/cli/explain-error.ts';
import { runCommandLine } from '../../src/cli/run.ts';
import { formatFields, formatTable, formatValue } from '../../src/cli/table.ts';
import { AppError } from '../../src/lib/app-error.ts';
import { InputError } from '../../src/lib/input-error.ts';

const DOCUMENT = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'command-line.md'), 'utf8');

test('columns are as wide as their widest cell, and no line ends in spaces', () => {
  assert.equal(
    formatTable(
      ['Name', 'Kind'],
      [
        ['Ledger', 'web'],
        ['Ωμέγα', 'native'],
        ['', 'machine'],
      ],
    ),
    ['NAME    KIND', 'Ledger  web', 'Ωμέγα   native', '        machine'].join('\n'),
  );
});

test('a character of several code points takes one column', () => {
  assert.equal(formatTable(['A', 'B'], [['e\u0301', 'x']]), 'A  B\ne\u0301  x');
});

test('stored text cannot move the cursor, begin a line or turn the direction of writing', () => {
  const text = formatTable(['Name'], [['a\u001b[2Jb'], ['c\nd'], ['e\u202Ef']]);
  assert.equal(text, 'NAME\na\u{FFFD}[2Jb\nc\u{FFFD}d\ne\u{FFFD}f');
});

test('a table without rows is its headings', () => {
  assert.equal(formatTable(['Name', 'Kind'], []), 'NAME  KIND');
});

test('the values of a list stand under each other, and an empty one leaves its name', () => {
  const text = formatFields([
    ['scopes', formatValue(['openid', 'email'])],
    ['secrets', formatValue([])],
    ['made', formatValue(new Date('2026-01-01T23:59:59Z'))],
  ]);
  assert.equal(text, ['scopes   openid', '         email', 'secrets', 'made     2026-01-01'].join('\n'));
});

test('every kind of failure has its exit code', () => {
  const codes = new Map<unknown, number>([
    [new CommanderError(0, 'commander.helpDisplayed', ''), EXIT.done],
    [new CommanderError(1, 'commander.unknownOption', ''), EXIT.wrongUsage],
    [new CliError(EXIT.notFound, 'no client'), EXIT.notFound],
    [new InputError([]), EXIT.refused],
    [new AppError('account_exists'), EXIT.refused],
    [new AppError('not_found'), EXIT.notFound],
    [new AppError('store_unavailable'), EXIT.unusable],
    [new TypeError('a bug'), EXIT.unusable],
    ['thrown text', EXIT.unusable],
  ]);
  for (const [error, code] of codes) assert.equal(explainError(error).exitCode, code, String(error));
});

test('every problem of an input has its own line', () => {
  const error = new InputError([
    { field: 'name', message: 'must not be empty' },
    { field: 'redirectUris[0]', message: 'must not have a fragment' },
  ]);
  assert.deepEqual(explainError(error).lines, [
    'error: name must not be empty',
    'error: redirectUris[0] must not have a fragment',
  ]);
});

test('a bug keeps its stack, so that it can be reported', () => {
  assert.match(explainError(new TypeError('a bug')).lines.join('\n'), /TypeError: a bug\n\s+at /);
});

const COMMANDS = [
  ['client', 'add'],
  ['client', 'list'],
  ['client', 'show'],
  ['client', 'remove'],
  ['client', 'add-secret'],
  ['client', 'remove-secret'],
  ['account', 'add'],
  ['account', 'list'],
  ['account', 'disable'],
  ['account', 'recovery-link'],
  ['account', 'enable'],
  ['organization', 'add'],
  ['organization', 'list'],
  ['organization', 'policy'],
  ['audit', 'list'],
  ['data', 'export'],
  ['data', 'import'],
  ['setup-link'],
];
for (const command of COMMANDS) {
  test(`every option of ${command.join(' ')} is in docs/command-line.md`, async () => {
    const help = await readHelp(command);
    for (const option of help.match(/(?<=^ +(?:-\w, )?)--[a-z-]+/gm) ?? []) {
      assert.ok(DOCUMENT.includes(option), option);
    }
    assert.ok(DOCUMENT.includes(`cardea ${command.join(' ')}`));
  });
}

test('every command is in docs/command-line.md', async () => {
  const groups = [...new Set(COMMANDS.map(([group = '']) => group))];
  assert.deepEqual(listCommands(await readHelp([])), groups);
  for (const group of ['client', 'account', 'organization', 'audit', 'data']) {
    const own = COMMANDS.filter(([first, second]) => first === group && second).map(([, second]) => second);
    assert.deepEqual(listCommands(await readHelp([group])), own);
  }
});

function listCommands(help: string): string[] {
  const [, commands = ''] = help.split('Commands:\n');
  return (commands.match(/(?<=^ {2})[a-z-]+/gm) ?? []).filter((name) => name !== 'help');
}

async function readHelp(command: readonly string[]): Promise<string> {
  const written: string[] = [];
  await runCommandLine({
    args: [...command, '--help'],
    version: '0.0.0',
    terminal: {
      interactive: false,
      write: (text) => void written.push(text),
      remark: (text) => void written.push(text),
      readAll: async () => '',
      confirm: async () => false,
    },
    openApp: () => Promise.reject(new Error('help opens nothing')),
    openMoving: () => Promise.reject(new Error('help opens nothing')),
  });
  return written.join('\n');
}
