import { z } from 'zod';
import { AppError } from '../../lib/app-error.ts';
import { ACCOUNT_CLIENT_ID } from '../../oidc/provider-options.ts';
import type { AppContext } from '../app-context.ts';
import type { Sessions, SignedIn } from '../session.ts';
import type { Notice, SuccessEvent } from '../view-models.ts';

type Handler = (ctx: AppContext, person: SignedIn) => Promise<void> | void;
type Route = (ctx: AppContext) => Promise<void>;

/** A text field of a form: longer than any value that could be right, so that its refusal is the field's own. */
export const text = z.string().max(2000);
/** What every form of a signed-in person brings. */
export const csrfForm = z.strictObject({ csrf: text });

/** Pages that a sign-in may return to; what else `state` says is ignored. */
const RETURN_PATHS: ReadonlySet<string> = new Set(['passkeys/add', 'totp/add', 'totp/delete', 'password']);
const PASSKEY_PATH = /^passkeys\/[A-Za-z0-9_-]+\/(rename|delete)$/;

/** Lets the person of a session to the pages of their account; whoever has none is sent to sign in and comes back. */
export class AccountVisits {
  readonly #sessions: Sessions;

  constructor(sessions: Sessions) {
    this.#sessions = sessions;
  }

  /** For whoever is signed in. */
  signedIn(handle: Handler): Route {
    return async (ctx) => {
      const person = await this.#sessions.find(ctx);
      if (person) await handle(ctx, person);
      else sendToSignIn(ctx, { again: false });
    };
  }

  /** For whoever has signed in within the last minutes: a credential is about to change. */
  confirmed(handle: Handler): Route {
    return async (ctx) => {
      const person = await this.#sessions.find(ctx);
      if (person && this.#sessions.isFresh(person)) await handle(ctx, person);
      else sendToSignIn(ctx, { again: person !== undefined });
    };
  }

  /** The same for scripts, which cannot be sent elsewhere: they are told `confirmation_required`. */
  confirmedScript(handle: Handler): Route {
    return async (ctx) => {
      const person = await this.#sessions.find(ctx);
      if (!person || !this.#sessions.isFresh(person)) throw new AppError('confirmation_required');
      await handle(ctx, person);
    };
  }
}

/** The address that a sign-in returns to, for what it was told as `state`. */
export function toReturnAddress(state: string): string {
  return isReturnPath(state) ? `/account/${state}` : '/account';
}

/** Goes back to the security page, which says what happened. */
export function finish(ctx: AppContext, event: SuccessEvent): void {
  redirect(ctx, `/account?done=${event}`);
}

export function redirect(ctx: AppContext, path: string): void {
  ctx.status = 303;
  ctx.redirect(path);
}

/** What every page of a signed-in person is given. */
export function describeShell({ stored, organization, csrf }: SignedIn, notice?: Notice) {
  const administrator = stored.role === 'administrator';
  return { organizationName: organization.name, email: stored.email, csrf, administrator, notice };
}

/** A refusal that the form itself shows, with its status; anything else goes on to the error page. */
export function toFormRefusal(error: unknown): { readonly notice: Notice; readonly status: number } {
  if (!(error instanceof AppError) || error.status >= 500) throw error;
  const { code, reason, retryAfterSeconds, status } = error;
  return { notice: { tone: 'error', code, reason, retryAfterSeconds }, status };
}

/** An ordinary authorization request of our own client, which brings back a session and nothing else. */
function sendToSignIn(ctx: AppContext, { again }: { readonly again: boolean }): void {
  // Forms lead back to the page they are on, which has the same address.
  const path = ctx.path.slice('/account/'.length);
  const parameters = new URLSearchParams({
    client_id: ACCOUNT_CLIENT_ID,
    response_type: 'none',
    scope: 'openid',
    redirect_uri: new URL('/account', ctx.origin).href,
    state: isReturnPath(path) ? path : '-',
    ...(again && { prompt: 'login' }),
  });
  redirect(ctx, `/auth?${parameters}`);
}

function isReturnPath(path: string): boolean {
  return RETURN_PATHS.has(path) || PASSKEY_PATH.test(path);
}
