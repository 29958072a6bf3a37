import type { Config, Secrets } from '../config/load.ts';
import type { Overrides } from './app.ts';
import { completeSecrets } from './first-start.ts';
import type { SigningKey } from './keys/key-store.ts';
import { Keyring, UnreadableKeyError } from './keys/keyring.ts';
import { systemClock } from './lib/clock.ts';
import { Ids } from './lib/ids.ts';
import { InputError } from './lib/input-error.ts';
import { createLogger } from './lib/logger.ts';
import { Sealer } from './lib/seal.ts';
import { listKinds } from './moving/kinds.ts';
import { Moving } from './moving/moving.ts';
import { openStorage } from './storage/open-storage.ts';

/** Opens the storage that is configured for what moves out of it or into it. Unlike `openApp` it makes nothing there. */
export async function openMoving(config: Config, secrets: Secrets, overrides: Overrides = {}) {
  const { dataDir } = config;
  const { mongodbUrl, redisUrl } = secrets;
  const { clock = systemClock, ids = new Ids() } = overrides;
  const logger = overrides.logger ?? createLogger({ level: config.logLevel, format: config.logFormat, clock });
  const { sealingKey } = completeSecrets(secrets, dataDir, ids);
  const sealer = new Sealer(sealingKey, ids);
  const production = config.env === 'production';
  const storage = await openStorage({ mongodbUrl, redisUrl, dataDir, production, clock, ids, logger });
  const keyring = new Keyring({ store: storage.keys, sealer, clock });
  const kinds = listKinds({ stores: storage, requireReadable: (key) => requireReadable(keyring, key) });
  return {
    moving: new Moving({ kinds, clock }),
    async [Symbol.asyncDispose]() {
      await storage[Symbol.asyncDispose]();
      await logger.flush();
    },
  };
}

function requireReadable(keyring: Keyring, key: SigningKey): void {
  try {
    keyring.requireReadable(key);
  } catch (cause) {
    if (!(cause instanceof UnreadableKeyError)) throw cause;
    const message = `does not open the signing key ${key.kid} of the file: set it to that of the installation which was exported; where none was set, it is in secrets.json in the data folder there`;
    throw new InputError([{ field: 'CARDEA_SEALING_KEY', message }], { cause });
  }
}
