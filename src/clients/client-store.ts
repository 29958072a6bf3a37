import type { Page, PageRequest } from '../lib/cursor.ts';
import type { ClientId } from '../lib/ids.ts';

export interface ClientSecret {
  /** SHA-256 of the secret, base64url. The secret itself has 256 random bits, so a slow hash would add nothing. */
  readonly digest: string;
  /** Its last four characters, so that people can tell secrets apart. */
  readonly lastFour: string;
  readonly createdAt: Date;
  readonly expiresAt?: Date | undefined;
}

/** An API, as a client that may ask access tokens for it knows it. */
export interface ClientResource {
  /** Its resource indicator (RFC 8707 §2), which is the audience of its tokens; compared as exact text. */
  readonly indicator: string;
  /** What the client may ask for there. None of them is a standard scope. */
  readonly scopes: readonly string[];
}

/** What this installation decides about a client, beside the standard metadata. */
export interface ClientSettings {
  /** False lets a confidential client leave PKCE out. */
  readonly requirePkce: boolean;
  /** `skip` for applications of the operator's own. */
  readonly consent: 'ask' | 'skip';
  /** Put the claims of the granted scopes into ID tokens too, for relying parties that never call userinfo. */
  readonly scopeClaimsInIdToken: boolean;
  /** The APIs it may ask access tokens for, each once. */
  readonly resources: readonly ClientResource[];
}

/** A relying application. */
export interface Client {
  readonly id: ClientId;
  readonly name: string;
  /** Client metadata as of OpenID Connect Dynamic Client Registration 1.0 §2, without `client_id` and `client_secret`. */
  readonly metadata: { readonly [name: string]: unknown };
  readonly settings: ClientSettings;
  readonly secrets: readonly ClientSecret[];
  readonly disabledAt?: Date | undefined;
  readonly createdAt: Date;
  readonly updatedAt: Date;
  /** Starts at 1 and grows by one with each change. */
  readonly version: number;
}

/** Durable. */
export interface ClientStore {
  /** False when the id is taken. */
  insert(client: Client): Promise<boolean>;
  find(id: ClientId): Promise<Client | undefined>;
  /** Replaces the client whose stored version is one less than the given one, in one step; false when it is not. */
  update(client: Client): Promise<boolean>;
  /** False when there is none. */
  delete(id: ClientId): Promise<boolean>;
  /** Ordered by creation, then id. */
  list(page: PageRequest): Promise<Page<Client>>;
}
