import type { Clock } from '../../lib/clock.ts';
import type { Ids } from '../../lib/ids.ts';
import type { Logger } from '../../lib/logger.ts';
import { openMongo } from '../mongo/open-mongo.ts';
import { openRedis } from '../redis/redis-stores.ts';
import type { Storage } from '../storage.ts';
import { SplitRecordStore } from './record-store.ts';

export interface ServerStorageOptions {
  readonly mongodbUrl: string;
  readonly redisUrl: string;
  /** Refuses a Redis that may evict what it was told to keep. */
  readonly production: boolean;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly logger?: Pick<Logger, 'info' | 'warn'> | undefined;
}

/** Opens what lasts in MongoDB and what expires in Redis. Throws an Error of one line, without credentials, when one cannot be used. */
export async function openServerStorage({ mongodbUrl, redisUrl, ...options }: ServerStorageOptions): Promise<Storage> {
  await using opened = new AsyncDisposableStack();
  const durable = opened.use(await openMongo({ ...options, url: mongodbUrl }));
  const shortLived = opened.use(await openRedis({ ...options, url: redisUrl }));
  const stores = opened.move(); // to be closed with the storage from here on
  const { organizations, accounts, failures, passkeys, totps, recoveryCodes, clients, keys, outbox, audit } = durable;
  const { tickets, rates, signIns } = shortLived;
  return {
    organizations,
    accounts,
    failures,
    passkeys,
    totps,
    recoveryCodes,
    clients,
    keys,
    outbox,
    audit,
    tickets,
    rates,
    signIns,
    records: new SplitRecordStore({
      durable: durable.records,
      spentCodes: durable.spentCodes,
      shortLived: shortLived.records,
    }),
    lastingRecords: durable.records,
    async ping() {
      await Promise.all([durable.ping(), shortLived.ping()]);
    },
    [Symbol.asyncDispose]: () => stores.disposeAsync(),
  };
}
