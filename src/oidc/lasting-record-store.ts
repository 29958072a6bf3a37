import type { RecordIndex, RecordKind, StoredRecord } from './record-store.ts';

/** The kinds of record that people would miss after a move: what they have allowed, and what keeps applications signed in. */
export type LastingKind = Extract<RecordKind, 'Consent' | 'Grant' | 'RefreshToken'>;

/** A record whole: with its id, whether it was used, and by what else it is found. */
export interface LastingRecord extends StoredRecord, Pick<RecordIndex, 'grantId' | 'accountId'> {
  readonly id: string;
}

/** Durable: what `RecordStore` keeps of the lasting kinds, to be carried to another store and from one. */
export interface LastingRecordStore {
  /** Inserts a record as it is, used or not, in one step; false when the id is taken, be it by an expired one. */
  insert(kind: LastingKind, record: LastingRecord): Promise<boolean>;
  /** At most `limit` that are not expired, ordered by id, behind the id `after`; from the start without it. */
  list(kind: LastingKind, limit: number, after?: string): Promise<readonly LastingRecord[]>;
}
