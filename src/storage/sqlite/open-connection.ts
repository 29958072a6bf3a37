import { chmodSync, closeSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout } from 'node:timers/promises';
import { MIGRATIONS } from './migrations.ts';
import { findResultCode, RESULT } from './result-code.ts';

const BUSY_TIMEOUT_MS = 2000;
const RETRY_MS = 20;
/** The write-ahead log is carried over to the file when it has so many pages, 16 MiB: of what was changed often, only the last state. */
const LOG_PAGES = 4096;
const OWNER_ONLY = 0o600;

/**
 * Opens the database file, makes it and its folder if need be, and brings its schema up to date. Any number of processes may do so at
 * once. Throws an Error that says why in plain words when the file cannot be used or a newer release has written it.
 */
export async function openConnection(path: string): Promise<DatabaseSync> {
  let connection: DatabaseSync | undefined;
  try {
    createFile(path);
    connection = new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS, enableForeignKeyConstraints: true });
    chmodSync(path, OWNER_ONLY);
    await useWriteAheadLog(connection);
    connection.exec(`PRAGMA wal_autocheckpoint = ${LOG_PAGES}`);
    while (takeStep(connection));
    return connection;
  } catch (error) {
    connection?.close();
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`cannot use the database file ${path}: ${reason}`, { cause: error });
  }
}

/**
 * Makes the file for its owner only; SQLite gives its side files the same permissions. A file that is there is not opened here: closing
 * it would drop the locks that another connection of this process holds on it.
 */
function createFile(path: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  try {
    closeSync(openSync(path, 'wx', OWNER_ONLY));
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  }
}

/** Only the first process to open a file changes its mode; this one change does not wait for locks by itself. */
async function useWriteAheadLog(connection: DatabaseSync): Promise<void> {
  for (let waitedMs = 0; ; waitedMs += RETRY_MS) {
    try {
      connection.exec('PRAGMA journal_mode = WAL');
      return;
    } catch (error) {
      if (findResultCode(error) !== RESULT.busy || waitedMs >= BUSY_TIMEOUT_MS) throw error;
      await setTimeout(RETRY_MS);
    }
  }
}

/** Takes one migration; false when none is left. Several processes may try: the version is read when nobody else can write. */
function takeStep(connection: DatabaseSync): boolean {
  connection.exec('BEGIN IMMEDIATE');
  try {
    const version = readVersion(connection);
    if (version > MIGRATIONS.length) {
      throw new Error(`a newer release has written it (schema ${version}; this one knows ${MIGRATIONS.length})`);
    }
    const step = MIGRATIONS[version];
    if (step !== undefined) connection.exec(`${step}; PRAGMA user_version = ${version + 1}`);
    connection.exec('COMMIT');
    return step !== undefined;
  } catch (error) {
    if (connection.isTransaction) connection.exec('ROLLBACK');
    throw error;
  }
}

function readVersion(connection: DatabaseSync): number {
  return Number(connection.prepare('PRAGMA user_version').get()?.user_version);
}
