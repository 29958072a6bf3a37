import { createPublicKey, type KeyObject } from 'node:crypto';
import { z } from 'zod';

const MAX_KEYS = 10;
const MIN_RSA_BITS = 2048;
/** The smallest public exponent that FIPS 186-5 §5.1 allows is above 2^16. */
const MIN_RSA_EXPONENT = 65_537n;
const CURVES: ReadonlySet<string> = new Set(['prime256v1', 'secp384r1', 'secp521r1']);
/** Members of private and symmetric keys (RFC 7518 §6). */
const PRIVATE_MEMBERS = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k', 'priv'] as const;

const publicJwkSchema = z.looseObject({ kty: z.string('must be text') }).superRefine((jwk, context) => {
  const fault = findKeyFault(jwk);
  if (fault) context.addIssue({ code: 'custom', message: fault });
});

/** A client's public keys (RFC 7517 §5), which check its assertions. */
export const clientJwksSchema = z.object(
  {
    keys: z
      .array(publicJwkSchema, 'must be a list of keys')
      .min(1, 'must have a key')
      .max(MAX_KEYS, `must not have more than ${MAX_KEYS} keys`),
  },
  'must be a JWK Set: an object with a list of keys',
);

function findKeyFault(jwk: { readonly kty: string; readonly [member: string]: unknown }): string | undefined {
  if (jwk.kty === 'oct') return 'is a shared secret; only public keys are accepted';
  if (PRIVATE_MEMBERS.some((member) => jwk[member] !== undefined)) {
    return 'is a private key, which only the client itself may have; give the public one';
  }
  try {
    return findStrengthFault(createPublicKey({ key: jwk, format: 'jwk' }));
  } catch {
    return 'is not a key that can be read';
  }
}

function findStrengthFault(key: KeyObject): string | undefined {
  const { modulusLength = 0, publicExponent = 0n, namedCurve = '' } = key.asymmetricKeyDetails ?? {};
  switch (key.asymmetricKeyType) {
    case 'rsa':
      if (modulusLength < MIN_RSA_BITS) return `has fewer than ${MIN_RSA_BITS} bits`;
      if (publicExponent < MIN_RSA_EXPONENT || publicExponent % 2n === 0n) return 'has a weak public exponent';
      return undefined;
    case 'ec':
      return CURVES.has(namedCurve) ? undefined : 'must be on the curve P-256, P-384 or P-521';
    case 'ed25519':
      return undefined;
    default:
      return 'must be an RSA, EC or Ed25519 key';
  }
}
