import type { Account } from '../accounts/account-store.ts';
import { AppError } from '../lib/app-error.ts';
import { addSeconds, type Clock } from '../lib/clock.ts';
import { digest } from '../lib/digest.ts';
import type { SignInId } from '../lib/ids.ts';
import type { Organization } from '../organizations/organization-store.ts';
import type { Organizations } from '../organizations/organizations.ts';
import type { Policy } from '../organizations/policy.ts';
import type { Passkeys } from '../passkeys/passkeys.ts';
import { nextStep, type Step } from './next-step.ts';
import type { Demand, SignIn } from './sign-in.ts';
import type { SignInAccounts } from './sign-in-accounts.ts';
import type { SignInStore } from './sign-in-store.ts';

interface Deps {
  readonly signIns: SignInStore;
  readonly signInAccounts: SignInAccounts;
  readonly organizations: Organizations;
  readonly passkeys: Passkeys;
  readonly clock: Clock;
  readonly signInSeconds: number;
}

/** Where a sign-in stands. */
export interface Progress {
  readonly signIn: SignIn;
  readonly step: Step;
  readonly policy: Policy;
  /** Whose policy it is; before an organization was named, the first one's. */
  readonly organization: Organization;
  readonly stored?: Account | undefined;
}

const CHANGE_ATTEMPTS = 5;

/** The attempts to sign in that are under way: begun, looked at with what is missing, changed by one tab at a time, ended once. */
export class OpenSignIns {
  readonly #deps: Deps;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /** The sign-in with that id, begun now if there is none or its time is over. `organization` is a slug, and may be wrong. */
  async open(id: SignInId, given: { demand: Demand; organization?: string | undefined }): Promise<Progress> {
    const { signIns, organizations, clock, signInSeconds } = this.#deps;
    const existing = await signIns.find(id);
    if (existing) return this.#progress(existing);

    const named = given.organization === undefined ? undefined : await organizations.findBySlug(given.organization);
    const startedAt = clock.now();
    const signIn: SignIn = {
      id,
      organizationId: (named ?? (await organizations.findOnly()))?.id,
      proofs: [],
      demand: given.demand,
      offerAnswered: false,
      made: [],
      startedAt,
      expiresAt: addSeconds(startedAt, signInSeconds),
      version: 1,
    };
    if (await signIns.insert(signIn)) return this.#progress(signIn);
    return this.require(id); // a second tab was faster
  }

  /** Throws `sign_in_expired` when there is none. */
  async require(id: SignInId): Promise<Progress> {
    const signIn = await this.#deps.signIns.find(id);
    if (!signIn) throw new AppError('sign_in_expired');
    return this.#progress(signIn);
  }

  /** Applies a change to the sign-in as it is stored now; two tabs that change it at once take turns. */
  async change(id: SignInId, change: (signIn: SignIn) => Promise<SignIn>): Promise<Progress> {
    const { signIns } = this.#deps;
    for (let attempt = 0; attempt < CHANGE_ATTEMPTS; attempt += 1) {
      const before = await signIns.find(id);
      if (!before) throw new AppError('sign_in_expired');
      const after = { ...(await change(before)), version: before.version + 1 };
      if (await signIns.update(after)) return this.#progress(after);
    }
    throw new AppError('changed_meanwhile');
  }

  /** Ends it with the passkey challenges that nobody answered; of several callers at once, one gets true. */
  async end({ id }: SignIn): Promise<boolean> {
    if (!(await this.#deps.signIns.delete(id))) return false;
    await this.#deps.passkeys.discard(toPasskeyBinding(id));
    return true;
  }

  async #progress(signIn: SignIn): Promise<Progress> {
    const { signInAccounts, organizations, clock } = this.#deps;
    const found = signIn.accountId ? await signInAccounts.find(signIn.accountId) : undefined;
    const organization = found?.organization ?? (await organizations.requireOrFirst(signIn.organizationId));
    const step = nextStep(signIn, found?.account, organization.policy, clock.now());
    return { signIn, step, policy: organization.policy, organization, stored: found?.stored };
  }
}

/** What the passkey challenges of a sign-in are bound to: no secret, as its id is one. */
export function toPasskeyBinding(id: SignInId): string {
  return digest(id);
}
