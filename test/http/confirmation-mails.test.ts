import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ConfirmationMethod } from '../../src/organizations/policy.ts';
import type { Intent } from '../../src/sign-in/confirmation.ts';
import { AccountVisit } from '../support/account-visit.ts';
import { addAccount, openTestApp, type TestApp } from '../support/app.ts';
import { findMails, readCode, readLink, readMail } from '../support/mails.ts';
import { assertPage, assertRefused } from '../support/page.ts';
import { signInByPassword } from '../support/session.ts';
import { readStored } from '../support/stored.ts';
import { Visitor } from '../support/visitor.ts';

const EMAIL = 'alex@example.com';
const INTENT: Intent = { purpose: 'add-passkey' };

/** Somebody whose address is known to be theirs, where changes are confirmed by mail. */
async function visitAccount(t: Parameters<typeof openTestApp>[0], method: ConfirmationMethod) {
  const policy = { enrolPasskey: 'manual', secondFactor: 'off', confirmWith: [method] } as const;
  const site = await openTestApp(t, { policy });
  const account = await addAccount(site.app, EMAIL, { emailVerified: true });
  const signIn = async () => new AccountVisit(site.issuer, await signInByPassword(site, EMAIL));
  return { site, account, visit: await signIn(), signIn };
}

async function isConfirmed(visit: AccountVisit): Promise<boolean> {
  const page = await visit.visitor.get('/account/passkeys/add');
  return page.status === 200;
}

function send(visit: AccountVisit, method: ConfirmationMethod): Promise<{ status: number; text: string }> {
  return visit.answerConfirmation(INTENT, `${method}/send`, {});
}

test('a change is confirmed by the code of a mail', async (t) => {
  const { site, visit, signIn } = await visitAccount(t, 'email-code');
  assertPage(await visit.open('/passkeys/add'), 'confirm.title');
  assert.equal((await send(visit, 'email-code')).status, 303);
  const mail = await readMail(site, 'Your code to confirm a change');
  assert.equal(mail.to, EMAIL);
  const code = readCode(mail);

  await t.test('not by a wrong one', async () => {
    const answer = await visit.answerConfirmation(INTENT, 'email-code', { code: '00000000' });
    assertPage(answer, 'confirm.title', 'code_refused');
    assert.equal(await isConfirmed(visit), false);
  });

  await t.test('not in another browser (EM-03)', async () => {
    const other = await signIn();
    assert.equal((await other.answerConfirmation(INTENT, 'email-code', { code })).status, 401);
  });

  await t.test('not for another change', async () => {
    const other: Intent = { purpose: 'change-password' };
    assert.equal((await visit.answerConfirmation(other, 'email-code', { code })).status, 401);
  });

  await t.test('but for this one, once', async () => {
    const answer = await visit.answerConfirmation(INTENT, 'email-code', {
      code: `${code.slice(0, 4)} ${code.slice(4)}`,
    });
    assert.equal(answer.headers.get('location'), '/account/passkeys/add');
    assert.equal(await isConfirmed(visit), true);
    assert.equal((await visit.answerConfirmation(INTENT, 'email-code', { code })).status, 401);
  });

  await t.test('and nobody finds it in the store or in the log', async () => {
    assert.ok(!(await readStored(site)).includes(code));
    assert.ok(!site.log.join('').includes(code));
  });
});

test('a mailed code is wrong after five wrong tries (EM-01), and after ten minutes', async (t) => {
  const { site, visit } = await visitAccount(t, 'email-code');
  await send(visit, 'email-code');
  const code = readCode(await readMail(site, 'Your code to confirm'));
  for (let tries = 0; tries < 5; tries += 1)
    assert.equal((await visit.answerConfirmation(INTENT, 'email-code', { code: '00000000' })).status, 401);
  assert.equal((await visit.answerConfirmation(INTENT, 'email-code', { code })).status, 401);

  site.advance(901);
  await send(visit, 'email-code');
  const later = readCode((await findMails(site, 'Your code to confirm')).at(-1) ?? assert.fail());
  site.advance(601);
  assert.equal((await visit.answerConfirmation(INTENT, 'email-code', { code: later })).status, 401);
});

