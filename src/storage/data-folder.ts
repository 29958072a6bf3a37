import {
  accessSync,
  chmodSync,
  constants,
  existsSync,
  linkSync,
  mkdirSync,
  readFileSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { Ids } from '../lib/ids.ts';

const secretsSchema = z.strictObject({ sealingKey: z.base64url(), cookieKeys: z.array(z.string().min(32)).min(1) });

/** Secrets that were made on this machine, for installations that were given none. */
export interface MadeSecrets {
  readonly sealingKey: Uint8Array;
  readonly cookieKeys: readonly string[];
}

/** The folder that the embedded store lives in. Only the account that runs Cardea may look into it. */
export class DataFolder {
  readonly path: string;

  /** Makes the folder if there is none; throws an `Error` that names it when it cannot be written to. */
  constructor(path: string) {
    this.path = path;
    try {
      mkdirSync(path, { recursive: true, mode: 0o700 });
      chmodSync(path, 0o700);
      accessSync(path, constants.R_OK | constants.W_OK | constants.X_OK);
    } catch (cause) {
      throw new Error(`the data folder ${path} cannot be written to`, { cause });
    }
  }

  /** Where the embedded store is. */
  get databasePath(): string {
    return join(this.path, 'cardea.sqlite');
  }

  /** The secrets of this folder, made now if there are none. They never change: what was sealed with them needs them. */
  readOrMakeSecrets(ids: Ids): MadeSecrets {
    const path = join(this.path, 'secrets.json');
    if (!existsSync(path)) this.#makeSecrets(path, ids);
    const { sealingKey, cookieKeys } = secretsSchema.parse(JSON.parse(readFileSync(path, 'utf8')));
    return { sealingKey: new Uint8Array(Buffer.from(sealingKey, 'base64url')), cookieKeys };
  }

  /** Of several processes that start at once one makes them; the file gets its name when it is whole, and nobody reads half of it. */
  #makeSecrets(path: string, ids: Ids): void {
    const unnamed = join(this.path, `secrets-${ids.newId()}.json`);
    const made = { sealingKey: ids.newSecret(), cookieKeys: [ids.newSecret()] };
    writeFileSync(unnamed, `${JSON.stringify(made, undefined, 2)}\n`, { flag: 'wx', mode: 0o600 });
    try {
      linkSync(unnamed, path);
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
    } finally {
      unlinkSync(unnamed);
    }
  }
}
