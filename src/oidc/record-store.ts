/** The kinds of thing that oidc-provider stores, by its own names, and ours that go with them; clients have a store of their own. */
export type RecordKind =
  | 'Session'
  | 'Interaction'
  | 'Grant'
  | 'AuthorizationCode'
  | 'AccessToken'
  | 'RefreshToken'
  | 'ClientCredentials'
  | 'DeviceCode'
  | 'PushedAuthorizationRequest'
  | 'ReplayDetection'
  | 'BackchannelAuthenticationRequest'
  | 'Consent'
  | 'EndedSession';

/** Kinds whose loss would break a promise to a person or revive something spent: they are stored durably. */
export const DURABLE_KINDS: ReadonlySet<RecordKind> = new Set<RecordKind>([
  'Grant',
  'RefreshToken',
  'AuthorizationCode',
  'Consent',
]);

/** What is put into the store. */
export type NewRecord = Pick<StoredRecord, 'payload' | 'expiresAt'>;
/** With the id, for who did not know it. */
export type FoundRecord = StoredRecord & { readonly id: string };

export interface StoredRecord {
  /** JSON text. Ids and bearer values are not in it; what else is secret is sealed by the adapter. */
  readonly payload: string;
  readonly expiresAt: Date;
  readonly consumedAt?: Date | undefined;
}

/** By what else than its id a record is found or deleted. */
export interface RecordIndex {
  /** Of codes and refresh tokens their grant; of grants the consent that they are a part of. */
  readonly grantId?: string | undefined;
  /** Of sessions, consents, grants, codes, refresh tokens, and interactions in which somebody has signed in. */
  readonly accountId?: string | undefined;
  /** Of sessions. */
  readonly uid?: string | undefined;
  /** Of device codes. */
  readonly userCode?: string | undefined;
}

/** What oidc-provider keeps. `id` is always the digest of a bearer value, never the value. */
export interface RecordStore {
  /** Inserts or replaces; keeps `consumedAt` of what it replaces. */
  put(kind: RecordKind, id: string, record: NewRecord, index: RecordIndex): Promise<void>;
  /** Inserts in one step; false when a live record has the id. */
  putIfAbsent(kind: 'ReplayDetection', id: string, record: NewRecord): Promise<boolean>;
  /** Replaces a live record in one step; false when there is none, which then stays so. */
  replace(kind: 'Grant' | 'Consent', id: string, record: NewRecord, index: RecordIndex): Promise<boolean>;
  /** Absent and expired are undefined. */
  find(kind: RecordKind, id: string): Promise<StoredRecord | undefined>;
  /** Answers the id digest too, since the caller does not know it. */
  findByUid(uid: string): Promise<FoundRecord | undefined>;
  findByUserCode(userCode: string): Promise<FoundRecord | undefined>;
  /** Every live one of an account, in no order. */
  listByAccount(kind: 'Session' | 'Consent', accountId: string): Promise<readonly FoundRecord[]>;
  /** Marks it as used at `consumedAt`, in one step: of any number of callers at once, one gets true. Absent and expired are false. */
  consume(kind: RecordKind, id: string, consumedAt: Date): Promise<boolean>;
  delete(kind: RecordKind, id: string): Promise<void>;
  /**
   * Deletes every code and refresh token of the grant and, where its own record is named, the grant too, with which all dies that only
   * names it. Idempotent.
   */
  deleteByGrant(grantId: string, grantRecordId?: string): Promise<void>;
  /** Deletes a consent, and after it every grant that is a part of it, with which die their tokens. Idempotent. */
  deleteByConsent(consentId: string): Promise<void>;
  /** Deletes everything that is of an account by its index, except the session with uid `keepSessionUid`. */
  deleteByAccount(accountId: string, keepSessionUid?: string): Promise<void>;
}
