import type { AdapterPayload } from 'oidc-provider';
import type { Clock } from '../lib/clock.ts';
import { digest } from '../lib/digest.ts';
import type { Sealer } from '../lib/seal.ts';
import { RecordAdapter } from './adapter.ts';
import type { EndedSessions } from './ended-sessions.ts';
import type { RecordStore } from './record-store.ts';
import type { SessionFacts } from './session-model.ts';

interface Deps {
  readonly records: RecordStore;
  readonly endedSessions: EndedSessions;
  readonly sealer: Sealer;
  readonly clock: Clock;
}

/** Somewhere that a person is signed in. */
export interface AccountSession {
  /** Names it on pages, and opens nothing. */
  readonly id: string;
  readonly uid: string;
  /** Browser and system in plain words, as they were at the sign-in. */
  readonly browser: string | undefined;
  /** How it was signed in (RFC 8176). */
  readonly amr: readonly string[];
  readonly signedInAt: Date;
  readonly lastUsedAt: Date;
}

/** With the fields that every session of an account has. */
type SessionPayload = AdapterPayload & SessionFacts & { readonly uid: string; readonly loginTs: number };

const MAX_SESSIONS = 50;

/** The sessions of an account, whichever browser they are in. */
export class AccountSessions {
  readonly #deps: Deps;
  readonly #adapter: RecordAdapter;

  constructor(deps: Deps) {
    this.#deps = deps;
    this.#adapter = new RecordAdapter('Session', deps);
  }

  /** The last used first. */
  async list(accountId: string): Promise<readonly AccountSession[]> {
    const sessions = (await this.#read(accountId)).map(toAccountSession);
    return sessions.toSorted((one, other) => other.lastUsedAt.getTime() - one.lastUsedAt.getTime());
  }

  async has(accountId: string, uid: string): Promise<boolean> {
    return (await this.#read(accountId)).some((session) => session.uid === uid);
  }

  /** Signs out there, as oidc-provider does at `/session/end`; false when the account has no such session. */
  async end(accountId: string, id: string): Promise<boolean> {
    const session = (await this.#read(accountId)).find(({ uid }) => toSessionId(uid) === id);
    if (session) await this.#end(session);
    return session !== undefined;
  }

  /** Ends every session, sign-in under way and all that applications hold of the account, except the session with uid `keepUid`. */
  async endAll(accountId: string, keepUid?: string): Promise<void> {
    const { records, endedSessions } = this.#deps;
    await endedSessions.addAllOf(accountId);
    const sessions = await this.#read(accountId);
    await Promise.all(sessions.flatMap(({ uid }) => (uid === keepUid ? [] : endedSessions.add(uid))));
    await records.deleteByAccount(accountId, keepUid);
  }

  /** Whether everything was ended after that moment. */
  wereEndedAfter(accountId: string, moment: Date): Promise<boolean> {
    return this.#deps.endedSessions.hasAllOf(accountId, moment);
  }

  /** Ends the sessions that were signed in first, where the account has as many as it may. `findUid` says which one is about to sign in again. */
  async makeRoom(accountId: string, findUid: () => Promise<string | undefined>): Promise<void> {
    const stored = await this.#deps.records.listByAccount('Session', accountId);
    if (stored.length < MAX_SESSIONS) return;
    const own = await findUid();
    const others = (await this.#read(accountId)).filter(({ uid }) => uid !== own);
    const oldest = others.toSorted((one, other) => one.loginTs - other.loginTs);
    await Promise.all(oldest.slice(0, others.length - MAX_SESSIONS + 1).map((session) => this.#end(session)));
  }

  async #read(accountId: string): Promise<readonly SessionPayload[]> {
    const payloads = (await this.#adapter.listByAccount(accountId)) as readonly SessionPayload[]; // who has an account has signed in
    return [...new Map(payloads.map((payload) => [payload.uid, payload])).values()]; // while its id changes a session has two
  }

  /** Tokens end with the session or with the grants that do not outlive it. */
  async #end({ uid, authorizations = {} }: SessionPayload): Promise<void> {
    const { records, endedSessions } = this.#deps;
    await endedSessions.end(uid);
    const ending = Object.values(authorizations)
      .filter(({ persistsLogout }) => !persistsLogout)
      .flatMap(({ grantId }) => grantId ?? []);
    await Promise.all(ending.map((grantId) => records.deleteByGrant(grantId, digest(grantId))));
  }
}

/** Names a session without telling its uid, which forms and tokens rest on. */
export function toSessionId(uid: string): string {
  return digest(`session ${uid}`);
}

function toAccountSession({ uid, browser, amr = [], loginTs, usedAt = loginTs }: SessionPayload): AccountSession {
  return {
    id: toSessionId(uid),
    uid,
    browser,
    amr,
    signedInAt: new Date(loginTs * 1000),
    lastUsedAt: new Date(usedAt * 1000),
  };
}
