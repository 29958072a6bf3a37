import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, openSync } from 'node:fs';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import type { LogFields } from '../../src/lib/log-fields.ts';
import { createLogger, type Logger, type LogLevel } from '../../src/lib/logger.ts';

const LOGGER = new URL('../../src/lib/logger.ts', import.meta.url).href;
const clock = { now: () => new Date('2026-01-02T03:04:05.678Z') };

/** A logger whose lines are kept. */
function collect(level: LogLevel = 'info', format: 'json' | 'pretty' = 'json'): { logger: Logger; lines: string[] } {
  const lines: string[] = [];
  return { lines, logger: createLogger({ level, format, clock, destination: { write: (line) => lines.push(line) } }) };
}

/** What a line says of these fields. */
function write(fields: LogFields): { readonly line: string; readonly entry: LogFields } {
  const { logger, lines } = collect();
  logger.info(fields, 'it happened');
  const [line = ''] = lines;
  return { line, entry: JSON.parse(line) };
}

/** A process that logs to its standard output. */
function startProgram(body: string, output: 'pipe' | number) {
  const program = `import { createLogger } from ${JSON.stringify(LOGGER)};
    const logger = createLogger({ level: 'info', format: 'json' });
    ${body}`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], { stdio: ['pipe', output, 'pipe'] });
  assert.ok(child.stdin && child.stderr);
  return Object.assign(child, { stdin: child.stdin, stdout: child.stdout ?? Readable.from([]), stderr: child.stderr });
}

test('a line is JSON with level, time of the clock, message and fields', () => {
  assert.deepEqual(write({ requestId: 'r1' }).entry, {
    level: 'info',
    time: '2026-01-02T03:04:05.678Z',
    pid: process.pid,
    requestId: 'r1',
    message: 'it happened',
  });
});

test('lines below the level are not written', () => {
  const { logger, lines } = collect('warn');
  logger.debug({}, 'no');
  logger.info({}, 'no');
  logger.warn({}, 'yes');
  logger.error({}, 'yes');
  assert.equal(lines.length, 2);
});

test('secrets are redacted by name, however written and however deep', () => {
  const names = [
    'password',
    'code',
    'secret',
    'token',
    'cookie',
    'authorization',
    'Authorization',
    'set-cookie',
    'client_secret',
    'clientSecret',
    'code_verifier',
    'refresh_token',
    'access_token',
    'id_token',
    'client_assertion',
    'signature',
    'sealingKey',
    'private_key',
    'newPassword',
    'user_code',
  ];
  for (const name of names) {
    for (const fields of [
      { [name]: 'planted' },
      { one: { [name]: 'planted' } },
      { one: { two: { [name]: ['planted'] } } },
      { list: [{ two: { [name]: { deep: 'planted' } } }] },
      { error: Object.assign(new Error('failed'), { response: { [name]: 'planted' } }) },
    ]) {
      assert.doesNotMatch(write(fields).line, /planted/, name);
    }
  }
});

test('a child redacts the fields that it was made with', () => {
  const { logger, lines } = collect();
  logger.child({ requestId: 'r1', cookie: 'planted' }).info({}, 'it happened');
  assert.match(lines.join(), /"requestId":"r1"/);
  assert.doesNotMatch(lines.join(), /planted/);
});

test('names that only resemble secrets are kept', () => {
  const fields = { errorCode: 'busy', statusCode: 503, passkey: 'p1', tokenEndpoint: '/token', secretsFound: 2 };
  assert.deepEqual({ ...write(fields).entry, ...fields }, write(fields).entry);
});

test('an error is written with its code, stack and causes', () => {
  const cause = Object.assign(new Error('refused'), { code: 'ECONNREFUSED' });
  const { error } = write({ error: new Error('no store', { cause }) }).entry as {
    error: { name: string; message: string; stack: string; cause: { message: string; code: string } };
  };
  assert.equal(error.message, 'no store');
  assert.match(error.stack, /logger\.test\.ts/);
  assert.deepEqual([error.cause.message, error.cause.code], ['refused', 'ECONNREFUSED']);
});

