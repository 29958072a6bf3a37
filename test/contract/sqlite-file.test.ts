import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type TestContext, test } from 'node:test';
import { Ids, type SignInId } from '../../src/lib/ids.ts';
import { MIGRATIONS } from '../../src/storage/sqlite/migrations.ts';
import { openConnection } from '../../src/storage/sqlite/open-connection.ts';
import { openSqliteStorage } from '../../src/storage/sqlite/sqlite-storage.ts';
import { buildOrganization, buildSignIn } from '../support/builders.ts';
import { TestClock } from '../support/clock.ts';
import { openTestStorage } from '../support/storages.ts';
import { makeTempFolder } from '../support/temp-folder.ts';

const clock = new TestClock();

function openRaw(t: TestContext, path: string): DatabaseSync {
  const connection = new DatabaseSync(path);
  t.after(() => connection.close());
  return connection;
}

function readPragma(connection: DatabaseSync, name: string): unknown {
  return connection.prepare(`PRAGMA ${name}`).get()?.[name];
}

test('a new file gets the newest schema, a write-ahead log and checked references', async (t) => {
  const path = join(makeTempFolder(t), 'new.sqlite');
  const connection = await openConnection(path);
  t.after(() => connection.close());
  assert.equal(readPragma(connection, 'user_version'), MIGRATIONS.length);
  assert.equal(readPragma(connection, 'journal_mode'), 'wal');
  assert.equal(readPragma(connection, 'foreign_keys'), 1);
});

test('the folder is made where it is missing, and nobody else may read the files', async (t) => {
  const path = join(makeTempFolder(t), 'some', 'where', 'cardea.sqlite');
  const storage = await openSqliteStorage({ path, clock });
  t.after(() => storage[Symbol.asyncDispose]());
  await storage.organizations.insert(buildOrganization());

  const files = readdirSync(dirname(path));
  assert.deepEqual(files.sort(), ['cardea.sqlite', 'cardea.sqlite-shm', 'cardea.sqlite-wal']);
  for (const file of files) assert.equal(statSync(join(dirname(path), file)).mode & 0o777, 0o600, file);
  assert.equal(statSync(dirname(path)).mode & 0o777, 0o700);
});

test('a file that others could read is closed to them', async (t) => {
  const { storage, path } = await openTestStorage(t);
  await storage[Symbol.asyncDispose]();
  chmodSync(path, 0o644);
  const reopened = await openSqliteStorage({ path, clock });
  t.after(() => reopened[Symbol.asyncDispose]());
  assert.equal(statSync(path).mode & 0o777, 0o600);
});

test('what was stored is there after opening the file again, in the main file alone', async (t) => {
  const { storage, path } = await openTestStorage(t);
  const organization = buildOrganization();
  await storage.organizations.insert(organization);
  await storage[Symbol.asyncDispose]();
  assert.deepEqual(readdirSync(dirname(path)), ['cardea.sqlite']);

  const reopened = await openSqliteStorage({ path, clock });
  t.after(() => reopened[Symbol.asyncDispose]());
  assert.deepEqual(await reopened.organizations.find(organization.id), organization);
});

test('a file written by a newer release is refused and left as it was', async (t) => {
  const path = join(makeTempFolder(t), 'newer.sqlite');
  const newer = MIGRATIONS.length + 1;
  openRaw(t, path).exec(`CREATE TABLE future (x); PRAGMA user_version = ${newer}`);
  await assert.rejects(openSqliteStorage({ path, clock }), /newer\.sqlite: a newer release has written it/);
  assert.equal(readPragma(openRaw(t, path), 'user_version'), newer);
});

test('keys of the first schema are counted by their age', async (t) => {
  const path = join(makeTempFolder(t), 'old.sqlite');
  const old = openRaw(t, path);
  old.exec(`${MIGRATIONS[0]}; PRAGMA user_version = 1`);
  const insert = old.prepare("INSERT INTO signing_keys VALUES (?, ?, x'00', ?, 0, NULL)");
  for (const [kid, algorithm, createdAt] of [
    ['b', 'ES256', 2],
    ['a', 'ES256', 1],
    ['c', 'ES256', 2],
    ['d', 'RS256', 9],
  ] as const)
    insert.run(kid, algorithm, createdAt);

  const storage = await openSqliteStorage({ path, clock });
  t.after(() => storage[Symbol.asyncDispose]());
  const keys = (await storage.keys.list()).map(({ kid, generation }) => [kid, generation]);
  assert.deepEqual(keys.sort(), [
    ['a', 1],
    ['b', 2],
    ['c', 3],
    ['d', 1],
  ]);
});

test('a migration that fails leaves the file at the version before', async (t) => {
  const path = join(makeTempFolder(t), 'odd.sqlite');
  openRaw(t, path).exec('CREATE TABLE records (x)');
  await assert.rejects(openSqliteStorage({ path, clock }), /odd\.sqlite: table records already exists/);
  const raw = openRaw(t, path);
  assert.equal(readPragma(raw, 'user_version'), 0);
  assert.deepEqual(
    raw
      .prepare("SELECT name FROM sqlite_schema WHERE type = 'table'")
      .all()
      .map((row) => row.name),
    ['records'],
  );
});

test('a path that cannot be written is refused in words that name it', async (t) => {
  const folder = makeTempFolder(t);
  const file = join(folder, 'file');
  writeFileSync(file, 'this is a text file and no database, however long it may be'.repeat(100));
  mkdirSync(join(folder, 'folder'));
  for (const path of [join(file, 'below.sqlite'), join(folder, 'folder'), file]) {
    await assert.rejects(openSqliteStorage({ path, clock }), (error: Error) =>
      error.message.startsWith(`cannot use the database file ${path}: `),
    );
  }
});

test('a folder that may not be written is refused', {
  skip: process.getuid?.() === 0 && 'root may write everywhere',
}, async (t) => {
  const folder = makeTempFolder(t);
  chmodSync(folder, 0o500);
  await assert.rejects(openSqliteStorage({ path: join(folder, 'x.sqlite'), clock }), /permission denied/);
});

test('opening a new file waits for a process that is about to write it', async (t) => {
  const path = join(makeTempFolder(t), 'busy.sqlite');
  const other = openRaw(t, path);
  other.exec('CREATE TABLE early (x); BEGIN IMMEDIATE');
  const opening = openConnection(path);
  other.exec('COMMIT');
  const connection = await opening;
  t.after(() => connection.close());
  assert.equal(readPragma(connection, 'journal_mode'), 'wal');
});

test('no bearer secret is in the files in clear', async (t) => {
  const { storage, path } = await openTestStorage(t);
  const secrets = Array.from({ length: 4 }, () => new Ids().newSecret());
  const [ticketId = '', spentId = '', signInId = '', endedId = ''] = secrets;
  const marker = 'a value that is no secret';
  await storage.tickets.put('sign-up', ticketId, { marker }, 60);
  await storage.tickets.put('sign-up', spentId, {}, 60);
  await storage.tickets.take('sign-up', spentId);
  const signIn = buildSignIn({ id: signInId as SignInId, identifier: marker }); // a secret that is planted
  await storage.signIns.insert(signIn);
  await storage.signIns.update({ ...signIn, version: 2 });
  await storage.signIns.insert({ ...signIn, id: endedId as SignInId }); // a secret that is planted
  await storage.signIns.delete(endedId as SignInId);

  const files = readdirSync(dirname(path)).map((file) => readFileSync(join(dirname(path), file)));
  assert.ok(files.some((bytes) => bytes.includes(marker)));
  for (const secret of secrets) assert.ok(!files.some((bytes) => bytes.includes(secret)));
});
