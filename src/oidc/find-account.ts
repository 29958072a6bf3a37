import type { FindAccount } from 'oidc-provider';
import type { AccountStore } from '../accounts/account-store.ts';
import { claimsFor } from '../accounts/claims.ts';
import type { AccountId } from '../lib/ids.ts';
import type { Organizations } from '../organizations/organizations.ts';

interface Deps {
  readonly accounts: AccountStore;
  readonly organizations: Organizations;
}

/**
 * How oidc-provider learns of accounts. A disabled one is nobody, so its tokens and sessions are worth nothing at once. ID tokens carry a
 * person's claims only where the client asked for them, by the `claims` parameter or by its setting; userinfo has them all.
 */
export function createFindAccount({ accounts, organizations }: Deps): FindAccount {
  return async (ctx, sub) => {
    const account = await accounts.find(sub as AccountId); // an absent or foreign subject finds nothing
    if (!account || account.disabledAt) return undefined;
    return {
      accountId: account.id,
      claims: async (use, _scope, requested) => {
        const organization = await organizations.find(account.organizationId);
        const all = { sub: account.id, ...(organization && claimsFor(account, organization)) };
        const everything = use !== 'id_token' || ctx.oidc.client?.cardea_scope_claims_in_id_token === true;
        return everything ? all : { sub: account.id, ...pick(all, Object.keys(requested)) };
      },
    };
  };
}

function pick(claims: { readonly [name: string]: unknown }, names: readonly string[]): { [name: string]: unknown } {
  return Object.fromEntries(names.filter((name) => Object.hasOwn(claims, name)).map((name) => [name, claims[name]]));
}
