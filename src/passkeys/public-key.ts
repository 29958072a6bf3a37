import { createPublicKey, type JsonWebKey, type KeyObject } from 'node:crypto';

/** Signature algorithms of passkeys that are asked for, the preferred first (IANA COSE Algorithms): EdDSA, ES256, RS256. */
export const PASSKEY_ALGORITHMS: readonly number[] = [-8, -7, -257];

/** Labels of a COSE_Key (RFC 9052 §7, RFC 9053 §7, RFC 8230 §4). */
const KEY_TYPE = 1;
const ALGORITHM = 3;
const CURVE_OR_MODULUS = -1;
const X_OR_EXPONENT = -2;
const Y = -3;

const MAX_BYTES = 2048;

/** A decoded COSE_Key. */
export interface CoseKey {
  get(label: number): unknown;
}

/**
 * Whether a key that an authenticator made can ever verify a signature: its type fits its algorithm, a point lies on its curve,
 * an RSA key has a usual size. Without attestation nobody else looks at the key before it is stored.
 */
export function isUsablePublicKey(bytes: Uint8Array, key: CoseKey): boolean {
  const jwk = toJwk(key);
  if (bytes.length > MAX_BYTES || jwk === undefined) return false;
  try {
    return hasUsualSize(createPublicKey({ key: jwk, format: 'jwk' }));
  } catch {
    return false; // OpenSSL says in this way that it is no key
  }
}

function toJwk(key: CoseKey): JsonWebKey | undefined {
  const type = key.get(KEY_TYPE);
  const first = key.get(CURVE_OR_MODULUS);
  const second = toBase64url(key.get(X_OR_EXPONENT));
  switch (key.get(ALGORITHM)) {
    case -8:
      return type === 1 && first === 6 ? { kty: 'OKP', crv: 'Ed25519', x: second } : undefined;
    case -7:
      return type === 2 && first === 1 ? { kty: 'EC', crv: 'P-256', x: second, y: toBase64url(key.get(Y)) } : undefined;
    case -257:
      return type === 3 ? { kty: 'RSA', n: toBase64url(first), e: second } : undefined;
    default:
      return undefined;
  }
}

function toBase64url(value: unknown): string {
  return value instanceof Uint8Array ? Buffer.from(value).toString('base64url') : '';
}

function hasUsualSize({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): boolean {
  if (asymmetricKeyType !== 'rsa') return true;
  const { modulusLength = 0, publicExponent = 0n } = asymmetricKeyDetails ?? {};
  return modulusLength >= 2048 && modulusLength <= 8192 && publicExponent >= 65537n && publicExponent < 2n ** 32n;
}
