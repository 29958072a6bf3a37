import { createCipheriv, createDecipheriv, createHmac, createSecretKey, hkdfSync, type KeyObject } from 'node:crypto';
import type { Ids } from './ids.ts';

const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** Encrypts what must be readable again, with AES-256-GCM (NIST SP 800-38D), and digests what must only be known again. */
export class Sealer {
  readonly #key: KeyObject;
  readonly #digestKey: KeyObject;
  readonly #ids: Ids;

  /** `key` has 32 bytes. */
  constructor(key: Uint8Array, ids: Ids) {
    if (key.length !== 32) throw new TypeError('a sealing key has 32 bytes');
    this.#key = createSecretKey(key); // bytes would be made one at each use
    this.#digestKey = createSecretKey(new Uint8Array(hkdfSync('sha256', key, '', 'digest', 32))); // RFC 5869: one key, one use
    this.#ids = ids;
  }

  /** Seals text so that it opens only in the row that `place` names (such as `totp:<account>`): a moved value is refused. */
  seal(text: string, place: string): Uint8Array<ArrayBuffer> {
    const nonce = this.#ids.newBytes(NONCE_BYTES);
    const cipher = createCipheriv('aes-256-gcm', this.#key, nonce).setAAD(Buffer.from(place));
    const body = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
    return new Uint8Array(Buffer.concat([nonce, cipher.getAuthTag(), body]));
  }

  /** Throws when the value was made with another key, for another place, or was altered. */
  open(sealed: Uint8Array, place: string): string {
    const nonce = sealed.subarray(0, NONCE_BYTES);
    const tag = sealed.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES);
    const decipher = createDecipheriv('aes-256-gcm', this.#key, nonce, { authTagLength: TAG_BYTES })
      .setAAD(Buffer.from(place))
      .setAuthTag(tag);
    return decipher.update(sealed.subarray(NONCE_BYTES + TAG_BYTES), undefined, 'utf8') + decipher.final('utf8');
  }

  /** HMAC-SHA-256 of text, base64url: the same in the same place, and without the key no guess at the text can be checked. */
  digest(text: string, place: string): string {
    return createHmac('sha256', this.#digestKey).update(`${place}\n${text}`).digest('base64url');
  }
}
