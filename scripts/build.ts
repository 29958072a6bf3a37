/** `npm run build`: bundles what browsers load into build/, under names that change with the content. */
import { createHash } from 'node:crypto';
import { globSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';

const ROOT = join(import.meta.dirname, '..');
const BUILD = join(ROOT, 'build');
const ENTRIES = ['src/browser/*.entry.ts', 'views/assets/*'];
/** Whatever may change the outcome: the sources, the libraries, this script. */
const INPUTS = ['src/browser/**/*.ts', 'src/wire/**/*.ts', 'views/assets/*', 'package-lock.json', 'scripts/build.ts'];

/** Builds unless nothing has changed since the last time. `manifest.json` tells the file of each logical name. */
export async function buildBrowser(): Promise<void> {
  const stamp = await computeStamp();
  const stampFile = join(BUILD, 'stamp');
  if ((await readFile(stampFile, 'utf8').catch(() => undefined)) === stamp) return;
  await rm(BUILD, { recursive: true, force: true });
  await mkdir(BUILD);
  await writeFile(join(BUILD, 'manifest.json'), JSON.stringify(await bundle(), null, 2));
  await writeFile(stampFile, stamp);
}

async function computeStamp(): Promise<string> {
  const hash = createHash('sha256');
  for (const file of list(INPUTS)) hash.update(`${file}\n`).update(await readFile(join(ROOT, file)));
  return hash.digest('hex');
}

/** Answers the file name of each logical name: `sign-in.js` → `sign-in-ABCDEFGH.js`. */
async function bundle(): Promise<Readonly<Record<string, string>>> {
  const { build, stop } = await import('esbuild'); // not needed when nothing has changed
  const { metafile } = await build({
    absWorkingDir: ROOT,
    entryPoints: list(ENTRIES).map((file) => ({ in: file, out: basename(file).replace(/(\.entry)?\.\w+$/, '') })),
    entryNames: '[name]-[hash]',
    outdir: join(BUILD, 'browser'),
    bundle: true,
    minify: true,
    format: 'esm',
    target: 'es2022',
    loader: { '.svg': 'copy' },
    metafile: true,
    logLevel: 'warning',
  });
  await stop(); // it would go on as a process of its own
  const names = Object.keys(metafile.outputs).map((path) => basename(path));
  return Object.fromEntries(names.map((name) => [name.replace(/-[A-Z0-9]{8}(\.\w+)$/, '$1'), name]));
}

function list(patterns: readonly string[]): readonly string[] {
  return globSync(patterns, { cwd: ROOT }).sort();
}

if (import.meta.main) await buildBrowser();
