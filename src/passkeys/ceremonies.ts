import {
  generateAuthenticationOptions,
  generateRegistrationOptions,
  verifyAuthenticationResponse,
  verifyRegistrationResponse,
} from '@simplewebauthn/server';
import {
  decodeAttestationObject,
  decodeClientDataJSON,
  decodeCredentialPublicKey,
} from '@simplewebauthn/server/helpers';
import type { PasskeyId } from '../lib/ids.ts';
import type { AuthenticationResponse, RegistrationResponse } from '../wire/ceremony-json.ts';
import type { Passkey } from './passkey-store.ts';
import { isUsablePublicKey, PASSKEY_ALGORITHMS } from './public-key.ts';

const TIMEOUT_MS = 300_000; // WebAuthn Level 3 §15.1
const MIN_ID_BYTES = 16;
const MAX_ID_BYTES = 1023; // WebAuthn Level 3 §7.1 step 25
const KNOWN_TRANSPORTS: readonly string[] = ['usb', 'nfc', 'ble', 'smart-card', 'hybrid', 'internal'];

/** Where a person wants the passkey to live, and what the library calls it. */
const AUTHENTICATOR_TYPES = {
  'this-device': 'localDevice',
  phone: 'remoteDevice',
  'security-key': 'securityKey',
} as const;

export type PasskeyPlace = keyof typeof AUTHENTICATOR_TYPES;

export type RegistrationOptions = Awaited<ReturnType<typeof generateRegistrationOptions>>;
export type AuthenticationOptions = Awaited<ReturnType<typeof generateAuthenticationOptions>>;

/** What authenticators and password managers learn of an account. */
export interface PasskeyOwner {
  readonly userHandle: Uint8Array;
  /** What they list the passkey under: the e-mail, or `e-mail (organization)`. */
  readonly label: string;
  readonly displayName: string;
}

/** What an authenticator made: the part of a passkey that it decides. */
export type MadePasskey = Pick<
  Passkey,
  'id' | 'rpId' | 'publicKey' | 'counter' | 'backupEligible' | 'backedUp' | 'aaguid' | 'transports' | 'attestation'
>;

interface RegistrationAnswer {
  readonly response: RegistrationResponse;
  readonly challenge: string;
  /** Of a conditional create, in which nobody need be present (WebAuthn Level 3 §5.1.3 step 22). */
  readonly silent?: boolean | undefined;
}

interface AuthenticationAnswer {
  readonly response: AuthenticationResponse;
  readonly challenge: string;
  readonly passkey: Passkey;
  /** Of the passkey's owner. */
  readonly userHandle: Uint8Array;
  /** Nobody had said whose passkey it would be, so the authenticator must name the account (WebAuthn Level 3 §7.2 step 6). */
  readonly discoverable: boolean;
}

/** `cause` is for the log only. */
interface Refused {
  readonly type: 'refused';
  readonly cause: unknown;
}

export type RegistrationOutcome =
  | { readonly type: 'verified'; readonly made: MadePasskey; readonly userVerified: boolean }
  | Refused;

export type AuthenticationOutcome =
  | { readonly type: 'verified'; readonly counter: number; readonly backedUp: boolean; readonly userVerified: true }
  | (Refused & { readonly alert?: 'backup-eligibility-changed' });

/**
 * The two WebAuthn ceremonies of one relying party, without memory: challenges and passkeys are given in.
 * Whatever the library does not check is checked here, and whatever it throws is a refusal. User verification is always demanded, except
 * of a passkey that is made silently.
 */
export class Ceremonies {
  readonly #rpId: string;
  readonly #origins: readonly string[];

  /** `origins` begins with where the pages are served from, whose host `rpId` is, or a registrable suffix of it; others are related to it. */
  constructor({ rpId, origins }: { readonly rpId: string; readonly origins: readonly string[] }) {
    this.#rpId = rpId;
    this.#origins = origins;
  }

