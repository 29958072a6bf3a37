import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { Account } from '../../src/accounts/account-store.ts';
import type { FolderMail } from '../../src/mail/mail-folder.ts';
import type { Policy } from '../../src/organizations/policy.ts';
import { AccountVisit } from '../support/account-visit.ts';
import {
  addAccount,
  changePolicy,
  openTestApp,
  TEST_PASSWORD,
  type TestApp,
  type TestSettings,
} from '../support/app.ts';
import { findMails, readCode, readLink, readMail } from '../support/mails.ts';
import { assertPage, assertRefused } from '../support/page.ts';
import { RawClient } from '../support/raw-client.ts';
import { requireValue } from '../support/require-value.ts';
import { signInByPassword } from '../support/session.ts';
import { openSignIn } from '../support/sign-in-flow.ts';
import { readStored } from '../support/stored.ts';
import { Visitor } from '../support/visitor.ts';

const OLD = 'alex@example.com';
const NEW = 'Alex@New.example';
const CODE = 'Your code to use this address';
const CHANGED = 'your account at Northwind was changed';
const WEEK_SECONDS = 7 * 86_400;
const POLICY: Partial<Policy> = { enrolPasskey: 'manual', secondFactor: 'off' };

function open(t: TestContext, settings: TestSettings = {}): Promise<TestApp> {
  return openTestApp(t, { ...settings, policy: { ...POLICY, ...settings.policy } });
}

/** Somebody who is signed in to an account whose address is known to be theirs. */
async function visitAccount(site: TestApp, email = OLD) {
  const account = await addAccount(site.app, email, { emailVerified: true });
  return { account, visit: new AccountVisit(site.issuer, await signInByPassword(site, email)) };
}

/** Confirms, and types the address; answers the page that follows. */
async function typeAddress(visit: AccountVisit, email: string) {
  await visit.confirm('change-address');
  return visit.visitor.follow(await visit.submit('/email/change', { email }));
}

function typeCode(visit: AccountVisit, code: string) {
  return visit.submit('/email/change/code', { code });
}

/** The only mail with that in its subject that this address was sent. */
async function readMailTo(site: TestApp, to: string, subject: string): Promise<FolderMail> {
  const [mail, ...others] = (await findMails(site, subject)).filter((one) => one.to === to);
  assert.deepEqual(others, []);
  return requireValue(mail);
}

/** The whole way to another address. */
async function changeAddress(site: TestApp, visit: AccountVisit, email: string): Promise<void> {
  await typeAddress(visit, email);
  const done = await typeCode(visit, readCode(await readMailTo(site, email, CODE)));
  assert.equal(done.headers.get('location'), '/account?done=address-changed', done.text);
}

async function read({ app }: TestApp, { id }: Account): Promise<Account> {
  return requireValue(await app.accounts.find(id));
}

async function askForReset(site: TestApp, email: string): Promise<void> {
  const flow = await openSignIn(site);
  const sent = await flow.visitor.postForm(`${flow.base}/help`, { email, way: 'password' });
  assertPage(sent, 'sign-in-help-sent.title');
}

async function mayEnter({ app, issuer }: TestApp, email: string): Promise<boolean> {
  const flow = await openSignIn({ app, issuer });
  await flow.identify(email);
  return (await flow.typePassword(TEST_PASSWORD)).status === 303;
}

