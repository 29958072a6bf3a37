import type { Adapter, AdapterPayload } from 'oidc-provider';

/** The oldest records go when there are more, so that a long measurement does not become one of garbage collection. */
const MAX_RECORDS = 20_000;

/**
 * As little as an adapter can be. oidc-provider's own one for memory forgets after a thousand records and walks all tokens of a grant at
 * each new one: it would be slower here, and make everything beside it look faster.
 */
export class MemoryAdapter implements Adapter {
  readonly #records = new Map<string, AdapterPayload>();
  readonly #idsByUid = new Map<string, string>();

  async upsert(id: string, payload: AdapterPayload): Promise<void> {
    const [oldest] = this.#records.keys();
    if (oldest !== undefined && this.#records.size >= MAX_RECORDS) this.#records.delete(oldest);
    this.#records.set(id, payload);
    if (payload.uid !== undefined) this.#idsByUid.set(payload.uid, id);
  }

  async find(id: string): Promise<AdapterPayload | undefined> {
    return this.#records.get(id);
  }

  async findByUid(uid: string): Promise<AdapterPayload | undefined> {
    return this.#records.get(this.#idsByUid.get(uid) ?? '');
  }

  async findByUserCode(): Promise<undefined> {
    return undefined;
  }

  async consume(id: string): Promise<void> {
    const payload = this.#records.get(id);
    if (payload) payload.consumed = Math.floor(Date.now() / 1000);
  }

  async destroy(id: string): Promise<void> {
    this.#records.delete(id);
  }

  async revokeByGrantId(): Promise<void> {}
}
