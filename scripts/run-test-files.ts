import { once } from 'node:events';
import { relative, resolve } from 'node:path';
import { run } from 'node:test';
import { inspect } from 'node:util';
import type { TestReport } from './test-report.ts';

interface RunOptions {
  readonly files: readonly string[];
  /** How many files run at once. */
  readonly concurrency: number;
  /** Only tests whose name matches this pattern. */
  readonly only?: string | undefined;
  /** What the applications of the tests store in; the tests are told in CARDEA_TEST_STORE. */
  readonly store?: string | undefined;
  /** Of a file. */
  readonly timeoutMs?: number;
  /** How long a file may go on after its tests, which is a failure of its own. */
  readonly patienceMs?: number;
}

/** What the checks of one file look at, of all that node:test tells. */
interface TestEvent {
  readonly name: string;
  readonly nesting: number;
  readonly file?: string | undefined;
  readonly skip?: string | boolean | undefined;
  readonly todo?: string | boolean | undefined;
  readonly details: { readonly type?: string | undefined; readonly error?: Error | undefined };
}

const TEST_TIMEOUT_MS = 120_000;
const PATIENCE_MS = 20_000;

/** Runs test files, each in a process of its own, says how each went, and adds every test to the report. */
export async function runTestFiles(
  { files, concurrency, only, store, timeoutMs = TEST_TIMEOUT_MS, patienceMs = PATIENCE_MS }: RunOptions,
  report: TestReport,
): Promise<void> {
  if (files.length === 0) return;
  const stream = run({
    files: files.map((file) => resolve(file)),
    concurrency,
    timeout: timeoutMs,
    execArgv: ['--import', import.meta.resolve('./end-test-file.ts')],
    ...(only !== undefined && { testNamePatterns: [only] }),
    env: {
      ...process.env,
      CARDEA_TEST_PATIENCE_MS: String(patienceMs),
      ...(store !== undefined && { CARDEA_TEST_STORE: store }),
    },
  });
  const name = (file: string) => (store === undefined ? relative('.', file) : `${relative('.', file)} (${store})`);
  const collector = new Collector(report, { name, selected: only !== undefined });
  stream.on('test:start', (event) => collector.start(event));
  stream.on('test:pass', (event) => collector.pass(event));
  stream.on('test:fail', (event) => collector.fail(event));
  stream.on('test:stdout', ({ file, message }) => collector.print(file, message));
  stream.on('test:stderr', ({ file, message }) => collector.print(file, message));
  const unfinished = new Set(files);
  stream.on('test:summary', ({ file, counts, duration_ms, success }) => {
    if (file !== undefined) unfinished.delete(relative('.', file));
    if (file === undefined || counts.tests === 0) return; // of the whole run, or not selected
    const seconds = (duration_ms / 1000).toFixed(1);
    process.stdout.write(`${success ? 'ok    ' : 'FAILED'}  ${name(file)}: ${counts.tests} in ${seconds} s\n`);
  });
  stream.resume();
  await once(stream, 'end');
  for (const file of unfinished) collector.addUnfinishedFile(file);
}

interface CollectorOptions {
  /** How a file is called in the report. */
  readonly name: (file: string) => string;
  /** By name, so that a file may have none. */
  readonly selected: boolean;
}

/** Turns the events of node:test into the report; suites and tests that only failed by their parts are not counted. */
class Collector {
  readonly #report: TestReport;
  readonly #selected: boolean;
  readonly #name: (file: string) => string;
  /** The names of the tests that a test stands in, and what was printed, by file. */
  readonly #trails = new Map<string, string[]>();
  readonly #outputs = new Map<string, string>();

  constructor(report: TestReport, { name, selected }: CollectorOptions) {
    this.#report = report;
    this.#selected = selected;
    this.#name = name;
  }

  start({ file = '', nesting, name }: Pick<TestEvent, 'file' | 'nesting' | 'name'>): void {
    const trail = (this.#trails.get(file) ?? []).slice(0, nesting);
    this.#trails.set(file, [...trail, name]);
  }

  pass(event: TestEvent): void {
    if (event.details.type === 'suite') return;
    const reason = event.skip ?? event.todo;
    if (event.name === event.file) this.#addEmptyFile(event.file);
    else if (reason === undefined || reason === false) this.#report.addPass();
    else
      this.#report.addNotRun({
        ...this.#locate(event),
        reason: typeof reason === 'string' ? reason : 'no reason given',
      });
  }

  fail(event: TestEvent): void {
    const { error } = event.details;
    if (error && 'failureType' in error && error.failureType === 'subtestsFailed') return;
    const output = this.#outputs.get(event.file ?? '') ?? '';
    const printed = output === '' ? '' : `\nprinted by this file:\n${output}`;
    this.#report.addFailure({ ...this.#locate(event), details: `${inspect(error?.cause ?? error)}${printed}` });
  }

  /** A file in which no test is found passes by itself; that is right only when tests were selected by name. */
  #addEmptyFile(file: string): void {
    if (this.#selected) return;
    this.#report.addFailure({ where: this.#name(file), name: 'the file has no tests', details: '' });
  }

  /** A process that ends before all that it told has arrived may have told of failures. */
  addUnfinishedFile(file: string): void {
    this.#report.addFailure({
      where: this.#name(file),
      name: 'the file ended without a count of its tests',
      details: '',
    });
  }

  print(file: string, message: string): void {
    this.#outputs.set(file, `${this.#outputs.get(file) ?? ''}${message}`);
  }

  #locate({ file = '', nesting, name }: TestEvent): { readonly where: string; readonly name: string } {
    const parents = (this.#trails.get(file) ?? []).slice(0, nesting);
    return { where: this.#name(file), name: [...parents, name].join(' > ') };
  }
}
