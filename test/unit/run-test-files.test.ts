import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { makeTempFolder } from '../support/temp-folder.ts';

const SCRIPTS = join(import.meta.dirname, '../../scripts');
const RUNNER = `
  import { runTestFiles } from ${JSON.stringify(join(SCRIPTS, 'run-test-files.ts'))};
  import { TestReport } from ${JSON.stringify(join(SCRIPTS, 'test-report.ts'))};
  const report = new TestReport();
  await runTestFiles({ files: ['one.test.mjs'], concurrency: 1, patienceMs: 500 }, report);
  process.stdout.write(report.describe());`;

/** Runs one test file with these lines in a process of its own, as `npm test` does, and answers the report. */
function report(t: TestContext, ...lines: string[]): string {
  const folder = makeTempFolder(t);
  writeFileSync(join(folder, 'one.test.mjs'), ["import { test } from 'node:test';", ...lines].join('\n'));
  writeFileSync(join(folder, 'run.mjs'), RUNNER);
  const { stdout, stderr } = spawnSync(process.execPath, ['run.mjs'], {
    cwd: folder,
    env: { PATH: process.env.PATH }, // nothing says that this is a test: node:test does not run tests of tests
    encoding: 'utf8',
  });
  assert.equal(stderr, '');
  return stdout;
}

test('what passes, fails and is skipped is counted', (t) => {
  const said = report(
    t,
    "test('good', () => {});",
    "test('bad', () => { throw new Error('of this') });",
    "test('absent', { skip: 'no server' }, () => {});",
  );
  assert.match(said, /FAILED {2}one\.test\.mjs: bad\n.*of this/s);
  assert.match(said, /one\.test\.mjs: absent\n {4}no server/);
  assert.ok(said.endsWith('\n1 passed, 1 failed, 1 skipped\n'), said);
});

test('a file without tests is a failure', (t) => {
  assert.match(report(t), /the file has no tests(.|\n)*\n0 passed, 1 failed, 0 skipped\n$/);
});

test('a file is a failure that ends before its tests do', (t) => {
  const said = report(t, "test('good', () => {});", "test('never', () => process.exit(0));");
  assert.match(said, /one\.test\.mjs: the file ended without a count of its tests/);
  assert.doesNotMatch(said, / 0 failed/);
});

test('a file is a failure that goes on after its tests', (t) => {
  const said = report(t, "test('good', () => {});", 'setInterval(() => {}, 1000);');
  assert.match(said, /left open: .*Timeout/);
  assert.doesNotMatch(said, / 0 failed/);
});
