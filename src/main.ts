import type { Server } from 'node:http';
import { ConfigError, loadConfig } from '../config/load.ts';
import { type App, openApp } from './app.ts';
import { createHttpServer } from './http/server.ts';

type LoadedConfig = ReturnType<typeof loadConfig>['config'];

/** A running server and how to end it. */
export interface RunningServer {
  readonly app: App;
  readonly config: LoadedConfig;
  /** Answers what is under way, takes no more, and closes the store. */
  stop(): Promise<void>;
}

/** How long load balancers have to notice that no more requests are wanted, in milliseconds. */
const NOTICE_MS = 5000;
/** How long requests that are under way may take then. */
const DRAIN_MS = 25_000;

/** Opens the installation that the environment describes and listens. Throws an Error in plain words when it cannot. */
export async function startServer(): Promise<RunningServer> {
  const { config, secrets, warnings } = loadConfig();
  const app = await openApp(config, secrets);
  for (const warning of warnings) app.logger.warn({}, warning);
  const server = createHttpServer(app.handleRequest);
  try {
    await listen(server, config);
  } catch (error) {
    await app[Symbol.asyncDispose]();
    throw error;
  }
  app.logger.info({ issuer: config.issuer, host: config.host, port: config.port }, 'listening');
  return { app, config, stop: () => stop(app, server, config.env === 'production' ? NOTICE_MS : 0) };
}

/** Runs until a signal asks it to end; sets the exit code. `onReady` says what a person may open. */
export async function runServer(onReady: (running: RunningServer) => Promise<void>): Promise<void> {
  try {
    const running = await startServer();
    const ended = waitForSignal();
    await onReady(running);
    await ended;
    await running.stop();
  } catch (error) {
    process.stderr.write(`${explain(error)}\n`);
    process.exitCode = 1;
  }
}

function listen(server: Server, { host, port }: LoadedConfig): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const reason = cause.code === 'EADDRINUSE' ? 'another program is using it' : cause.message;
      reject(new Error(`cannot listen on ${host} port ${port}: ${reason}`, { cause }));
    });
    server.listen(port, host, resolve);
  });
}

async function stop(app: App, server: Server, noticeMs: number): Promise<void> {
  app.startDraining();
  await wait(noticeMs);
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeIdleConnections();
  const timer = setTimeout(() => server.closeAllConnections(), DRAIN_MS);
  await closed;
  clearTimeout(timer);
  await app[Symbol.asyncDispose]();
}

function waitForSignal(): Promise<void> {
  return new Promise((resolve) => {
    process.once('SIGINT', () => resolve());
    process.once('SIGTERM', () => resolve());
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