test('another address is the account’s once the code that was mailed there is typed (EM-23)', async (t) => {
  const site = await open(t);
  const { account, visit } = await visitAccount(site);
  const client = await RawClient.register(site);
  const { accessToken } = await client.obtainTokens(visit.visitor);
  assert.match((await visit.open()).text, /href="\/account\/email\/change"/);

  assertPage(await typeAddress(visit, NEW), 'address-code.title');
  assert.deepEqual(await read(site, account), account, 'nothing has changed yet');
  assert.equal(await mayEnter(site, NEW), false, 'an address that is not verified signs nobody in');
  await askForReset(site, NEW);
  assert.deepEqual(await findMails(site, 'Set a new password'), []);
  const mail = await readMail(site, CODE);
  assert.equal(mail.to, NEW);
  const refused = await typeCode(visit, readCode(mail) === '00000000' ? '11111111' : '00000000');
  assertPage(refused, 'address-code.title', 'code_refused');

  site.advance(1);
  const done = await visit.visitor.follow(await typeCode(visit, readCode(mail)));
  assertPage(done, 'security.title', 'address-changed');
  assert.match(
    done.text,
    /data-signals="[^"]*&#34;name&#34;:&#34;Alex@New\.example&#34;/,
    'the label of passkeys follows',
  );
  const after = await read(site, account);
  assert.deepEqual([after.email, after.emailKey, after.emailVerified], [NEW, 'alex@new.example', true]);
  const { body } = await client.userinfo(accessToken);
  assert.deepEqual([body.email, body.email_verified], [NEW, true]);
  assert.equal(await mayEnter(site, NEW), true);
  assert.equal(await mayEnter(site, OLD), false);

  const flow = await openSignIn({ ...site, visitor: visit.visitor, parameters: { prompt: 'login' } });
  assert.ok(!(await flow.submit('/restart', {})).text.includes(OLD), 'this browser forgets the one of before');
  const { items } = await site.app.auditLog.listByAccount(account.id, { limit: 10 });
  assert.ok(items.some(({ details }) => details.type === 'address-changed'));
});

test('both addresses are told of the change, the one of before without the whole of the new one', async (t) => {
  const site = await open(t);
  const { visit } = await visitAccount(site);
  await changeAddress(site, visit, NEW);
  const told = await readMail(site, CHANGED);
  assert.equal(told.to, OLD);
  assert.match(told.text, /^When: .* UTC\nWith: Unknown browser$/m);
  assert.match(told.text.replaceAll('\u200b', ''), /It is A•••@New\.example now/);
  assert.ok(readLink(told, '/not-me/'));
  const arrived = await readMail(site, 'This is the e-mail address of your account');
  assert.equal(arrived.to, NEW);
  assert.doesNotMatch(arrived.text, /not-me|alex@example/);
});

test('nobody changes an address who has not confirmed that, each time', async (t) => {
  const site = await open(t);
  const { account, visit } = await visitAccount(site);
  const asked = '/account/confirm?for=change-address';
  assert.equal((await visit.visitor.get('/account/email/change')).headers.get('location'), asked);
  await visit.confirm('change-password');
  for (const [path, fields] of [
    ['/email/change', { email: NEW }],
    ['/email/change/code', { code: '12345678' }],
  ] as const)
    assert.equal((await visit.submit(path, fields)).headers.get('location'), asked);
  assert.deepEqual(await findMails(site, CODE), []);

  await changeAddress(site, visit, NEW);
  assert.equal((await visit.visitor.get('/account/email/change')).headers.get('location'), asked);
  await visit.confirm('change-address');
  const csrf = await visit.readCsrf();
  const foreign = { origin: 'https://evil.example' };
  const forged = await visit.visitor.postForm('/account/email/change', { csrf, email: OLD }, foreign);
  assertRefused(forged, 'cross_site_request');
  assertPage(await visit.open('/email/change'), 'address-change.title');
  assert.equal((await read(site, account)).email, NEW);
});

test('the address of another account looks like any other, and only its mail says so (EN-03)', async (t) => {
  const site = await open(t);
  const { account, visit } = await visitAccount(site);
  const taken = await addAccount(site.app, 'taken@example.com', { emailVerified: true });
  const pages = [];
  for (const email of ['fresh@example.com', 'TAKEN@example.com']) {
    const sent = await typeAddress(visit, email);
    const wrong = await typeCode(visit, '00000000');
    pages.push([sent, wrong].map(({ status, text }) => [status, text.replaceAll(email, 'x')]));
  }
  assert.deepEqual(pages[0], pages[1]);
  const mail = await readMail(site, 'This address has an account at Northwind already');
  assert.equal(mail.to, 'taken@example.com');
  assert.doesNotMatch(mail.text, /\d{8}|alex/);
  assert.deepEqual([await read(site, account), await read(site, taken)], [account, taken]);
});

