import assert from 'node:assert/strict';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type TestContext, test } from 'node:test';
import { Database } from '../../src/storage/sqlite/database.ts';
import { makeTempFolder } from '../support/temp-folder.ts';

const NORMAL = 1;
const FULL = 2;

function openDatabase(t: TestContext) {
  const path = join(makeTempFolder(t), 'test.sqlite');
  const connection = new DatabaseSync(path, { timeout: 0 });
  connection.exec(`PRAGMA journal_mode = WAL;
    CREATE TABLE words (word TEXT NOT NULL UNIQUE) STRICT;
    CREATE TABLE notes (word TEXT NOT NULL REFERENCES words (word)) STRICT`);
  const database = new Database(connection);
  t.after(() => database.close());
  const insert = database.prepare('INSERT INTO words (word) VALUES (?)');
  const select = database.prepare<{ readonly word: string }>('SELECT word FROM words ORDER BY word');
  return {
    path,
    connection,
    database,
    insertNow: (word: string) => insert.run(word).changes,
    insert: (word: string) => database.write('short-lived', () => insert.run(word).changes),
    readWords: () => database.read(() => select.all().map(({ word }) => word)),
    readSynchronous: () => Number(connection.prepare('PRAGMA synchronous').get()?.synchronous),
  };
}

test('the writes of one turn share a transaction, which nobody sees before it is committed', async (t) => {
  const { path, database, insert, readWords } = openDatabase(t);
  const witness = new DatabaseSync(path);
  t.after(() => witness.close());
  const countSeen = () => witness.prepare('SELECT count(*) AS count FROM words').get()?.count;

  const first = insert('first');
  const second = database.write('short-lived', countSeen);
  const third = insert('third');

  assert.deepEqual(await readWords(), []);
  assert.deepEqual(await Promise.all([first, second, third]), [1, 0, 1]);
  assert.equal(countSeen(), 2);
});

test('a write that fails rejects its own caller and no other', async (t) => {
  const { insert, readWords } = openDatabase(t);
  const outcomes = await Promise.allSettled([insert('a'), insert('a'), insert('b')]);
  assert.deepEqual(
    outcomes.map(({ status }) => status),
    ['fulfilled', 'rejected', 'fulfilled'],
  );
  assert.deepEqual(await readWords(), ['a', 'b']);
});

test('changes that belong together are made whole or not at all, and touch no other caller', async (t) => {
  const { database, insert, insertNow, readWords } = openDatabase(t);
  const insertBoth = (one: string, other: string) =>
    database.write('short-lived', () => database.changeTogether(() => [insertNow(one), insertNow(other)]));

  const outcomes = await Promise.allSettled([
    insert('a'),
    insertBoth('b', 'a'),
    insertBoth('c', 'd'),
    insertBoth('e', 'e'),
    insert('f'),
  ]);

  assert.deepEqual(
    outcomes.map(({ status }) => status),
    ['fulfilled', 'rejected', 'fulfilled', 'rejected', 'fulfilled'],
  );
  assert.deepEqual(await readWords(), ['a', 'c', 'd', 'f']);
});

test('a commit that fails rejects every caller and leaves nothing behind', async (t) => {
  const { database, connection, insert, readWords } = openDatabase(t);
  const spoil = database.write('short-lived', () => {
    connection.exec(`PRAGMA defer_foreign_keys = ON; INSERT INTO notes (word) VALUES ('absent')`);
  });
  const outcomes = await Promise.allSettled([insert('a'), spoil, insert('b')]);
  assert.deepEqual(
    outcomes.map(({ status }) => status),
    ['rejected', 'rejected', 'rejected'],
  );
  assert.deepEqual(await readWords(), []);
  assert.equal(await insert('c'), 1);
});

test('a fault that ends the transaction rejects every caller, those after it too', async (t) => {
  const { database, connection, insert, readWords } = openDatabase(t);
  const spoil = database.write('short-lived', () => {
    connection.exec('ROLLBACK'); // as SQLite does by itself when the disk is full
    throw new Error('disk is full');
  });
  const outcomes = await Promise.allSettled([insert('a'), spoil, insert('b')]);
  for (const outcome of outcomes) assert.match(String(outcome.status === 'rejected' && outcome.reason), /disk is full/);
  assert.deepEqual(await readWords(), []);
});

test('a durable write makes its whole transaction wait for the disk, a short-lived one does not', async (t) => {
  const { database, readSynchronous } = openDatabase(t);
  const write = (durability: 'durable' | 'short-lived') => database.write(durability, readSynchronous);
  assert.equal(await write('short-lived'), NORMAL);
  assert.equal(await write('durable'), FULL);
  assert.equal(await write('durable'), FULL);
  assert.equal(await write('short-lived'), NORMAL);
  assert.deepEqual(await Promise.all([write('short-lived'), write('durable')]), [FULL, FULL]);
  assert.equal(await write('short-lived'), NORMAL);
});

test('a file that another process keeps locked makes the store unavailable, and only as long', async (t) => {
  const { path, insert, readWords } = openDatabase(t);
  const other = new DatabaseSync(path);
  t.after(() => other.close());
  other.exec('BEGIN IMMEDIATE');
  const outcomes = await Promise.allSettled([insert('a'), insert('b')]);
  for (const outcome of outcomes) {
    assert.equal(outcome.status === 'rejected' && outcome.reason.code, 'store_unavailable');
  }
  assert.deepEqual(await readWords(), []);
  other.exec('COMMIT');
  assert.equal(await insert('c'), 1);
});

test('closing commits what waits and refuses what comes', async (t) => {
  const { path, database, insert, readWords } = openDatabase(t);
  const waiting = insert('a');
  database.close();
  assert.equal(await waiting, 1);
  await assert.rejects(insert('b'), { code: 'store_unavailable' });
  await assert.rejects(readWords(), { code: 'store_unavailable' });

  const reopened = new DatabaseSync(path);
  t.after(() => reopened.close());
  assert.deepEqual(
    reopened
      .prepare('SELECT word FROM words')
      .all()
      .map((row) => row.word),
    ['a'],
  );
});
