import { AppError } from '../lib/app-error.ts';
import type { SignInId } from '../lib/ids.ts';
import type { Notices } from '../notices/notices.ts';
import type { Organization } from '../organizations/organization-store.ts';
import { describeBrowser } from '../passkeys/describe-browser.ts';
import type { PasskeyOwners } from '../passkeys/passkey-owners.ts';
import type { Passkey } from '../passkeys/passkey-store.ts';
import type { Passkeys } from '../passkeys/passkeys.ts';
import { type OpenSignIns, type Progress, toPasskeyBinding } from './open-sign-ins.ts';
import type { PasskeyOffers } from './passkey-offers.ts';
import type { Recovering } from './recovering.ts';
import type { Proof } from './sign-in.ts';
import { canMakeSilently } from './silent-passkey.ts';

interface Deps {
  readonly openSignIns: OpenSignIns;
  readonly passkeys: Passkeys;
  readonly passkeyOwners: PasskeyOwners;
  readonly passkeyOffers: PasskeyOffers;
  readonly recovering: Recovering;
  readonly notices: Notices;
}

interface MadeOnTheWay {
  /** The JSON of the browser. */
  readonly response: unknown;
  readonly userAgent: string;
  readonly silent?: boolean | undefined;
}

/** The passkey that somebody without one is offered, or must make, before their sign-in is done. */
export class Enrolling {
  readonly #deps: Deps;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /** Creation options for the passkey that the present step offers or demands. `silent`: for one that the browser makes without a word. */
  async start(id: SignInId, silent = false): Promise<unknown> {
    const progress = await this.#require(id);
    const { stored, organization, step } = progress;
    if (silent && !canMakeSilently(progress)) throw new AppError('method_not_offered');
    return this.#deps.passkeys.startRegistration({
      binding: toPasskeyBinding(id),
      account: await this.#deps.passkeyOwners.describe(stored),
      organizationName: organization.name,
      where: step.local ? 'this-device' : undefined,
      silent,
    });
  }

  /** Stores the passkey that was made. It proves nothing yet: a creation is not signed. */
  async finish(id: SignInId, answer: MadeOnTheWay): Promise<Progress> {
    const { response, userAgent, silent } = answer;
    const { signIn: before, stored, organization } = await this.#require(id);
    const passkey = await this.#deps.passkeys.finishRegistration({
      binding: toPasskeyBinding(id),
      accountId: stored.id,
      response,
      userAgent,
      silent,
    });
    const about = { account: stored, organization, device: describeBrowser(userAgent), target: passkey.id };
    const recovers = before.proofs.some(({ method }) => method === 'recovery-link');
    const recoveredAt = recovers ? await this.#recover(passkey, about) : undefined;
    if (!recovers) await this.#deps.notices.tell({ type: 'passkey-added', passkeyName: passkey.name }, about);
    return this.#deps.openSignIns.change(id, async (signIn) => ({
      ...signIn,
      proofs: recoveredAt ? signIn.proofs.map((proof) => renewLink(proof, recoveredAt)) : signIn.proofs,
      made: [...signIn.made, passkey.id],
      offerAnswered: true,
    }));
  }

  /** "Not now" or "Don't ask again". A demanded passkey cannot be declined. */
  async decline(id: SignInId, never: boolean): Promise<Progress> {
    const { step, stored } = await this.#require(id);
    if (step.must) throw new AppError('method_not_offered');
    await this.#deps.passkeyOffers.decline(stored, never);
    return this.#deps.openSignIns.change(id, async (signIn) => ({ ...signIn, offerAnswered: true }));
  }

  /** A passkey that came too late for its recovery goes again. */
  async #recover(
    passkey: Passkey,
    { organization, device }: { organization: Organization; device: string },
  ): Promise<Date> {
    const { recovering, passkeys } = this.#deps;
    try {
      return await recovering.complete(passkey, organization, device);
    } catch (error) {
      if (error instanceof AppError && error.code === 'link_used_or_expired')
        await passkeys.remove(passkey.accountId, passkey.id, { keepOne: false });
      throw error;
    }
  }

  async #require(id: SignInId) {
    const progress = await this.#deps.openSignIns.require(id);
    const { step, stored } = progress;
    if (step.type !== 'enrol-passkey' || !stored) throw new AppError('step_finished');
    return { ...progress, step, stored };
  }
}

/** Whoever has made the passkey that a link was for has shown so later than everybody was signed out. */
function renewLink(proof: Proof, at: Date): Proof {
  return proof.method === 'recovery-link' ? { ...proof, at } : proof;
}
