import type { Account, AccountStore } from '../accounts/account-store.ts';
import type { Clock } from '../lib/clock.ts';
import type { AccountId } from '../lib/ids.ts';
import type { Organization } from '../organizations/organization-store.ts';
import type { Organizations } from '../organizations/organizations.ts';
import type { Policy } from '../organizations/policy.ts';
import type { PasskeyStore } from '../passkeys/passkey-store.ts';
import type { TotpStore } from '../totp/totp-store.ts';
import type { SignInAccount } from './next-step.ts';

interface Deps {
  readonly accounts: AccountStore;
  readonly organizations: Organizations;
  readonly passkeys: PasskeyStore;
  readonly totps: TotpStore;
  readonly clock: Clock;
}

export interface FoundAccount {
  readonly stored: Account;
  readonly account: SignInAccount;
  readonly organization: Organization;
  readonly policy: Policy;
}

/** Gathers, fresh at each call, what the decision needs to know of an account. */
export class SignInAccounts {
  readonly #deps: Deps;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  async find(id: AccountId): Promise<FoundAccount | undefined> {
    const { accounts, organizations, passkeys, totps } = this.#deps;
    const [stored, ownPasskeys, totp] = await Promise.all([
      accounts.find(id),
      passkeys.listByAccount(id),
      totps.find(id),
    ]);
    const organization = stored && (await organizations.find(stored.organizationId));
    if (!stored || !organization) return undefined;

    const { password } = stored;
    const account: SignInAccount = {
      id,
      organizationId: stored.organizationId,
      disabled: stored.disabledAt !== undefined,
      passwordSetAt: password?.switchedOffAt ? undefined : password?.setAt,
      passkeys: ownPasskeys.map((passkey) => ({
        id: passkey.id,
        hardware: passkey.attestation === 'verified' && !passkey.backupEligible,
      })),
      totpSince: totp?.confirmedAt,
      // Neither is given out yet, so neither can be asked for.
      hasRecoveryCodes: false,
      receivesCodes: false,
      passkeyOfferDue: this.#isOfferDue(stored),
    };
    return { stored, account, organization, policy: organization.policy };
  }

  #isOfferDue({ passkeyOffer }: Account): boolean {
    const { never, notBefore } = passkeyOffer;
    return !never && (notBefore === undefined || notBefore <= this.#deps.clock.now());
  }
}
