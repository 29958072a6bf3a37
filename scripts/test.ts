/**
 * `npm test`: the checks of package.json, the build for browsers, then every test. `npm test -- unit http` runs only these
 * kinds, `--only <pattern>` only the tests whose name matches. The last line is `N passed, N failed, N skipped`.
 */
import { exec } from 'node:child_process';
import { globSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { parseArgs } from 'node:util';
import manifest from '../package.json' with { type: 'json' };
import { buildBrowser } from './build.ts';
import { findChromium } from './find-chromium.ts';
import { findRedisServer } from './find-redis.ts';
import { runTestFiles } from './run-test-files.ts';
import { TestReport } from './test-report.ts';

const ROOT = join(import.meta.dirname, '..');
const CHECKS = ['lint', 'typecheck', 'check:imports', 'check:calls', 'check:views', 'check:docs'] as const;
const KINDS = ['check', 'unit', 'contract', 'http', 'browser'];
/** As many as the smallest machine that this is meant to run on has cores. */
const FILES_AT_ONCE = 2;

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

async function runTests(kinds: readonly string[], only: string | undefined, report: TestReport): Promise<void> {
  if (kinds.includes('check')) await Promise.all(CHECKS.map((name) => runCheck(name, report)));
  if (kinds.includes('http') || kinds.includes('browser')) await buildBrowser();
  if (kinds.includes('contract')) nameProgram('CARDEA_TEST_REDIS', findRedisServer());
  const files = kinds.filter((kind) => kind !== 'browser').flatMap(listTestFiles);
  await runTestFiles({ files, concurrency: FILES_AT_ONCE, only }, report);
  if (!kinds.includes('browser')) return;
  nameProgram('CARDEA_TEST_CHROMIUM', findChromium());
  await runTestFiles({ files: listTestFiles('browser'), concurrency: 1, only }, report);
}

const { values, positionals } = parseArgs({ options: { only: { type: 'string' } }, allowPositionals: true });
const unknown = positionals.filter((kind) => !KINDS.includes(kind));
if (unknown.length > 0) {
  process.stderr.write(`${unknown.join(', ')}: the kinds of tests are ${KINDS.join(', ')}\n`);
  process.exitCode = 2;
} else {
  process.chdir(ROOT);
  const report = new TestReport();
  await runTests(positionals.length > 0 ? positionals : KINDS, values.only, report);
  process.stdout.write(report.describe());
  if (!report.isGood) process.exitCode = 1;
}
