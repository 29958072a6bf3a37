import assert from 'node:assert/strict';
import type { Account } from '../../src/accounts/account-store.ts';
import type { Storage } from '../../src/storage/storage.ts';
import { buildAccount, buildOrganization } from './builders.ts';

/** Stores an account in an organization of its own, for what belongs to accounts. */
export async function insertAccount(
  { organizations, accounts }: Pick<Storage, 'organizations' | 'accounts'>,
  overrides: Partial<Account> = {},
): Promise<Account> {
  const organization = buildOrganization();
  const account = buildAccount({ organizationId: organization.id, ...overrides });
  assert.equal(await organizations.insert(organization), true);
  assert.equal(await accounts.insert(account), true);
  return account;
}