test('line breaks, quotes and control characters in values stay one line of JSON without control characters', () => {
  const hostile = '\r\n{"level":"error"}\u001b[31m\u009b31m\u2028\u0000';
  const { logger, lines } = collect();
  logger.info({ userAgent: hostile, [hostile]: 1 }, hostile);
  const [line = ''] = lines;
  assert.equal(lines.length, 1);
  assert.equal(JSON.parse(line).level, 'info');
  assert.doesNotMatch(line.trimEnd(), /\p{Cc}|\u2028/u);
});

test('long text is cut at 2 KB, long lists and bytes are not written out', () => {
  const { line, entry } = write({
    agent: 'a'.repeat(1_000_000),
    list: Array.from({ length: 100_000 }, () => 'item'),
    bytes: new Uint8Array(5000).fill(65),
  });
  assert.ok(line.length < 4096, `${line.length} characters`);
  assert.match(String(entry.agent), /… \(1000000 characters\)$/);
  assert.equal(entry.bytes, '[5000 bytes]');
});

test('a value that contains itself is written', () => {
  const value: { self?: unknown } = {};
  value.self = value;
  assert.match(write({ value }).line, /\[deep\]/);
});

test('the pretty form shows message and fields to people and redacts as well', () => {
  const { logger, lines } = collect('info', 'pretty');
  logger.info({ requestId: 'r1', token: 'planted' }, 'it happened');
  assert.match(lines.join(''), /INFO.*it happened[\s\S]*requestId.*r1/);
  assert.doesNotMatch(lines.join(''), /planted/);
});

test('no line is lost when the process ends, leaves at once or crashes', async () => {
  const logLines = `for (let n = 1; n <= 2000; n += 1) logger.info({ n }, 'line');`;
  const numbers = Array.from({ length: 2000 }, (_, index) => index + 1);
  for (const end of [
    '',
    'process.exit(1);',
    `throw new Error('crash');`,
    `await logger.flush(); process.kill(process.pid);`,
  ]) {
    const output = await text(startProgram(`${logLines}\n${end}`, 'pipe').stdout);
    assert.deepEqual(
      output
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line).n),
      numbers,
      end,
    );
  }
});

test('lines of processes that share an output, as workers do, stay whole', async () => {
  const writer = `import { createLogger } from ${JSON.stringify(LOGGER)};
    const logger = createLogger({ level: 'info', format: 'json' });
    for (let n = 1; n <= 2000; n += 1) logger.info({ n, text: 'x'.repeat(200) }, 'line');
    process.stderr.write('.');
    await logger.flush();
    process.disconnect();`;
  const program = startProgram(
    `import { spawn } from 'node:child_process';
     const options = { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] };
     for (let n = 0; n < 2; n += 1) spawn(process.execPath, ['--input-type=module', '-e', ${JSON.stringify(writer)}], options);`,
    'pipe',
  );
  for (let said = ''; said.length < 2; ) said += (await once(program.stderr, 'data'))[0]; // nobody reads the output until then
  const entries = (await text(program.stdout))
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line).n);
  assert.equal(entries.length, 4000);
});

test('an output that cannot be written to neither stops the process nor keeps it from ending', async (t) => {
  if (!existsSync('/dev/full')) return t.skip('needs /dev/full');
  const full = openSync('/dev/full', 'w');
  t.after(() => closeSync(full));

  const program = startProgram(
    `for (let n = 0; n < 20_000; n += 1) logger.info({ n }, 'line');
     await logger.flush();
     process.stderr.write('alive');`,
    full,
  );
  const said = await text(program.stderr);

  assert.deepEqual([said, program.exitCode ?? (await once(program, 'exit'))[0]], ['alive', 0]);
});

test('while nobody reads the output, a bounded number of lines waits and the rest is counted', async () => {
  const total = 50_000;
  const program = startProgram(
    `for (let n = 0; n < ${total}; n += 1) logger.info({ n }, 'line');
     process.stderr.write('written');
     process.stdin.once('data', async () => {
       await logger.flush();
       logger.info({ n: 'later' }, 'line');
       process.exit();
     });`,
    'pipe',
  );
  await once(program.stderr, 'data');
  program.stdin.write('go on');
  const entries = (await text(program.stdout))
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));

  const lines = entries.filter((entry) => typeof entry.n === 'number');
  const dropped = entries.find((entry) => 'dropped' in entry)?.dropped;
  assert.ok(lines.length < total, 'some lines are dropped');
  assert.deepEqual([lines.length + dropped, lines.at(-1).n, entries.at(-1).n], [total, lines.length - 1, 'later']);
});
