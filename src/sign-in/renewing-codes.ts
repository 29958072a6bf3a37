import { AppError } from '../lib/app-error.ts';
import type { SignInId } from '../lib/ids.ts';
import { type Notices, toTarget } from '../notices/notices.ts';
import type { Organization } from '../organizations/organization-store.ts';
import type { NewRecoveryCodes, RecoveryCodes } from '../recovery/recovery-codes.ts';
import type { OpenSignIns, Progress } from './open-sign-ins.ts';
import type { SignIn } from './sign-in.ts';

interface Deps {
  readonly openSignIns: OpenSignIns;
  readonly recoveryCodes: RecoveryCodes;
  readonly notices: Notices;
}

/** The new recovery codes for somebody who has spent their last one in a sign-in, before it is done. */
export class RenewingCodes {
  readonly #deps: Deps;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /** Makes them, of two tabs at once for one. They are shown now or never; what is next the sign-in itself says. */
  async make(
    id: SignInId,
    device: string,
  ): Promise<NewRecoveryCodes & { readonly email: string; readonly organization: Organization }> {
    const { recoveryCodes, notices } = this.#deps;
    const { stored, organization } = await this.#answer(id, 'made');
    if (!stored) throw new AppError('step_finished');
    const made = await recoveryCodes.make(stored.id);
    const target = toTarget(made.madeAt);
    await notices.tell({ type: 'recovery-codes-made' }, { account: stored, organization, device, target });
    return { ...made, email: stored.email, organization };
  }

  /** "Not now". They can be made later, by who is signed in. */
  decline(id: SignInId): Promise<Progress> {
    return this.#answer(id, 'declined');
  }

  async #answer(id: SignInId, newCodes: NonNullable<SignIn['newCodes']>): Promise<Progress> {
    const { openSignIns } = this.#deps;
    const { step, signIn: before } = await openSignIns.require(id);
    if (step.type !== 'new-recovery-codes') throw new AppError('step_finished');
    return openSignIns.change(id, async (signIn) => {
      // Another tab was faster: with the same answer, or with another person, whose codes these would be.
      if (signIn.version !== before.version) throw new AppError('step_finished');
      return { ...signIn, newCodes };
    });
  }
}
