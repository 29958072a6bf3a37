import { calculateJwkThumbprint, exportJWK, generateKeyPair } from 'jose';
import type { KeyStore } from '../../src/keys/key-store.ts';
import { Ids } from '../../src/lib/ids.ts';
import { Sealer } from '../../src/lib/seal.ts';
import { DataFolder } from '../../src/storage/data-folder.ts';

interface Place {
  readonly keys: KeyStore;
  /** Of an installation that was given no sealing key, and has made its own. */
  readonly dataDir: string;
}

const ids = new Ids();

/** Stores one more key for ES256, as another process would; answers its kid. */
export async function addSigningKey({ keys, dataDir }: Place, activeFrom: Date): Promise<string> {
  const { privateKey } = await generateKeyPair('ES256', { extractable: true });
  const jwk = await exportJWK(privateKey);
  const kid = await calculateJwkThumbprint(jwk);
  const sealer = new Sealer(new DataFolder(dataDir).readOrMakeSecrets(ids).sealingKey, ids);
  const text = JSON.stringify({ ...jwk, kid, alg: 'ES256', use: 'sig' });
  const generation = (await keys.list()).length;
  const sealedPrivateJwk = sealer.seal(text, `signing-key:${kid}`);
  await keys.insert({ kid, algorithm: 'ES256', generation, sealedPrivateJwk, createdAt: activeFrom, activeFrom });
  return kid;
}
