import { AppError } from '../lib/app-error.ts';
import { digest } from '../lib/digest.ts';
import type { PasskeyOwners } from '../passkeys/passkey-owners.ts';
import type { Passkeys } from '../passkeys/passkeys.ts';
import { ADDING_PASSKEY, type Confirmations, type Confirmer } from './confirmation.ts';
import type { OtherDeviceFlow, OtherDeviceFlows } from './other-device-flows.ts';

interface Deps {
  readonly flows: OtherDeviceFlows;
  readonly confirmations: Confirmations;
  readonly passkeys: Passkeys;
  readonly passkeyOwners: PasskeyOwners;
}

/** What a browser brings to the page of a link: the secret of its own that it was given there, if it was. */
export interface Visit {
  readonly token: string;
  readonly secret: string | undefined;
}

/**
 * The side of a passkey on another device that opens the link. The link and what is proved here make a passkey that waits for approval,
 * and nothing else: nobody is signed in by them.
 */
export class JoiningDevice {
  readonly #deps: Deps;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /** Looking spends nothing. Throws `link_used_or_expired`, as to every other browser than the first that went on. */
  async require({ token, secret }: Visit): Promise<OtherDeviceFlow> {
    const flow = await this.#deps.flows.findByToken(token);
    if (!flow) throw new AppError('link_used_or_expired');
    const isOurs = flow.joined
      ? secret !== undefined && flow.joined.browser === digest(secret)
      : flow.state === 'pending';
    if (!isOurs) throw new AppError('link_used_or_expired');
    return flow;
  }

  /** From now on the link works in this browser only. Throws `link_used_or_expired`, for all callers at once but one. */
  async join(visit: Visit & { readonly secret: string }, device: string): Promise<void> {
    const { flows } = this.#deps;
    const flow = await this.require(visit);
    if (flow.joined) return;
    const isFirst = await flows.join(flow, { browser: digest(visit.secret), device });
    if (!isFirst) throw new AppError('link_used_or_expired');
  }

  /** Who confirms here, for this flow in this browser and for nothing else. Throws `step_finished` where it is not their turn. */
  toConfirmer({ id, state, joined, startedAt, found }: OtherDeviceFlow): Confirmer {
    if (state !== 'opened' || !joined) throw new AppError('step_finished');
    const { stored, account, organization } = found;
    return { sessionUid: `other-device:${id}:${joined.browser}`, signedInAt: startedAt, stored, account, organization };
  }

  async isConfirmed(flow: OtherDeviceFlow): Promise<boolean> {
    return (await this.#deps.confirmations.find(this.toConfirmer(flow), ADDING_PASSKEY)) !== undefined;
  }

  /** Creation options for the passkey. Throws `confirmation_required`. */
  async startPasskey(visit: Visit): Promise<unknown> {
    const { passkeys, passkeyOwners } = this.#deps;
    const { sessionUid, stored, organization } = await this.#requireConfirmed(await this.require(visit));
    return passkeys.startRegistration({
      binding: sessionUid,
      account: await passkeyOwners.describe(stored),
      organizationName: organization.name,
    });
  }

  /** Keeps the passkey that was made until it is approved. Throws `passkey_not_made`, and `step_finished` for a second one. */
  async finishPasskey(
    visit: Visit,
    answer: { readonly response: unknown; readonly name?: string | undefined; readonly userAgent: string },
  ): Promise<void> {
    const { flows, passkeys } = this.#deps;
    const flow = await this.require(visit);
    const { sessionUid, stored } = await this.#requireConfirmed(flow);
    const passkey = await passkeys.verifyRegistration({ ...answer, binding: sessionUid, accountId: stored.id });
    if (!(await flows.keep(flow, passkey))) throw new AppError('step_finished');
  }

  async #requireConfirmed(flow: OtherDeviceFlow): Promise<Confirmer> {
    const person = this.toConfirmer(flow);
    if (!(await this.isConfirmed(flow))) throw new AppError('confirmation_required');
    return person;
  }
}
