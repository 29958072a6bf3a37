import type { Account } from '../accounts/account-store.ts';
import type { Organizations } from '../organizations/organizations.ts';
import type { PasskeySignals } from '../wire/passkey-answers.ts';
import type { PasskeyOwner } from './ceremonies.ts';
import type { PasskeyStore } from './passkey-store.ts';

interface Deps {
  readonly store: PasskeyStore;
  readonly organizations: Organizations;
  readonly rpId: string;
}

/** What authenticators and password managers are told of the people whose passkeys they keep. */
export class PasskeyOwners {
  readonly #deps: Deps;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /** Somebody with accounts in several organizations chooses among passkeys, so each says whose it is. */
  async describe(account: Pick<Account, 'id' | 'email' | 'profile' | 'userHandle' | 'organizationId'>) {
    const { organizations } = this.#deps;
    const organization = (await organizations.findOnly())
      ? undefined
      : await organizations.find(account.organizationId);
    const label = organization ? `${account.email} (${organization.name})` : account.email;
    const owner: PasskeyOwner = {
      userHandle: account.userHandle,
      label,
      displayName: account.profile.name ?? account.email,
    };
    return { ...owner, id: account.id };
  }

  /** The account as it is now, so that password managers drop and rename what is out of date (WebAuthn Level 3 §5.1.10). */
  async signals(account: Account): Promise<PasskeySignals> {
    const [owner, passkeys] = await Promise.all([this.describe(account), this.#deps.store.listByAccount(account.id)]);
    return {
      rpId: this.#deps.rpId,
      userId: Buffer.from(account.userHandle).toString('base64url'),
      name: owner.label,
      displayName: owner.displayName,
      acceptedIds: passkeys.map(({ id }) => id),
    };
  }
}
