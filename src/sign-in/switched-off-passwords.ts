import type { Accounts } from '../accounts/accounts.ts';
import type { Cursor } from '../lib/cursor.ts';
import { type Notices, toTarget } from '../notices/notices.ts';
import type { Organization } from '../organizations/organization-store.ts';

interface Deps {
  readonly accounts: Accounts;
  readonly notices: Notices;
}

const PAGE_SIZE = 100;
/** With what it was done, for the owner of an account. */
const DEVICE = 'a change of the sign-in policy';

/** The passwords that passkeys have replaced. They stay with their accounts, and nothing but a policy switches them on again. */
export class SwitchedOffPasswords {
  readonly #deps: Deps;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /** Switches them on again where the policy has passwords for everybody, and mails their owners. Safe to repeat. Answers how many there were. */
  async followPolicy(organization: Organization): Promise<number> {
    if (organization.policy.password !== 'on') return 0;
    const { accounts, notices } = this.#deps;
    let count = 0;
    let after: Cursor | undefined;
    do {
      const page = await accounts.list({ limit: PAGE_SIZE, after }, organization.id);
      for (const { id, password } of page.items) {
        if (password?.switchedOffAt === undefined) continue;
        const account = await accounts.switchPasswordOn(id);
        const target = toTarget(account.password?.setAt);
        await notices.tell({ type: 'password-on' }, { account, organization, device: DEVICE, target });
        count += 1;
      }
      after = page.next;
    } while (after);
    return count;
  }
}
