import { createHmac } from 'node:crypto';
import { equalsInConstantTime } from './digest.ts';

/** Vouches for text that leaves the server and comes back, with HMAC-SHA-256 (RFC 2104). The first key signs, each of them verifies. */
export class Signer {
  readonly #keys: readonly string[];

  constructor(keys: readonly string[]) {
    if (keys.length === 0) throw new TypeError('a signer needs a key');
    this.#keys = keys;
  }

  /** The signature of `text` for one `purpose`, base64url; it is worth nothing for another. */
  sign(purpose: string, text: string): string {
    return computeMac(this.#keys[0] ?? '', purpose, text);
  }

  verify(purpose: string, text: string, signature: string): boolean {
    return this.#keys.some((key) => equalsInConstantTime(computeMac(key, purpose, text), signature));
  }
}

function computeMac(key: string, purpose: string, text: string): string {
  return createHmac('sha256', key).update(`${purpose}\n${text}`).digest('base64url');
}
