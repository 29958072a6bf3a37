/**
 * `npm test`: the checks of package.json, the build for browsers, then every test, those of http and browsers once with the embedded store
 * and once with MongoDB and Redis. `npm test -- unit http` runs only these kinds, `--only <pattern>` only the tests whose name matches,
 * `--store embedded` or `--store servers` only with that. `npm test -- browser faults` runs those of them, too, that a run of everything
 * leaves out. The last line is `N passed, N failed, N skipped`.
 */
import { exec } from 'node:child_process';
import { globSync } from 'node:fs';
import { basename, delimiter, join } from 'node:path';
import { parseArgs } from 'node:util';
import manifest from '../package.json' with { type: 'json' };
import { findMongod } from '../test/support/mongod.ts';
import { buildBrowser } from './build.ts';
import { findChromium } from './find-chromium.ts';
import { findNginx } from './find-nginx.ts';
import { findRedisServer } from './find-redis.ts';
import { runTestFiles } from './run-test-files.ts';
import { TestReport } from './test-report.ts';

const ROOT = join(import.meta.dirname, '..');
const CHECKS = ['lint', 'typecheck', 'check:imports', 'check:calls', 'check:views', 'check:docs'] as const;
/** In this order: what takes longest comes early, so that nothing is left to run alone at the end. */
const KINDS = ['check', 'processes', 'unit', 'contract', 'browser', 'http', 'faults'];
/** Of these the pages are seen. */
const KINDS_WITH_PAGES = ['processes', 'http', 'browser', 'faults'];
/** Of these every test runs with each store. */
const KINDS_OF_STORES = ['browser', 'http'];
const STORES = ['embedded', 'servers'];
/** What a run of everything takes of the kinds that would make it longer than ten minutes; the rest has to be asked for. */
const OF_EVERY_RUN = {
  /** The faster half, a minute. */
  faults: ['duplicates', 'redis-cluster', 'redis-full', 'redis-storm'],
  /** With MongoDB and Redis, after every story was run with the embedded store: those in which the most is stored, changed and ended. */
  browserWithServers: ['account', 'other-device', 'passkey', 'recovery-by-mail', 'sessions-and-applications'],
} as const;
/** One more than the smallest machine that this is meant to run on has cores: tests wait a third of their time, for pages and stores. */
const FILES_AT_ONCE = 3;
/** A file of faults takes a minute or two. */
const FAULT_TIMEOUT_MS = 300_000;

interface Selection {
  readonly only?: string | undefined;
  readonly store?: string | undefined;
  /** Every kind there is. */
  readonly everything: boolean;
}

/** Runs a script of package.json with the project's own Node.js and tools. */
async function runCheck(name: (typeof CHECKS)[number], report: TestReport): Promise<void> {
  const PATH = [join(ROOT, 'node_modules', '.bin'), process.env.PATH].join(delimiter);
  const { failed, output } = await new Promise<{ failed: boolean; output: string }>((resolve) => {
    exec(manifest.scripts[name], { cwd: ROOT, env: { ...process.env, PATH } }, (error, stdout, stderr) =>
      resolve({ failed: error !== null, output: `${stdout}${stderr}` }),
    );
  });
  process.stdout.write(`${failed ? 'FAILED' : 'ok'.padEnd(6)}  ${name}\n`);
  if (failed) report.addFailure({ where: 'check', name, details: output });
  else report.addPass();
}

/** Tells the processes of the tests where a program is. */
function nameProgram(variable: string, path: string | undefined): void {
  if (path !== undefined) process.env[variable] = path;
}

function listTestFiles(kind: string): readonly string[] {
  return globSync(`test/${kind}/**/*.test.ts`).sort();
}