test('of two accounts that are given one address at once one has it, and the other is told', async (t) => {
  const site = await open(t);
  const people = [await visitAccount(site), await visitAccount(site, 'kim@example.com')];
  const codes: string[] = [];
  for (const { visit } of people) {
    await typeAddress(visit, NEW);
    const mails = await findMails(site, CODE);
    codes.push(...mails.map(readCode).filter((code) => !codes.includes(code)));
  }
  const answers = await Promise.all(people.map(({ visit }, index) => typeCode(visit, requireValue(codes[index]))));
  const loser = answers.findIndex(({ status }) => status !== 303);
  assertPage(requireValue(answers[loser]), 'address-change.title', 'account_exists');
  assert.equal(requireValue(answers[1 - loser]).headers.get('location'), '/account?done=address-changed');
  const { account } = requireValue(people[loser]);
  assert.deepEqual(await read(site, account), account);
});

test('the code is good in the session that asked for it (EM-03), five times (EM-01) and for ten minutes', async (t) => {
  const site = await open(t);
  const { account, visit } = await visitAccount(site);
  await typeAddress(visit, NEW);
  const code = readCode(await readMail(site, CODE));
  const other = new AccountVisit(site.issuer, await signInByPassword(site, OLD));
  await other.confirm('change-address');
  assertRefused(await typeCode(other, code), 'code_refused');
  for (let tries = 0; tries < 5; tries += 1) await typeCode(visit, '00000000');
  assertRefused(await typeCode(visit, code), 'code_refused');

  site.advance(901);
  await typeAddress(visit, 'late@example.com');
  const late = readCode(await readMailTo(site, 'late@example.com', CODE));
  site.advance(601);
  await visit.confirm('change-address');
  assertRefused(await typeCode(visit, late), 'code_refused');
  assert.equal((await read(site, account)).email, OLD);
});

test('what is no address, or the present one, is refused on the page (EM-13, IN-18)', async (t) => {
  const site = await open(t);
  const { visit } = await visitAccount(site);
  for (const email of ['nobody', 'new＠example.com', 'a@example.com\r\nBcc: b@example.com', ''])
    assertPage(await typeAddress(visit, email), 'address-change.title', 'malformed_request');
  assertPage(await typeAddress(visit, 'ALEX@example.com'), 'address-change.title', 'address_unchanged');
  assert.deepEqual(await findMails(site, CODE), []);
  for (const email of ['al.ex@example.com', 'alex+1@example.com']) await typeAddress(visit, email); // EM-15
  assert.equal((await findMails(site, CODE)).length, 2);
});

test('a hundred requests are three mails and look the same (EM-16), and a flood to many addresses is slowed', async (t) => {
  const site = await open(t, { config: { limitSource: 130 } });
  const { visit } = await visitAccount(site);
  await visit.confirm('change-address');
  const send = async (email: string) => visit.submit('/email/change', { email });
  const places = new Set<string | null>();
  for (let times = 0; times < 100; times += 1) places.add((await send(NEW)).headers.get('location'));
  assert.deepEqual([...places], ['/account/email/change']);
  assert.equal((await findMails(site, CODE)).length, 3);
  let answer = await send('a0@example.com');
  for (let count = 1; count < 40 && answer.status === 303; count += 1) answer = await send(`a${count}@example.com`);
  assertRefused(answer, 'too_many_tries');
  assert.ok(answer.headers.get('retry-after'));
});