  /** What a browser needs to make a passkey. `challenge` is 32 bytes in base64url. */
  registrationOptions(request: {
    readonly account: PasskeyOwner;
    readonly organizationName: string;
    readonly challenge: string;
    readonly exclude: readonly Passkey[];
    readonly where?: PasskeyPlace | undefined;
    readonly silent?: boolean | undefined;
  }): Promise<RegistrationOptions> {
    const { account, where, silent } = request;
    return generateRegistrationOptions({
      rpName: request.organizationName,
      rpID: this.#rpId,
      userID: new Uint8Array(account.userHandle),
      userName: account.label,
      userDisplayName: account.displayName,
      challenge: toBytes(request.challenge),
      timeout: TIMEOUT_MS,
      attestationType: 'none',
      excludeCredentials: request.exclude.map(toDescriptor),
      // A fresh object each time: the library writes into it, and into its own default when there is none.
      authenticatorSelection: { residentKey: 'required', userVerification: silent ? 'preferred' : 'required' },
      supportedAlgorithmIDs: [...PASSKEY_ALGORITHMS],
      ...(where && { preferredAuthenticatorType: AUTHENTICATOR_TYPES[where] }),
    });
  }

  /** Judges what a browser answered to `registrationOptions` with that challenge. */
  async verifyRegistration(answer: RegistrationAnswer): Promise<RegistrationOutcome> {
    try {
      return { type: 'verified', ...(await this.#readMadePasskey(answer)) };
    } catch (cause) {
      return { type: 'refused', cause };
    }
  }

  /** What a browser needs to use a passkey; without `allow` the person chooses among those that it knows. */
  authenticationOptions(request: {
    readonly challenge: string;
    readonly allow?: readonly Passkey[] | undefined;
  }): Promise<AuthenticationOptions> {
    return generateAuthenticationOptions({
      rpID: this.#rpId,
      challenge: toBytes(request.challenge),
      timeout: TIMEOUT_MS,
      userVerification: 'required',
      ...(request.allow && { allowCredentials: request.allow.map(toDescriptor) }),
    });
  }

  /** Judges what a browser answered to `authenticationOptions` with that challenge. */
  async verifyAuthentication(answer: AuthenticationAnswer): Promise<AuthenticationOutcome> {
    try {
      return await this.#verifyUse(answer);
    } catch (cause) {
      return { type: 'refused', cause };
    }
  }

  async #readMadePasskey(answer: RegistrationAnswer) {
    const { response, challenge, silent = false } = answer;
    ensureOwnPage(response.response.clientDataJSON);
    ensureNoAttestation(response.response.attestationObject);
    const { verified, registrationInfo } = await verifyRegistrationResponse({
      response: withoutHints(response),
      expectedChallenge: challenge,
      expectedOrigin: [...this.#origins],
      expectedRPID: this.#rpId,
      supportedAlgorithmIDs: [...PASSKEY_ALGORITHMS],
      requireUserPresence: !silent,
      requireUserVerification: !silent,
    });
    ensure(verified && (silent || registrationInfo.userVerified), 'the person was not verified');
    const { id, publicKey, counter } = registrationInfo.credential;
    ensure(id === response.id, 'the id is not the one that was made');
    const idLength = toBytes(id).length;
    ensure(idLength >= MIN_ID_BYTES && idLength <= MAX_ID_BYTES, 'the id has an unusual length');
    ensure(isUsablePublicKey(publicKey, decodeCredentialPublicKey(publicKey)), 'the key is unusable');
    const made: MadePasskey = {
      id: id as PasskeyId, // it has just been verified to be one
      rpId: this.#rpId,
      publicKey,
      counter,
      backupEligible: registrationInfo.credentialDeviceType === 'multiDevice',
      backedUp: registrationInfo.credentialBackedUp,
      aaguid: registrationInfo.aaguid,
      transports: KNOWN_TRANSPORTS.filter((transport) => response.response.transports?.includes(transport)),
      attestation: 'none',
    };
    return { made, userVerified: registrationInfo.userVerified };
  }

  async #verifyUse(answer: AuthenticationAnswer): Promise<AuthenticationOutcome> {
    const { response, challenge, passkey } = answer;
    ensureOwnPage(response.response.clientDataJSON);
    ensure(response.id === passkey.id, 'another passkey answered');
    ensure(passkey.rpId === this.#rpId, 'the passkey was made for another RP ID');
    ensureOwner(response.response.userHandle, answer);
    const { verified, authenticationInfo } = await verifyAuthenticationResponse({
      response: withoutHints(response),
      expectedChallenge: challenge,
      expectedOrigin: [...this.#origins],
      expectedRPID: this.#rpId,
      credential: { id: passkey.id, publicKey: new Uint8Array(passkey.publicKey), counter: passkey.counter },
    });
    ensure(verified, 'the signature is wrong');
    ensure(authenticationInfo.userVerified, 'the person was not verified');
    if ((authenticationInfo.credentialDeviceType === 'multiDevice') !== passkey.backupEligible) {
      const cause = new Error('the backup eligibility changed'); // WebAuthn Level 3 §7.2 step 19
      return { type: 'refused', cause, alert: 'backup-eligibility-changed' };
    }
    const { newCounter, credentialBackedUp } = authenticationInfo;
    return { type: 'verified', counter: newCounter, backedUp: credentialBackedUp, userVerified: true };
  }
}

/** The challenge that an answer says to be for, unchecked; empty when it names none. */
export function readChallenge(answer: RegistrationResponse | AuthenticationResponse): string {
  try {
    const { challenge }: { challenge: unknown } = decodeClientDataJSON(answer.response.clientDataJSON);
    return typeof challenge === 'string' ? challenge : '';
  } catch {
    return ''; // no JSON, or no object
  }
}

function ensure(condition: boolean, complaint: string): asserts condition {
  if (!condition) throw new Error(complaint);
}

/** The library lets a page of another origin frame ours (WebAuthn Level 3 §7.1 step 10 and §7.2 step 14), and this product is never framed. */
function ensureOwnPage(clientDataJSON: string): void {
  const { crossOrigin, topOrigin } = decodeClientDataJSON(clientDataJSON);
  ensure((crossOrigin === undefined || crossOrigin === false) && topOrigin === undefined, 'the page was framed');
}

/**
 * None is asked for, so browsers send `none`, or self attestation where that tells nothing about a person (WebAuthn Level 3 §5.1.3).
 * Anything else would make the library read certificates and fetch the revocation lists that they name.
 */
function ensureNoAttestation(attestationObject: string): void {
  const decoded = decodeAttestationObject(toBytes(attestationObject));
  const isSelfAttested = decoded.get('fmt') === 'packed' && decoded.get('attStmt').get('x5c') === undefined;
  ensure(decoded.get('fmt') === 'none' || isSelfAttested, 'attestation was not asked for');
}

function ensureOwner(named: string | undefined, { userHandle, discoverable }: AuthenticationAnswer): void {
  if (named === undefined) ensure(!discoverable, 'the authenticator did not name the account');
  else ensure(toBytes(named).equals(userHandle), 'the authenticator named another account');
}

/** What the library reads of an answer. */
function withoutHints<Answer extends RegistrationResponse | AuthenticationResponse>(answer: Answer) {
  const { id, rawId, type } = answer;
  const response: Answer['response'] = answer.response;
  return { id, rawId, type, response, clientExtensionResults: {} };
}

function toDescriptor({ id, transports }: Passkey): { id: string; transports: string[] } {
  return { id, transports: [...transports] };
}

function toBytes(base64url: string): Buffer<ArrayBuffer> {
  return Buffer.from(base64url, 'base64url');
}
