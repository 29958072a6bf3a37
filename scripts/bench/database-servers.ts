import { randomBytes } from 'node:crypto';
import { mongo } from 'mongoose';
import { RedisServer } from '../../test/support/redis.ts';
import { findRedisServer } from '../find-redis.ts';

/** As docs/operations.md asks for it. */
const DURABLE = ['--appendonly', 'yes', '--appendfsync', 'everysec', '--databases', '64'];

/** What stores besides us, in general words. */
export interface ServerFacts {
  readonly redisVersion: string;
  /** As the server names it; undefined where it does not say: such a server may keep nothing, and its speed says nothing of MongoDB's. */
  readonly mongodbStorageEngine: string | undefined;
}

/** A Redis of the measurement's own and the MongoDB that CARDEA_TEST_MONGODB_URL names. */
export class DatabaseServers implements AsyncDisposable {
  readonly facts: ServerFacts;
  readonly #redis: RedisServer;
  readonly #mongodb: mongo.MongoClient;
  readonly #owned: AsyncDisposableStack;
  #databases = 0;

  private constructor(parts: {
    readonly redis: RedisServer;
    readonly mongodb: mongo.MongoClient;
    readonly owned: AsyncDisposableStack;
    readonly facts: ServerFacts;
  }) {
    this.#redis = parts.redis;
    this.#mongodb = parts.mongodb;
    this.#owned = parts.owned;
    this.facts = parts.facts;
  }

  /** Undefined where one of the two is not to be had. */
  static async open(): Promise<DatabaseServers | undefined> {
    const url = process.env.CARDEA_TEST_MONGODB_URL;
    if (!url || !findRedisServer()) return undefined;
    const owned = new AsyncDisposableStack();
    const redis = await RedisServer.start({ after: (clean) => owned.defer(clean) }, { args: DURABLE });
    const mongodb = owned.adopt(new mongo.MongoClient(url), (client) => client.close());
    return new DatabaseServers({ redis, mongodb, owned, facts: await readFacts(redis, mongodb) });
  }

  /** Settings that name an empty database on each; both go with the servers. */
  addDatabases(): Readonly<Record<string, string>> {
    this.#databases += 1;
    const db = this.#mongodb.db(`cardea_bench_${randomBytes(8).toString('hex')}`);
    this.#owned.defer(async () => void (await db.dropDatabase()));
    const mongodbUrl = new URL(process.env.CARDEA_TEST_MONGODB_URL ?? '');
    mongodbUrl.pathname = `/${db.databaseName}`;
    return { CARDEA_MONGODB_URL: mongodbUrl.href, CARDEA_REDIS_URL: `${this.#redis.url}/${this.#databases}` };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#owned.disposeAsync();
  }
}

async function readFacts(redis: RedisServer, mongodb: mongo.MongoClient): Promise<ServerFacts> {
  const info = await redis.ask((client) => client.info('server'));
  const status = await mongodb
    .db('admin')
    .command({ serverStatus: 1 })
    .catch((): mongo.Document => ({}));
  return {
    redisVersion: /redis_version:(\S+)/.exec(info)?.[1] ?? 'unknown',
    mongodbStorageEngine: status.storageEngine?.name,
  };
}
