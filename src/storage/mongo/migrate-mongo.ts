import type { Connection, mongo } from 'mongoose';
import { ACCOUNTS } from './account-store.ts';
import { AUDIT_EVENTS } from './audit-store.ts';
import { CLIENTS } from './client-store.ts';
import { FAILURES } from './failure-store.ts';
import { SIGNING_KEYS } from './key-store.ts';
import type { CollectionSchema } from './mongo-collection.ts';
import { ORGANIZATIONS } from './organization-store.ts';
import { OUTBOX } from './outbox-store.ts';
import { PASSKEYS } from './passkey-store.ts';
import { CONSENTS, GRANTS, REFRESH_TOKENS } from './record-store.ts';
import { RECOVERY_CODES } from './recovery-code-store.ts';
import { SPENT_CODES } from './spent-store.ts';
import { TOTPS } from './totp-store.ts';

/** Every collection of the database. */
export const COLLECTIONS: readonly CollectionSchema[] = [
  ORGANIZATIONS,
  ACCOUNTS,
  FAILURES,
  PASSKEYS,
  TOTPS,
  RECOVERY_CODES,
  CLIENTS,
  SIGNING_KEYS,
  OUTBOX,
  AUDIT_EVENTS,
  CONSENTS,
  GRANTS,
  REFRESH_TOKENS,
  SPENT_CODES,
];

/** Building an index of a large collection may take longer than any other call. The driver takes this option of one command too. */
const NO_LIMIT: mongo.CreateIndexesOptions & { readonly socketTimeoutMS: number } = { socketTimeoutMS: 0 };

/**
 * Makes the indexes that are missing, on which the stores' promises of uniqueness rest; what is there already is left alone. Any number
 * of processes may do so at once and again.
 */
export async function migrateMongo(connection: Connection): Promise<void> {
  await Promise.all(
    COLLECTIONS.map(async ({ name, schema }) => {
      const indexes = schema.indexes().map(([key, options]) => ({ ...options, key }) as mongo.IndexDescription); // as the stores write them
      if (indexes.length > 0) await connection.collection(name).createIndexes(indexes, NO_LIMIT);
    }),
  );
}
