import type { Clock } from '../../lib/clock.ts';
import { Ids } from '../../lib/ids.ts';
import type { Logger } from '../../lib/logger.ts';
import type { Storage } from '../storage.ts';
import { checkServers } from './check-servers.ts';
import { createRedisClient } from './client.ts';
import { RedisRateStore } from './rate-store.ts';
import { RedisRecordStore } from './record-store.ts';
import { describeRedisAddress, parseRedisAddress } from './redis-address.ts';
import { RedisConnection } from './redis-connection.ts';
import { RedisSignInStore } from './sign-in-store.ts';
import { RedisTicketStore } from './ticket-store.ts';

interface Options {
  /** In one of the forms of redis-address.ts. */
  readonly url: string;
  readonly clock: Clock;
  /** Refuses a server that may evict keys; elsewhere that is a warning. */
  readonly production: boolean;
  readonly ids?: Ids;
  readonly logger?: Pick<Logger, 'info' | 'warn'> | undefined;
}

/** The stores of what is short-lived; of records the kinds that are not durable are meant to be here. */
export type RedisStores = Pick<Storage, 'tickets' | 'rates' | 'signIns' | 'records' | 'ping'> & AsyncDisposable;

/**
 * Opens the short-lived stores in Redis. Throws an Error in plain words when it cannot be reached, refuses us, or is not fit. The user
 * needs of the keys `cardea:*` the commands get, set, getdel, del, getrange, setrange, zadd, zrange, zremrangebyscore, pexpire, eval and
 * evalsha, further ping, info, select and client|setname, and in a Cluster cluster, readonly and asking.
 */
export async function openRedis({ url, clock, production, ids = new Ids(), logger }: Options): Promise<RedisStores> {
  const address = parseRedisAddress(url);
  const client = createRedisClient(address, ids);
  const connection = new RedisConnection({ client, logger });
  try {
    await connection.connect();
    await checkServers(client, { production, logger });
  } catch (error) {
    await connection.close();
    const reason = error instanceof Error ? error.message : error;
    throw new Error(`Redis at ${describeRedisAddress(address)} cannot be used: ${reason}`, { cause: error });
  }

  const deps = { connection, clock };
  return {
    tickets: new RedisTicketStore(deps),
    rates: new RedisRateStore(deps),
    signIns: new RedisSignInStore(deps),
    records: new RedisRecordStore(deps),
    ping: () => connection.ping(),
    [Symbol.asyncDispose]: () => connection.close(),
  };
}
