import type { Clock } from '../../lib/clock.ts';
import type { Logger } from '../../lib/logger.ts';
import type { Storage } from '../storage.ts';
import { SqliteAccountStore } from './account-store.ts';
import { SqliteAuditStore } from './audit-store.ts';
import { SqliteClientStore } from './client-store.ts';
import { Database } from './database.ts';
import { ExpirySweeper } from './expiry-sweeper.ts';
import { SqliteFailureStore } from './failure-store.ts';
import { SqliteKeyStore } from './key-store.ts';
import { SqliteLastingRecordStore } from './lasting-record-store.ts';
import { openConnection } from './open-connection.ts';
import { SqliteOrganizationStore } from './organization-store.ts';
import { SqliteOutboxStore } from './outbox-store.ts';
import { SqlitePasskeyStore } from './passkey-store.ts';
import { SqliteRateStore } from './rate-store.ts';
import { SqliteRecordStore } from './record-store.ts';
import { SqliteRecoveryCodeStore } from './recovery-code-store.ts';
import { SqliteSignInStore } from './sign-in-store.ts';
import { SqliteTicketStore } from './ticket-store.ts';
import { SqliteTotpStore } from './totp-store.ts';

interface Options {
  readonly path: string;
  readonly clock: Clock;
  readonly logger?: Pick<Logger, 'warn'> | undefined;
}

/**
 * Opens the embedded storage: every store in one SQLite file, which the server and the command line may have open at the same time.
 * Throws an Error in plain words when the file cannot be used, or when a newer release has written it.
 */
export async function openSqliteStorage({ path, clock, logger }: Options): Promise<Storage> {
  const database = new Database(await openConnection(path));
  const ping = database.prepare('SELECT 1');
  const deps = { database, clock };
  const accounts = new SqliteAccountStore(deps);
  const sweeper = new ExpirySweeper({
    ...deps,
    onError: (error) => logger?.warn({ error }, 'expired rows could not be removed'),
  });
  sweeper.start();

  return {
    organizations: new SqliteOrganizationStore(deps),
    accounts,
    failures: new SqliteFailureStore(deps),
    passkeys: new SqlitePasskeyStore({ ...deps, accounts }),
    totps: new SqliteTotpStore(deps),
    recoveryCodes: new SqliteRecoveryCodeStore(deps),
    clients: new SqliteClientStore(deps),
    keys: new SqliteKeyStore(deps),
    outbox: new SqliteOutboxStore(deps),
    audit: new SqliteAuditStore(deps),
    tickets: new SqliteTicketStore(deps),
    rates: new SqliteRateStore(deps),
    signIns: new SqliteSignInStore(deps),
    records: new SqliteRecordStore(deps),
    lastingRecords: new SqliteLastingRecordStore(deps),
    async ping() {
      await database.read(() => ping.get());
    },
    async [Symbol.asyncDispose]() {
      sweeper.stop();
      database.close();
    },
  };
}
