import { calculateJwkThumbprint, exportJWK, generateKeyPair, type JWK } from 'jose';
import type { Clock } from '../lib/clock.ts';
import { digest } from '../lib/digest.ts';
import type { Sealer } from '../lib/seal.ts';
import type { KeyStore, SigningAlgorithm, SigningKey } from './key-store.ts';

const ALGORITHMS: readonly SigningAlgorithm[] = ['ES256', 'RS256'];
const RSA_BITS = 2048;
/** How often the store is read anew for the keys that other processes make at the same time. */
const MAX_TRIES = 20;

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

  /**
   * Makes a key for each algorithm that has none to sign with. Any number of processes may do so at once: one of them makes it, and all
   * have it then. Throws `UnreadableKeyError` before it makes any beside keys it cannot open.
   */
  async ensure(): Promise<void> {
    for (let tries = 0; tries < MAX_TRIES; tries += 1) {
      const keys = await this.#deps.store.list();
      for (const key of keys) this.#open(key);
      // Another process, whose clock is ahead, may have made one that seems to sign later only.
      const signing = new Set(keys.filter((key) => this.#rank(key) !== 2).map((key) => key.algorithm));
      const missing = ALGORITHMS.filter((algorithm) => !signing.has(algorithm));
      if (missing.length === 0) return;
      await Promise.all(missing.map((algorithm) => this.#makeNext(algorithm, keys)));
    }
    throw new Error('the store takes signing keys, but does not give them back');
  }

  /** Throws `UnreadableKeyError` when the sealing key does not open a key, wherever that is stored. */
  requireReadable(key: SigningKey): void {
    this.#open(key);
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

  /** Makes the key that comes after these, unless another process was faster. */
  async #makeNext(algorithm: SigningAlgorithm, keys: readonly SigningKey[]): Promise<void> {
    const generations = keys.filter((key) => key.algorithm === algorithm).map((key) => key.generation);
    const generation = Math.max(0, ...generations) + 1;
    const { privateKey } = await generateKeyPair(algorithm, { modulusLength: RSA_BITS, extractable: true });
    const jwk = await exportJWK(privateKey);
    const kid = await calculateJwkThumbprint(jwk);
    const now = this.#deps.clock.now();
    const sealedPrivateJwk = this.#deps.sealer.seal(
      JSON.stringify({ ...jwk, kid, alg: algorithm, use: 'sig' }),
      placeOf(kid),
    );
    await this.#deps.store.insert({ kid, algorithm, generation, sealedPrivateJwk, createdAt: now, activeFrom: now });
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