test('what was mailed to the address of before is of no use after the change (EM-05)', async (t) => {
  const recoveryByEmail = { waitingHours: 1 };
  const site = await open(t, { policy: { recoveryByEmail, confirmWith: ['password', 'email-link'] } });
  const account = await addAccount(site.app, OLD, { emailVerified: true });
  const flow = await openSignIn(site);
  await flow.visitor.postForm(`${flow.base}/help`, { email: OLD, way: 'passkey' });
  await site.mails(); // sent now, before time goes by
  site.advance(3600);
  await site.app.recoveryClock.openDue();
  const visit = new AccountVisit(site.issuer, await signInByPassword(site, OLD));
  await askForReset(site, OLD);
  await visit.submit('/confirm/email-link/send?for=change-password');
  const links = [
    readLink(await readMail(site, 'Set a new password'), '/reset-password/'),
    readLink(await readMail(site, 'You can recover'), '/recover/'),
    readLink(await readMail(site, 'Confirm a change'), '/confirm/'),
  ];
  const reader = new Visitor(site.issuer);
  for (const link of links) assert.equal((await reader.get(link)).status, 200, link);

  await changeAddress(site, visit, NEW);
  for (const link of links) {
    assertRefused(await reader.get(link), 'link_used_or_expired');
    assertRefused(
      await reader.postForm(link, link.startsWith('/reset') ? { password: 'several words' } : {}),
      'link_used_or_expired',
    );
  }
  assert.equal((await read(site, account)).recovery, undefined);
  const { items } = await site.app.auditLog.listByAccount(account.id, { limit: 10 });
  assert.ok(items.some(({ details }) => details.type === 'recovery-cancelled'));
});

test('whoever reads the mail of the address of before', async (t) => {
  const site = await open(t);
  const { account, visit } = await visitAccount(site);
  await changeAddress(site, visit, NEW);
  const link = readLink(await readMail(site, CHANGED), '/not-me/');
  const owner = new Visitor(site.issuer);

  await t.test('sees what it is about, which changes nothing, and not the new address', async () => {
    const page = await owner.get(link);
    assertPage(page, 'not-me.title');
    assert.match(page.text, /alex@example\.com<\/strong> was given another.*this address is put back/s);
    assert.ok(!page.text.includes('New.example'));
    assert.equal((await read(site, account)).email, NEW);
  });

  await t.test('has it back for seven days, and everybody is signed out', async () => {
    site.advance(WEEK_SECONDS - 1);
    const thief = new AccountVisit(site.issuer, await signInByPassword(site, NEW));
    const done = await owner.postForm(link, {});
    assertPage(done, 'not-me-done.title');
    assert.match(done.text, /The account has this address again/);
    const { email, emailKey, emailVerified } = await read(site, account);
    assert.deepEqual({ email, emailKey, emailVerified }, { email: OLD, emailKey: OLD, emailVerified: true });
    assert.equal((await thief.visitor.get('/account')).status, 303);
    assert.equal(await mayEnter(site, NEW), false);
    assert.equal(await mayEnter(site, OLD), true);
    assertRefused(await owner.postForm(link, {}), 'link_used_or_expired');
  });

  await t.test('of which both are told, without anything to press', async () => {
    for (const to of [OLD, NEW]) assert.doesNotMatch((await readMailTo(site, to, 'was put back')).text, /not-me/);
    const { items } = await site.app.auditLog.listByAccount(account.id, { limit: 10 });
    assert.ok(items.some(({ details }) => details.type === 'address-restored'));
  });
});

test('after seven days the change stands', async (t) => {
  const site = await open(t);
  const { visit } = await visitAccount(site);
  await changeAddress(site, visit, NEW);
  const link = readLink(await readMail(site, CHANGED), '/not-me/');
  site.advance(WEEK_SECONDS + 1);
  assertRefused(await new Visitor(site.issuer).postForm(link, {}), 'link_used_or_expired');
});

