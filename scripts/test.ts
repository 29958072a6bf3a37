/**
 * `npm test`: the checks of package.json, the build for browsers, then every test, those of http and browsers once with the embedded store
 * and once with MongoDB and Redis. `npm test -- unit http` runs only these kinds, `--only <pattern>` only the tests whose name matches,
 * `--store embedded` or `--store servers` only with that, `npm test -- faults` what takes minutes because servers are killed and frozen. The last line is `N passed, N failed, N skipped`.
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
const KINDS = ['check', 'unit', 'contract', 'processes', 'http', 'browser', 'faults'];
/** Of these the pages are seen. */
const KINDS_WITH_PAGES = ['processes', 'http', 'browser', 'faults'];
/** Of these every test runs with each store. */
const KINDS_OF_STORES = ['http', 'browser'];
const STORES = ['embedded', 'servers'];
/** The faster half of the faults, a minute; all of them are a kind to be asked for by name. */
const FAULTS_OF_EVERY_RUN = ['duplicates', 'redis-cluster', 'redis-full', 'redis-storm'];
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

  const once = kinds.filter((kind) => !KINDS_OF_STORES.includes(kind) && kind !== 'faults').flatMap(listTestFiles);
  await runTestFiles({ files: once, concurrency: FILES_AT_ONCE, only }, report);
  const kindsOfStores = KINDS_OF_STORES.filter((kind) => kinds.includes(kind));
  for (const name of STORES.filter((one) => store === undefined || store === one)) {
    const reason = name === 'servers' && kindsOfStores.length > 0 ? await findReasonAgainstServers() : undefined;
    for (const kind of kindsOfStores) {
      if (reason) report.addNotRun({ where: `test/${kind}`, name: 'every test with MongoDB and Redis', reason });
      else await runTestFiles({ files: listTestFiles(kind), concurrency: FILES_AT_ONCE, only, store: name }, report);
    }
  }
  // Each of these keeps the whole machine busy, and measures how long others wait.
  const faults = kinds.includes('faults') ? listTestFiles('faults') : [];
  const chosen = everything
    ? faults.filter((file) => FAULTS_OF_EVERY_RUN.includes(basename(file, '.test.ts')))
    : faults;
  await runTestFiles({ files: chosen, concurrency: 1, only, timeoutMs: FAULT_TIMEOUT_MS }, report);
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
  const report = new TestReport();
  const everything = positionals.length === 0;
  await runTests(everything ? KINDS : positionals, { ...values, everything }, report);
  process.stdout.write(report.describe());
  if (!report.isGood) process.exitCode = 1;
}
