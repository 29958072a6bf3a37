import type { Server } from 'node:http';
import { ConfigError, type LoadedConfig, loadConfig } from '../config/load.ts';
import { type App, openApp } from './app.ts';
import { createHttpServer } from './http/server.ts';
import { createLogger, type Logger } from './lib/logger.ts';
import { endWithoutPrimary, isWorker, leaveWorkers, Workers } from './workers.ts';

/** A running server, of one process or several, and how to end it. */
export interface RunningServer {
  readonly config: LoadedConfig['config'];
  readonly logger: Logger;
  /** Does something with the installation beside serving it. */
  useApp<Result>(work: (app: App) => Promise<Result>): Promise<Result>;
  /** Answers what is under way, takes no more, and closes the store; false when that did not go well. */
  stop(): Promise<boolean>;
}

/** How long load balancers have to notice that no more requests are wanted, in milliseconds. */
const NOTICE_MS = 5000;
/** How long requests that are under way may take then. */
const DRAIN_MS = 25_000;
/** How long a connection may be of no use then. */
const IDLE_MS = 100;

/**
 * Serves the installation that the environment describes until a signal asks to end, and sets the exit code. `onReady` says what a person
 * may open; it is not called in the processes that this one starts.
 */
export async function runServer(onReady: (running: RunningServer) => Promise<void>): Promise<void> {
  endWithoutPrimary();
  try {
    const running = await startServer(loadConfig());
    const ended = waitForSignal();
    if (running && !isWorker()) await onReady(running);
    if (running) await ended;
    if (!(await running?.stop())) process.exitCode = 1;
  } catch (error) {
    process.stderr.write(`${explain(error)}\n`);
    process.exitCode = 1;
  } finally {
    leaveWorkers();
  }
}

/** Undefined when it cannot be started, which somebody else has said. Throws an Error in plain words otherwise. */
async function startServer(loaded: LoadedConfig): Promise<RunningServer | undefined> {
  const { config, warnings } = loaded;
  const running = config.workers > 1 && !isWorker() ? await startWorkers(loaded) : await startProcess(loaded);
  if (!running || isWorker()) return running; // the process that has started this one says the rest
  const { issuer, host, port, workers } = config;
  for (const warning of warnings) running.logger.warn({}, warning);
  running.logger.info({ issuer, host, port, workers }, 'listening');
  return running;
}

/** Opens the installation and listens. */
async function startProcess({ config, secrets }: LoadedConfig): Promise<RunningServer> {
  const app = await openApp(config, secrets);
  const server = createHttpServer(app.handleRequest);
  try {
    await listen(server, config);
  } catch (error) {
    await app[Symbol.asyncDispose]();
    throw error;
  }
  app.mail.start();
  return {
    config,
    logger: app.logger,
    useApp: (work) => work(app),
    stop: () => stop(app, server, config.env === 'production' ? NOTICE_MS : 0),
  };
}

async function startWorkers({ config, secrets }: LoadedConfig): Promise<RunningServer | undefined> {
  const logger = createLogger({ level: config.logLevel, format: config.logFormat });
  const workers = new Workers({ script: import.meta.filename, count: config.workers, logger });
  if (!(await workers.start())) return undefined;
  return {
    config,
    logger,
    async useApp(work) {
      await using app = await openApp(config, secrets, { logger });
      return await work(app);
    },
    stop: () => workers.stop(),
  };
}

function listen(server: Server, { host, port }: LoadedConfig['config']): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const reason = cause.code === 'EADDRINUSE' ? 'another program is using it' : cause.message;
      reject(new Error(`cannot listen on ${host} port ${port}: ${reason}`, { cause }));
    });
    server.listen(port, host, resolve);
  });
}

async function stop(app: App, server: Server, noticeMs: number): Promise<true> {
  app.startDraining();
  server.prependListener('request', (_request, response) => response.setHeader('Connection', 'close'));
  await wait(noticeMs);
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  const idle = setInterval(() => server.closeIdleConnections(), IDLE_MS); // answers under way had promised to keep theirs
  const limit = setTimeout(() => server.closeAllConnections(), DRAIN_MS);
  await closed;
  clearInterval(idle);
  clearTimeout(limit);
  await app[Symbol.asyncDispose]();
  return true;
}

/** A second signal ends the process at once; but not a worker, which may be told by its terminal and by the process that has started it. */
function waitForSignal(): Promise<void> {
  const listen = isWorker() ? process.on : process.once;
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) listen.call(process, signal, () => resolve());
  });
}

function wait(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/** What goes wrong at the start is the operator's to mend, so it is told without a stack. */
function explain(error: unknown): string {
  if (error instanceof ConfigError) return error.message;
  return `Cardea cannot start: ${error instanceof Error ? error.message : String(error)}`;
}

if (import.meta.main) await runServer(async () => undefined);
