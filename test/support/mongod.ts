import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { createInterface } from 'node:readline';
import { findFreePort } from './free-port.ts';

/** For `test(name, { skip })`: why a test that starts its own servers is not run. */
export const NO_MONGOD = 'there is no mongod: it has to be on the PATH';

/** A mongod of the tests' own, which they may freeze and kill. */
export interface Mongod extends AsyncDisposable {
  /** `host:port`. */
  readonly address: string;
  readonly process: ChildProcess;
}

/** Where mongod is: on the PATH, or where mongodb-memory-server-core has downloaded it to. */
export async function findMongod(): Promise<string | undefined> {
  const folders = (process.env.PATH ?? '').split(delimiter);
  return folders.map((folder) => join(folder, 'mongod')).find(isExecutable) ?? (await downloadMongod());
}

/**
 * That package is not one of ours: it downloads a hundred megabytes from elsewhere, which only a person who wants that should install.
 * Where it is installed it says where its binary is.
 */
async function downloadMongod(): Promise<string | undefined> {
  const name: string = 'mongodb-memory-server-core'; // a plain text, so that the compiler does not look for it
  try {
    const { MongoBinary } = await import(name);
    return String(await MongoBinary.getPath());
  } catch {
    return undefined;
  }
}

/** Starts a mongod on a free port of loopback, with an empty folder that goes when it is disposed of. */
export async function startMongod(binary: string, args: readonly string[] = []): Promise<Mongod> {
  const folder = mkdtempSync(join(tmpdir(), 'cardea-mongod-'));
  const port = await findFreePort();
  const own = ['--dbpath', folder, '--port', `${port}`, '--bind_ip', '127.0.0.1', '--unixSocketPrefix', folder];
  const child = spawn(binary, [...own, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);
  await waitUntilReady(child);
  return {
    address: `127.0.0.1:${port}`,
    process: child,
    async [Symbol.asyncDispose]() {
      process.off('exit', kill);
      const exit = once(child, 'exit');
      if (child.exitCode === null && child.signalCode === null && child.kill('SIGKILL')) await exit;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function waitUntilReady(child: ChildProcess): Promise<void> {
  assert.ok(child.stdout);
  const lines: string[] = [];
  for await (const line of createInterface(child.stdout)) {
    lines.push(line);
    if (line.includes('Waiting for connections')) break;
  }
  if (!lines.at(-1)?.includes('Waiting')) throw new Error(`mongod did not start: ${lines.slice(-5).join('\n')}`);
  child.stdout.resume(); // what it goes on to say must not fill the pipe
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
