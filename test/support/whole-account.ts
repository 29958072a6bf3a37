import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import type { Account } from '../../src/accounts/account-store.ts';
import { CONFIRMATION_PURPOSES } from '../../src/sign-in/confirmation.ts';
import { AccountVisit } from './account-visit.ts';
import { addAccount, openTestApp, type TestApp } from './app.ts';
import { addPasskey, addTotp } from './enrol.ts';
import type { RouteValues } from './fuzz-requests.ts';
import { readLink } from './mails.ts';
import { readField } from './page.ts';
import { RawClient } from './raw-client.ts';
import { requireValue } from './require-value.ts';
import { signInByPassword } from './session.ts';
import { openSignIn } from './sign-in-flow.ts';
import type { Answer } from './visitor.ts';

const OTHER_DEVICE = '/passkeys/other-device';

/** Everybody confirms by password; a link by mail would do too. */
export function openWholeSite(t: TestContext): Promise<TestApp> {
  return openTestApp(t, {
    policy: { enrolPasskey: 'manual', secondFactor: 'off', confirmWith: ['password', 'email-link'], signUp: 'open' },
    config: { hashMemoryKib: 1024, hashPasses: 1 },
  });
}

/**
 * Somebody who has one of everything that an account may have, is signed in twice, has confirmed all that can be confirmed, has begun all
 * that can be begun, and was sent every link there is. `values` are what addresses name it by.
 */
export async function openWholeAccount(site: TestApp, email: string) {
  const { app, issuer } = site;
  const account = await addAccount(app, email, { emailVerified: true });
  const passkey = await addTwoPasskeys(site, account);
  await addTotp(app, account);
  await app.recoveryCodes.make(account.id);
  await signInByPassword(site, email);
  const visit = new AccountVisit(issuer, await signInByPassword(site, email));
  const client = await RawClient.register(site, { consent: 'ask' });
  await allow(visit, await client.authorize(visit.visitor));
  await ask(visit, '/confirm/email-link/send?for=add-totp');
  for (const purpose of CONFIRMATION_PURPOSES) {
    const isOfOne = purpose === 'rename-passkey' || purpose === 'delete-passkey';
    if (purpose !== 'set-password') await visit.confirm(purpose, isOfOne ? passkey : undefined);
  }
  await ask(visit, OTHER_DEVICE);
  await visit.confirm('add-passkey');
  const { text: invitation } = await visit.open(OTHER_DEVICE);
  const flow = await openSignIn({ app, issuer, visitor: visit.visitor, parameters: { prompt: 'login' } });
  await flow.visitor.postForm(`${flow.base}/help`, { email, way: 'password' });
  const organization = await app.organizations.requireOrFirst(undefined);
  const recover = new URL(await app.recovering.offer(account, organization)).pathname;
  const { text: security } = await visit.open();
  const mails = (await site.mails()).filter(({ to }) => to === email);
  const findToken = (start: string) => {
    const mail = mails.findLast(({ text }) => text.includes(`${issuer}${start}`));
    return readLink(requireValue(mail), start).slice(start.length);
  };
  const values: RouteValues = {
    id: flow.base.slice('/interaction/'.length),
    client: client.id,
    passkey,
    session: /action="\/account\/sessions\/([\w-]+)\/sign-out"/.exec(security)?.[1] ?? assert.fail(security),
    flow: JSON.parse((await visit.visitor.get(`/account${OTHER_DEVICE}/state`)).text).flow,
    name: requireValue(mails[0]).name,
    recover: recover.slice('/recover/'.length),
    'recover/stop': findToken('/recover/stop/'),
    'other-device': new RegExp(`${issuer}/other-device/([\\w-]+)`).exec(invitation)?.[1] ?? assert.fail(invitation),
    confirm: findToken('/confirm/'),
    'reset-password': findToken('/reset-password/'),
    'not-me': findToken('/not-me/'),
    verify: await askToVerify(site, `new.${email}`),
    'set-up': (await app.setUp.createLink()).split('/').at(-1) ?? '',
  };
  return { account, visit, values, csrf: await visit.readCsrf() };
}

/** Answers the id of one of them. */
async function addTwoPasskeys({ app }: TestApp, account: Account): Promise<string> {
  await addPasskey(app, account);
  await addPasskey(app, account);
  return requireValue((await app.passkeys.list(account.id))[0]).id;
}

async function ask(visit: AccountVisit, path: string): Promise<void> {
  const answer = await visit.submit(path);
  assert.equal(answer.status, 303, answer.text);
}

async function allow({ visitor }: AccountVisit, page: Answer): Promise<void> {
  await visitor.follow(await visitor.postForm(`${new URL(page.url).pathname}/consent`, { decision: 'allow' }));
}

/** The token of a link that verifies the address of somebody who has shown it to nobody yet. */
async function askToVerify(site: TestApp, email: string): Promise<string> {
  await addAccount(site.app, email);
  const visitor = await signInByPassword(site, email);
  const csrf = readField(await visitor.get('/account/email'), 'csrf');
  await visitor.postForm('/account/email/send', { csrf });
  const mail = (await site.mails()).findLast(({ to, text }) => to === email && text.includes('/verify/'));
  return readLink(requireValue(mail), '/verify/').slice('/verify/'.length);
}

/** All that is kept of an account, in one text. */
export async function readAccountState({ app, mails }: TestApp, { id }: Account): Promise<string> {
  const { storage } = app;
  const kept = await Promise.all([
    app.accounts.find(id),
    app.passkeys.list(id),
    storage.totps.find(id),
    storage.recoveryCodes.find(id),
    storage.records.listByAccount('Session', id).then((records) => records.map((record) => record.id).sort()),
    storage.records.listByAccount('Consent', id).then((records) => records.map((record) => record.id).sort()),
    app.auditLog.listByAccount(id, { limit: 100 }),
    mails().then(({ length }) => length),
  ]);
  return JSON.stringify(kept);
}
