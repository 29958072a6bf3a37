import { AppError } from '../lib/app-error.ts';
import { addSeconds, type Clock } from '../lib/clock.ts';
import { equalsInConstantTime } from '../lib/digest.ts';
import type { Signer } from '../lib/signer.ts';
import type { BrowserSessions } from '../oidc/browser-sessions.ts';
import type { Confirmer } from '../sign-in/confirmation.ts';
import type { SignInAccounts } from '../sign-in/sign-in-accounts.ts';
import type { AppContext } from './app-context.ts';

interface Deps {
  readonly browserSessions: BrowserSessions;
  readonly signInAccounts: SignInAccounts;
  readonly signer: Signer;
  readonly clock: Clock;
  readonly sessionSeconds: number;
}

/** Somebody who is signed in, as our own pages see them. */
export interface SignedIn extends Confirmer {
  /** Goes into every form; a form without it was not ours. */
  readonly csrf: string;
}

/** There is one session: the provider's. This reads it for the pages that are ours. */
export class Sessions {
  readonly #deps: Deps;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /** Undefined for nobody, for a session past its absolute end, and for an account that is gone or disabled. */
  async find(ctx: AppContext): Promise<SignedIn | undefined> {
    const { browserSessions, signInAccounts, signer, clock, sessionSeconds } = this.#deps;
    const session = await browserSessions.find(ctx);
    if (!session || addSeconds(session.signedInAt, sessionSeconds) <= clock.now()) return undefined;
    const found = await signInAccounts.find(session.accountId);
    if (!found || found.account.disabled) return undefined;
    const { stored, account, organization } = found;
    const { uid, signedInAt } = session;
    return { sessionUid: uid, stored, account, organization, signedInAt, csrf: signer.sign('csrf', uid) };
  }
}

/** Refuses a form that was not handed out to this session, or to what stands for one. */
export function requireCsrf({ csrf }: Pick<SignedIn, 'csrf'>, given: string): void {
  if (!equalsInConstantTime(csrf, given)) throw new AppError('cross_site_request');
}
