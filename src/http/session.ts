import type { Account } from '../accounts/account-store.ts';
import { AppError } from '../lib/app-error.ts';
import { addSeconds, type Clock } from '../lib/clock.ts';
import { equalsInConstantTime } from '../lib/digest.ts';
import type { Signer } from '../lib/signer.ts';
import type { BrowserSessions } from '../oidc/browser-sessions.ts';
import type { Organization } from '../organizations/organization-store.ts';
import type { SignInAccount } from '../sign-in/next-step.ts';
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
export interface SignedIn {
  readonly sessionUid: string;
  readonly stored: Account;
  readonly account: SignInAccount;
  readonly organization: Organization;
  readonly signedInAt: Date;
  /** Goes into every form; a form without it was not ours. */
  readonly csrf: string;
}

/** How long a sign-in vouches for whoever changes a credential, in seconds. */
const FRESH_SECONDS = 600;

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

  isFresh({ signedInAt }: SignedIn): boolean {
    return addSeconds(signedInAt, FRESH_SECONDS) > this.#deps.clock.now();
  }
}

/** Refuses a form that was not handed out to this session. */
export function requireCsrf({ csrf }: SignedIn, given: string): void {
  if (!equalsInConstantTime(csrf, given)) throw new AppError('cross_site_request');
}
