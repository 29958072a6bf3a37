import { addSeconds } from '../../lib/clock.ts';
import type { FoundRecord, RecordKind, RecordStore, StoredRecord } from '../../oidc/record-store.ts';
import type { DurableKind, DurableRecordStore } from '../mongo/durable-record-store.ts';
import type { SpentStore } from '../mongo/spent-store.ts';

interface Deps {
  readonly durable: DurableRecordStore;
  /** Of codes that a failover of the short-lived store may bring back. */
  readonly spentCodes: SpentStore;
  readonly shortLived: RecordStore;
}

/** What gives tokens to whoever presents it first, and lives in the short-lived store. */
const CODES: ReadonlySet<RecordKind> = new Set<RecordKind>(['AuthorizationCode', 'DeviceCode']);

/**
 * Consents, grants and refresh tokens in the durable store, all else in the short-lived one. Whether a code was spent is decided by the durable
 * one, so that a code which comes back with an old replica of the other is worth nothing.
 */
export class SplitRecordStore implements RecordStore {
  readonly #durable: DurableRecordStore;
  readonly #spentCodes: SpentStore;
  readonly #shortLived: RecordStore;

  constructor({ durable, spentCodes, shortLived }: Deps) {
    this.#durable = durable;
    this.#spentCodes = spentCodes;
    this.#shortLived = shortLived;
  }

  async put(...[kind, id, record, index]: Parameters<RecordStore['put']>): Promise<void> {
    await (isDurable(kind)
      ? this.#durable.put(kind, id, record, index)
      : this.#shortLived.put(kind, id, record, index));
  }

  putIfAbsent(...args: Parameters<RecordStore['putIfAbsent']>): Promise<boolean> {
    return this.#shortLived.putIfAbsent(...args);
  }

  replace(...args: Parameters<RecordStore['replace']>): Promise<boolean> {
    return this.#durable.replace(...args);
  }

  find(kind: RecordKind, id: string): Promise<StoredRecord | undefined> {
    return isDurable(kind) ? this.#durable.find(kind, id) : this.#shortLived.find(kind, id);
  }

  findByUid(uid: string): ReturnType<RecordStore['findByUid']> {
    return this.#shortLived.findByUid(uid);
  }

  findByUserCode(userCode: string): ReturnType<RecordStore['findByUserCode']> {
    return this.#shortLived.findByUserCode(userCode);
  }

  listByAccount(kind: 'Session' | 'Consent', accountId: string): Promise<readonly FoundRecord[]> {
    return kind === 'Consent'
      ? this.#durable.listByAccount(kind, accountId)
      : this.#shortLived.listByAccount(kind, accountId);
  }

  async consume(kind: RecordKind, id: string, consumedAt: Date): Promise<boolean> {
    if (isDurable(kind)) {
      await this.#requireRoom(id, consumedAt);
      return this.#durable.consume(kind, id, consumedAt);
    }
    if (!CODES.has(kind)) return this.#shortLived.consume(kind, id, consumedAt);
    const code = await this.#shortLived.find(kind, id);
    // The short-lived store first: it keeps the moment, and what it cannot mark, being full or away, is not spent.
    if (!code || !(await this.#shortLived.consume(kind, id, consumedAt))) return false;
    return this.#spentCodes.spend(id, code.expiresAt);
  }

  async delete(kind: RecordKind, id: string): Promise<void> {
    await (isDurable(kind) ? this.#durable.delete(kind, id) : this.#shortLived.delete(kind, id));
  }

  /** The grant goes first: should the rest fail, what names it is dead already. */
  async deleteByGrant(grantId: string, grantRecordId?: string): Promise<void> {
    await this.#durable.deleteByGrant(grantId, grantRecordId);
    await this.#shortLived.deleteByGrant(grantId);
  }

  deleteByConsent(consentId: string): Promise<void> {
    return this.#durable.deleteByConsent(consentId);
  }

  async deleteByAccount(accountId: string, keepSessionUid?: string): Promise<void> {
    await this.#durable.deleteByAccount(accountId);
    await this.#shortLived.deleteByAccount(accountId, keepSessionUid);
  }

  /**
   * The access token that a refresh token buys is put into the short-lived store next. While that takes nothing, no refresh token is spent:
   * whoever was told to come back would have nothing to come back with, and be taken for a thief.
   */
  async #requireRoom(id: string, now: Date): Promise<void> {
    await this.#shortLived.put('ReplayDetection', id, { payload: '', expiresAt: addSeconds(now, 1) }, {});
  }
}

function isDurable(kind: RecordKind): kind is DurableKind {
  return kind === 'Consent' || kind === 'Grant' || kind === 'RefreshToken';
}
