import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { findInPath } from '../../scripts/find-program.ts';
import { openRedis } from '../../src/storage/redis/redis-stores.ts';
import { TestClock } from '../support/clock.ts';
import { RedisServer, skipWithoutRedis } from '../support/redis.ts';
import { useEveryStore } from '../support/redis-calls.ts';
import { makeTempFolder } from '../support/temp-folder.ts';

const skip = skipWithoutRedis;
const OPENSSL = findInPath('openssl');
const PASSWORD = 'a secret of the tests';
/** What the documentation says that the user needs. */
const COMMANDS =
  '+get +set +getdel +del +getrange +setrange +zadd +zrange +zremrangebyscore +pexpire +eval +evalsha +ping +info +select +client|setname';

interface Opening {
  readonly warnings: readonly string[];
  /** What it was refused with. */
  readonly refusal: string | undefined;
}

/** Opens the stores and, where that works, uses every call of each. */
async function tryToOpen(url: string, { production = true } = {}): Promise<Opening> {
  const warnings: string[] = [];
  const logger = { info: assert.fail, warn: (_: unknown, message: string) => warnings.push(message) };
  try {
    await using storage = await openRedis({ url, clock: new TestClock(), production, logger });
    await useEveryStore(storage);
    return { warnings, refusal: undefined };
  } catch (error) {
    assert.ok(error instanceof Error);
    assert.doesNotMatch(`${error.stack}${error.cause instanceof Error ? error.cause.stack : ''}`, new RegExp(PASSWORD));
    return { warnings, refusal: error.message };
  }
}

function withUser(server: RedisServer, user: string): string {
  return server.url.replace('//', `//${user}:${encodeURIComponent(PASSWORD)}@`);
}

/** A server that answers INFO with a version of our choice, and knows little else. */
async function startOldServer(t: TestContext, version: string): Promise<string> {
  const info = `redis_version:${version}\r\nrole:master\r\n`;
  const answer = (socket: Socket, request: string) => {
    if (/hello/i.test(request)) socket.write("-ERR unknown command 'hello'\r\n");
    else if (/info/i.test(request)) socket.write(`$${info.length}\r\n${info}\r\n`);
    else socket.write('+OK\r\n');
  };
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.on('data', (data) => {
      for (const request of data.toString().split(/(?=\*\d)/)) answer(socket, request); // each begins with how many words it has
    });
  }).listen(0, '127.0.0.1');
  t.after(() => server.close());
  await once(server, 'listening');
  return `redis://127.0.0.1:${(server.address() as AddressInfo).port}`; // it listens on a port
}

test('a server that is not there is named in one line', async () => {
  const { refusal } = await tryToOpen('redis://127.0.0.1:1');
  assert.equal(refusal, 'Redis at 127.0.0.1:1 cannot be used: connect ECONNREFUSED 127.0.0.1:1');
  for (const kind of ['cluster', 'sentinel']) {
    const form = await tryToOpen(`redis+${kind}://127.0.0.1:1${kind === 'sentinel' ? '/main' : ''}`);
    assert.match(form.refusal ?? '', /^Redis at 127\.0\.0\.1:1 cannot be used: [^\n]+$/);
  }
});

test('a server before 6.2 is refused', async (t) => {
  for (const version of ['5.0.14', '6.0.20', '6.1.240']) {
    const { refusal } = await tryToOpen(await startOldServer(t, version));
    assert.match(refusal ?? '', new RegExp(`its version is ${version}, and 6.2 or later is needed$`));
  }
});

test('wrong credentials are refused without being told', { skip }, async (t) => {
  const server = await RedisServer.start(t, { args: ['--requirepass', 'another'] });
  assert.match((await tryToOpen(server.url)).refusal ?? '', /cannot be used: NOAUTH [^\n]+$/);
  assert.match((await tryToOpen(withUser(server, ''))).refusal ?? '', /cannot be used: WRONGPASS [^\n]+$/);
  assert.match((await tryToOpen(withUser(server, 'ada'))).refusal ?? '', /cannot be used: WRONGPASS [^\n]+$/);
});

