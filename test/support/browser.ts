import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { after, type TestContext } from 'node:test';
import { type Browser, type BrowserContext, type ConsoleMessage, chromium, type Page } from 'playwright-core';
import { buildBrowser } from '../../scripts/build.ts';
import { openTestApp, type TestApp, type TestSettings } from './app.ts';
import { VirtualAuthenticator } from './virtual-authenticator.ts';

const ROOT = join(import.meta.dirname, '../..');
const EXECUTABLE = process.env.CARDEA_TEST_CHROMIUM;

/** For `test(name, { skip })`: the reason where there is no browser to run the test with. */
export const skipWithoutBrowser: string | false = EXECUTABLE
  ? false
  : 'there is no Chromium: set CARDEA_TEST_CHROMIUM to one';

let launching: Promise<Browser> | undefined;
after(async () => (await launching)?.close());

function launchBrowser(): Promise<Browser> {
  launching ??= chromium.launch({
    ...(EXECUTABLE && { executablePath: EXECUTABLE }),
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
  return launching;
}

interface Situation extends TestSettings {
  readonly javaScript?: boolean;
  /** Fields of the application's registration. */
  readonly client?: Readonly<Record<string, unknown>>;
}

/** One person at one browser, with an application that leaves signing in to us. */
export interface BrowserStory extends TestApp {
  readonly page: Page;
  readonly authenticator: VirtualAuthenticator;
  readonly applicationUrl: string;
  /** Another tab of the same browser. */
  openTab(): Promise<Page>;
  /** A tab of another browser, which knows nothing of the first. */
  openBrowser(): Promise<Page>;
}

/**
 * Starts the application, a relying application and a browser for one test; all end with it. The test fails if a tab complained: of a
 * script, a file that did not load, a violation of the content security policy.
 */
export async function openStory(
  t: TestContext,
  { javaScript = true, client = {}, ...settings }: Situation = {},
): Promise<BrowserStory> {
  await buildBrowser();
  const testApp = await openTestApp(t, settings);
  const applicationUrl = await startApplication(t, testApp, client);
  const complaints: string[] = [];
  t.after(() => assert.deepEqual(complaints, [], 'the browser complained'));
  const openContext = async () => {
    const browser = await launchBrowser();
    const context = await browser.newContext({ javaScriptEnabled: javaScript, reducedMotion: 'reduce' });
    t.after(() => context.close());
    context.setDefaultTimeout(10_000);
    return context;
  };
  const openTab = async (context: BrowserContext): Promise<Page> => {
    const page = await context.newPage();
    collectComplaints(page, complaints);
    return page;
  };
  const context = await openContext();
  const page = await openTab(context);
  return {
    ...testApp,
    page,
    authenticator: await VirtualAuthenticator.attach(page),
    applicationUrl,
    openTab: () => openTab(context),
    openBrowser: async () => openTab(await openContext()),
  };
}

function collectComplaints(page: Page, complaints: string[]): void {
  page.on('pageerror', (error) => complaints.push(`script error: ${error.message}`));
  page.on('console', (message) => {
    if (message.type() === 'error' && !isRefusal(message)) complaints.push(`console: ${message.text()}`);
  });
}

/** Chromium writes every answer from 400 on to the console; refusals are part of the stories, missing files are not. */
function isRefusal(message: ConsoleMessage): boolean {
  const answered = message.text().startsWith('Failed to load resource: the server responded with a status of 4');
  return answered && !message.location().url.includes('/assets/');
}

/** The example that ships with the project, as a process of its own. */
async function startApplication(
  t: TestContext,
  { app, issuer }: TestApp,
  registration: Readonly<Record<string, unknown>>,
): Promise<string> {
  const applicationUrl = `http://localhost:${await findFreePort()}`;
  const { client } = await app.clients.register({
    name: 'Ledger',
    authMethod: 'none',
    consent: 'skip',
    redirectUris: [`${applicationUrl}/callback`],
    postLogoutRedirectUris: [applicationUrl],
    ...registration,
  });
  const child = spawn(process.execPath, [join(ROOT, 'examples/relying-application/server.ts')], {
    env: { ISSUER: issuer, CLIENT_ID: client.id, APPLICATION_URL: applicationUrl },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.after(async () => {
    if (child.exitCode !== null) return;
    child.kill('SIGTERM');
    await once(child, 'exit');
  });
  await Promise.race([
    once(child.stdout, 'data'),
    once(child, 'exit').then(() => assert.fail('the example did not start')),
  ]);
  return applicationUrl;
}

async function findFreePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo; // it listens on a port, not on a pipe
  server.close();
  await once(server, 'close');
  return port;
}
