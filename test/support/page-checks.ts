import assert from 'node:assert/strict';
import { mkdir, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { CDPSession, Page } from 'playwright-core';

const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js');
/** A folder for pictures of every page that the stories look at, for whoever wants to see them. */
const PICTURES = process.env.CARDEA_TEST_PICTURES;

/** What pages have unless a check says otherwise. */
export const DESKTOP = { width: 1280, height: 800 };
/** What is left of 1280 × 1024 pixels at 400 % (WCAG 2.2, 1.4.10). */
const MAGNIFIED = { width: 320, height: 256 };

/** Tabs without scripts, and what switches these off: a switch of the whole context's could not be put back for axe. */
const scriptless = new WeakMap<Page, CDPSession>();

/** Runs no script on this tab's pages from now on. */
export async function switchScriptsOff(page: Page): Promise<void> {
  const session = await page.context().newCDPSession(page);
  await session.send('Emulation.setScriptExecutionDisabled', { value: true });
  scriptless.set(page, session);
}

/** What the stories of this process have looked at. */
const seen = new Set<string>();

/**
 * Waits for the page of that heading. Fails when axe finds something on it, light on a desktop or dark at 400 %, or when it has to be scrolled
 * sideways. That takes a second, so that a page which says the same is looked at once; what it looks like does not depend on the store.
 */
export async function assertPresentable(page: Page, heading: string): Promise<void> {
  await page.getByRole('heading', { level: 1, name: heading }).waitFor();
  await page.waitForLoadState();
  const says = String(await page.locator('body').textContent());
  if (process.env.CARDEA_TEST_STORE === 'servers' || seen.has(says)) return;
  seen.add(says);
  await takePicture(page, 'light');
  await assertAccessible(page);
  await page.setViewportSize(MAGNIFIED);
  await page.emulateMedia({ colorScheme: 'dark' });
  await takePicture(page, 'dark');
  await assertAccessible(page);
  const scrollWidth = await page.evaluate(() => document.documentElement.scrollWidth);
  assert.ok(scrollWidth <= MAGNIFIED.width, `${await page.title()} is ${scrollWidth} pixels wide`);
  await page.setViewportSize(DESKTOP);
  await page.emulateMedia({ colorScheme: 'light' });
}

/** Fails when axe finds something on the page as it is now. */
async function assertAccessible(page: Page): Promise<void> {
  const scripts = scriptless.get(page);
  await scripts?.send('Emulation.setScriptExecutionDisabled', { value: false }); // axe waits for timers
  // Through the debugger, since the page's own policy lets no foreign script in.
  const present = await page.evaluate(() => 'axe' in globalThis);
  if (!present) await page.evaluate(await readFile(AXE, 'utf8'));
  const violations = await page.evaluate(async () => {
    // axe has just been put there
    const { axe } = globalThis as unknown as {
      axe: { run(): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> };
    };
    return (await axe.run()).violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`);
  });
  await scripts?.send('Emulation.setScriptExecutionDisabled', { value: true });
  assert.deepEqual(violations, [], `axe on “${await page.title()}”`);
}

/** The notice is there, says this, and has the focus, so that nobody misses it. */
export async function assertNotice(page: Page, says: string): Promise<void> {
  const notice = page.locator('#notice:focus');
  await notice.waitFor();
  assert.ok((await notice.textContent())?.includes(says), `the notice does not say “${says}”`);
}

async function takePicture(page: Page, name: string): Promise<void> {
  if (PICTURES === undefined) return;
  await mkdir(PICTURES, { recursive: true });
  const said = await page.locator('#notice:visible strong').allTextContents();
  const file = [await page.title(), ...said].join(' ').replaceAll(/\W+/g, '-');
  await page.screenshot({ path: join(PICTURES, `${file}.${name}.png`), fullPage: true });
}
