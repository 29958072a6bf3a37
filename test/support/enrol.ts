import assert from 'node:assert/strict';
import type { Account } from '../../src/accounts/account-store.ts';
import type { App } from '../../src/app.ts';
import type { Organization } from '../../src/organizations/organization-store.ts';
import { TEST_PASSWORD } from './app.ts';
import { Authenticator } from './authenticator.ts';
import { computeCode } from './authenticator-app.ts';

const BINDING = 'a session of long ago';

/** An account of any organization, with `TEST_PASSWORD`. */
export async function addMember(app: App, organization: Organization, email: string): Promise<Account> {
  const account = await app.accounts.create({
    organizationId: organization.id,
    email,
    profile: { name: 'Alex Example' },
  });
  return app.passwords.set(account, TEST_PASSWORD, { minimumLength: 8, organizationName: organization.name });
}

/** Gives an account an authenticator app, whose code of now is used by that; answers the secret. */
export async function addTotp({ totps }: App, { id: accountId, email }: Account): Promise<string> {
  const enrolment = { accountId, email, organizationName: 'Northwind', binding: BINDING };
  const { secret, ticket } = await totps.startEnrolment(enrolment);
  const code = computeCode(secret, new Date());
  const outcome = await totps.finishEnrolment({ accountId, binding: BINDING, ticket, code });
  assert.equal(outcome.type, 'on');
  return secret;
}

/** The code of the next half minute, which is accepted already and was never used. */
export function nextCode(secret: string): string {
  return computeCode(secret, new Date(Date.now() + 30_000));
}

/** Gives an account a passkey on the device; answers the device. */
export async function addPasskey(
  { issuer, passkeys }: App,
  account: Account,
  authenticator = new Authenticator(),
): Promise<Authenticator> {
  const { id, userHandle, email } = account;
  const binding = `${BINDING}, of ${id}`;
  const options = await passkeys.startRegistration({
    binding,
    account: { id, userHandle, label: email, displayName: email },
    organizationName: 'Northwind',
  });
  const response = authenticator.create(options, { origin: new URL(issuer).origin });
  await passkeys.finishRegistration({ binding, accountId: account.id, response, userAgent: '' });
  return authenticator;
}
