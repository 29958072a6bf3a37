/** What the server answers to the scripts of the sign-in and registration pages; types only, shared by both. */

/** What a password manager should know about an account's passkeys (WebAuthn Level 3 §5.1.10). */
export interface PasskeySignals {
  readonly rpId: string;
  /** The account's WebAuthn user handle in base64url. */
  readonly userId: string;
  readonly name: string;
  readonly displayName: string;
  /** The ids of every passkey the account has. */
  readonly acceptedIds: readonly string[];
}

/** The ceremony succeeded: where the page goes next, a path of this server. */
export interface CeremonyDone {
  readonly location: string;
  readonly signals?: PasskeySignals | undefined;
}

/** The ceremony was refused, in words for the person. */
export interface CeremonyRefused {
  readonly error: string;
  readonly message: string;
  readonly next?: string | undefined;
  /** Why, where the page can do something about it. `unknown`: nobody owns the passkey, so the password manager may drop it. */
  readonly reason?: 'unknown' | undefined;
}
