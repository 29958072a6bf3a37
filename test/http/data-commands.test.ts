import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { type TestContext, test } from 'node:test';
import { openCardea } from '../support/command-line.ts';
import { nameFile } from '../support/moving.ts';

const SEALING_KEY = { CARDEA_SEALING_KEY: Buffer.alloc(32, 7).toString('base64') };
const LEDGER = ['client', 'add', '--name', 'Ledger', '--redirect-uri', 'https://ledger.example/callback', '--json'];

test('an installation moves into one that has not started, and goes on there', async (t) => {
  const file = nameFile(t);
  const old = openCardea(t, SEALING_KEY);
  const { clientId, clientSecret } = JSON.parse((await old(LEDGER)).out);
  await old(['account', 'add', '--email', 'mira@northwind.example']);
  const exported = await old(['data', 'export', file]);
  assert.equal(exported.code, 0);
  assert.match(exported.out, /^KIND +IN THE FILE +SHA-256\norganization +1 +[\w-]{43}\naccount +1 +[\w-]{43}\n/);
  assert.match(exported.err, /with password hashes in it/);
  assert.ok(!readFileSync(file, 'utf8').includes(clientSecret));

  const fresh = openCardea(t, SEALING_KEY);
  const imported = await fresh(['data', 'import', file]);
  assert.equal(imported.code, 0);
  assert.match(imported.out, /^KIND +IN THE FILE +THERE BEFORE +EXPIRED +STORED +SHA-256\norganization +1 +0 +0 +1 /);
  assert.match(imported.err, /the store holds what the file does/);
  for (const command of ['client', 'account', 'organization']) {
    assert.deepEqual(await fresh([command, 'list', '--json']), await old([command, 'list', '--json']));
  }
  assert.equal((await fresh(['client', 'show', clientId])).code, 0);
  assert.match((await fresh(['data', 'import', file])).out, /\norganization +1 +1 +0 +1 /);
});

test('an installation that has started is not moved into', async (t) => {
  const file = await exportFirstStart(t);
  const started = openCardea(t, SEALING_KEY);
  const clients = (await started(['client', 'list', '--json'])).out;
  const { code, out, err } = await started(['data', 'import', file]);
  assert.deepEqual([code, out], [1, '']);
  assert.match(err, /^error: the organization \S+ of the store is not in the file: import into an empty store/);
  assert.equal((await started(['client', 'list', '--json'])).out, clients);
});

test('a sealing key that opens nothing in the file is told before anything is stored', async (t) => {
  const file = await exportFirstStart(t);
  const fresh = openCardea(t, { CARDEA_SEALING_KEY: Buffer.alloc(32, 8).toString('base64') });
  const { code, err } = await fresh(['data', 'import', file]);
  assert.equal(code, 1);
  assert.match(err, /^error: CARDEA_SEALING_KEY does not open the signing key \S+ of the file: set it to that of/);
  const { code: empty, err: reason } = await fresh(['data', 'export', nameFile(t)]);
  assert.deepEqual([empty, reason], [1, 'error: the store is empty: there is nothing to export']);
});

test('a file that was cut off is refused, and one that cannot be used is wrong usage', async (t) => {
  const file = await exportFirstStart(t);
  const fresh = openCardea(t, SEALING_KEY);
  const refuse = async (command: string, path: string) => {
    const { code, out, err } = await fresh(['data', command, path]);
    return [code, out, err];
  };
  const there = `error: the file ${file} is there already, and nothing is overwritten`;
  assert.deepEqual(await refuse('export', file), [2, '', there]);
  assert.deepEqual(await refuse('import', `${file}.bak`), [2, '', `error: the file ${file}.bak cannot be read`]);
  writeFileSync(file, readFileSync(file, 'utf8').replace(/\n.*\n$/, '\n'));
  const cutOff = 'error: the file is cut off: the line at its end, with the totals, is missing';
  assert.deepEqual(await refuse('import', file), [1, '', cutOff]);
});

async function exportFirstStart(t: TestContext): Promise<string> {
  const file = nameFile(t);
  const cardea = openCardea(t, SEALING_KEY);
  await cardea(['client', 'list']); // which starts it
  assert.equal((await cardea(['data', 'export', file])).code, 0);
  return file;
}
