import { generateKeyPairSync, hash, type KeyObject, randomBytes, sign } from 'node:crypto';
import { type CborMap, type CborValue, encodeCbor } from './cbor.ts';

const ALGORITHM_IDS = { EdDSA: -8, ES256: -7, RS256: -257 } as const;

type Algorithm = keyof typeof ALGORITHM_IDS;

/** What it reads of the options to make a passkey. */
export interface CreationOptions {
  readonly challenge: string;
  readonly rp: { readonly id?: string };
  readonly user: { readonly id: string };
  readonly pubKeyCredParams: readonly { readonly alg: number }[];
  readonly excludeCredentials?: readonly { readonly id: string }[];
}

/** What it reads of the options to use one. */
export interface RequestOptions {
  readonly challenge: string;
  readonly rpId?: string;
  readonly allowCredentials?: readonly { readonly id: string }[];
}

/** Ways to lie about what the page and the authenticator saw. */
interface CommonOverrides {
  readonly type?: string;
  readonly challenge?: string;
  readonly crossOrigin?: boolean;
  readonly topOrigin?: string;
  /** Whose hash goes into the authenticator data. */
  readonly rpId?: string;
  readonly userPresent?: boolean;
  readonly userVerified?: boolean;
  readonly backupEligible?: boolean;
  readonly backedUp?: boolean;
  readonly counter?: number;
  /** The id in the JSON. */
  readonly id?: string;
}

export interface CreationOverrides extends CommonOverrides {
  /** The id that is made, in the authenticator data as well. */
  readonly credentialId?: Uint8Array;
  /** Makes a key of this kind whatever was asked for. */
  readonly algorithm?: Algorithm;
  /** Edits the COSE_Key. */
  readonly editKey?: (key: CborMap) => CborMap;
  readonly transports?: readonly string[];
  /** Bytes after the credential data, where nothing belongs. */
  readonly trailingBytes?: Uint8Array;
  /** In place of `none`: self attestation (WebAuthn Level 3 §6.5.4), or any format and statement. */
  readonly attestation?: 'self' | { readonly format: string; readonly statement: CborMap };
  /** In place of everything that was made. */
  readonly attestationObject?: Uint8Array;
}

export interface RequestOverrides extends CommonOverrides {
  /** `null` leaves it out. */
  readonly userHandle?: string | null;
  readonly signature?: Uint8Array;
  /** Signs with the passkey of this id, whatever id is claimed. */
  readonly signWith?: string;
}

/** An answer as `PublicKeyCredential.toJSON()` gives it. */
export interface CeremonyJson<Response> {
  id: string;
  rawId: string;
  type: 'public-key';
  authenticatorAttachment: string;
  clientExtensionResults: Record<string, unknown>;
  response: Response;
}

export type RegistrationJson = CeremonyJson<{
  clientDataJSON: string;
  attestationObject: string;
  authenticatorData: string;
  publicKey: string;
  publicKeyAlgorithm: number;
  transports: string[];
}>;

export type AuthenticationJson = CeremonyJson<{
  clientDataJSON: string;
  authenticatorData: string;
  signature: string;
  userHandle?: string;
}>;

interface Credential {
  readonly id: string;
  readonly rpId: string;
  readonly userHandle: string;
  readonly privateKey: KeyObject;
  counter: number;
}

interface Traits {
  readonly aaguid: string;
  readonly backupEligible: boolean;
  readonly backedUp: boolean;
  /** Synced passkeys report zero for ever. */
  readonly counter: 'zero' | 'counting';
  readonly algorithm: Algorithm;
}

/** A passkey authenticator and the browser in front of it, in software: verifies its user, keeps its passkeys, and lies when told to. */
export class Authenticator {
  readonly #traits: Traits;
  readonly #credentials: Credential[] = [];

