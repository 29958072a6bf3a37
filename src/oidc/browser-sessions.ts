import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Provider } from 'oidc-provider';
import type { AccountId } from '../lib/ids.ts';
import { type AccountSessions, toSessionId } from './account-sessions.ts';

/** Both sides of a request; the session is found by its cookie. */
interface Exchange {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
}

/** Whose browser it is, by oidc-provider's session. */
export interface BrowserSession {
  readonly uid: string;
  readonly accountId: AccountId;
  readonly signedInAt: Date;
}

/** oidc-provider's session, which is the only one there is, for the pages that are ours. */
export class BrowserSessions {
  readonly #provider: Provider;
  readonly #accountSessions: AccountSessions;

  constructor(provider: Provider, accountSessions: AccountSessions) {
    this.#provider = provider;
    this.#accountSessions = accountSessions;
  }

  /** Undefined where nobody is signed in. Whether the account still may be is not its business. */
  async find(exchange: Exchange): Promise<BrowserSession | undefined> {
    const { accountId, loginTs, uid } = await this.#read(exchange);
    if (accountId === undefined || loginTs === undefined) return undefined;
    return { uid, accountId: accountId as AccountId, signedInAt: new Date(loginTs * 1000) }; // sessions hold our ids
  }

  /** Signs out, as oidc-provider does at `/session/end`: the session and the grants that end with it are gone. */
  async end(exchange: Exchange): Promise<void> {
    const { accountId, uid } = await this.#read(exchange);
    if (accountId !== undefined) await this.#accountSessions.end(accountId, toSessionId(uid));
  }

  #read(exchange: Exchange) {
    const { Session } = this.#provider;
    return Session.get(exchange as Parameters<typeof Session.get>[0]); // it wants a Koa context but reads the exchange only
  }
}
