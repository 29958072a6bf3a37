import type { Clock } from '../../lib/clock.ts';
import { digest } from '../../lib/digest.ts';
import type {
  FoundRecord,
  NewRecord,
  RecordIndex,
  RecordKind,
  RecordStore,
  StoredRecord,
} from '../../oidc/record-store.ts';
import type { RedisClient } from './client.ts';
import { type Entry, readEntry, SPARE_MS, toTtl, writeEntry, writeNumber } from './entry.ts';
import { toKey } from './key.ts';
import type { RedisConnection } from './redis-connection.ts';

interface Deps {
  readonly connection: RedisConnection;
  readonly clock: Clock;
}

/** A list has members, a pointer names one record; both by the name of a key. */
interface IndexNames {
  readonly lists: readonly string[];
  readonly pointers: readonly string[];
}

const KIND_NAMES: Readonly<Record<RecordKind, string>> = {
  Session: 'session',
  Interaction: 'interaction',
  Grant: 'grant',
  AuthorizationCode: 'code',
  AccessToken: 'access-token',
  RefreshToken: 'refresh-token',
  ClientCredentials: 'client-token',
  DeviceCode: 'device-code',
  PushedAuthorizationRequest: 'pushed-request',
  ReplayDetection: 'replay',
  BackchannelAuthenticationRequest: 'backchannel-request',
  Consent: 'consent',
  EndedSession: 'ended-session',
};

/** What oidc-provider spends: only of these is a mark kept when they are put again. */
const SPENDABLE: ReadonlySet<RecordKind> = new Set<RecordKind>([
  'AuthorizationCode',
  'RefreshToken',
  'DeviceCode',
  'PushedAuthorizationRequest',
  'BackchannelAuthenticationRequest',
]);

/**
 * A record is one value: its mark is when it was spent, and before the payload stand the names of the indexes that it is in.
 *
 * Indexes are keys of their own, which in a Cluster are elsewhere, so none is ever right for sure. They are written before the record and
 * never cut back: a crash in between, or a deletion at the same time, leaves entries that point at nothing but no record that its index
 * does not have. What an index points at counts only if the record says so too. Entries go when they expire.
 */
export class RedisRecordStore implements RecordStore {
  readonly #connection: RedisConnection;
  readonly #clock: Clock;

  constructor({ connection, clock }: Deps) {
    this.#connection = connection;
    this.#clock = clock;
  }

