import type { Account, PendingRecovery } from '../accounts/account-store.ts';
import type { Accounts } from '../accounts/accounts.ts';
import { equalsInConstantTime } from '../lib/digest.ts';
import type { Sealer } from '../lib/seal.ts';
import type { Organization } from '../organizations/organization-store.ts';
import type { Organizations } from '../organizations/organizations.ts';

interface Deps {
  readonly issuer: string;
  readonly accounts: Accounts;
  readonly organizations: Organizations;
  readonly sealer: Sealer;
}

/** What a link of a recovery does. */
export type RecoveryLinkKind = 'open' | 'stop';

/** How long the link is good that lets somebody make a passkey, in seconds. */
export const RECOVERY_LINK_SECONDS = 1800;

const PATHS: { readonly [Kind in RecoveryLinkKind]: string } = { open: '/recover', stop: '/recover/stop' };

/**
 * The links of a recovery. Their tokens are not stored but computed, with a key that is not in the store, from the account, its address and
 * this very recovery: they end with it, and the same one can be mailed again after a crash.
 */
export class RecoveryLinks {
  readonly #deps: Deps;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  create(kind: RecoveryLinkKind, account: Account, recovery: PendingRecovery): string {
    return `${this.#deps.issuer}${PATHS[kind]}/${account.id}.${this.#digest(kind, account, recovery)}`;
  }

  /** Looking spends nothing. Undefined for the link of a recovery that has ended, or never was. */
  async find(kind: RecoveryLinkKind, token: string) {
    const { accounts, organizations } = this.#deps;
    const [id = '', secret = ''] = token.split('.');
    const account = await accounts.find(id);
    const recovery = account?.recovery;
    if (!recovery || !equalsInConstantTime(secret, this.#digest(kind, account, recovery))) return undefined;
    const organization: Organization | undefined = await organizations.find(account.organizationId);
    return organization && { account, organization, recovery };
  }

  /** 256 bits. */
  #digest(kind: RecoveryLinkKind, { id, emailKey }: Account, { startedAt }: PendingRecovery): string {
    return this.#deps.sealer.digest(JSON.stringify([id, emailKey, startedAt.getTime()]), `recovery:${kind}`);
  }
}
