import { randomBytes } from 'node:crypto';

/** The only source of randomness; tests pass one that repeats. */
export type RandomBytes = (length: number) => Uint8Array;

const POOL_BYTES = 4096;

declare const brand: unique symbol;
type Branded<Name extends string> = string & { readonly [brand]: Name };

export type OrganizationId = Branded<'OrganizationId'>;
export type AccountId = Branded<'AccountId'>;
/** A WebAuthn credential id in base64url, as browsers and authenticators name it. */
export type PasskeyId = Branded<'PasskeyId'>;
export type ClientId = Branded<'ClientId'>;
export type SignInId = Branded<'SignInId'>;
export type MailId = Branded<'MailId'>;
export type AuditEventId = Branded<'AuditEventId'>;

/** Makes every identifier and every secret of the installation. */
export class Ids {
  readonly #randomBytes: RandomBytes;

  constructor(source: RandomBytes = createPool()) {
    this.#randomBytes = source;
  }

  /** A fresh public identifier of 128 random bits in base64url, 22 characters. */
  newId<Id extends string>(): Id {
    // On a command line a leading hyphen would make it an option.
    return this.newSecret(16).replace(/^-/, 'A') as Id; // the one place where a string becomes a branded id
  }

  /** A fresh secret in base64url; 32 bytes (256 bits, 43 characters) unless told otherwise. */
  newSecret(byteLength = 32): string {
    return Buffer.from(this.#randomBytes(byteLength)).toString('base64url');
  }

  /** So many fresh random digits, 15 at most. */
  newDigits(count: number): string {
    // Of 2^64 numbers the last few are left over, which makes a digit likelier by one in 10^4 at most, and by nothing that counts for eight.
    const number = Buffer.from(this.#randomBytes(8)).readBigUInt64BE() % 10n ** BigInt(count);
    return String(number).padStart(count, '0');
  }

  /** `byteLength` fresh random bytes. */
  newBytes(byteLength: number): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.#randomBytes(byteLength));
  }
}

/** Takes from the system's generator many values at a time, since each call of it costs more than making an id of what it answers. */
function createPool(): RandomBytes {
  let pool = randomBytes(0);
  return (length) => {
    if (pool.length < length) pool = randomBytes(Math.max(POOL_BYTES, length));
    const bytes = pool.subarray(0, length);
    pool = pool.subarray(length);
    return bytes;
  };
}