test('a flood of requests is three mails, and looks the same (EM-16)', async (t) => {
  const { site, visit } = await visitAccount(t, 'email-code');
  const answers = [];
  for (let times = 0; times < 12; times += 1) answers.push(await send(visit, 'email-code'));
  assert.deepEqual(new Set(answers.map(({ status, text }) => `${status} ${text}`)).size, 1);
  const mails = await findMails(site, 'Your code to confirm');
  assert.equal(mails.length, 3);
  const codes = await Promise.all(
    mails.map(async (mail) => (await visit.answerConfirmation(INTENT, 'email-code', { code: readCode(mail) })).status),
  );
  assert.equal(codes.filter((status) => status === 303).length, 1, 'the last one that was sent stays good');
});

test('a change is confirmed by the link of a mail', async (t) => {
  const { site, visit } = await visitAccount(t, 'email-link');
  await send(visit, 'email-link');
  const mail = await readMail(site, 'Confirm a change');
  const link = readLink(mail, '/confirm/');
  const phone = new Visitor(site.issuer);

  await t.test('not by looking at it, which programs do too (EM-06)', async () => {
    for (let times = 0; times < 10; times += 1) {
      assert.equal((await phone.send('HEAD', link, undefined, {})).status, 200);
      const page = await phone.get(link);
      assertPage(page, 'confirm.title');
      assert.match(page.text, /Asked for by <strong dir="auto">alex@example\.com<\/strong>/);
      assert.equal(page.headers.get('referrer-policy'), 'no-referrer');
    }
    assertPage(await visit.answerConfirmation(INTENT, 'email-link', {}), 'confirm.title', 'link_not_used');
  });

  await t.test('but by its button, in whichever browser, where nobody is signed in by it (EM-08)', async () => {
    assertPage(await phone.postForm(link, {}), 'confirm-link-done.title');
    assert.equal((await phone.get('/account')).status, 303);
    assert.equal(await isConfirmed(visit), false, 'nothing happens before the person goes on where they began');
    const answer = await visit.answerConfirmation(INTENT, 'email-link', {});
    assert.equal(answer.headers.get('location'), '/account/passkeys/add');
    assert.equal(await isConfirmed(visit), true);
  });

  await t.test('once', async () => {
    assertRefused(await phone.get(link), 'link_used_or_expired');
    assertRefused(await phone.postForm(link, {}), 'link_used_or_expired');
  });

  await t.test('and nobody finds it in the store or in the log (EM-10)', async () => {
    const token = link.split('/').at(-1) ?? '';
    assert.ok(!(await readStored(site)).includes(token));
    assert.ok(!site.log.join('').includes(token));
  });
});

test('in the browser where they began, the button of the link leads straight on', async (t) => {
  const { site, visit } = await visitAccount(t, 'email-link');
  await send(visit, 'email-link');
  const link = readLink(await readMail(site, 'Confirm a change'), '/confirm/');
  const answer = await visit.visitor.postForm(link, {});
  assert.equal(answer.headers.get('location'), '/account/passkeys/add');
  assert.equal(await isConfirmed(visit), true);
});

test('a link is too old after ten minutes, and of no use to another account or from another site', async (t) => {
  const { site, visit } = await visitAccount(t, 'email-link');
  await send(visit, 'email-link');
  const link = readLink(await readMail(site, 'Confirm a change'), '/confirm/');
  const phone = new Visitor(site.issuer);
  assertRefused(await phone.postForm(link, {}, { origin: 'https://evil.example' }), 'cross_site_request');
  assertRefused(await phone.get(link.replace('/confirm/', '/not-me/')), 'link_used_or_expired');
  site.advance(601);
  assertRefused(await phone.postForm(link, {}), 'link_used_or_expired');
});

test('whoever did not ask for the mail signs everybody out with its other link', async (t) => {
  const { site, visit } = await visitAccount(t, 'email-link');
  await send(visit, 'email-link');
  const mail = await readMail(site, 'Confirm a change');
  assertPage(await new Visitor(site.issuer).postForm(readLink(mail, '/not-me/'), {}), 'not-me-done.title');
  assert.equal((await visit.visitor.get('/account')).status, 303);
});

test('an address that is not known to be theirs confirms nothing (EM-18)', async (t) => {
  const site: TestApp = await openTestApp(t, {
    policy: { enrolPasskey: 'manual', secondFactor: 'off', confirmWith: ['email-code'] },
  });
  await addAccount(site.app, EMAIL);
  const visit = new AccountVisit(site.issuer, await signInByPassword(site, EMAIL));
  const answer = await visit.answerConfirmation(INTENT, 'email-code/send', {});
  assert.match(answer.headers.get('location') ?? '', /^\/auth\?.*prompt=login/, 'a new sign-in is all that is left');
  assert.deepEqual(await findMails(site, 'code'), []);
});