  constructor(traits: Partial<Traits> = {}) {
    this.#traits = {
      aaguid: '00000000-0000-0000-0000-000000000000',
      backupEligible: true,
      backedUp: true,
      counter: 'zero',
      algorithm: 'ES256',
      ...traits,
    };
  }

  /** Makes a passkey, as `navigator.credentials.create` does; throws where a browser would. */
  create(
    options: CreationOptions,
    { origin, overrides = {} }: { readonly origin: string; readonly overrides?: CreationOverrides },
  ): RegistrationJson {
    if (options.excludeCredentials?.some(({ id }) => this.#find(id))) throw new DOMException('', 'InvalidStateError');
    const algorithm = overrides.algorithm ?? this.#traits.algorithm;
    if (!overrides.algorithm && !options.pubKeyCredParams.some(({ alg }) => alg === ALGORITHM_IDS[algorithm])) {
      throw new DOMException('', 'NotSupportedError');
    }
    const { publicKey, privateKey } = makeKeyPair(algorithm);
    const id = Buffer.from(overrides.credentialId ?? randomBytes(32));
    const rpId = options.rp.id ?? new URL(origin).hostname;
    const credential = { id: id.toString('base64url'), rpId, userHandle: options.user.id, privateKey, counter: 0 };
    this.#credentials.push(credential);

    const coseKey = toCoseKey(algorithm, publicKey);
    const authenticatorData = Buffer.concat([
      this.#buildData(credential, overrides, 0x40),
      Buffer.from(this.#traits.aaguid.replaceAll('-', ''), 'hex'),
      Buffer.from([id.length >> 8, id.length & 0xff]),
      id,
      encodeCbor(overrides.editKey?.(coseKey) ?? coseKey),
      overrides.trailingBytes ?? Buffer.alloc(0),
    ]);
    const clientDataJSON = buildClientData(
      { type: 'webauthn.create', challenge: options.challenge, origin },
      overrides,
    );
    const signature = signCeremony(privateKey, authenticatorData, clientDataJSON);
    const attestation = buildAttestation(overrides.attestation, algorithm, signature);
    const attestationObject = encodeCbor(new Map([...attestation, ['authData', authenticatorData]]));
    return buildJson(overrides.id ?? credential.id, {
      clientDataJSON,
      attestationObject: Buffer.from(overrides.attestationObject ?? attestationObject).toString('base64url'),
      authenticatorData: authenticatorData.toString('base64url'),
      publicKey: publicKey.export({ format: 'der', type: 'spki' }).toString('base64url'),
      publicKeyAlgorithm: ALGORITHM_IDS[algorithm],
      transports: [...(overrides.transports ?? ['internal', 'hybrid'])],
    });
  }

  /** Uses the passkey that is asked for, or the newest one of the relying party, as `navigator.credentials.get` does; throws where a browser would. */
  get(
    options: RequestOptions,
    { origin, overrides = {} }: { readonly origin: string; readonly overrides?: RequestOverrides },
  ): AuthenticationJson {
    const rpId = options.rpId ?? new URL(origin).hostname;
    const allowed = options.allowCredentials?.map(({ id }) => id);
    const credential = overrides.signWith
      ? this.#find(overrides.signWith)
      : this.#credentials.findLast((each) => each.rpId === rpId && (!allowed?.length || allowed.includes(each.id)));
    if (!credential) throw new DOMException('', 'NotAllowedError');
    if (this.#traits.counter === 'counting') credential.counter += 1;

    const clientDataJSON = buildClientData({ type: 'webauthn.get', challenge: options.challenge, origin }, overrides);
    const authenticatorData = this.#buildData(credential, overrides, 0);
    const signature = overrides.signature ?? signCeremony(credential.privateKey, authenticatorData, clientDataJSON);
    const userHandle = overrides.userHandle === undefined ? credential.userHandle : overrides.userHandle;
    return buildJson(overrides.id ?? credential.id, {
      clientDataJSON,
      authenticatorData: authenticatorData.toString('base64url'),
      signature: Buffer.from(signature).toString('base64url'),
      ...(userHandle !== null && { userHandle }),
    });
  }

  #find(id: string): Credential | undefined {
    return this.#credentials.find((credential) => credential.id === id);
  }

  /** RP ID hash, flags and counter (WebAuthn Level 3 §6.1). */
  #buildData(credential: Credential, overrides: CommonOverrides, moreFlags: number): Buffer {
    const { backupEligible, backedUp } = this.#traits;
    const flags =
      ((overrides.userPresent ?? true) ? 0x01 : 0) |
      ((overrides.userVerified ?? true) ? 0x04 : 0) |
      ((overrides.backupEligible ?? backupEligible) ? 0x08 : 0) |
      ((overrides.backedUp ?? (backupEligible && backedUp)) ? 0x10 : 0) |
      moreFlags;
    const counter = Buffer.alloc(4);
    counter.writeUInt32BE(overrides.counter ?? credential.counter);
    return Buffer.concat([sha256(Buffer.from(overrides.rpId ?? credential.rpId)), Buffer.from([flags]), counter]);
  }
}

/** `CollectedClientData` as browsers write it (WebAuthn Level 3 §5.8.1.1). */
function buildClientData(
  seen: { readonly type: string; readonly challenge: string; readonly origin: string },
  { type = seen.type, challenge = seen.challenge, crossOrigin = false, topOrigin }: CommonOverrides,
): string {
  const clientData = { type, challenge, origin: seen.origin, crossOrigin, topOrigin };
  return Buffer.from(JSON.stringify(clientData)).toString('base64url');
}

function buildJson<Response>(id: string, response: Response): CeremonyJson<Response> {
  return {
    id,
    rawId: id,
    type: 'public-key',
    authenticatorAttachment: 'platform',
    clientExtensionResults: { credProps: { rk: true } },
    response,
  };
}

/** What a signature covers is the same in both ceremonies (WebAuthn Level 3 §6.3.3). */
function signCeremony(key: KeyObject, authenticatorData: Uint8Array, clientDataJSON: string): Buffer {
  const signed = Buffer.concat([authenticatorData, sha256(Buffer.from(clientDataJSON, 'base64url'))]);
  return sign(key.asymmetricKeyType === 'ed25519' ? null : 'sha256', signed, key);
}

/** Format and statement (WebAuthn Level 3 §8.2 and §8.7). */
function buildAttestation(
  attestation: CreationOverrides['attestation'],
  algorithm: Algorithm,
  signature: Uint8Array,
): ReadonlyMap<string, CborValue> {
  if (attestation === 'self') {
    const statement = new Map<string, CborValue>([
      ['alg', ALGORITHM_IDS[algorithm]],
      ['sig', signature],
    ]);
    return buildAttestation({ format: 'packed', statement }, algorithm, signature);
  }
  const { format = 'none', statement = new Map() } = attestation ?? {};
  return new Map<string, CborValue>([
    ['fmt', format],
    ['attStmt', statement],
  ]);
}

function makeKeyPair(algorithm: Algorithm): { publicKey: KeyObject; privateKey: KeyObject } {
  if (algorithm === 'EdDSA') return generateKeyPairSync('ed25519');
  if (algorithm === 'ES256') return generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return generateKeyPairSync('rsa', { modulusLength: 2048 });
}

/** RFC 9053 §7 and RFC 8230 §4. */
export function toCoseKey(algorithm: Algorithm, publicKey: KeyObject): CborMap {
  const jwk = publicKey.export({ format: 'jwk' });
  const bytes = (member: string | undefined) => Buffer.from(member ?? '', 'base64url');
  const key = new Map<number, CborValue>();
  if (algorithm === 'RS256') return key.set(1, 3).set(3, -257).set(-1, bytes(jwk.n)).set(-2, bytes(jwk.e));
  if (algorithm === 'EdDSA') return key.set(1, 1).set(3, -8).set(-1, 6).set(-2, bytes(jwk.x));
  return key.set(1, 2).set(3, -7).set(-1, 1).set(-2, bytes(jwk.x)).set(-3, bytes(jwk.y));
}

function sha256(bytes: Uint8Array): Buffer {
  return hash('sha256', bytes, 'buffer');
}
