import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { findInPath } from '../../scripts/find-program.ts';
import { openRedis } from '../../src/storage/redis/redis-stores.ts';
import { TestClock } from '../support/clock.ts';
import { listServices, makeSecrets, readList, readProjectFile } from '../support/deployment.ts';
import { RedisServer, runRedisCli, skipWithoutRedis } from '../support/redis.ts';
import { useEveryStore } from '../support/redis-calls.ts';
import { makeTempFolder } from '../support/temp-folder.ts';

const skip =
  skipWithoutRedis || (findInPath('openssl') ? false : 'there is no openssl in the PATH to make secrets with');

test('Redis as compose.yaml starts it, with the documented user, takes every call of Cardea and nothing of others', {
  skip,
}, async (t) => {
  const secrets = makeSecrets(makeTempFolder(t));
  const service = listServices(readProjectFile('compose.yaml')).get('redis') ?? '';
  const args = readList(service, 'command').map((arg) => arg.replace('/run/secrets', secrets));
  const server = await RedisServer.start(t, { args });
  const ask = (...command: readonly string[]) => runRedisCli('-p', `${server.port}`, ...command);

  const address = readFileSync(join(secrets, 'redis_url'), 'utf8')
    .trim()
    .replace('@redis', `@127.0.0.1:${server.port}`);
  const logger = { info: assert.fail, warn: assert.fail };
  await using stores = await openRedis({ url: address, clock: new TestClock(), production: true, logger });
  await useEveryStore(stores);

  assert.match(service, /redis-cli ping \| grep -q PONG/);
  assert.equal((await ask('ping')).trim(), 'PONG');
  for (const command of [['get', 'cardea:x'], ['info'], ['config', 'get', '*'], ['flushall'], ['acl', 'list']]) {
    assert.match(await ask(...command), /^NOPERM /, command.join(' '));
  }
});
