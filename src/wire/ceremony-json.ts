import { z } from 'zod';

/** Base64url without padding (RFC 4648 §5) of at most `maxBytes` bytes. */
function base64url(maxBytes: number) {
  return z
    .string()
    .min(1)
    .max(Math.ceil((maxBytes * 4) / 3))
    .regex(/^[A-Za-z0-9_-]+$/);
}

const credentialId = base64url(1023);
const clientDataJSON = base64url(4 * 1024);

/** What both ceremonies answer. The last two are let through but not read: a hint, and results of extensions that nobody relies on. */
const envelope = {
  id: credentialId,
  rawId: credentialId,
  type: z.literal('public-key'),
  authenticatorAttachment: z.string().nullish(),
  clientExtensionResults: z.record(z.string(), z.unknown()),
};

/** `RegistrationResponseJSON` (WebAuthn Level 3 §5.1.9), as browsers and @simplewebauthn/browser send it. */
export const registrationResponseSchema = z.strictObject({
  ...envelope,
  response: z.strictObject({
    clientDataJSON,
    attestationObject: base64url(32 * 1024),
    transports: z.array(z.string()).exactOptional(),
    // What browsers repeat of the attestation object; the object itself is what counts.
    authenticatorData: base64url(32 * 1024).exactOptional(),
    publicKey: base64url(4 * 1024).exactOptional(),
    publicKeyAlgorithm: z.int().exactOptional(),
  }),
});

/** `AuthenticationResponseJSON` (WebAuthn Level 3 §5.1.9), as browsers and @simplewebauthn/browser send it. */
export const authenticationResponseSchema = z.strictObject({
  ...envelope,
  response: z.strictObject({
    clientDataJSON,
    authenticatorData: base64url(4 * 1024),
    signature: base64url(4 * 1024),
    userHandle: base64url(64).exactOptional(),
  }),
});

export type RegistrationResponse = z.infer<typeof registrationResponseSchema>;
export type AuthenticationResponse = z.infer<typeof authenticationResponseSchema>;
