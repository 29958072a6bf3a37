import type { Clock } from '../lib/clock.ts';
import type { Ids } from '../lib/ids.ts';
import type { Logger } from '../lib/logger.ts';
import { DataFolder } from './data-folder.ts';
import { openSqliteStorage } from './sqlite/sqlite-storage.ts';
import type { Storage } from './storage.ts';

interface Options {
  /** Both or none: without them everything is in one file. */
  readonly mongodbUrl?: string | undefined;
  readonly redisUrl?: string | undefined;
  /** The folder of that file. */
  readonly dataDir: string;
  readonly production: boolean;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly logger: Logger;
}

/** Opens the storage that is configured. Throws an Error in plain words when it cannot be used. */
export async function openStorage({ mongodbUrl, redisUrl, dataDir, ...options }: Options): Promise<Storage> {
  if (mongodbUrl !== undefined && redisUrl !== undefined) {
    // Two of the largest libraries, which the file does without.
    const { openServerStorage } = await import('./servers/server-storage.ts');
    return openServerStorage({ ...options, mongodbUrl, redisUrl });
  }
  return openSqliteStorage({ ...options, path: new DataFolder(dataDir).databasePath });
}
