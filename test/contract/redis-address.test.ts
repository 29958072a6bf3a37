import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describeRedisAddress, parseRedisAddress } from '../../src/storage/redis/redis-address.ts';

const PASSWORD = 'p@ss:w/rd,?#';
const WRITTEN = encodeURIComponent(PASSWORD);

test('the address of a single node says host, port, database and who we are', () => {
  const plain = { type: 'single', tls: false, credentials: undefined, node: { host: 'h', port: 6379 }, database: 0 };
  assert.deepEqual(parseRedisAddress('redis://h'), plain);
  assert.deepEqual(parseRedisAddress('redis://h/'), plain);
  assert.deepEqual(parseRedisAddress(`rediss://:${WRITTEN}@[::1]:7000/3`), {
    type: 'single',
    tls: true,
    credentials: { password: PASSWORD },
    node: { host: '::1', port: 7000 },
    database: 3,
  });
});

test('the address of Sentinels names them, the primary, and who we are to both', () => {
  assert.deepEqual(parseRedisAddress(`rediss+sentinel://ada:${WRITTEN}@a,b:1234/main/2?sentinel=:${WRITTEN}`), {
    type: 'sentinel',
    tls: true,
    credentials: { username: 'ada', password: PASSWORD },
    sentinels: [
      { host: 'a', port: 26379 },
      { host: 'b', port: 1234 },
    ],
    primaryName: 'main',
    database: 2,
    sentinelCredentials: { password: PASSWORD },
  });
});

test('the address of a Cluster names some of its nodes', () => {
  assert.deepEqual(parseRedisAddress('redis+cluster://a.example:7000,10.0.0.1'), {
    type: 'cluster',
    tls: false,
    credentials: undefined,
    nodes: [
      { host: 'a.example', port: 7000 },
      { host: '10.0.0.1', port: 6379 },
    ],
  });
});

test('an address is described by hosts and ports only', () => {
  const describe = (url: string) => describeRedisAddress(parseRedisAddress(url));
  assert.equal(describe('redis://ada:secret@[::1]'), '[::1]:6379');
  assert.equal(describe('redis+sentinel://:secret@a,b:1/main'), 'a:26379, b:1');
  assert.equal(describe('redis+cluster://:secret@a,b:1'), 'a:6379, b:1');
});

for (const url of [
  '',
  'h:6379',
  'http://secret@h',
  'redis:secret@h',
  'redis://',
  'redis://secret@h',
  'redis://ada:@h',
  'redis://ada:secret:more@h',
  'redis://ada:sec@ret@h',
  'redis://ada:sec/ret@h',
  'redis://:secret%zz@h',
  'redis://:secret@h:0',
  'redis://:secret@h:65536',
  'redis://:secret@h:port',
  'redis://:secret@h h',
  'redis://:secret@h/name',
  'redis://:secret@h/-1',
  'redis://:secret@h?sentinel=:secret',
  'redis://:secret@a,b',
  'redis+sentinel://:secret@h',
  'redis+sentinel://:secret@h/main/name',
  'redis+sentinel://:secret@h/main/1/2',
  'redis+sentinel://:secret@h/main?password=secret',
  'redis+cluster://:secret@a,,b',
  'redis+cluster://:secret@a,b/1',
  'redis+ring://:secret@h',
]) {
  test(`an address of another form is refused in words that do not repeat it: ${url}`, () => {
    assert.throws(
      () => parseRedisAddress(url),
      (error: Error) => {
        assert.match(error.message, /the address of Redis is redis:\/\//);
        assert.doesNotMatch(error.message, /secret|\n/);
        return true;
      },
    );
  });
}