test('a user with the documented permissions can do all', { skip }, async (t) => {
  const server = await RedisServer.start(t);
  await server.ask((redis) =>
    redis.call('ACL', 'SETUSER', 'cardea', 'on', `>${PASSWORD}`, '~cardea:*', ...COMMANDS.split(' ')),
  );
  assert.deepEqual(await tryToOpen(`${withUser(server, 'cardea')}/3`), { warnings: [], refusal: undefined });
});

test('a database that is not there is refused', { skip }, async (t) => {
  const server = await RedisServer.start(t);
  assert.match((await tryToOpen(`${server.url}/99`)).refusal ?? '', /DB index is out of range/);
});

test('a server that evicts is refused in production, and warned of in development', { skip }, async (t) => {
  const server = await RedisServer.start(t, { args: ['--maxmemory-policy', 'volatile-lru'] });
  const refused = await tryToOpen(server.url);
  assert.match(refused.refusal ?? '', /its maxmemory-policy is volatile-lru, and noeviction is needed$/);
  const warned = await tryToOpen(server.url, { production: false });
  assert.deepEqual(warned, {
    warnings: ['Redis may evict limits and marks of what was spent: set maxmemory-policy to noeviction'],
    refusal: undefined,
  });
});

test('where INFO is forbidden a warning says what is unchecked', { skip }, async (t) => {
  t.mock.method(console, 'warn', () => undefined); // ioredis says so too
  const server = await RedisServer.start(t, { args: ['--maxmemory-policy', 'volatile-lru'] });
  await server.ask((redis) => redis.call('ACL', 'SETUSER', 'cardea', 'on', `>${PASSWORD}`, '~*', '+@all', '-info'));
  const { warnings, refusal } = await tryToOpen(withUser(server, 'cardea'));
  assert.equal(refusal, undefined);
  assert.deepEqual(warnings, ['the user of Redis may not read INFO: its version and memory policy are unchecked']);
});

test('a replica is refused, and so is a node of a Cluster by the address of a single one', { skip }, async (t) => {
  const primary = await RedisServer.start(t);
  const replica = await RedisServer.start(t, { args: ['--replicaof', '127.0.0.1', `${primary.port}`] });
  assert.match((await tryToOpen(replica.url)).refusal ?? '', /it is a replica, which takes no writes$/);
  const node = await RedisServer.start(t, { args: ['--cluster-enabled', 'yes'] });
  assert.match((await tryToOpen(node.url)).refusal ?? '', /it is of a Redis Cluster: write redis\+cluster:\/\/$/);
  const single = await tryToOpen(primary.url.replace('redis:', 'redis+cluster:'));
  assert.match(single.refusal ?? '', /cluster support disabled$/);
});

const skipTls = skip || (OPENSSL ? false : 'there is no openssl in the PATH to make a certificate with');

test('TLS is spoken with verified certificates only', { skip: skipTls }, async (t) => {
  const folder = makeTempFolder(t);
  const [key, certificate] = [join(folder, 'key.pem'), join(folder, 'certificate.pem')];
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'];
  const making = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];
  execFileSync(OPENSSL ?? '', [...making, ...subject, '-keyout', key, '-out', certificate], { stdio: 'ignore' });
  const files = ['--tls-key-file', key, '--tls-cert-file', certificate, '--tls-ca-cert-file', certificate];
  const server = await RedisServer.start(t, { args: ['--tls-auth-clients', 'no', ...files], tls: true });
  const url = server.url.replace('redis:', 'rediss:');

  assert.match((await tryToOpen(url)).refusal ?? '', /self-signed certificate/);
  const trusted = getCACertificates();
  t.after(() => setDefaultCACertificates(trusted));
  setDefaultCACertificates([...trusted, readFileSync(certificate, 'utf8')]);
  assert.deepEqual(await tryToOpen(url), { warnings: [], refusal: undefined });
  assert.ok((await tryToOpen(server.url)).refusal);
});
