#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadConfig, loadSettingsFile } from '../../config/load.ts';
import { openApp } from '../app.ts';
import { createLogger } from '../lib/logger.ts';
import { openMoving } from '../open-moving.ts';
import { runCommandLine } from './run.ts';
import { openProcessTerminal } from './terminal.ts';

/** Opens of the installation that the environment describes what `open` does; what that has to say goes beside the results. */
async function openInstallation<Opened>(open: (...args: Required<Parameters<typeof openApp>>) => Promise<Opened>) {
  const { config, secrets } = loadConfig();
  const logger = createLogger({ level: 'warn', format: config.logFormat, destination: process.stderr });
  return open(config, secrets, { logger });
}

function readVersion(): string {
  const manifest: { version: string } = JSON.parse(
    readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8'),
  );
  return manifest.version;
}

if (import.meta.main) {
  loadSettingsFile();
  process.exitCode = await runCommandLine({
    args: process.argv.slice(2),
    version: readVersion(),
    terminal: openProcessTerminal(),
    openApp: () => openInstallation(openApp),
    openMoving: () => openInstallation(openMoving),
  });
}
