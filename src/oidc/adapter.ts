import { type Adapter, type AdapterPayload, errors } from 'oidc-provider';
import type { Clients } from '../clients/clients.ts';
import type { Clock } from '../lib/clock.ts';
import { addSeconds } from '../lib/clock.ts';
import { digest } from '../lib/digest.ts';
import { Memory } from '../lib/memory.ts';
import type { Sealer } from '../lib/seal.ts';
import { toConsentId } from './consents.ts';
import type { RecordIndex, RecordKind, RecordStore, StoredRecord } from './record-store.ts';

interface RecordDeps {
  readonly records: RecordStore;
  readonly sealer: Sealer;
  readonly clock: Clock;
}

interface AdapterDeps extends RecordDeps {
  readonly clients: Clients;
}

/** Sessions and interactions hold values that would let their reader act for somebody: the sign-out secret, other records' ids. */
const SEALED_KINDS: ReadonlySet<RecordKind> = new Set<RecordKind>(['Session', 'Interaction']);

/** How long a browser may take to come back with a sign-in that is done: it follows a redirect, and may have to sign somebody else out. */
const RETURN_SECONDS = 120;

const GRANT_INDEXED: ReadonlySet<RecordKind> = new Set<RecordKind>(['AuthorizationCode', 'RefreshToken', 'DeviceCode']);
const ACCOUNT_INDEXED: ReadonlySet<RecordKind> = new Set<RecordKind>([
  'Session',
  'Grant',
  'AuthorizationCode',
  'RefreshToken',
]);

/** What oidc-provider asks for, by the names of its models. */
export function createAdapterFactory(deps: AdapterDeps): (model: string) => Adapter {
  return (model) => (model === 'Client' ? new ClientAdapter(deps) : new RecordAdapter(model as RecordKind, deps)); // its model names are our kinds
}

/**
 * Keeps one kind of record. The value that a browser or an application holds is only ever stored as its digest: oidc-provider's `jti` is
 * that value, so it is taken out of the payload and put back on reading.
 */
export class RecordAdapter implements Adapter {
  readonly #kind: RecordKind;
  readonly #deps: RecordDeps;
  /** By place and sealed text, so that only what would open in the same place is recalled: each use of a token reads its session. */
  readonly #opened: Memory<string, string>;

  constructor(kind: RecordKind, deps: RecordDeps) {
    this.#kind = kind;
    this.#deps = deps;
    this.#opened = new Memory({ clock: deps.clock, seconds: 60, limit: 1000 });
  }

