import type { Account, AccountStore, PendingRecovery } from '../accounts/account-store.ts';
import { isRecoveryOver } from '../accounts/pending-recovery.ts';
import type { Clock } from '../lib/clock.ts';
import type { AccountId } from '../lib/ids.ts';
import type { Organization } from '../organizations/organization-store.ts';
import type { Organizations } from '../organizations/organizations.ts';
import type { Policy } from '../organizations/policy.ts';
import type { PasskeyStore } from '../passkeys/passkey-store.ts';
import type { RecoveryCodeSet, RecoveryCodeStore } from '../recovery/recovery-code-store.ts';
import type { TotpStore } from '../totp/totp-store.ts';
import type { SignInAccount } from './next-step.ts';
import { isOfferDue } from './passkey-offers.ts';

interface Deps {
  readonly accounts: AccountStore;
  readonly organizations: Organizations;
  readonly passkeys: PasskeyStore;
  readonly totps: TotpStore;
  readonly recoveryCodes: RecoveryCodeStore;
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
    const { accounts, organizations, passkeys, totps, recoveryCodes } = this.#deps;
    const [stored, ownPasskeys, totp, codeSet] = await Promise.all([
      accounts.find(id),
      passkeys.listByAccount(id),
      totps.find(id),
      recoveryCodes.find(id),
    ]);
    const organization = stored && (await organizations.find(stored.organizationId));
    if (!stored || !organization) return undefined;

    const { password } = stored;
    const now = this.#deps.clock.now();
    // One that was made silently counts for nothing until its person has signed in with it.
    const counting = ownPasskeys.filter(({ verifiedAt }) => verifiedAt !== undefined);
    const hasSilent = counting.length < ownPasskeys.length;
    const account: SignInAccount = {
      id,
      organizationId: stored.organizationId,
      disabled: stored.disabledAt !== undefined,
      passwordSetAt: password?.switchedOffAt ? undefined : password?.setAt,
      passkeys: counting.map((passkey) => ({
        id: passkey.id,
        hardware: passkey.attestation === 'verified' && !passkey.backupEligible,
      })),
      totpSince: totp?.confirmedAt,
      recoveryCodes: codeSet && describeCodes(codeSet),
      recoveryOpenedAt: findOpenedAt(stored.recovery, now),
      receivesCodes: stored.emailVerified,
      passkeyOfferDue: !hasSilent && isOfferDue(stored.passkeyOffer, now),
    };
    return { stored, account, organization, policy: organization.policy };
  }
}

function findOpenedAt(recovery: PendingRecovery | undefined, now: Date): Date | undefined {
  return recovery && !isRecoveryOver(recovery, now) ? recovery.openedAt : undefined;
}

function describeCodes({ codes, madeAt }: RecoveryCodeSet) {
  return { left: codes.filter(({ spentAt }) => spentAt === undefined).length, madeAt };
}
