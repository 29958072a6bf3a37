import type { AccountStore } from '../accounts/account-store.ts';
import { AppError } from '../lib/app-error.ts';
import { addSeconds, type Clock } from '../lib/clock.ts';
import { digest } from '../lib/digest.ts';
import type { SignInId } from '../lib/ids.ts';
import type { PasskeyOwners } from '../passkeys/passkey-owners.ts';
import type { Passkeys } from '../passkeys/passkeys.ts';
import type { OpenSignIns, Progress } from './open-sign-ins.ts';

interface Deps {
  readonly openSignIns: OpenSignIns;
  readonly accounts: AccountStore;
  readonly passkeys: Passkeys;
  readonly passkeyOwners: PasskeyOwners;
  readonly clock: Clock;
}

/** Pauses before a declined offer comes back, in days; the last one repeats. */
const OFFER_PAUSES_DAYS = [7, 30, 90] as const;

/** The passkey that somebody without one is offered, or must make, before their sign-in is done. */
export class Enrolling {
  readonly #deps: Deps;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /** Creation options for the passkey that the present step offers or demands. */
  async start(id: SignInId): Promise<unknown> {
    const { stored, organization } = await this.#require(id);
    const { options, challenge } = await this.#deps.passkeys.startRegistration({
      binding: digest(id),
      account: await this.#deps.passkeyOwners.describe(stored),
      organizationName: organization.name,
    });
    await this.#deps.openSignIns.keepChallenge(id, challenge);
    return options;
  }

  /** Stores the passkey that was made. It proves nothing yet: a creation is not signed. */
  async finish(id: SignInId, response: unknown, userAgent: string): Promise<Progress> {
    const { stored } = await this.#require(id);
    const passkey = await this.#deps.passkeys.finishRegistration({
      binding: digest(id),
      accountId: stored.id,
      response,
      userAgent,
    });
    return this.#deps.openSignIns.change(id, async (signIn) => ({
      ...signIn,
      made: [...signIn.made, passkey.id],
      offerAnswered: true,
    }));
  }

  /** "Not now" or "Don't ask again". A demanded passkey cannot be declined. */
  async decline(id: SignInId, never: boolean): Promise<Progress> {
    const { step, stored } = await this.#require(id);
    if (step.must) throw new AppError('method_not_offered');
    const { accounts, clock } = this.#deps;
    const now = clock.now();
    const declinedTimes = stored.passkeyOffer.declinedTimes + 1;
    const pauseDays = OFFER_PAUSES_DAYS[Math.min(declinedTimes, OFFER_PAUSES_DAYS.length) - 1] ?? 90;
    const passkeyOffer = { declinedTimes, never, notBefore: addSeconds(now, pauseDays * 86_400) };
    // Losing against another change only means that the offer comes back sooner.
    await accounts.update({ ...stored, passkeyOffer, updatedAt: now, version: stored.version + 1 });
    return this.#deps.openSignIns.change(id, async (signIn) => ({ ...signIn, offerAnswered: true }));
  }

  async #require(id: SignInId) {
    const progress = await this.#deps.openSignIns.require(id);
    const { step, stored } = progress;
    if (step.type !== 'enrol-passkey' || !stored) throw new AppError('step_finished');
    return { ...progress, step, stored };
  }
}