  async upsert(value: string, payload: AdapterPayload, ttlSeconds: number): Promise<void> {
    const { records } = this.#deps;
    const { id, record, index } = this.#toRecord(value, payload, ttlSeconds);
    if (this.#kind !== 'ReplayDetection') return records.put(this.#kind, id, record, index);

    // oidc-provider looks first and saves then; of two at once only this tells the second.
    if (!(await records.putIfAbsent(this.#kind, id, record)))
      throw new errors.InvalidClientAuth('assertion was used already');
  }

  /** As `upsert` of a grant that is there; false when it is gone, and then it stays so. */
  async replace(value: string, payload: AdapterPayload, ttlSeconds: number): Promise<boolean> {
    const { id, record, index } = this.#toRecord(value, payload, ttlSeconds);
    return this.#kind === 'Grant' && this.#deps.records.replace(this.#kind, id, record, index);
  }

  async find(value: string): Promise<AdapterPayload | undefined> {
    const id = digest(value);
    const stored = await this.#deps.records.find(this.#kind, id);
    return stored && Object.assign(this.#read(id, stored), { jti: value });
  }

  async findByUid(uid: string): Promise<AdapterPayload | undefined> {
    const stored = await this.#deps.records.findByUid(uid);
    return stored && this.#read(stored.id, stored);
  }

  /** Of sessions: every live one of an account. */
  async listByAccount(accountId: string): Promise<readonly AdapterPayload[]> {
    const stored = this.#kind === 'Session' ? await this.#deps.records.listByAccount(this.#kind, accountId) : [];
    return stored.map((record) => this.#read(record.id, record));
  }

  async findByUserCode(userCode: string): Promise<AdapterPayload | undefined> {
    const stored = await this.#deps.records.findByUserCode(digest(userCode));
    return stored && this.#read(stored.id, stored);
  }

  /** oidc-provider has seen it unused; of several callers that saw so one goes on, and the grant of the others dies (RFC 9700 §4.14.2). */
  async consume(value: string): Promise<void> {
    const { records, clock } = this.#deps;
    if (await records.consume(this.#kind, digest(value), clock.now())) return;
    const used = await this.find(value);
    if (used?.grantId) await records.deleteByGrant(used.grantId, digest(used.grantId));
    throw this.#kind === 'PushedAuthorizationRequest'
      ? new errors.InvalidRequestUri('request_uri was used already')
      : new errors.InvalidGrant('it was used already');
  }

  async destroy(value: string): Promise<void> {
    await this.#deps.records.delete(this.#kind, digest(value));
  }

  /** Called once for each kind with the same grant. Access tokens have no index: they die with the grant they name. */
  async revokeByGrantId(grantId: string): Promise<void> {
    if (GRANT_INDEXED.has(this.#kind)) await this.#deps.records.deleteByGrant(grantId);
  }

  #toRecord(value: string, payload: AdapterPayload, ttlSeconds: number) {
    const id = digest(value);
    const isDone = this.#kind === 'Interaction' && payload.result?.login !== undefined;
    const seconds = isDone ? Math.min(ttlSeconds, RETURN_SECONDS) : ttlSeconds;
    const expiresAt = addSeconds(this.#deps.clock.now(), seconds);
    return { id, record: { payload: this.#write(id, payload), expiresAt }, index: this.#indexOf(payload) };
  }

  #indexOf(payload: AdapterPayload): RecordIndex {
    const { accountId, clientId } = payload;
    return {
      ...(GRANT_INDEXED.has(this.#kind) && { grantId: payload.grantId }),
      ...(this.#kind === 'Grant' && accountId && clientId && { grantId: toConsentId({ accountId, clientId }) }),
      ...(ACCOUNT_INDEXED.has(this.#kind) && { accountId: payload.accountId }),
      // Of a sign-in that is done, and that its browser has yet to come back with: it ends with the sessions.
      ...(this.#kind === 'Interaction' && { accountId: payload.result?.login?.accountId }),
      ...(this.#kind === 'Session' && { uid: payload.uid }),
      ...(payload.userCode !== undefined && { userCode: digest(payload.userCode) }),
    };
  }

  #write(id: string, payload: AdapterPayload): string {
    const text = JSON.stringify({ ...payload, jti: undefined });
    if (!SEALED_KINDS.has(this.#kind)) return text;
    return Buffer.from(this.#deps.sealer.seal(text, `${this.#kind}:${id}`)).toString('base64url');
  }

  #read(id: string, stored: StoredRecord): AdapterPayload {
    const text = SEALED_KINDS.has(this.#kind) ? this.#open(stored.payload, `${this.#kind}:${id}`) : stored.payload;
    const payload: AdapterPayload = JSON.parse(text);
    if (stored.consumedAt) payload.consumed = Math.floor(stored.consumedAt.getTime() / 1000);
    return payload;
  }

  #open(sealed: string, place: string): string {
    const key = `${place} ${sealed}`;
    return (
      this.#opened.find(key) ?? this.#opened.keep(key, this.#deps.sealer.open(Buffer.from(sealed, 'base64url'), place))
    );
  }
}

/** Reads clients; they are written through the `Clients` service only, since dynamic registration is off. */
class ClientAdapter implements Adapter {
  readonly #clients: Clients;

  constructor({ clients }: AdapterDeps) {
    this.#clients = clients;
  }

  async find(id: string): Promise<AdapterPayload | undefined> {
    const client = await this.#clients.recall(id);
    return client && !client.disabledAt ? this.#clients.toProviderMetadata(client) : undefined;
  }

  upsert = refuse;
  destroy = refuse;
  consume = refuse;
  findByUid = refuse;
  findByUserCode = refuse;
  revokeByGrantId = refuse;
}

async function refuse(): Promise<never> {
  throw new Error('oidc-provider does not write clients here');
}
