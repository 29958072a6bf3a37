/**
 * Draws every page sample in Chromium, light and dark, at three widths, and runs axe on each:
 * `node test/support/preview.ts <folder> [part of a name]`. Exits with 1 when axe finds anything.
 */
import { mkdir, readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { type BrowserContext, chromium } from 'playwright-core';
import { buildBrowser } from '../../scripts/build.ts';
import { LANGUAGES } from '../../src/http/languages/languages.ts';
import { createViews } from '../../src/http/view.ts';
import { PAGE_SAMPLES, type PageSample, renderSample } from './page-samples.ts';

const ROOT = join(import.meta.dirname, '../..');
const BUILD = join(ROOT, 'build');
const WIDTHS = [1280, 390, 320];
const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js');
const POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'";

const [folder, wanted = ''] = process.argv.slice(2);
if (folder === undefined) throw new Error('give the folder for the pictures');
process.exitCode = (await drawAll(folder, wanted)) === 0 ? 0 : 1;

async function drawAll(into: string, part: string): Promise<number> {
  await mkdir(into, { recursive: true });
  const samples = PAGE_SAMPLES.filter((sample) => nameOf(sample).includes(part));
  await using server = await serve(samples);
  const browser = await chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic'],
  });
  let violations = 0;
  try {
    for (const colorScheme of ['light', 'dark'] as const) {
      for (const width of WIDTHS) {
        const context = await browser.newContext({ colorScheme, bypassCSP: true, viewport: { width, height: 800 } });
        for (const sample of samples) {
          const file = join(into, `${nameOf(sample)}.${width}.${colorScheme}.png`);
          violations += await draw(context, `${server.origin}/${nameOf(sample)}`, file);
        }
        await context.close();
      }
    }
  } finally {
    await browser.close();
  }
  return violations;
}

function nameOf(sample: PageSample): string {
  return `${sample.view}.${sample.label}`;
}

/** Serves each sample at its name, and the assets. */
async function serve(samples: readonly PageSample[]): Promise<AsyncDisposable & { origin: string }> {
  await buildBrowser();
  const manifest: Readonly<Record<string, string>> = JSON.parse(await readFile(join(BUILD, 'manifest.json'), 'utf8'));
  const assets = new Map<string, Uint8Array>();
  for (const name of Object.values(manifest))
    assets.set(`/assets/${name}`, await readFile(join(BUILD, 'browser', name)));
  const views = createViews({ folder: join(ROOT, 'views'), manifest, languages: LANGUAGES });
  const pages = new Map(samples.map((sample) => [`/${nameOf(sample)}`, renderSample(views, sample)]));
  const types: Record<string, string> = { js: 'text/javascript', css: 'text/css', svg: 'image/svg+xml' };
  const server = createServer((request, response) => {
    const path = request.url ?? '/';
    const page = pages.get(path);
    const asset = assets.get(path);
    const type = page ? 'text/html; charset=utf-8' : (types[path.split('.').at(-1) ?? ''] ?? 'text/plain');
    response.writeHead(page || asset ? 200 : 404, { 'content-type': type, 'content-security-policy': POLICY });
    response.end(page ?? asset);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  // A server that listens on TCP has an address with a port.
  const { port } = server.address() as AddressInfo;
  return {
    origin: `http://localhost:${port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function draw(context: BrowserContext, url: string, file: string): Promise<number> {
  const page = await context.newPage();
  page.on('console', (message) => {
    // Nobody answers the ceremonies here; everything else that the browser complains of counts.
    if (message.type() === 'error' && !message.location().url.endsWith('/passkey/options'))
      process.stdout.write(`${url}: ${message.text()}\n`);
  });
  await page.goto(url, { waitUntil: 'load' });
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  if (overflow > 0) process.stdout.write(`${file}: ${overflow} px too wide\n`);
  await page.screenshot({ path: file, fullPage: true });
  await page.addScriptTag({ path: AXE });
  const found = await page.evaluate(async () => {
    // axe puts itself on the window of the page.
    const { axe } = window as unknown as {
      axe: { run(): Promise<{ violations: { id: string; nodes: unknown[] }[] }> };
    };
    return (await axe.run()).violations.map(({ id, nodes }) => `${id} ${JSON.stringify(nodes)}`);
  });
  for (const violation of found) process.stdout.write(`${file}: ${violation}\n`);
  await page.close();
  return found.length + Math.max(overflow, 0);
}
