/** Signing algorithms of tokens (RFC 7518 §3.1). */
export type SigningAlgorithm = 'ES256' | 'RS256';

export interface SigningKey {
  /** The JWK thumbprint (RFC 7638). */
  readonly kid: string;
  readonly algorithm: SigningAlgorithm;
  /** Counts the keys of one algorithm, from 1. It is taken once, so that of several processes that would make the next key one does. */
  readonly generation: number;
  /** The private JWK as JSON, sealed and bound to the kid. */
  readonly sealedPrivateJwk: Uint8Array;
  readonly createdAt: Date;
  /** It is published before and signs from this moment. */
  readonly activeFrom: Date;
  /** It signs nothing from this moment, but stays published until its last token has ended. */
  readonly retiredAt?: Date | undefined;
}

/** Durable. */
export interface KeyStore {
  /** False when the kid, or the generation of the algorithm, is taken. */
  insert(key: SigningKey): Promise<boolean>;
  /** Newest first; of every algorithm. */
  list(): Promise<readonly SigningKey[]>;
}