  async put(kind: RecordKind, id: string, record: NewRecord, index: RecordIndex): Promise<void> {
    const name = nameRecord(kind, id);
    const names = nameIndexes(index);
    const value = writeRecord(record, names);
    const ttl = toTtl(record.expiresAt.getTime(), this.#now());
    await this.#connection.run(async (redis) => {
      await this.#writeIndexes(redis, name, names, record.expiresAt.getTime());
      if (SPENDABLE.has(kind)) await redis.putKeepingMark(toKey(name), value, ttl);
      else await redis.set(toKey(name), value, 'PX', ttl);
    });
  }

  async putIfAbsent(kind: RecordKind, id: string, record: NewRecord): Promise<boolean> {
    const now = this.#now();
    const value = writeRecord(record, { lists: [], pointers: [] });
    const ttl = toTtl(record.expiresAt.getTime(), now);
    const key = toKey(nameRecord(kind, id));
    return (await this.#connection.run((redis) => redis.putUnlessLive(key, value, ttl, now))) === 1;
  }

  async replace(kind: RecordKind, id: string, record: NewRecord, index: RecordIndex): Promise<boolean> {
    const name = nameRecord(kind, id);
    const names = nameIndexes(index);
    const now = this.#now();
    const ttl = toTtl(record.expiresAt.getTime(), now);
    const replaced = await this.#connection.run(async (redis) => {
      await this.#writeIndexes(redis, name, names, record.expiresAt.getTime());
      return redis.putIfMarked(toKey(name), writeRecord(record, names), ttl, now, 0);
    });
    return replaced === 1;
  }

  async find(kind: RecordKind, id: string): Promise<StoredRecord | undefined> {
    const entry = await this.#read(nameRecord(kind, id));
    return entry && toRecord(entry);
  }

  findByUid(uid: string): Promise<FoundRecord | undefined> {
    return this.#findBy(nameUid(uid));
  }

  findByUserCode(userCode: string): Promise<FoundRecord | undefined> {
    return this.#findBy(nameUserCode(userCode));
  }

  async listByAccount(kind: RecordKind, accountId: string): Promise<readonly FoundRecord[]> {
    const list = nameAccount(accountId);
    const names = await this.#connection.run((redis) => redis.zrange(toKey(list), '0', '-1'));
    const ofKind = names.filter((name) => name.startsWith(nameRecord(kind, '')));
    const found = await Promise.all(ofKind.map((name) => this.#findNamed(name, list)));
    return found.filter((record) => record !== undefined);
  }

  async consume(kind: RecordKind, id: string, consumedAt: Date): Promise<boolean> {
    const key = toKey(nameRecord(kind, id));
    const mark = writeNumber(consumedAt.getTime());
    return (await this.#connection.run((redis) => redis.markOnce(key, mark, this.#now()))) === 1;
  }

  async delete(kind: RecordKind, id: string): Promise<void> {
    await this.#connection.run((redis) => redis.del(toKey(nameRecord(kind, id))));
  }

  async deleteByGrant(grantId: string, grantRecordId?: string): Promise<void> {
    if (grantRecordId !== undefined) await this.delete('Grant', grantRecordId);
    await this.#deleteListed(nameGrant(grantId), '');
  }

  async deleteByConsent(consentId: string): Promise<void> {
    await this.delete('Consent', consentId);
    await this.#deleteListed(nameGrant(consentId), '');
  }

  async deleteByAccount(accountId: string, keepSessionUid?: string): Promise<void> {
    await this.#deleteListed(nameAccount(accountId), keepSessionUid === undefined ? '' : nameUid(keepSessionUid));
  }

  async #writeIndexes(redis: RedisClient, name: string, names: IndexNames, expiresAt: number): Promise<void> {
    const { lists, pointers } = names;
    if (lists.length + pointers.length === 0) return;
    const now = this.#now();
    await Promise.all([
      ...lists.map((list) => redis.addToList(toKey(list), name, expiresAt, now, SPARE_MS)),
      ...pointers.map((pointer) => redis.set(toKey(pointer), name, 'PX', toTtl(expiresAt, now))),
    ]);
  }

  async #findBy(pointer: string): Promise<FoundRecord | undefined> {
    const name = await this.#connection.run((redis) => redis.get(toKey(pointer)));
    return name === null ? undefined : this.#findNamed(name, pointer);
  }

  /** Undefined where the record is gone, or does not say itself that the index has it. */
  async #findNamed(name: string, index: string): Promise<FoundRecord | undefined> {
    const entry = await this.#read(name);
    if (!entry || !listNames(entry).includes(index)) return undefined;
    return { ...toRecord(entry), id: name.slice(name.indexOf(':') + 1) };
  }

  async #deleteListed(list: string, keptName: string): Promise<void> {
    await this.#connection.run(async (redis) => {
      const names = await redis.zrange(toKey(list), '0', '-1');
      await Promise.all(names.map((name) => redis.deleteFoundBy(toKey(name), list, keptName)));
    });
  }

  async #read(name: string): Promise<Entry | undefined> {
    const text = await this.#connection.run((redis) => redis.get(toKey(name)));
    return readEntry(text, this.#now());
  }

  #now(): number {
    return this.#clock.now().getTime();
  }
}

function nameRecord(kind: RecordKind, id: string): string {
  return `${KIND_NAMES[kind]}:${id}`;
}

function nameIndexes({ grantId, accountId, uid, userCode }: RecordIndex): IndexNames {
  return {
    lists: [
      grantId === undefined ? [] : nameGrant(grantId),
      accountId === undefined ? [] : nameAccount(accountId),
    ].flat(),
    pointers: [uid === undefined ? [] : nameUid(uid), userCode === undefined ? [] : nameUserCode(userCode)].flat(),
  };
}

function nameGrant(grantId: string): string {
  return `of-grant:${digest(grantId)}`;
}

function nameAccount(accountId: string): string {
  return `of-account:${digest(accountId)}`;
}

function nameUid(uid: string): string {
  return `by-uid:${digest(uid)}`;
}

function nameUserCode(userCode: string): string {
  return `by-user-code:${digest(userCode)}`;
}

/** The names of its indexes, a semicolon, and the payload. */
function writeRecord({ payload, expiresAt }: NewRecord, { lists, pointers }: IndexNames): string {
  const body = `${[...lists, ...pointers].join(',')};${payload}`;
  return writeEntry({ expiresAt: expiresAt.getTime(), mark: 0, body });
}

function listNames({ body }: Entry): readonly string[] {
  return body.slice(0, body.indexOf(';')).split(',');
}

function toRecord({ expiresAt, mark, body }: Entry): StoredRecord {
  const record = { payload: body.slice(body.indexOf(';') + 1), expiresAt: new Date(expiresAt) };
  return mark === 0 ? record : { ...record, consumedAt: new Date(mark) };
}
