import assert from 'node:assert/strict';
import { after, type TestContext } from 'node:test';
import { findTestServer, NO_SERVER, type TestServer } from './mongodb.ts';
import { RedisServer } from './redis.ts';

const DATABASES = 1000;

/** The addresses of databases that are one installation's own. */
export interface ServerAddresses {
  readonly mongodbUrl: string;
  readonly redisUrl: string;
}

/** A MongoDB and a Redis for all tests of a file. Call it while the file is loaded: they go after its last test. */
export async function startTestServers(): Promise<TestServers> {
  const mongodb = await findTestServer();
  assert.ok(mongodb, NO_SERVER);
  const owned = new AsyncDisposableStack();
  after(() => owned.disposeAsync());
  const redis = await RedisServer.start(
    { after: (clean) => owned.defer(clean) },
    { args: ['--databases', `${DATABASES}`] },
  );
  return new TestServers(mongodb, redis);
}

export class TestServers {
  readonly #mongodb: TestServer;
  readonly #redis: RedisServer;
  #databases = 0;

  constructor(mongodb: TestServer, redis: RedisServer) {
    this.#mongodb = mongodb;
    this.#redis = redis;
  }

  addDatabases(t: TestContext): ServerAddresses {
    const { url } = this.#mongodb.addDatabase(t);
    this.#databases += 1;
    assert.ok(this.#databases < DATABASES);
    return { mongodbUrl: url, redisUrl: `${this.#redis.url}/${this.#databases}` };
  }
}
