import { calculateJwkThumbprint, exportJWK, generateKeyPair, type JWK } from 'jose';
import type { Clock } from '../lib/clock.ts';
import { digest } from '../lib/digest.ts';
import type { Sealer } from '../lib/seal.ts';
import type { KeyStore, SigningAlgorithm, SigningKey } from './key-store.ts';

const ALGORITHMS: readonly SigningAlgorithm[] = ['ES256', 'RS256'];
const RSA_BITS = 2048;

interface Deps {
  readonly store: KeyStore;
  readonly sealer: Sealer;
  readonly clock: Clock;
}

/** A stored signing key cannot be read: the sealing key is not the one it was sealed with, or the key was altered. */
export class UnreadableKeyError extends Error {
  constructor(kid: string, cause: unknown) {
    super(
      `the sealing key does not open the stored signing key ${kid}: check that the settings name the sealing key of this installation`,
      { cause },
    );
    this.name = 'UnreadableKeyError';
  }
}

/** The keys that sign tokens. The private ones are stored sealed, each bound to its own row. */
export class Keyring {
  readonly #deps: Deps;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /** Makes a key for each algorithm that has none to sign with. Throws `UnreadableKeyError` before it makes any beside keys it cannot open. */
  async ensure(): Promise<void> {
    const keys = await this.#deps.store.list();
    for (const key of keys) this.#open(key);
    const signing = new Set(keys.filter((key) => this.#rank(key) === 0).map((key) => key.algorithm));
    await Promise.all(ALGORITHMS.filter((algorithm) => !signing.has(algorithm)).map((one) => this.#make(one)));
  }

  /**
   * The private keys in the order in which oidc-provider looks for one to sign with: of each algorithm the newest active one first.
   * The others are there to be published: those that sign later, and those that signed before. Throws `UnreadableKeyError`.
   */
  async signingJwks(): Promise<readonly JWK[]> {
    return (await this.#listInOrder()).map((key) => this.#open(key));
  }

  /** A text that changes whenever `signingJwks` would answer something else, be it only by the passing of time. */
  async version(): Promise<string> {
    return digest((await this.#listInOrder()).map((key) => key.kid).join(' '));
  }

  async #listInOrder(): Promise<readonly SigningKey[]> {
    const keys = await this.#deps.store.list();
    return keys.toSorted(
      (left, right) =>
        this.#rank(left) - this.#rank(right) ||
        right.activeFrom.getTime() - left.activeFrom.getTime() ||
        left.kid.localeCompare(right.kid, 'en'),
    );
  }

  /** 0: it signs now. 1: it signs later. 2: it signed before. */
  #rank({ activeFrom, retiredAt }: SigningKey): 0 | 1 | 2 {
    const now = this.#deps.clock.now();
    if (retiredAt !== undefined && retiredAt <= now) return 2;
    return activeFrom <= now ? 0 : 1;
  }

  async #make(algorithm: SigningAlgorithm): Promise<void> {
    const { privateKey } = await generateKeyPair(algorithm, { modulusLength: RSA_BITS, extractable: true });
    const jwk = await exportJWK(privateKey);
    const kid = await calculateJwkThumbprint(jwk);
    const now = this.#deps.clock.now();
    const sealedPrivateJwk = this.#deps.sealer.seal(
      JSON.stringify({ ...jwk, kid, alg: algorithm, use: 'sig' }),
      placeOf(kid),
    );
    await this.#deps.store.insert({ kid, algorithm, sealedPrivateJwk, createdAt: now, activeFrom: now });
  }

  #open(key: SigningKey): JWK {
    try {
      return JSON.parse(this.#deps.sealer.open(key.sealedPrivateJwk, placeOf(key.kid)));
    } catch (cause) {
      throw new UnreadableKeyError(key.kid, cause);
    }
  }
}

function placeOf(kid: string): string {
  return `signing-key:${kid}`;
}
