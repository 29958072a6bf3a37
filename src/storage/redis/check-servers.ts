import type { Redis } from 'ioredis';
import type { Logger } from '../../lib/logger.ts';
import type { RedisClient } from './client.ts';
import { listPrimaries } from './redis-connection.ts';

interface Options {
  readonly production: boolean;
  readonly logger?: Pick<Logger, 'warn'> | undefined;
}

/** What INFO says, by the names of its fields. */
type Info = ReadonlyMap<string, string>;

/** Of GETDEL. */
const OLDEST = { major: 6, minor: 2 };

/** Throws an Error in plain words when a primary is too old, is no primary, or would evict what it was told to keep. */
export async function checkServers(client: RedisClient, { production, logger }: Options): Promise<void> {
  for (const node of listPrimaries(client)) {
    const info = await readInfo(node);
    if (info.size === 0)
      logger?.warn({}, 'the user of Redis may not read INFO: its version and memory policy are unchecked');
    requireVersion(info);
    requireRole(info, client.isCluster);
    const policy = info.get('maxmemory_policy');
    if (policy === undefined || policy === 'noeviction') continue;
    // Under pressure any other policy deletes counted tries and the marks of what was spent.
    const fault = `its maxmemory-policy is ${policy}, and noeviction is needed`;
    if (production) throw new Error(fault);
    logger?.warn({ policy }, 'Redis may evict limits and marks of what was spent: set maxmemory-policy to noeviction');
  }
}

/** Empty where the user may not ask. */
async function readInfo(node: Redis): Promise<Info> {
  try {
    const lines = (await node.info()).split('\r\n');
    return new Map(lines.map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1)]));
  } catch (error) {
    if (error instanceof Error && error.message.startsWith('NOPERM')) return new Map();
    throw error;
  }
}

function requireVersion(info: Info): void {
  const version = info.get('redis_version');
  if (version === undefined) return;
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const isOldEnough = major > OLDEST.major || (major === OLDEST.major && minor >= OLDEST.minor);
  if (!isOldEnough)
    throw new Error(`its version is ${version}, and ${OLDEST.major}.${OLDEST.minor} or later is needed`);
}

function requireRole(info: Info, isCluster: boolean): void {
  if (info.get('role') === 'slave') throw new Error('it is a replica, which takes no writes');
  if (!isCluster && info.get('redis_mode') === 'cluster')
    throw new Error('it is of a Redis Cluster: write redis+cluster://');
}
