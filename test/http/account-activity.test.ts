import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addSeconds } from '../../src/lib/clock.ts';
import { AccountVisit } from '../support/account-visit.ts';
import { addAccount, openTestApp, TEST_PASSWORD, type TestApp } from '../support/app.ts';
import { Authenticator } from '../support/authenticator.ts';
import { buildAuditEvent } from '../support/builders.ts';
import { assertPage, readField } from '../support/page.ts';
import { RawClient } from '../support/raw-client.ts';
import { signInByPassword } from '../support/session.ts';
import { openSignIn } from '../support/sign-in-flow.ts';
import type { Answer } from '../support/visitor.ts';

const PASSWORDS_ONLY = { policy: { enrolPasskey: 'manual', secondFactor: 'off' } } as const;
const EMAIL = 'alex@example.com';

/** Somebody signed in on the pages of their account. */
async function signIn(site: TestApp): Promise<AccountVisit> {
  return new AccountVisit(site.issuer, await signInByPassword(site, EMAIL));
}

/** What a page lists of activity, as sentences. */
function readActivity({ text }: Answer): readonly string[] {
  const list = text.slice(text.indexOf('id="activity"') + 1);
  return [...list.matchAll(/<li class="row">(.*?)<\/li>/gs)].map(([, row = '']) =>
    (/<span class="words">\s*<span>(.*?)<span class="detail"/s.exec(row)?.[1] ?? '')
      .replaceAll(/<[^>]*>/g, '')
      .replaceAll(/\s+/g, ' ')
      .trim(),
  );
}

test('what happens to an account is told on its security page, the latest first', async (t) => {
  const site = await openTestApp(t, PASSWORDS_ONLY);
  const { advance } = site;
  const { id: accountId } = await addAccount(site.app, EMAIL);
  const client = await RawClient.register(site, { consent: 'ask' });
  const visit = await signIn(site);
  advance(1);
  const asked = await client.authorize(visit.visitor);
  await visit.visitor.follow(
    await visit.visitor.postForm(`${new URL(asked.url).pathname}/consent`, { decision: 'allow' }),
  );
  const [allowed] = (await site.app.auditLog.listByAccount(accountId, { limit: 1 })).items;
  assert.equal(allowed?.clientId, client.id);
  advance(1);
  await visit.confirm('add-totp');
  await visit.setUpTotp();
  advance(1);
  await visit.confirm('add-passkey');
  await visit.addPasskey(new Authenticator(), { name: 'Work laptop' });
  advance(1);
  await visit.submit('/sign-out-everywhere');
  advance(1);

  const page = await visit.open();
  assertPage(page, 'security.title');
  assert.deepEqual(readActivity(page).slice(0, 5), [
    'Signed out everywhere else',
    'Added the passkey Work laptop',
    'Set up the authenticator app',
    'Gave Ledger access',
    'Signed in with a password',
  ]);
});

test('whoever signs out is told so, here or by way of an application', async (t) => {
  const site = await openTestApp(t, PASSWORDS_ONLY);
  const { app, advance } = site;
  const { id } = await addAccount(app, EMAIL);
  const here = await signIn(site);
  advance(1);
  await here.submit('/sign-out');
  advance(1);
  const { visitor } = await signIn(site);
  advance(1);
  const xsrf = readField(await visitor.open('/session/end'), 'xsrf');
  await visitor.follow(await visitor.postForm('/session/end/confirm', { xsrf, logout: 'yes' }));
  await app.auditLog.settle();
  assert.deepEqual(
    (await app.auditLog.listByAccount(id, { limit: 9 })).items.map(({ details }) => details.type),
    ['signed-out', 'signed-in', 'signed-out', 'signed-in'],
  );
});

test('a wrong password is told to the owner once and then by powers of ten, and nothing of an unknown account', async (t) => {
  const site = await openTestApp(t, PASSWORDS_ONLY);
  const { app } = site;
  await addAccount(app, EMAIL);
  for (const email of [EMAIL, EMAIL, 'nobody@example.com']) {
    const flow = await openSignIn(site);
    await flow.identify(email);
    await flow.typePassword(`not ${TEST_PASSWORD}`);
  }
  await app.auditLog.settle();
  const { items } = await app.storage.audit.list({ limit: 100 });
  assert.deepEqual(
    items.map(({ details }) => details),
    [{ type: 'sign-in-refused', factor: 'password', count: 1 }],
  );
  site.advance(1);
  const visit = await signIn(site);
  assert.deepEqual(readActivity(await visit.open()), [
    'Signed in with a password',
    'Sign-in refused: the password was wrong',
  ]);
});

test('no secret and no address is in the audit log', async (t) => {
  const site = await openTestApp(t, PASSWORDS_ONLY);
  const { app } = site;
  await addAccount(app, EMAIL);
  const visit = await signIn(site);
  await visit.confirm('change-password');
  await visit.submit('/password', { password: 'another long and quiet password' });
  await app.auditLog.settle();
  const text = JSON.stringify((await app.storage.audit.list({ limit: 100 })).items);
  assert.match(text, /password-changed/);
  const cookies = [...visit.visitor.cookies.values()].map(({ value }) => value);
  for (const secret of [TEST_PASSWORD, 'another long', '127.0.0.1', '::1', EMAIL, ...cookies]) {
    assert.ok(!text.includes(secret), secret);
  }
});

test('all of it is a page away, in pages of 25, and the own only', async (t) => {
  const site = await openTestApp(t, PASSWORDS_ONLY);
  const { app } = site;
  const { id: accountId } = await addAccount(app, EMAIL);
  const visit = await signIn(site);
  const start = new Date(Date.now() - 3600_000);
  for (let index = 0; index < 55; index += 1) {
    const details = { type: 'passkey-added', passkeyName: `<b>${index}</b>` } as const;
    await app.storage.audit.append(buildAuditEvent({ accountId, details, createdAt: addSeconds(start, index) }));
  }
  await app.storage.audit.append(buildAuditEvent({ details: { type: 'totp-off' }, createdAt: start }));

  const sentences: string[] = [];
  let page = await visit.open('/activity');
  for (;;) {
    assertPage(page, 'activity.title');
    sentences.push(...readActivity(page));
    const next = /href="\/account(\/activity\?after=[^"]+)"/.exec(page.text)?.[1];
    if (next === undefined) break;
    page = await visit.open(next);
  }
  assert.equal(sentences.length, 56);
  assert.equal(sentences[0], 'Signed in with a password');
  assert.equal(sentences[1], 'Added the passkey &lt;b&gt;54&lt;/b&gt;');
  assert.equal(sentences.at(-1), 'Added the passkey &lt;b&gt;0&lt;/b&gt;');
  assert.match(page.text, /href="\/account\/activity"/);
});

test('a place in the list that no page gave is malformed (IN-06)', async (t) => {
  const site = await openTestApp(t, PASSWORDS_ONLY);
  await addAccount(site.app, EMAIL);
  const visit = await signIn(site);
  for (const query of ['after=x', 'after=a&after=b', 'after[$ne]=', 'limit=1', `after=${'x'.repeat(300)}`, 'after=']) {
    assert.equal((await visit.visitor.get(`/account/activity?${query}`)).status, 400, query);
  }
});

test('whoever is not signed in is asked to', async (t) => {
  const site = await openTestApp(t, PASSWORDS_ONLY);
  const { visitor } = await openSignIn(site);
  assert.equal((await visitor.get('/account/activity')).status, 303);
});
