import { Signer } from '../lib/signer.ts';

/**
 * Signs oidc-provider's cookies in the place of Keygrip, which would use SHA-1 and make two random keys to compare each signature. Of the
 * keys the first signs, and each of them verifies.
 */
export class CookieSigner {
  readonly #signers: readonly Signer[];

  constructor(keys: readonly string[]) {
    if (keys.length === 0) throw new TypeError('a cookie signer needs a key');
    this.#signers = keys.map((key) => new Signer([key]));
  }

  sign(cookie: string): string {
    return this.#signers[0]?.sign('cookie', cookie) ?? '';
  }

  verify(cookie: string, signature: string): boolean {
    return this.index(cookie, signature) >= 0;
  }

  /** Which key signed it, -1 for none: what an older key signed is signed anew. */
  index(cookie: string, signature: string): number {
    return this.#signers.findIndex((signer) => signer.verify('cookie', cookie, signature));
  }
}
