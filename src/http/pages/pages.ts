import type { AppError } from '../../lib/app-error.ts';
import type { AppContext } from '../app-context.ts';
import type { Views } from '../view.ts';
import type { ViewModels, ViewName } from '../view-models.ts';

interface Deps {
  readonly views: Views;
  /** Whose pages these are where no organization is known yet. */
  readonly organizationName: string;
  /** Shows the developers of applications what exactly is at fault. */
  readonly development: boolean;
}

/** Codes that are the fault of this installation rather than of the person. */
const OURS: ReadonlySet<string> = new Set(['unexpected', 'busy', 'store_unavailable', 'second_factor_missing']);

/** Answers with pages, in the language of the person. */
export class Pages {
  readonly #deps: Deps;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  get organizationName(): string {
    return this.#deps.organizationName;
  }

  send<Name extends ViewName>(ctx: AppContext, name: Name, model: ViewModels[Name], status = 200): void {
    const { notice } = model;
    if (notice?.tone === 'error' && notice.retryAfterSeconds !== undefined)
      ctx.set('Retry-After', String(notice.retryAfterSeconds));
    ctx.status = status;
    ctx.type = 'html';
    ctx.body = this.#deps.views.render(name, model, chooseLanguage(ctx));
  }

  /** A refusal that has no page of its own to be shown on. */
  sendError(ctx: AppContext, error: AppError): void {
    // Whoever followed a link that is no longer good is told there how to go on: signed in, or by what helps to sign in.
    const isGoingOn = ctx.path.startsWith('/account/') || error.code === 'link_used_or_expired';
    const continueTo = isGoingOn ? '/account' : undefined;
    const shell = { organizationName: this.organizationName, requestId: ctx.state.requestId };
    const blame = OURS.has(error.code) ? 'us' : 'person';
    this.send(ctx, 'error', { ...shell, code: error.code, blame, details: [], continueTo }, error.status);
  }

  /** An error of the protocol that cannot be sent back to the application: its developer has to act. */
  sendProtocolError(
    ctx: AppContext,
    details: Readonly<Record<string, string | undefined>>,
    applicationName?: string,
  ): void {
    const shell = { organizationName: this.organizationName, applicationName, requestId: ctx.state.requestId };
    const shown = Object.entries(details).flatMap(([name, value]) => (value === undefined ? [] : [{ name, value }]));
    this.send(ctx, 'error', { ...shell, code: 'application_error', blame: 'application', details: shown }, ctx.status);
  }

  get development(): boolean {
    return this.#deps.development;
  }

  /** The sentences of a refusal, for answers that are not pages. */
  explain(ctx: AppContext, error: AppError): { readonly title: string; readonly next: string } {
    return this.#deps.views.wording(chooseLanguage(ctx)).refusal(error);
  }
}

/** Today there is one; the order of preference of the browser decides once there are more. */
function chooseLanguage(ctx: AppContext): string {
  return ctx.acceptsLanguages('en') || 'en';
}
