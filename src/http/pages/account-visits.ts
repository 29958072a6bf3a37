import { z } from 'zod';
import { AppError } from '../../lib/app-error.ts';
import type { PasskeyId } from '../../lib/ids.ts';
import { ACCOUNT_CLIENT_ID } from '../../oidc/provider-options.ts';
import type { Confirmation, Confirmations, Intent } from '../../sign-in/confirmation.ts';
import type { AppContext } from '../app-context.ts';
import type { Sessions, SignedIn } from '../session.ts';
import type { Notice, SuccessEvent } from '../view-models.ts';
import { isIntentPage, toConfirmPath } from './intent-addresses.ts';

interface Deps {
  readonly sessions: Sessions;
  readonly confirmations: Confirmations;
}

/** Where a sign-in returns to that has recovered the account; there is no such page. */
export const RECOVERED_PATH = '/account/recovered';
const ACTIVITY_PATH = '/account/activity';

type Handler = (ctx: AppContext, person: SignedIn) => Promise<void> | void;
type ConfirmedHandler = (ctx: AppContext, person: SignedIn, confirmation: Confirmation) => Promise<void> | void;
/** What the person is about to do with this request; throws where they may not, confirmed or not. */
type FindIntent = (ctx: AppContext, person: SignedIn) => Promise<Intent> | Intent;
type Route = (ctx: AppContext) => Promise<void>;

/** A text field of a form: longer than any value that could be right, so that its refusal is the field's own. */
export const text = z.string().max(2000);
/** What every form of a signed-in person brings. */
export const csrfForm = z.strictObject({ csrf: text });

/** Lets the person of a session to the pages of their account; whoever has none is sent to sign in and comes back. */
export class AccountVisits {
  readonly #deps: Deps;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /** For whoever is signed in. Others sign in and come back to `findPath`, which is the page itself unless told otherwise. */
  signedIn(handle: Handler, findPath = (ctx: AppContext) => ctx.path): Route {
    return async (ctx) => {
      const person = await this.#deps.sessions.find(ctx);
      if (person) await handle(ctx, person);
      else sendToSignIn(ctx, findPath(ctx));
    };
  }

  /** The same for scripts, which cannot be sent elsewhere: they are told `confirmation_required`. */
  signedInScript(handle: Handler): Route {
    return async (ctx) => {
      const person = await this.#deps.sessions.find(ctx);
      if (!person) throw new AppError('confirmation_required');
      await handle(ctx, person);
    };
  }

  /** For whoever has confirmed this intent lately. Others are asked to, and come back to the page it begins on. */
  confirmed(findIntent: FindIntent, handle: ConfirmedHandler): Route {
    return this.signedIn(async (ctx, person) => {
      const intent = await findIntent(ctx, person);
      const confirmation = await this.#deps.confirmations.find(person, intent);
      if (confirmation) await handle(ctx, person, confirmation);
      else redirect(ctx, toConfirmPath(intent));
    });
  }

  confirmedScript(findIntent: FindIntent, handle: ConfirmedHandler): Route {
    return this.signedInScript(async (ctx, person) => {
      const confirmation = await this.#deps.confirmations.find(person, await findIntent(ctx, person));
      if (!confirmation) throw new AppError('confirmation_required');
      await handle(ctx, person, confirmation);
    });
  }
}

/** The address that a sign-in returns to, for what it was told as `state`. */
export function toReturnAddress(state: string): string {
  const path = `/account/${state}`;
  if (path === RECOVERED_PATH) return toDonePath('recovered');
  return isReturnedTo(path) ? path : '/account';
}

function isReturnedTo(path: string): boolean {
  return isIntentPage(path) || path === ACTIVITY_PATH || path === RECOVERED_PATH;
}

/** The security page, which says what happened, and to which passkey. */
export function toDonePath(event: SuccessEvent, passkey?: PasskeyId): string {
  return `/account?${new URLSearchParams({ done: event, ...(passkey !== undefined && { passkey }) })}`;
}

export function finish(ctx: AppContext, event: SuccessEvent, passkey?: PasskeyId): void {
  redirect(ctx, toDonePath(event, passkey));
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

/** A refusal that the form itself shows, with its status. */
export interface FormRefusal {
  readonly notice: Notice;
  readonly status: number;
}

/** Anything else than a refusal goes on to the error page. */
export function toFormRefusal(error: unknown): FormRefusal {
  if (!(error instanceof AppError) || error.status >= 500) throw error;
  const { code, reason, retryAfterSeconds, status } = error;
  return { notice: { tone: 'error', code, reason, retryAfterSeconds }, status };
}

/** An ordinary authorization request of our own client, which brings back a session and nothing else, and leads on to `path`. */
export function sendToSignIn(ctx: AppContext, path: string, prompt?: 'login'): void {
  const parameters = new URLSearchParams({
    client_id: ACCOUNT_CLIENT_ID,
    response_type: 'none',
    scope: 'openid',
    redirect_uri: new URL('/account', ctx.origin).href,
    state: isReturnedTo(path) ? path.slice('/account/'.length) : '-',
    ...(prompt && { prompt }),
  });
  redirect(ctx, `/auth?${parameters}`);
}
