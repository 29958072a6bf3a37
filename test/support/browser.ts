import assert from 'node:assert/strict';
import { after, type TestContext } from 'node:test';
import { type Browser, type BrowserContext, type ConsoleMessage, chromium, type Page } from 'playwright-core';
import { buildBrowser } from '../../scripts/build.ts';
import { openTestApp, type TestApp, type TestSettings } from './app.ts';
import { ExampleApplication } from './example-application.ts';
import { DESKTOP, switchScriptsOff } from './page-checks.ts';
import { VirtualAuthenticator } from './virtual-authenticator.ts';

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
  /** False: a browser that lists no passkeys under a field. Otherwise the device answers the list by itself as soon as it is there. */
  readonly autofill?: boolean;
  /** Fields of the application's registration. */
  readonly client?: Readonly<Record<string, unknown>>;
}

/** One person at one browser, with an application that leaves signing in to us. */
export interface BrowserStory extends TestApp {
  readonly page: Page;
  readonly authenticator: VirtualAuthenticator;
  /** Goes to the page of the application. */
  openApplication(page: Page): Promise<void>;
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
  { javaScript = true, autofill = true, client = {}, ...settings }: Situation = {},
): Promise<BrowserStory> {
  const contexts: BrowserContext[] = [];
  t.after(() => Promise.all(contexts.map((context) => context.close()))); // before the servers that its pages talk to
  await buildBrowser();
  const testApp = await openTestApp(t, { ...settings, timeRuns: true });
  const application = new ExampleApplication(testApp, client);
  t.after(() => application.stop());
  const complaints: string[] = [];
  const openContext = async () => {
    const browser = await launchBrowser();
    const context = await browser.newContext({ viewport: DESKTOP, colorScheme: 'light', reducedMotion: 'reduce' });
    contexts.push(context);
    context.setDefaultTimeout(10_000);
    await context.addInitScript(reportViolations);
    if (!autofill) await context.addInitScript(lackAutofill);
    return context;
  };
  const openTab = async (context: BrowserContext): Promise<Page> => {
    const page = await context.newPage();
    collectComplaints(page, complaints);
    if (!javaScript) await switchScriptsOff(page);
    return page;
  };
  const context = await openContext();
  const page = await openTab(context);
  t.after(() => assert.deepEqual(complaints, [], 'the browser complained')); // last: nothing runs after a hook that throws
  return {
    ...testApp,
    page,
    authenticator: await VirtualAuthenticator.attach(page),
    openApplication: async (tab) => void (await tab.goto(await application.start())),
    openTab: () => openTab(context),
    openBrowser: async () => openTab(await openContext()),
  };
}

/** In the page: what the content security policy stops becomes a complaint of its own, wherever it happens. */
function reportViolations(): void {
  document.addEventListener('securitypolicyviolation', ({ effectiveDirective, blockedURI }) => {
    // biome-ignore lint/suspicious/noConsole: the console is where the tests listen
    console.error(`${effectiveDirective} stopped ${blockedURI}`);
  });
}

/** In the page. */
function lackAutofill(): void {
  PublicKeyCredential.isConditionalMediationAvailable = async () => false;
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
