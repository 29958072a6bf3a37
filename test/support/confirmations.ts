import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import type { Account } from '../../src/accounts/account-store.ts';
import type { Policy } from '../../src/organizations/policy.ts';
import type { Intent } from '../../src/sign-in/confirmation.ts';
import { AccountVisit } from './account-visit.ts';
import { openTestApp, type TestApp } from './app.ts';
import { addPasskey, addTotp } from './enrol.ts';
import { requireValue } from './require-value.ts';
import { openSession } from './session.ts';
import type { Answer } from './visitor.ts';

export const EMAIL = 'alex@example.com';
export const ADDING: Intent = { purpose: 'add-passkey' };
/** A password signs in, and each of the three confirms. */
export const CONFIRMED_BY_ALL = {
  enrolPasskey: 'manual',
  secondFactor: 'off',
  confirmWith: ['passkey', 'password', 'totp'],
} as const;

/** Somebody signed in by password who also has a passkey on a device, one elsewhere, and an authenticator app. */
export async function openConfirmer(t: TestContext, policy: Partial<Policy> = {}) {
  const site = await openTestApp(t, { policy: { ...CONFIRMED_BY_ALL, ...policy } });
  const { account, visitor } = await openSession(site, EMAIL);
  const device = await addPasskey(site.app, account);
  await addPasskey(site.app, account);
  const secret = await addTotp(site.app, account);
  const visit = new AccountVisit(site.issuer, visitor);
  return { site, account, visitor, visit, device, secret, ids: await listIds(site, account) };
}

export async function listIds({ app }: TestApp, { id }: Account): Promise<readonly string[]> {
  return (await app.passkeys.list(id)).map((passkey) => passkey.id);
}

/** Gives the account one more passkey, on a device of its own. */
export async function addAnother(site: TestApp, account: Account) {
  const before = await listIds(site, account);
  const device = await addPasskey(site.app, account);
  return { device, id: requireValue((await listIds(site, account)).find((id) => !before.includes(id))) };
}

export function deleting(target: string | undefined): Intent {
  return { purpose: 'delete-passkey', target };
}

export function assertLeadsTo(answer: Answer, path: string): void {
  assert.equal(answer.status, 303, answer.text);
  assert.equal(answer.headers.get('location'), `/account${path}`);
}

/** Whether that page asks to confirm first; otherwise it is there. */
export async function isAsked(visit: AccountVisit, path: string): Promise<boolean> {
  const { status, headers } = await visit.visitor.get(`/account${path}`);
  if (status === 200) return false;
  assert.ok(headers.get('location')?.startsWith('/account/confirm?'), `${path}: ${status}`);
  return true;
}
