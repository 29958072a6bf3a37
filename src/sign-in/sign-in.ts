import type { AccountId, OrganizationId, PasskeyId, SignInId } from '../lib/ids.ts';

/** What a person has proved in this sign-in. Only a verifier writes one. */
export type Proof = {
  readonly accountId: AccountId;
  readonly at: Date;
} & (
  | { readonly method: 'password' }
  | {
      readonly method: 'passkey';
      readonly passkeyId: PasskeyId;
      readonly userVerified: boolean;
      /** Attested by its maker and not backup-eligible. */
      readonly hardware: boolean;
      /** It is on a phone, and the browser says that the device it runs on could hold one: a hint, to offer that. */
      readonly elsewhere?: boolean | undefined;
    }
  | { readonly method: 'totp' }
  | { readonly method: 'recovery-code' }
  | { readonly method: 'recovery-link' }
  | { readonly method: 'email-code' }
);

export type ProofMethod = Proof['method'];

/** What the authorization request demands beyond the policy. */
export interface Demand {
  /** Acceptable `acr` values, any of which will do; empty: none demanded. */
  readonly acr: readonly string[];
  /** True: end with an error rather than a weaker sign-in (OpenID Connect Core 1.0 §5.5.1.1). */
  readonly essential: boolean;
  /** Only this account may sign in: of an `id_token_hint` or a `sub` claim request. */
  readonly accountId?: AccountId | undefined;
}

/** One attempt to sign in, bound to one browser: the server-side record that collects proofs. */
export interface SignIn {
  /** The uid of the interaction it serves. */
  readonly id: SignInId;
  readonly organizationId?: OrganizationId | undefined;
  /** What the person typed as their e-mail; changing it drops every proof. */
  readonly identifier?: string | undefined;
  /** Whose sign-in it is: from the identifier or a passkey. Absent for an unknown e-mail too, which nothing shows. */
  readonly accountId?: AccountId | undefined;
  readonly proofs: readonly Proof[];
  readonly demand: Demand;
  /** The offer of a passkey was answered in this sign-in. */
  readonly offerAnswered: boolean;
  /** What became of the new recovery codes that were offered when the last one was spent in this sign-in. */
  readonly newCodes?: 'made' | 'declined' | undefined;
  /** Passkeys that were made in this sign-in. */
  readonly made: readonly PasskeyId[];
  readonly startedAt: Date;
  readonly expiresAt: Date;
  /** Starts at 1 and grows by one with each change. */
  readonly version: number;
}
