import type { LastingKind, LastingRecordStore } from '../../oidc/lasting-record-store.ts';
import type { FoundRecord, NewRecord, RecordIndex, RecordStore, StoredRecord } from '../../oidc/record-store.ts';

/** The kinds of record that are kept here whole; of codes only that they are spent, see `SpentStore`. */
export type DurableKind = LastingKind;

/** The part of `RecordStore` that outlives a short-lived store, with the same promises. */
export interface DurableRecordStore extends LastingRecordStore {
  put(
    kind: DurableKind,
    id: string,
    record: NewRecord,
    index: Pick<RecordIndex, 'grantId' | 'accountId'>,
  ): Promise<void>;
  replace: RecordStore['replace'];
  find(kind: DurableKind, id: string): Promise<StoredRecord | undefined>;
  consume(kind: DurableKind, id: string, consumedAt: Date): Promise<boolean>;
  delete(kind: DurableKind, id: string): Promise<void>;
  /** Deletes every refresh token of the grant and, where its own record is named, before them the grant, with which they die. */
  deleteByGrant: RecordStore['deleteByGrant'];
  deleteByConsent: RecordStore['deleteByConsent'];
  /** Every live one of an account, in no order. */
  listByAccount(kind: 'Consent', accountId: string): Promise<readonly FoundRecord[]>;
  /** Deletes every consent, grant and refresh token of an account. */
  deleteByAccount(accountId: string): Promise<void>;
}
