import { addSeconds, type Clock } from '../lib/clock.ts';
import { digest } from '../lib/digest.ts';
import type { RecordStore } from './record-store.ts';

interface Deps {
  readonly records: RecordStore;
  readonly clock: Clock;
  /** The longest life of a session. */
  readonly sessionSeconds: number;
}

/**
 * Which sessions have been ended. oidc-provider reads a session when a request comes in and writes it when the answer goes out: one that was
 * deleted in between would be back. So each ending is noted first, and whoever has written a session looks here afterwards.
 */
export class EndedSessions {
  readonly #deps: Deps;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /** Notes it; the session itself is deleted after that. */
  async add(uid: string): Promise<void> {
    const { records, clock, sessionSeconds } = this.#deps;
    const expiresAt = addSeconds(clock.now(), sessionSeconds);
    await records.put('EndedSession', digest(uid), { payload: '', expiresAt }, {});
  }

  async has(uid: string): Promise<boolean> {
    return (await this.#deps.records.find('EndedSession', digest(uid))) !== undefined;
  }

  /** Notes that all of an account end now, and with them the sign-ins that are under way. */
  async addAllOf(accountId: string): Promise<void> {
    const { records, clock, sessionSeconds } = this.#deps;
    const now = clock.now();
    const record = { payload: String(now.getTime()), expiresAt: addSeconds(now, sessionSeconds) };
    await records.put('EndedSession', nameAllOf(accountId), record, {});
  }

  /** Whether all of an account were ended after that moment. */
  async hasAllOf(accountId: string, moment: Date): Promise<boolean> {
    const ended = await this.#deps.records.find('EndedSession', nameAllOf(accountId));
    return ended !== undefined && Number(ended.payload) > moment.getTime();
  }

  /** Ends a session, whatever its id is by now. */
  async end(uid: string): Promise<void> {
    const { records } = this.#deps;
    await this.add(uid);
    const stored = await records.findByUid(uid);
    if (stored) await records.delete('Session', stored.id);
  }
}

/** No uid has a space. */
function nameAllOf(accountId: string): string {
  return digest(`all of ${accountId}`);
}
