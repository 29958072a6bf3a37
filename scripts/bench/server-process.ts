import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { buildRequest, Connection } from './connection.ts';

interface Options {
  readonly script: string;
  readonly port: number;
  readonly host: string;
  /** Answers 200 once the server is ready. */
  readonly readyPath: string;
  readonly environment: Readonly<Record<string, string>>;
  /** Where Node.js writes a CPU profile at the end. */
  readonly profileFolder?: string | undefined;
}

/** Linux counts processor time for programs in hundredths of a second. */
const MICROS_PER_TICK = 10_000;
const POLL_MS = 4;
const START_LIMIT_MS = 20_000;

/** A server in a process of its own: started, measured from outside by what Linux knows of it, and stopped by its id. */
export class ServerProcess implements AsyncDisposable {
  readonly port: number;
  /** From the start of the process to the first 200, in milliseconds. */
  readonly startMs: number;
  readonly #child: ChildProcess;
  readonly #endSignal: NodeJS.Signals;
  readonly #killAtExit: () => void;

  private constructor(parts: {
    readonly port: number;
    readonly startMs: number;
    readonly child: ChildProcess;
    readonly endSignal: NodeJS.Signals;
    readonly killAtExit: () => void;
  }) {
    this.port = parts.port;
    this.startMs = parts.startMs;
    this.#child = parts.child;
    this.#endSignal = parts.endSignal;
    this.#killAtExit = parts.killAtExit;
  }

  /** Resolves when the server answers. */
  static async start(options: Options): Promise<ServerProcess> {
    const { script, port, environment, profileFolder } = options;
    const startedAt = performance.now();
    const flags = profileFolder === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profileFolder}`];
    const child = spawn(process.execPath, [...flags, script], {
      env: { PATH: process.env.PATH, ...environment },
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    const killAtExit = () => void child.kill('SIGKILL');
    process.once('exit', killAtExit);
    // A profile is written by a process that ends by itself; otherwise there is nothing to wait for.
    const endSignal = profileFolder === undefined ? 'SIGKILL' : 'SIGTERM';
    try {
      await waitForAnswer(options, child);
    } catch (error) {
      killAtExit();
      process.off('exit', killAtExit);
      throw error;
    }
    return new ServerProcess({ port, startMs: performance.now() - startedAt, child, endSignal, killAtExit });
  }

  /** Processor time so far of all threads of all its processes, in their own code and in the system, in microseconds. */
  cpuMicros(): number {
    return listProcesses(this.#child.pid ?? 0).reduce((sum, id) => sum + readCpuMicros(id), 0);
  }

  /** Memory that the largest of its processes holds now and the most that one has held, in megabytes. */
  memory(): { readonly now: number; readonly peak: number } {
    const memories = listProcesses(this.#child.pid ?? 0).map(readMemory);
    return { now: Math.max(...memories.map(({ now }) => now)), peak: Math.max(...memories.map(({ peak }) => peak)) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      this.#child.kill(this.#endSignal);
      await once(this.#child, 'exit');
    }
    process.off('exit', this.#killAtExit);
  }
}

/** A process and those that it has started, by their ids. */
function listProcesses(id: number): readonly number[] {
  const children = readFileSync(`/proc/${id}/task/${id}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
  return [id, ...children.flatMap(listProcesses)];
}

function readCpuMicros(id: number): number {
  const stat = readFileSync(`/proc/${id}/stat`, 'utf8');
  // The second field is a name in parentheses that may hold anything (proc_pid_stat(5)).
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * MICROS_PER_TICK;
}

/** VmRSS and VmHWM of proc_pid_status(5), in megabytes. */
function readMemory(id: number): { readonly now: number; readonly peak: number } {
  const status = readFileSync(`/proc/${id}/status`, 'utf8');
  const read = (name: string) => Number(new RegExp(`${name}:\\s+(\\d+) kB`).exec(status)?.[1]) / 1024;
  return { now: read('VmRSS'), peak: read('VmHWM') };
}

async function waitForAnswer({ port, host, readyPath }: Options, child: ChildProcess): Promise<void> {
  const request = buildRequest({ method: 'GET', path: readyPath, host });
  const giveUpAt = performance.now() + START_LIMIT_MS;
  while (performance.now() < giveUpAt && child.exitCode === null) {
    const connection = new Connection(port);
    const answer = await connection.send(request).catch(() => undefined);
    connection.close();
    if (answer?.status === 200) return;
    await setTimeout(POLL_MS);
  }
  throw new Error(`no answer from: ${child.spawnargs.join(' ')}`);
}

/** A port that nobody listens on at the moment. */
export async function findFreePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (typeof address !== 'object' || address === null) throw new Error('the port has no number');
  return address.port;
}
