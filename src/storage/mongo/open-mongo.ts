import type { Clock } from '../../lib/clock.ts';
import type { Logger } from '../../lib/logger.ts';
import type { Storage } from '../storage.ts';
import { MongoAccountStore } from './account-store.ts';
import { MongoAuditStore } from './audit-store.ts';
import { MongoClientStore } from './client-store.ts';
import { connectMongo, explainMongoError } from './connect-mongo.ts';
import type { DurableRecordStore } from './durable-record-store.ts';
import { MongoFailureStore } from './failure-store.ts';
import { MongoKeyStore } from './key-store.ts';
import { migrateMongo } from './migrate-mongo.ts';
import { MongoDatabase } from './mongo-database.ts';
import { MongoOrganizationStore } from './organization-store.ts';
import { MongoOutboxStore } from './outbox-store.ts';
import { MongoPasskeyStore } from './passkey-store.ts';
import { MongoRecordStore } from './record-store.ts';
import { MongoRecoveryCodeStore } from './recovery-code-store.ts';
import { MongoSpentStore, type SpentStore } from './spent-store.ts';
import { MongoTotpStore } from './totp-store.ts';

interface Options {
  /** A connection string; its path names the database, `cardea` without one. */
  readonly url: string;
  readonly clock: Clock;
  readonly logger?: Pick<Logger, 'info' | 'warn'> | undefined;
}

type DurableStores = Pick<
  Storage,
  | 'organizations'
  | 'accounts'
  | 'failures'
  | 'passkeys'
  | 'totps'
  | 'recoveryCodes'
  | 'clients'
  | 'keys'
  | 'outbox'
  | 'audit'
  | 'ping'
>;

/** The durable half of a `Storage`. After disposal each call of each store rejects. */
export interface MongoStores extends DurableStores, AsyncDisposable {
  readonly records: DurableRecordStore;
  readonly spentCodes: SpentStore;
}

/**
 * Connects to MongoDB, 4.4 or later, alone or a replica set or sharded, and brings its indexes up to date.
 * Throws an Error of one line that says what is wrong, never with the credentials.
 */
export async function openMongo({ url, clock, logger }: Options): Promise<MongoStores> {
  const connection = await connectMongo(url);
  const database = new MongoDatabase(connection, logger);
  try {
    await migrateMongo(connection);
  } catch (error) {
    await database.close();
    throw explainMongoError(url, error);
  }
  const deps = { database, clock };
  const accounts = new MongoAccountStore(deps);
  return {
    organizations: new MongoOrganizationStore(deps),
    accounts,
    failures: new MongoFailureStore(deps),
    passkeys: new MongoPasskeyStore({ ...deps, accounts }),
    totps: new MongoTotpStore(deps),
    recoveryCodes: new MongoRecoveryCodeStore(deps),
    clients: new MongoClientStore(deps),
    keys: new MongoKeyStore(deps),
    outbox: new MongoOutboxStore(deps),
    audit: new MongoAuditStore(deps),
    records: new MongoRecordStore(deps),
    spentCodes: new MongoSpentStore(deps),
    ping: () => database.ping(),
    [Symbol.asyncDispose]: () => database.close(),
  };
}
