import type { TestContext } from 'node:test';
import type { TestServer } from './mongodb.ts';
import { RedisServer } from './redis.ts';
import type { Environment } from './server-process.ts';

/** Settings that name a database of the MongoDB and a Redis which are one test's own. */
export async function addServers(t: TestContext, mongodb: TestServer): Promise<Environment> {
  const { url } = mongodb.addDatabase(t);
  return { CARDEA_MONGODB_URL: url, CARDEA_REDIS_URL: (await RedisServer.start(t)).url };
}