test('a thief who has changed the address twice keeps neither, and nothing that was mailed to them undoes that', async (t) => {
  const site = await open(t);
  const { account, visit } = await visitAccount(site);
  const early = readLink(await readMailTo(site, OLD, 'A new sign-in'), '/not-me/');
  await changeAddress(site, visit, 'b@thief.example');
  site.advance(1);
  await visit.confirm('change-password');
  await visit.submit('/password', { password: 'the password of a thief' });
  const [own, denied] = [
    readLink(await readMail(site, CHANGED), '/not-me/'),
    readLink(await readMailTo(site, 'b@thief.example', 'Your password at Northwind was changed'), '/not-me/'),
  ];
  site.advance(1);
  await visit.answerConfirmation({ purpose: 'change-address' }, 'password', { password: 'the password of a thief' });
  await visit.submit('/email/change', { email: 'c@thief.example' });
  await typeCode(visit, readCode(await readMailTo(site, 'c@thief.example', CODE)));
  const thiefs = readLink(await readMailTo(site, 'b@thief.example', CHANGED), '/not-me/');
  assert.equal((await new Visitor(site.issuer).get(thiefs)).status, 200);

  site.advance(1);
  assert.match((await new Visitor(site.issuer).postForm(own, {})).text, /has this address again/);
  assert.equal((await read(site, account)).email, OLD);
  for (const link of [thiefs, denied]) {
    assertRefused(await new Visitor(site.issuer).get(link), 'link_used_or_expired');
    assertRefused(await new Visitor(site.issuer).postForm(link, {}), 'link_used_or_expired');
  }
  assert.equal((await read(site, account)).email, OLD);
  assertPage(await new Visitor(site.issuer).get(early), 'not-me.title');
});

test('an address that another account has by now stays there, and the one that is left helps nobody in', async (t) => {
  const site = await open(t);
  const { account, visit } = await visitAccount(site);
  await changeAddress(site, visit, NEW);
  const other = await addAccount(site.app, OLD);
  const done = await new Visitor(site.issuer).postForm(readLink(await readMail(site, CHANGED), '/not-me/'), {});
  assert.match(done.text, /could not be put back/);
  const { email, emailVerified } = await read(site, account);
  assert.deepEqual({ email, emailVerified }, { email: NEW, emailVerified: false });
  assert.deepEqual(await read(site, other), other);
  assert.equal((await visit.visitor.get('/account')).status, 303);
  await askForReset(site, NEW);
  assert.deepEqual(await findMails(site, 'Set a new password'), []);
});

test('an address that was not known to be the owner’s is not known to be it when it is back', async (t) => {
  const site = await open(t);
  const account = await addAccount(site.app, OLD);
  const visit = new AccountVisit(site.issuer, await signInByPassword(site, OLD));
  await changeAddress(site, visit, NEW);
  await new Visitor(site.issuer).postForm(readLink(await readMail(site, CHANGED), '/not-me/'), {});
  const { email, emailVerified } = await read(site, account);
  assert.deepEqual({ email, emailVerified }, { email: OLD, emailVerified: false });
});

test('where another provider signs people in, the address is its business', async (t) => {
  const site = await open(t);
  const { visit } = await visitAccount(site);
  await changePolicy(site.app, { sso: { issuer: 'https://login.example.com', clientId: 'cardea', required: true } });
  assert.ok(!(await visit.open()).text.includes('/account/email/change'));
  assertRefused(await visit.open('/email/change'), 'method_not_offered');
  assertRefused(await visit.submit('/email/change', { email: NEW }), 'method_not_offered');
});

test('neither the store nor the log has the code (DA-01, DA-03)', async (t) => {
  const site = await open(t);
  const { visit } = await visitAccount(site);
  await typeAddress(visit, NEW);
  const code = readCode(await readMail(site, CODE));
  assert.ok(!(await readStored(site)).includes(code));
  assert.ok(!site.log.join('').includes(code));
});
