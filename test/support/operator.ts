import type { TestContext } from 'node:test';
import { loadConfig } from '../../config/load.ts';
import { type App, openApp } from '../../src/app.ts';
import type { Environment } from './server-process.ts';

/** Opens in this process the installation that others serve: another of its processes, until the test ends. */
export async function openOperator(t: TestContext, environment: Environment): Promise<App> {
  const { config, secrets } = loadConfig({ ...environment, CARDEA_LOG_LEVEL: 'silent' });
  const app = await openApp(config, secrets);
  t.after(() => app[Symbol.asyncDispose]());
  return app;
}
