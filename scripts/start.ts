/** `npm start`: builds what browsers need, runs Cardea and, in development, an application to try it with. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { type Config, loadSettingsFile } from '../config/load.ts';
import type { App } from '../src/app.ts';
import { type Demonstration, prepareDemonstration } from '../src/demonstration.ts';
import { runServer } from '../src/main.ts';
import { buildBrowser } from './build.ts';

const ROOT = join(import.meta.dirname, '..');

loadSettingsFile();
await buildBrowser();

let application: ChildProcess | undefined;
await runServer(async (running) => {
  const { config, logger } = running;
  const text = await running.useApp(async (app) =>
    describe(config, {
      demonstration: config.demo ? await demonstrate(app, config) : undefined,
      setUpLink: (await app.setUp.isNeeded()) ? await app.setUp.createLink() : undefined,
      hasMailFolder: app.mail.folder !== undefined,
    }),
  );
  await logger.flush();
  process.stdout.write(text);
});
if (application && application.exitCode === null && application.signalCode === null) {
  application.kill('SIGTERM');
  await once(application, 'exit');
}

/** Undefined when the application does not start, of which it says why itself. */
async function demonstrate(app: App, config: Config): Promise<Demonstration | undefined> {
  const applicationUrl = `http://localhost:${config.demoPort}`;
  const demonstration = await prepareDemonstration(app, applicationUrl);
  const child = spawn(process.execPath, [join(ROOT, 'examples/relying-application/server.ts')], {
    env: {
      PATH: process.env.PATH,
      ISSUER: config.issuer,
      CLIENT_ID: demonstration.clientId,
      APPLICATION_URL: applicationUrl,
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  application = child;
  const isRunning = await Promise.race([
    once(child.stdout, 'data').then(() => true), // it says where it is
    once(child, 'exit').then(() => false),
  ]);
  child.stdout.resume();
  return isRunning ? demonstration : undefined;
}

interface Running {
  readonly demonstration: Demonstration | undefined;
  readonly setUpLink: string | undefined;
  readonly hasMailFolder: boolean;
}

function describe(config: Config, { demonstration, setUpLink, hasMailFolder }: Running): string {
  const lines = [`Cardea is running at ${config.issuer}`];
  if (demonstration) {
    const { applicationUrl, email, password } = demonstration;
    lines.push(
      '',
      `Try it            ${applicationUrl}`,
      '                  Make an account there, or use this one:',
      `                  ${email}  ${password ?? '(with the password or passkey you gave it)'}`,
    );
  }
  if (config.demo && !demonstration)
    lines.push('', 'The example application did not start: CARDEA_DEMO_PORT names another port for it.');
  lines.push('', `Your security     ${config.issuer}/account`);
  if (hasMailFolder) lines.push('', `Mails             ${config.issuer}/dev/mail`);
  if (setUpLink)
    lines.push(
      '',
      `Administrator     ${setUpLink}`,
      '                  Opens once, within 24 hours: there the first administrator makes a passkey.',
    );
  lines.push('', 'Ctrl-C stops it. What was made is kept.', '');
  return `\n${lines.join('\n')}\n`;
}
