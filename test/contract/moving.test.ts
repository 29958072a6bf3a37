import assert from 'node:assert/strict';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { type TestContext, test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { addSeconds } from '../../src/lib/clock.ts';
import { digest } from '../../src/lib/digest.ts';
import type { MovedStores } from '../../src/moving/kinds.ts';
import { Tally } from '../../src/moving/tally.ts';
import { openSqliteStorage } from '../../src/storage/sqlite/sqlite-storage.ts';
import { buildOrganization } from '../support/builders.ts';
import { TEST_START } from '../support/clock.ts';
import { AUDIT_DETAILS, FULL_ITEMS } from '../support/full-items.ts';
import { findTestServer, NO_SERVER } from '../support/mongodb.ts';
import { createMoving, editLines, furnish, type House, nameFile, RECORD_SECONDS } from '../support/moving.ts';
import { openTestStorage } from '../support/storages.ts';

const { organization, account, passkey, totp, recoveryCodes: codes, client, key, record, auditEvent } = FULL_ITEMS;

test('everything that lasts arrives as it was, and is exported again to the same bytes', async (t) => {
  const path = await exportFurnished(t);
  const target = await openTestStorage(t);
  const arrivals = await createMoving(target).import(path);

  const { organizations, accounts, passkeys, totps, recoveryCodes, clients, keys, lastingRecords, audit } =
    target.storage;
  assert.deepEqual(await organizations.find(organization.id), organization);
  assert.deepEqual(await accounts.find(account.id), account);
  assert.deepEqual(await passkeys.find(passkey.id), passkey);
  assert.deepEqual(await totps.find(totp.accountId), totp);
  assert.deepEqual(await recoveryCodes.find(codes.accountId), codes);
  assert.deepEqual((await clients.find(client.id))?.secrets, client.secrets);
  assert.deepEqual((await keys.list()).at(-1), key);
  assert.deepEqual((await audit.listByAccount(account.id, { limit: 9 })).items, [auditEvent]);
  const expiresAt = addSeconds(TEST_START, RECORD_SECONDS);
  for (const kind of ['Consent', 'Grant', 'RefreshToken'] as const) {
    const moved = (await lastingRecords.list(kind, 10)).find(({ id }) => id === digest(kind));
    assert.deepEqual(moved, { ...record, id: digest(kind), expiresAt });
  }
  assert.equal(await readExported(t, target), readFileSync(path, 'utf8'));
  assert.deepEqual(
    arrivals.map(({ kind, inFile, before, expired, stored }) => [kind, inFile, before, expired, stored.count]),
    [
      ['organization', 2, 0, 0, 2],
      ['account', 231, 0, 0, 231],
      ['passkey', 230, 0, 0, 230],
      ['totp', 59, 0, 0, 59],
      ['recovery-codes', 47, 0, 0, 47],
      ['client', 1, 0, 0, 1],
      ['signing-key', 2, 0, 0, 2],
      ['consent', 2, 0, 0, 2],
      ['grant', 2, 0, 0, 2],
      ['refresh-token', 2, 0, 0, 2],
      ['audit-event', AUDIT_DETAILS.length + 1, 0, 0, AUDIT_DETAILS.length + 1],
    ],
  );
  for (const { kind, stored } of arrivals) assert.deepEqual(stored, readTotals(path)[kind]);
});

const server = await findTestServer();
test('a move to MongoDB and back changes no byte', { skip: server ? false : NO_SERVER }, async (t) => {
  assert.ok(server);
  const path = await exportFurnished(t);
  const { storage, clock } = await server.open(t);
  const mongo = { storage: { ...storage, lastingRecords: storage.records }, clock };
  await createMoving(mongo).import(path);
  await createMoving(mongo).import(path);
  const back = nameFile(t);
  await createMoving(mongo).export(back);
  assert.equal(readFileSync(back, 'utf8'), readFileSync(path, 'utf8'));

  const home = await openTestStorage(t);
  await createMoving(home).import(back);
  assert.equal(await readExported(t, home), readFileSync(path, 'utf8'));
});

test('an import that was cut off goes on where it was, and a third one finds all there', async (t) => {
  const path = await exportFurnished(t);
  const { storage, clock, path: database } = await openTestStorage(t);
  let isOver = false;
  const cut = assert.rejects(createMoving({ storage, clock }).import(path), { code: 'store_unavailable' });
  const over = cut.finally(() => {
    isOver = true;
  });
  while (!isOver && (await countAccounts(storage)) === 0) await setImmediate();
  await storage[Symbol.asyncDispose]();
  await over;

  await using again = await openSqliteStorage({ path: database, clock });
  const there = await countAccounts(again);
  assert.ok(there > 0 && there < 231, `${there} accounts`);
  const moving = createMoving({ storage: again, clock });
  assert.equal((await moving.import(path)).find(({ kind }) => kind === 'account')?.before, there);
  assert.ok(
    (await moving.import(path)).every(({ inFile, before, stored }) => before === inFile && stored.count === inFile),
  );
  assert.equal(await readExported(t, { storage: again, clock }), readFileSync(path, 'utf8'));
});

test('what is there and differs is named, and nothing of the rest is stored', async (t) => {
  const path = await exportFurnished(t);
  const target = await openTestStorage(t);
  const { organizations, accounts } = target.storage;
  await organizations.insert(organization);
  await accounts.insert({ ...account, version: account.version + 1 });
  const before = await readExported(t, target);
  await assert.rejects(createMoving(target).import(path), {
    name: 'InputError',
    message: `the account ${account.id} of the store differs from the one in the file`,
  });
  assert.equal(await readExported(t, target), before);
});

test('a store that holds something else is refused before anything is stored', async (t) => {
  const path = await exportFurnished(t);
  for (const createdAt of [addSeconds(TEST_START, -1), addSeconds(TEST_START, 9)]) {
    const target = await openTestStorage(t);
    const other = buildOrganization({ createdAt });
    await target.storage.organizations.insert(other);
    await assert.rejects(createMoving(target).import(path), {
      name: 'InputError',
      message: new RegExp(`^the organization ${other.id} of the store is not in the file`),
    });
    assert.equal(await countAccounts(target.storage), 0);
  }
});

test('a key that this installation cannot open is refused before anything is stored', async (t) => {
  const path = await exportFurnished(t);
  const target = await openTestStorage(t);
  const refuse = () => {
    throw new Error('another sealing key');
  };
  await assert.rejects(createMoving(target, refuse).import(path), /another sealing key/);
  assert.equal(await countAccounts(target.storage), 0);
});

test('what ends on the way is left behind and counted', async (t) => {
  const path = await exportFurnished(t);
  const target = await openTestStorage(t);
  target.clock.advance(RECORD_SECONDS);
  const arrivals = await createMoving(target).import(path);
  const grants = arrivals.find(({ kind }) => kind === 'grant');
  assert.deepEqual([grants?.inFile, grants?.expired, grants?.stored.count], [2, 1, 1]);
  assert.equal(arrivals.filter(({ expired }) => expired > 0).length, 3);

  target.clock.advance(-1);
  assert.equal((await target.storage.lastingRecords.list('Grant', 10)).length, 1);
  target.clock.advance(2); // and what ends in its new place is no reason to refuse
  assert.equal((await createMoving(target).import(path)).find(({ kind }) => kind === 'grant')?.stored.count, 0);
});

test('what the store does not take is told', async (t) => {
  const path = await exportFurnished(t);
  const text = readFileSync(path, 'utf8');
  const target = await openTestStorage(t);
  // Two accounts with one e-mail, of which the second has nothing else: no store gives such an export.
  const email = { email: account.email, emailKey: account.emailKey };
  const isAlone = ({ id }: { readonly id: string }) => text.split(id).length === 2;
  editLines(path, text, (lines) => {
    const values = lines.slice(1, -1).map((line) => JSON.parse(line));
    const lonely = values.find(({ kind, item }) => kind === 'account' && isAlone(item));
    Object.assign(lonely.item, email);
    const tally = new Tally([...new Set(values.map(({ kind }) => kind))].map((name) => ({ name })));
    const items = values.map((value) => ({ kind: value.kind, line: JSON.stringify(value) }));
    for (const item of items) tally.add(item);
    return [lines[0] ?? '', ...items.map(({ line }) => line), JSON.stringify({ end: tally.readAll() })];
  });
  await assert.rejects(createMoving(target).import(path), {
    name: 'InputError',
    message: /^the store holds 230 of the kind account now, and not the 231 of the file/,
  });
});

const EDITS: { readonly [edit: string]: [change: (lines: readonly string[]) => readonly string[], message: RegExp] } = {
  'without its last line': [(lines) => lines.slice(0, -1), /^the file is cut off/],
  'cut off in a line': [(lines) => [...lines.slice(0, 9), lines[9]?.slice(0, 20) ?? ''], /^line 10 is not as/],
  'with a line less': [
    (lines) => lines.toSpliced(5, 1),
    /^the file was changed: its end says 231 .* account, and .* 230/,
  ],
  'with a line twice': [
    (lines) => lines.toSpliced(5, 0, lines[5] ?? ''),
    /^the file was changed: its end says 231 .* 232/,
  ],
  'with two lines exchanged': [
    (lines) => lines.toSpliced(5, 2, lines[6] ?? '', lines[5] ?? ''),
    /^the file was changed: .* account has another digest/,
  ],
  'with another value': [
    (lines) => lines.map((line) => line.replace('"role":"member"', '"role":"administrator"')),
    /^the file was changed: .* account has another digest/,
  ],
  'with a value that is written in another way': [
    (lines) => lines.map((line) => line.replace('.123Z"', '.123000Z"')),
    /^line \d+ is not as/,
  ],
  'with a field that is not known': [
    (lines) => lines.map((line) => line.replace('"slug":', '"surplus":1,"slug":')),
    /^line 2 is not as/,
  ],
  'with a kind that is not known': [(lines) => lines.toSpliced(1, 0, '{"kind":"pet","item":{}}'), /^line 2 is not as/],
  'with other counts': [
    (lines) => lines.map((line) => line.replace('"account":{"count":231', '"account":{"count":230')),
    /^the file was changed: its end says 230/,
  ],
  'that goes on behind its end': [(lines) => [...lines, lines[3] ?? ''], /^line \d+ stands behind the end/],
  'of another version': [
    (lines) => lines.map((line) => line.replace('"version":1,"writtenAt"', '"version":2,"writtenAt"')),
    /^the file has version 2 of the format/,
  ],
  'of another kind': [(lines) => lines.slice(1), /^the file is no export/],
  'that is empty': [() => [], /^the file is cut off/],
};
test('no file but a whole and unchanged one is taken, and nothing is stored of any other', async (t) => {
  const path = await exportFurnished(t);
  const whole = readFileSync(path, 'utf8');
  const target = await openTestStorage(t);
  for (const [edit, [change, message]] of Object.entries(EDITS)) {
    editLines(path, whole, change);
    await assert.rejects(createMoving(target).import(path), { name: 'InputError', message }, edit);
  }
  assert.equal((await target.storage.organizations.list({ limit: 1 })).items.length, 0);
});

test('an export of a release that did not know a kind yet is whole without it', async (t) => {
  const source = await openTestStorage(t);
  await source.storage.organizations.insert(organization);
  const path = nameFile(t);
  await createMoving(source).export(path);
  editLines(path, readFileSync(path, 'utf8'), (lines) => lines.map((line) => line.replace(/"totp":\{.*?\},/, '')));
  assert.equal(readTotals(path).totp, undefined);
  const target = await openTestStorage(t);
  await createMoving(target).import(path);
  assert.deepEqual(await target.storage.organizations.find(organization.id), organization);
});

test('an export is for its owner only, and takes the place of nothing', async (t) => {
  const source = await openTestStorage(t);
  await furnish(source.storage);
  const path = nameFile(t);
  await createMoving(source).export(path);
  assert.equal(statSync(path).mode & 0o777, 0o600);
  const before = readFileSync(path, 'utf8');
  await assert.rejects(createMoving(source).export(path), { name: 'FileError', message: /is there already/ });
  assert.equal(readFileSync(path, 'utf8'), before);
});

test('of an export that fails no file is left', async (t) => {
  const { storage, clock } = await openTestStorage(t);
  const path = nameFile(t);
  await assert.rejects(createMoving({ storage, clock }).export(path), {
    message: 'the store is empty: there is nothing to export',
  });
  await storage[Symbol.asyncDispose]();
  await assert.rejects(createMoving({ storage, clock }).export(path), { code: 'store_unavailable' });
  assert.equal(existsSync(path), false);
});

test('a file that is not there or is a folder cannot be read, and none is made where there is no folder', async (t) => {
  const moving = createMoving(await openTestStorage(t));
  const path = nameFile(t);
  await assert.rejects(moving.import(path), { name: 'FileError', message: `the file ${path} cannot be read` });
  await assert.rejects(moving.import(`${path}/..`), { name: 'FileError' });
  await assert.rejects(moving.export(`${path}/nowhere/file`), { name: 'FileError', message: /cannot be made$/ });
});

async function exportFurnished(t: TestContext): Promise<string> {
  const source = await openTestStorage(t);
  await furnish(source.storage);
  const path = nameFile(t);
  await createMoving(source).export(path);
  return path;
}

async function readExported(t: TestContext, house: House): Promise<string> {
  const path = nameFile(t);
  await createMoving(house).export(path);
  return readFileSync(path, 'utf8');
}

function readTotals(path: string): { readonly [kind: string]: unknown } {
  return JSON.parse(readFileSync(path, 'utf8').trimEnd().split('\n').at(-1) ?? '').end;
}

async function countAccounts({ accounts }: MovedStores): Promise<number> {
  return (await accounts.list({ limit: 1000 })).items.length;
}
