import cluster, { type Worker } from 'node:cluster';
import { once } from 'node:events';
import { setTimeout } from 'node:timers/promises';
import type { Logger } from './lib/logger.ts';

interface Deps {
  /** What each worker runs. */
  readonly script: string;
  readonly count: number;
  readonly logger: Logger;
}

/** A worker that lives for less has died at once: something is wrong that another worker may not mend. */
const STEADY_MS = 60_000;
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 10_000;

/** Whether this process is one of several that another one has started. */
export function isWorker(): boolean {
  return cluster.isWorker;
}

/**
 * Ends this process when the one that has started it is gone. Node.js sees to that when it reads so; whoever writes to it before, as a
 * worker does that begins to listen, gets an error (EPIPE).
 */
export function endWithoutPrimary(): void {
  cluster.worker?.on('error', () => process.exit());
}

/** Lets this process end when nothing is left to do, although another one has started it. */
export function leaveWorkers(): void {
  cluster.worker?.disconnect();
}

/**
 * Processes that share one port, started and watched by this one, which takes connections, hands them over in turns and opens no store.
 * In turns is the default of Node.js (`NODE_CLUSTER_SCHED_POLICY=rr`): shares are even, and it costs nothing while connections are kept.
 * With `none` the workers take them themselves: that saves 40 microseconds for each, and one worker gets a third more than another.
 */
export class Workers {
  readonly #deps: Deps;
  readonly #stopping = new AbortController();
  #kept: readonly Promise<boolean>[] = [];

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /**
   * Starts the first and, once it listens, the others: what keeps one from starting would keep them all. Resolves when all listen; with
   * false when the first one could not, which has said why.
   */
  async start(): Promise<boolean> {
    cluster.setupPrimary({ exec: this.#deps.script, args: [] });
    const first = cluster.fork();
    if (!(await hasListened(first))) {
      const { signalCode } = first.process;
      if (signalCode !== null) throw new Error(`the first worker was ended by ${signalCode}`);
      return false;
    }
    const others = Array.from({ length: this.#deps.count - 1 }, () => cluster.fork());
    this.#kept = [first, ...others].map((worker) => this.#keep(worker));
    await Promise.all(others.map(hasListened));
    return true;
  }

  /** Has all of them end as a single process would; resolves with whether all ended well. */
  async stop(): Promise<boolean> {
    this.#stopping.abort();
    for (const worker of Object.values(cluster.workers ?? {})) worker?.process.kill('SIGTERM');
    return (await Promise.all(this.#kept)).every(Boolean);
  }

  /** Puts another worker in the place of one that ends, until they are to stop; resolves with whether the last one ended well. */
  async #keep(worker: Worker): Promise<boolean> {
    const { logger } = this.#deps;
    let [current, deaths] = [worker, 0];
    for (;;) {
      const steady = AbortSignal.timeout(STEADY_MS);
      const [code, signal]: unknown[] = await once(current, 'exit');
      // One that is told to end before it serves is ended by the signal.
      if (this.#stopping.signal.aborted) return code === 0 || signal === 'SIGTERM';

      deaths = steady.aborted ? 0 : deaths + 1;
      logger.warn({ worker: current.process.pid, exitCode: code, signal }, 'a worker died');
      await this.#pause(deaths);
      if (this.#stopping.signal.aborted) return true;
      current = cluster.fork();
      logger.info({ worker: current.process.pid }, 'another worker was started');
    }
  }

  /** The longer, the more workers have died at once in a row. */
  async #pause(deaths: number): Promise<void> {
    const pauseMs = deaths === 0 ? 0 : Math.min(FIRST_PAUSE_MS * 2 ** (deaths - 1), LONGEST_PAUSE_MS);
    const { signal } = this.#stopping;
    await setTimeout(pauseMs, undefined, { signal }).catch(() => undefined); // there is no need to wait any more
  }
}

/** Resolves when the worker listens, with true; with false when it ends before that. */
async function hasListened(worker: Worker): Promise<boolean> {
  const decided = new AbortController();
  const listened = once(worker, 'listening', decided).then(() => true);
  const ended = once(worker, 'exit', decided).then(() => false);
  const result = await Promise.race([listened, ended]);
  decided.abort();
  return result;
}
