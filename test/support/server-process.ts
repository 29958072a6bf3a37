import assert from 'node:assert/strict';
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { TestContext } from 'node:test';
import { promisify } from 'node:util';
import { findFreePort } from './free-port.ts';
import { makeTempFolder } from './temp-folder.ts';

/** Variables of the environment. */
export type Environment = Readonly<Record<string, string>>;

/** A line that the server wrote to its log. */
export interface LogLine {
  readonly level: string;
  /** Of the process that wrote it, which is a worker where there are several. */
  readonly pid: number;
  readonly message: string;
  readonly [field: string]: unknown;
}

const runFile = promisify(execFile);
const ROOT = join(import.meta.dirname, '../..');
const START_TRIES = 5;
/** How long a line of the log may be waited for; a busy machine takes its time to start a process. */
const LINE_LIMIT_MS = 30_000;

/** Sign-up is open (`CARDEA_DEMO`), hashes are cheap, and limits do not get in the way. */
const DEFAULTS: Environment = {
  CARDEA_ENV: 'development',
  CARDEA_HOST: '127.0.0.1',
  CARDEA_DEMO: 'on',
  CARDEA_HASH_MEMORY_KIB: '19456',
  CARDEA_HASH_PASSES: '2',
  CARDEA_LIMIT_TOKEN: '1000000',
  CARDEA_LIMIT_SOURCE: '1000000',
  CARDEA_LIMIT_PASSKEY: '1000000',
  CARDEA_LIMIT_PAGES: '1000000',
  CARDEA_LOG_LEVEL: 'info',
  CARDEA_LOG_FORMAT: 'json',
};

/**
 * A whole server as operators start it, `node src/main.ts`, on a free port of loopback. It is killed, and its data folder removed, after
 * the test. Its stores are what `CARDEA_DATA_DIR`, `CARDEA_MONGODB_URL` and `CARDEA_REDIS_URL` of the environment say; without them it
 * has an embedded store of its own.
 */
export class ServerProcess {
  /** All that it was given: what is started with the same belongs to the same installation. */
  readonly environment: Environment;
  /** What it wrote to its log so far. */
  readonly log: LogLine[] = [];
  /** What it wrote to standard error so far. */
  output = '';
  readonly #process: ChildProcess;
  /** Says that there is another line of the log, or the end. */
  readonly #news = new EventEmitter();
  readonly #end: Promise<void>;
  /** And all it had to say was read. */
  #hasEnded = false;

  private constructor(environment: Environment) {
    this.environment = environment;
    const server = spawn(process.execPath, ['src/main.ts'], {
      cwd: ROOT,
      env: { ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const killIt = () => void server.kill('SIGKILL');
    process.once('exit', killIt); // for a run that is cut short
    server.once('exit', () => process.off('exit', killIt));
    server.stderr.setEncoding('utf8').on('data', (text) => {
      this.output += text;
    });
    createInterface(server.stdout).on('line', (line) => this.#hear(line));
    this.#process = server;
    this.#end = once(server, 'close').then(() => {
      this.#hasEnded = true;
      this.#news.emit('news');
    });
  }

  /** Starts a server and waits until it listens. Its issuer is `http://localhost:<port>` unless the environment names another. */
  static async start(t: TestContext, environment: Environment = {}): Promise<ServerProcess> {
    const dataDir = environment.CARDEA_DATA_DIR ?? makeTempFolder(t);
    for (let tries = 1; ; tries += 1) {
      const port = environment.CARDEA_PORT ?? `${await findFreePort()}`;
      const place = { CARDEA_PORT: port, CARDEA_ISSUER: `http://localhost:${port}`, CARDEA_DATA_DIR: dataDir };
      const server = ServerProcess.launch(t, { ...place, ...environment });
      if (await server.isListening()) return server;
      const portWasTaken = server.output.includes('another program is using it') && !environment.CARDEA_PORT;
      assert.ok(portWasTaken && tries < START_TRIES, `the server did not start:\n${server.output}`);
    }
  }

  /** Starts a server that may fail to; whoever calls names its port, issuer and folder. */
  static launch(t: TestContext, environment: Environment): ServerProcess {
    const server = new ServerProcess({ ...DEFAULTS, ...environment });
    t.after(() => server.kill());
    return server;
  }

  /** Resolves once it listens, with true; with false when it ended before that. */
  async isListening(): Promise<boolean> {
    return (await this.findLine((line) => line.message === 'listening')) !== undefined;
  }

  /** The first line of its log that is like this, once it is there; undefined when the server ended without one. */
  async findLine(isWanted: (line: LogLine) => boolean): Promise<LogLine | undefined> {
    const limit = AbortSignal.timeout(LINE_LIMIT_MS);
    for (;;) {
      const found = this.log.find(isWanted);
      if (found || this.#hasEnded) return found;
      await once(this.#news, 'news', { signal: limit });
    }
  }

  get issuer(): string {
    return this.environment.CARDEA_ISSUER ?? assert.fail('it was given no issuer');
  }

  /** Where it listens itself, whatever its issuer is: `127.0.0.1:<port>`. */
  get address(): string {
    return `127.0.0.1:${this.environment.CARDEA_PORT}`;
  }

  get pid(): number {
    return this.#process.pid ?? assert.fail('it was not started');
  }

  /** As supervisors end it (SIGTERM): it answers what is under way. Resolves with its exit code, null where a signal ended it. */
  stop(): Promise<number | null> {
    return this.#endBy('SIGTERM');
  }

  /** As the system ends what takes too much memory. */
  async kill(): Promise<void> {
    await this.#endBy('SIGKILL');
  }

  /** It keeps its connections, and says nothing. */
  freeze(): void {
    this.#process.kill('SIGSTOP');
  }

  thaw(): void {
    this.#process.kill('SIGCONT');
  }

  /** Resolves with its exit code once it has ended by itself. */
  async waitForEnd(): Promise<number | null> {
    await this.#end;
    return this.#process.exitCode;
  }

  /** Runs `cardea` on the same installation, in a process of its own; answers what it wrote. */
  async runCommand(...args: readonly string[]): Promise<string> {
    const options = { cwd: ROOT, env: { ...this.environment } };
    return (await runFile(process.execPath, ['src/cli/cardea.ts', ...args], options)).stdout;
  }

  async #endBy(signal: NodeJS.Signals): Promise<number | null> {
    if (!this.#hasEnded) this.#process.kill(signal);
    return this.waitForEnd();
  }

  #hear(line: string): void {
    if (!line.startsWith('{')) return; // not of the log
    this.log.push(JSON.parse(line));
    this.#news.emit('news');
  }
}
