import type { RecordIndex, RecordKind, RecordStore, StoredRecord } from '../../oidc/record-store.ts';

/** The kinds of record that are kept here whole; of codes only that they are spent, see `SpentStore`. */
export type DurableKind = Extract<RecordKind, 'Grant' | 'RefreshToken'>;

/** The part of `RecordStore` that outlives a short-lived store, with the same promises. */
export interface DurableRecordStore {
  put(
    kind: DurableKind,
    id: string,
    record: Pick<StoredRecord, 'payload' | 'expiresAt'>,
    index: Pick<RecordIndex, 'grantId' | 'accountId'>,
  ): Promise<void>;
  find(kind: DurableKind, id: string): Promise<StoredRecord | undefined>;
  consume(kind: DurableKind, id: string, consumedAt: Date): Promise<boolean>;
  delete(kind: DurableKind, id: string): Promise<void>;
  /** Deletes every refresh token of the grant and, where its own record is named, before them the grant, with which they die. */
  deleteByGrant: RecordStore['deleteByGrant'];
  /** Deletes every grant and refresh token of an account. */
  deleteByAccount(accountId: string): Promise<void>;
}
