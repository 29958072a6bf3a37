import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { type TestContext, test } from 'node:test';
import { addServers } from '../support/add-servers.ts';
import { findFreePort } from '../support/free-port.ts';
import { findTestServer, NO_SERVER } from '../support/mongodb.ts';
import { RedisServer, skipWithoutRedis, waitFor } from '../support/redis.ts';
import { requireValue } from '../support/require-value.ts';
import { type Environment, type LogLine, ServerProcess } from '../support/server-process.ts';
import { makeTempFolder } from '../support/temp-folder.ts';

const mongodb = await findTestServer();
const skip = mongodb ? skipWithoutRedis : NO_SERVER;
const OUTLIVE_PRIMARY = `--import ${new URL('../support/outlive-primary.ts', import.meta.url)}`;

async function startWorkers(t: TestContext, environment: Environment = {}): Promise<ServerProcess> {
  const servers = await addServers(t, requireValue(mongodb));
  return ServerProcess.start(t, { ...servers, CARDEA_WORKERS: '2', ...environment });
}

/** Makes requests, each on a connection of its own, until two workers have answered some; their process ids. */
async function findWorkers(server: ServerProcess): Promise<readonly number[]> {
  const pids = new Set<number>();
  await waitFor(async () => {
    const { requestId } = await ask(server);
    const line = await server.findLine((one) => one.requestId === requestId);
    pids.add(requireValue(line).pid);
    return pids.size === 2;
  }, 10_000);
  return [...pids];
}

async function ask({ issuer }: ServerProcess): Promise<{ readonly status: number; readonly requestId: string }> {
  const [headers, signal] = [{ connection: 'close' }, AbortSignal.timeout(5000)];
  const answer = await fetch(`${issuer}/health/ready`, { headers, signal });
  return { status: answer.status, requestId: answer.headers.get('x-request-id') ?? '' };
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

function findMessages({ log }: ServerProcess, message: string): readonly LogLine[] {
  return log.filter((line) => line.message === message);
}

test('two workers share one port, and neither of them is the process that was started', { skip }, async (t) => {
  const server = await startWorkers(t);
  const workers = await findWorkers(server);

  assert.equal(workers.includes(server.pid), false);
  assert.deepEqual(
    findMessages(server, 'listening').map(({ pid, workers: count }) => [pid, count]),
    [[server.pid, 2]],
  );
  assert.equal(await server.stop(), 0);
  assert.deepEqual(workers.filter(isRunning), []);
});

test('another worker takes the place of one that is killed, and the port stays open meanwhile', { skip }, async (t) => {
  const server = await startWorkers(t);
  const [first, second] = await findWorkers(server);
  process.kill(requireValue(first), 'SIGKILL');

  const died = await server.findLine(({ message }) => message === 'a worker died');
  assert.deepEqual([died?.pid, died?.worker, died?.signal], [server.pid, first, 'SIGKILL']);
  for (let count = 0; count < 4; count += 1) assert.equal((await ask(server)).status, 200);
  server.log.length = 0;
  const workers = await findWorkers(server);
  assert.equal(workers.includes(requireValue(second)), true);
  assert.equal(workers.includes(requireValue(first)), false);
});

test('what is under way when they are told to end is still answered', { skip }, async (t) => {
  const server = await startWorkers(t);
  const workers = await findWorkers(server);
  const socket = connect(Number(server.environment.CARDEA_PORT), '127.0.0.1');
  t.after(() => socket.destroy());
  const received = { text: '' };
  socket.setEncoding('utf8').on('data', (text) => {
    received.text += text;
  });
  const body = 'grant_type=client_credentials&client_id=nobody';
  const head = ['POST /token HTTP/1.1', `Host: ${new URL(server.issuer).host}`, `Content-Length: ${body.length}`];
  const type = 'Content-Type: application/x-www-form-urlencoded';
  socket.write([...head, type, 'Expect: 100-continue', '\r\n'].join('\r\n'));
  await waitFor(async () => received.text.startsWith('HTTP/1.1 100'), 5000);

  process.kill(server.pid, 'SIGTERM');
  // As service managers and terminals do, that tell every process of a service by itself.
  for (const worker of workers) process.kill(worker, 'SIGTERM');
  await waitFor(async () => !(await ask(server).catch(() => undefined)), 20_000);
  socket.write(body);
  await once(socket, 'close');

  assert.match(received.text, /HTTP\/1\.1 401 .*invalid_client/s);
  assert.equal(await server.waitForEnd(), 0);
});

test('what keeps one of them from starting is said once, and nothing is tried again', { skip }, async (t) => {
  const servers = await addServers(t, requireValue(mongodb));
  const port = `${await findFreePort()}`;
  const redisUrl = `redis://127.0.0.1:${await findFreePort()}`;
  const place = { CARDEA_PORT: port, CARDEA_ISSUER: `http://localhost:${port}`, CARDEA_DATA_DIR: makeTempFolder(t) };
  const server = ServerProcess.launch(t, { ...servers, ...place, CARDEA_REDIS_URL: redisUrl, CARDEA_WORKERS: '4' });

  assert.equal(await server.waitForEnd(), 1);
  assert.match(server.output, /^Cardea cannot start: Redis at [^\n]+\n$/);
  assert.deepEqual(server.log, []);
});

test('workers that die at once again and again are started after longer and longer pauses', { skip }, async (t) => {
  const servers = await addServers(t, requireValue(mongodb));
  const redis = await RedisServer.start(t);
  const server = await ServerProcess.start(t, { ...servers, CARDEA_REDIS_URL: redis.url, CARDEA_WORKERS: '2' });
  const [worker] = await findWorkers(server);
  await redis.kill(); // so that no other can start
  process.kill(requireValue(worker), 'SIGKILL');

  await waitFor(async () => findMessages(server, 'another worker was started').length === 3, 20_000);
  const pauses = findMessages(server, 'another worker was started').map((started, index) => {
    const died = requireValue(findMessages(server, 'a worker died')[index]);
    return Date.parse(String(started.time)) - Date.parse(String(died.time));
  });
  for (const [index, pause] of [500, 1000, 2000].entries())
    assert.ok(requireValue(pauses[index]) >= pause - 5, `${pauses}`);
  assert.equal(await server.stop(), 0);
});

test('workers end when the process that has started them is killed', { skip }, async (t) => {
  const server = await startWorkers(t);
  const workers = await findWorkers(server);
  await server.kill();
  await waitFor(async () => !workers.some(isRunning), 5000);
});

test('a worker ends without a word when that process is killed while it starts', { skip }, async (t) => {
  const servers = await addServers(t, requireValue(mongodb));
  const port = `${await findFreePort()}`;
  const place = { CARDEA_PORT: port, CARDEA_ISSUER: `http://localhost:${port}`, CARDEA_DATA_DIR: makeTempFolder(t) };
  const server = ServerProcess.launch(t, { ...servers, ...place, CARDEA_WORKERS: '2', NODE_OPTIONS: OUTLIVE_PRIMARY });
  await waitFor(async () => server.output !== '', 20_000);
  await server.kill(); // which has ended when its workers have, since they write to the same pipe

  assert.equal(server.output, 'about to listen\n');
});
