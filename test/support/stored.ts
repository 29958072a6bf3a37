import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { Redis } from 'ioredis';
import { mongo } from 'mongoose';
import { MARK_END } from '../../src/storage/redis/entry.ts';
import type { TestApp } from './app.ts';
import { requireValue } from './require-value.ts';
import type { ServerAddresses } from './test-servers.ts';

/** All that an installation has stored, as somebody reads it who has the disk: the file and its log, or both databases. */
export async function readStored({ dataDir, addresses }: TestApp): Promise<Buffer> {
  if (addresses) return Buffer.from(`${await readMongo(addresses)}${await readRedis(addresses)}`);
  const files = readdirSync(dataDir).filter((name) => name.includes('sqlite'));
  requireValue(files.find((name) => name.endsWith('-wal')));
  return Buffer.concat(files.map((name) => readFileSync(join(dataDir, name))));
}

/** Spoils what is stored of every sign-in, as a fault of ours would. */
export async function spoilSignIns({ dataDir, addresses }: TestApp): Promise<void> {
  if (addresses) {
    await askRedis(addresses, async (redis) => {
      const keys = await redis.keys('cardea:sign-in:*');
      requireValue(keys[0]);
      for (const key of keys) await redis.setrange(key, MARK_END, 'no JSON');
    });
    return;
  }
  const database = new DatabaseSync(join(dataDir, 'cardea.sqlite'));
  requireValue(database.prepare('SELECT data FROM sign_ins LIMIT 1').get());
  database.exec("UPDATE sign_ins SET data = 'no JSON'");
  database.close();
}

async function readMongo({ mongodbUrl }: ServerAddresses): Promise<string> {
  const client = new mongo.MongoClient(mongodbUrl);
  try {
    const collections = await client.db().collections();
    const contents = await Promise.all(collections.map((collection) => collection.find().toArray()));
    return contents.map((documents) => mongo.BSON.EJSON.stringify(documents)).join('\n');
  } finally {
    await client.close();
  }
}

function readRedis(addresses: ServerAddresses): Promise<string> {
  return askRedis(addresses, async (redis) => {
    const keys = await redis.keys('*');
    const values = await Promise.all(
      keys.map(async (key) => ((await redis.type(key)) === 'zset' ? redis.zrange(key, '0', '-1') : redis.get(key))),
    );
    return JSON.stringify([keys, values]);
  });
}

async function askRedis<Answer>(
  { redisUrl }: ServerAddresses,
  work: (redis: Redis) => Promise<Answer>,
): Promise<Answer> {
  const redis = new Redis(redisUrl);
  try {
    return await work(redis);
  } finally {
    redis.disconnect();
  }
}
