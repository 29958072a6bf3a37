import { AppError } from '../../lib/app-error.ts';
import type { PasskeyId } from '../../lib/ids.ts';
import type { BrowserSessions } from '../../oidc/browser-sessions.ts';
import type { Interactions, PendingInteraction } from '../../oidc/interactions.ts';
import type { PasskeyOwners } from '../../passkeys/passkey-owners.ts';
import type { Finishing } from '../../sign-in/finishing.ts';
import type { OpenSignIns, Progress } from '../../sign-in/open-sign-ins.ts';
import type { Recovering } from '../../sign-in/recovering.ts';
import type { SigningIn } from '../../sign-in/signing-in.ts';
import type { Source } from '../../sign-in/source.ts';
import type { PasskeySignals } from '../../wire/passkey-answers.ts';
import type { AppContext } from '../app-context.ts';
import type { KnownBrowsers } from '../known-browser.ts';
import type { RecoveryCookie } from '../recovery-cookie.ts';
import { readSource } from '../source.ts';

interface Deps {
  readonly interactions: Interactions;
  readonly browserSessions: BrowserSessions;
  readonly openSignIns: OpenSignIns;
  readonly signingIn: SigningIn;
  readonly finishing: Finishing;
  readonly recovering: Recovering;
  readonly recoveryCookie: RecoveryCookie;
  readonly passkeyOwners: PasskeyOwners;
  readonly knownBrowsers: KnownBrowsers;
}

/** What a script is told after a ceremony. */
interface CeremonyAnswer {
  readonly location: string;
  readonly signals?: PasskeySignals | undefined;
}

/** One request of a browser to the pages of one sign-in: whose it is, where the sign-in stands, and where the browser goes next. */
export class SignInVisits {
  readonly #deps: Deps;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /** The authorization request that the address is about. One that is over was done, where its person is signed in, and ran out of time otherwise. */
  async requirePending(ctx: AppContext): Promise<PendingInteraction> {
    const { interactions, browserSessions } = this.#deps;
    try {
      return await interactions.require(ctx, ctx.params.id ?? '');
    } catch (error) {
      const isOver = error instanceof AppError && error.code === 'sign_in_expired';
      if (isOver && (await browserSessions.find(ctx))) throw new AppError('step_finished', { cause: error });
      throw error;
    }
  }

  open(pending: PendingInteraction): Promise<Progress> {
    return this.#deps.openSignIns.open(pending.id, pending);
  }

  /** Opens it, and names whoever is named already, by the session or by the application, so that they need not say it again. */
  async begin(ctx: AppContext, pending: PendingInteraction): Promise<Progress> {
    const { signingIn, recovering, recoveryCookie } = this.#deps;
    const progress = await this.open(pending);
    const ticket = recoveryCookie.take(ctx);
    const recovered = ticket === undefined ? undefined : await recovering.begin(pending.id, ticket);
    if (recovered) return recovered;
    const isUntouched = progress.signIn.version === 1 && progress.signIn.identifier === undefined;
    const email = pending.accountId ? await signingIn.findEmail(pending.accountId) : pending.loginHint;
    if (!isUntouched || email === undefined) return progress;
    return signingIn.identify(pending.id, email).catch((error) => {
      if (error instanceof AppError && error.field === 'email') return progress; // a hint that is no e-mail
      throw error;
    });
  }

  /** Shows the same page again with what is missing, or goes on to the application. */
  async goOn(ctx: AppContext, progress: Progress): Promise<void> {
    this.redirect(ctx, await this.#nextAddress(ctx, progress));
  }

  /** The same for a script, with what the password manager should know. `here`: the passkey with which the device itself answered. */
  async answer(ctx: AppContext, progress: Progress, here?: PasskeyId): Promise<CeremonyAnswer> {
    const { stored } = progress;
    const location = await this.#nextAddress(ctx, progress, here);
    return { location, signals: stored && (await this.#deps.passkeyOwners.signals(stored)) };
  }

  redirect(ctx: AppContext, location: string): void {
    ctx.status = 303;
    ctx.redirect(location);
  }

  /** From where somebody tries. */
  sourceOf(ctx: AppContext): Source {
    return readSource(ctx, this.#deps.knownBrowsers);
  }

  async #nextAddress(ctx: AppContext, progress: Progress, here?: PasskeyId): Promise<string> {
    if (progress.step.type !== 'done') return toBasePath(progress.signIn.id);
    const { finishing, knownBrowsers, interactions } = this.#deps;
    const done = await finishing.finish(progress, this.sourceOf(ctx));
    const { stored } = progress;
    if (stored) knownBrowsers.remember(ctx, { id: stored.id, email: stored.email, name: stored.profile.name }, here);
    return interactions.finishLogin(ctx, done);
  }
}

/** The address of a sign-in's pages. */
export function toBasePath(id: string): string {
  return `/interaction/${id}`;
}