async function runTests(
  kinds: readonly string[],
  { only, store, everything }: Selection,
  report: TestReport,
): Promise<void> {
  if (kinds.includes('check')) await Promise.all(CHECKS.map((name) => runCheck(name, report)));
  if (kinds.some((kind) => kind !== 'check' && kind !== 'unit')) nameProgram('CARDEA_TEST_REDIS', findRedisServer());
  if (kinds.some((kind) => KINDS_WITH_PAGES.includes(kind))) await buildBrowser();
  if (kinds.includes('processes')) nameProgram('CARDEA_TEST_NGINX', findNginx());
  if (kinds.includes('browser')) nameProgram('CARDEA_TEST_CHROMIUM', findChromium());

  const kindsOfStores = kinds.filter((kind) => KINDS_OF_STORES.includes(kind));
  const embedded = kinds.filter((kind) => kind !== 'faults' && (store !== 'servers' || !kindsOfStores.includes(kind)));
  await runTestFiles({ files: embedded.flatMap(listTestFiles), concurrency: FILES_AT_ONCE, only }, report);
  if (store !== 'embedded') await runOnServers(kindsOfStores, { only, everything }, report);
  if (!kinds.includes('faults')) return;
  // Each of these keeps the whole machine busy, and measures how long others wait.
  const chosen = everything ? OF_EVERY_RUN.faults : undefined;
  const files = chooseFiles('faults', { chosen, where: 'test/faults' }, report);
  await runTestFiles({ files, concurrency: 1, only, timeoutMs: FAULT_TIMEOUT_MS }, report);
}

/** Once more, with MongoDB and Redis. */
async function runOnServers(
  kinds: readonly string[],
  { only, everything }: Pick<Selection, 'only' | 'everything'>,
  report: TestReport,
): Promise<void> {
  const reason = kinds.length > 0 ? await findReasonAgainstServers() : undefined;
  if (reason) {
    for (const kind of kinds)
      report.addNotRun({ where: `test/${kind}`, name: 'every test with MongoDB and Redis', reason });
    return;
  }
  const files = kinds.flatMap((kind) => {
    const chosen = everything && kind === 'browser' ? OF_EVERY_RUN.browserWithServers : undefined;
    return chooseFiles(kind, { chosen, where: `test/${kind} (servers)` }, report);
  });
  await runTestFiles({ files, concurrency: FILES_AT_ONCE, only, store: 'servers' }, report);
}

/** The files of that kind, or those with the chosen names: then the report says which are left out `where`. */
function chooseFiles(
  kind: string,
  { chosen, where }: { readonly chosen: readonly string[] | undefined; readonly where: string },
  report: TestReport,
): readonly string[] {
  const files = listTestFiles(kind);
  if (!chosen) return files;
  const isChosen = (file: string) => chosen.includes(basename(file, '.test.ts'));
  const left = files.filter((file) => !isChosen(file)).map((file) => basename(file, '.test.ts'));
  report.addNotRun({ where, name: left.join(', '), reason: `npm run test:${kind} runs them too, which takes minutes` });
  return files.filter(isChosen);
}

/** Why no installation of the tests can be on MongoDB and Redis. */
async function findReasonAgainstServers(): Promise<string | undefined> {
  if (!process.env.CARDEA_TEST_REDIS) return 'there is no redis-server';
  return process.env.CARDEA_TEST_MONGODB_URL || (await findMongod())
    ? undefined
    : 'there is no MongoDB: name one in CARDEA_TEST_MONGODB_URL, or put mongod on the PATH';
}

const { values, positionals } = parseArgs({
  options: { only: { type: 'string' }, store: { type: 'string' } },
  allowPositionals: true,
});
const unknown = positionals.filter((kind) => !KINDS.includes(kind));
if (unknown.length > 0) {
  process.stderr.write(`${unknown.join(', ')}: the kinds of tests are ${KINDS.join(', ')}\n`);
  process.exitCode = 2;
} else if (values.store !== undefined && !STORES.includes(values.store)) {
  process.stderr.write(`${values.store}: the stores are ${STORES.join(' and ')}\n`);
  process.exitCode = 2;
} else {
  process.chdir(ROOT);
  process.env.NODE_COMPILE_CACHE ??= join(ROOT, 'node_modules/.cache/node'); // each file's process loads the same modules
  const report = new TestReport();
  const everything = positionals.length === 0;
  await runTests(everything ? KINDS : positionals, { ...values, everything }, report);
  process.stdout.write(report.describe());
  if (!report.isGood) process.exitCode = 1;
}
