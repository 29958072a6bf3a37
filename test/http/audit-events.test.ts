import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { Account } from '../../src/accounts/account-store.ts';
import type { AuditType } from '../../src/audit/audit-store.ts';
import type { Policy } from '../../src/organizations/policy.ts';
import { AccountVisit, toQuery } from '../support/account-visit.ts';
import { addAccount, openTestApp, TEST_PASSWORD, type TestApp } from '../support/app.ts';
import { Authenticator } from '../support/authenticator.ts';
import { addPasskey, addTotp } from '../support/enrol.ts';
import { findMails, readCode, readLink, readMail } from '../support/mails.ts';
import { Invitation, OtherDevice } from '../support/other-device.ts';
import { assertPage, assertRefused, readField } from '../support/page.ts';
import { race } from '../support/race.ts';
import { requireValue } from '../support/require-value.ts';
import { openSession, signInByPassword } from '../support/session.ts';
import { openSignIn } from '../support/sign-in-flow.ts';
import { Visitor } from '../support/visitor.ts';

const EMAIL = 'alex@example.com';
const NEW_PASSWORD = 'another long and quiet password';
const HOUR = 3600;
/** A password signs in and confirms; the rest is there to be made. */
const POLICY: Partial<Policy> = {
  enrolPasskey: 'manual',
  secondFactor: 'off',
  confirmWith: ['password'],
  recoveryByEmail: { waitingHours: 48 },
};

function openSite(t: TestContext, policy: Partial<Policy> = {}): Promise<TestApp> {
  return openTestApp(t, { policy: { ...POLICY, ...policy } });
}

async function openVisit(site: TestApp) {
  const { account, visitor } = await openSession(site, EMAIL);
  return { account, visit: new AccountVisit(site.issuer, visitor) };
}

async function readEvents({ app }: TestApp, { id }: Pick<Account, 'id'>) {
  await app.auditLog.settle();
  return (await app.auditLog.listByAccount(id, { limit: 100 })).items;
}

/** What happened to the account is this, each as often as it is named here, in any order. */
async function assertEvents(site: TestApp, account: Pick<Account, 'id'>, types: readonly AuditType[]): Promise<void> {
  const events = await readEvents(site, account);
  assert.deepEqual(events.map(({ details }) => details.type).toSorted(), types.toSorted());
  for (const { details, device, actor } of events) {
    if (actor === 'account') assert.equal(device, 'Unknown browser', details.type);
  }
}

async function assertHides(site: TestApp, account: Account, secrets: readonly string[]): Promise<void> {
  const text = JSON.stringify(await readEvents(site, account));
  for (const secret of secrets) {
    assert.ok(secret.length > 5, secret);
    assert.ok(!text.includes(secret), secret);
  }
}

test('what a person changes of how they sign in is written down once, and none of its secrets', async (t) => {
  const site = await openSite(t);
  const { account, visit } = await openVisit(site);
  await visit.confirm('add-passkey');
  await visit.addPasskey(new Authenticator(), { name: 'Laptop' });
  const passkey = requireValue((await site.app.passkeys.list(account.id))[0]);
  for (const [action, fields] of [
    ['rename', { name: 'Computer' }],
    ['rename', { name: 'Computer' }], // which it is called already
    ['delete', {}],
  ] as const) {
    await visit.confirm(`${action}-passkey`, passkey.id);
    assert.equal((await visit.submit(`/passkeys/${passkey.id}/${action}`, fields)).status, 303);
  }
  await visit.confirm('change-password');
  assert.equal((await visit.submit('/password', { password: NEW_PASSWORD })).status, 303);
  const confirmAgain = async (purpose: 'add-totp' | 'delete-totp' | 'make-recovery-codes') =>
    visit.answerConfirmation({ purpose, target: undefined }, 'password', { password: NEW_PASSWORD });
  await confirmAgain('add-totp');
  const form = await visit.open('/totp/add');
  const secret = requireValue(/secret=([A-Z2-7]+)/.exec(form.text)?.[1]);
  await visit.setUpTotp();
  await confirmAgain('delete-totp');
  assert.equal((await visit.submit('/totp/delete')).status, 303);
  await confirmAgain('make-recovery-codes');
  const { text } = await visit.submit('/recovery-codes');
  const code = requireValue(/<li><code>([^<]*)<\/code><\/li>/.exec(text)?.[1]);

  await assertEvents(site, account, [
    'signed-in',
    'passkey-added',
    'passkey-renamed',
    'passkey-removed',
    'password-changed',
    'totp-on',
    'totp-off',
    'recovery-codes-made',
  ]);
  const cookies = [...visit.visitor.cookies.values()].map(({ value }) => value);
  const names = [passkey.id, readField(form, 'ticket'), secret, code, code.replaceAll('-', '')];
  await assertHides(site, account, [TEST_PASSWORD, NEW_PASSWORD, EMAIL, '127.0.0.1', ...names, ...cookies]);
});

test('a passkey for another device is written down when it is asked for and when it is there', async (t) => {
  const site = await openSite(t);
  const { account, visit } = await openVisit(site);
  const invitation = new Invitation(site, account, visit.visitor);
  const path = await invitation.start();
  const other = new OtherDevice(site, path);
  await invitation.choose(await other.makePasskey());
  const events = await readEvents(site, account);
  const types = events.map(({ details, device }) => [details.type, device]);
  assert.deepEqual(types.toSorted(), [
    ['passkey-added', 'Safari on iPhone'],
    ['passkey-requested', 'Unknown browser'],
    ['signed-in', 'Unknown browser'],
  ]);
  await assertHides(site, account, [path.slice('/other-device/'.length)]);
});

test('a password where there was none is one that was set', async (t) => {
  const site = await openSite(t, { confirmWith: ['passkey'] });
  const { id: organizationId } = await site.app.organizations.requireOrFirst(undefined);
  const account = await site.app.accounts.create({ organizationId, email: EMAIL });
  const authenticator = await addPasskey(site.app, account);
  const flow = await openSignIn({ ...site, authenticator });
  await flow.usePasskey();
  const visit = new AccountVisit(site.issuer, flow.visitor);
  await visit.confirmByPasskey({ purpose: 'set-password', target: undefined }, authenticator);
  assert.equal((await visit.submit('/password', { password: NEW_PASSWORD })).status, 303);
  await assertEvents(site, account, ['signed-in', 'password-set']);
});

test('"this wasn\'t me" is written down with what it took away', async (t) => {
  const site = await openSite(t);
  const { account, visit } = await openVisit(site);
  await visit.confirm('add-passkey');
  await visit.addPasskey(new Authenticator(), { name: 'A thing' });
  const link = readLink(await readMail(site, 'A passkey was added'), '/not-me/');
  const owner = new Visitor(site.issuer);
  await owner.get(link);
  assertPage(await owner.postForm(link, {}), 'not-me-done.title');
  await owner.postForm(link, {}); // spent
  await assertEvents(site, account, ['signed-in', 'passkey-added', 'notice-disputed', 'passkey-removed']);
  await assertHides(site, account, [link.slice('/not-me/'.length)]);
});

test('a sign-in says whether the account knew the browser, and a newcomer has but one', async (t) => {
  const site = await openSite(t);
  const account = await addAccount(site.app, EMAIL);
  const visitor = await signInByPassword(site, EMAIL);
  const flow = await openSignIn({ ...site, visitor, parameters: { prompt: 'login' } });
  await flow.typePassword(TEST_PASSWORD);
  const known = (await readEvents(site, account)).map(
    ({ details }) => details.type === 'signed-in' && !details.newBrowser,
  );
  assert.deepEqual(known.toSorted(), [false, true]);

  const newcomer = await openSignIn(site);
  await newcomer.signUp({ email: 'nova@example.com', name: 'Nova' });
  const { id: organizationId } = await site.app.organizations.requireOrFirst(undefined);
  const nova = requireValue(await site.app.accounts.findByEmail(organizationId, 'nova@example.com'));
  await assertEvents(site, nova, ['account-created', 'signed-in']);
});

test('a password that a passkey switches off is written down beside the sign-in', async (t) => {
  const site = await openSite(t, { password: 'until-passkey' });
  const account = await addAccount(site.app, EMAIL);
  const authenticator = await addPasskey(site.app, account);
  for (const _ of ['first', 'second']) await (await openSignIn({ ...site, authenticator })).usePasskey();
  await assertEvents(site, account, ['signed-in', 'signed-in', 'password-off']);
});

test('a recovery code is written down with the number that are left, and so is a wrong one', async (t) => {
  const site = await openSite(t, { secondFactors: ['totp', 'recovery-code'] });
  const account = await addAccount(site.app, EMAIL);
  const { codes } = await site.app.recoveryCodes.make(account.id);
  const flow = await openSignIn(site);
  await flow.identify(EMAIL);
  await flow.typeRecoveryCode('0000-0000-0000-0000');
  await flow.typeRecoveryCode(requireValue(codes[0]));
  await flow.typePassword(TEST_PASSWORD);
  await assertEvents(site, account, ['sign-in-refused', 'recovery-code-used', 'signed-in']);
  const used = (await readEvents(site, account)).find(({ details }) => details.type === 'recovery-code-used');
  assert.deepEqual(used?.details, { type: 'recovery-code-used', codesLeft: 9 });
});

test('whatever is wrong that a signed-in person brings to confirm a change is written down', async (t) => {
  const site = await openSite(t, { confirmWith: ['passkey', 'password', 'totp', 'email-code'] });
  const { account, visit } = await openVisit(site);
  await site.app.accounts.verifyEmail(account.id, account.emailKey);
  await addTotp(site.app, account);
  const device = await addPasskey(site.app, account);
  const known = (await readEvents(site, account)).map(({ details }) => details.type);
  const query = toQuery({ purpose: 'add-passkey' });
  const confirm = (method: string, fields: Record<string, string>) =>
    visit.submit(`/confirm/${method}${query}`, fields);

  assertRefused(await confirm('password', { password: `not ${TEST_PASSWORD}` }), 'wrong_password');
  assertRefused(await confirm('totp', { code: '000000' }), 'code_refused');
  await confirm('email-code/send', {});
  assertRefused(await confirm('email-code', { code: '00000000' }), 'code_refused');
  const response = await visit.askForConfirmation({ purpose: 'add-passkey' }, device, { userVerified: false });
  assertRefused(await visit.post(`/confirm/passkey${query}`, { response }), 'passkey_refused');

  const refused = Array.from({ length: 4 }, () => 'confirmation-refused' as const);
  await assertEvents(site, account, [...known, ...refused]);
  const factors = (await readEvents(site, account)).flatMap(({ details }) =>
    details.type === 'confirmation-refused' ? details.factor : [],
  );
  assert.deepEqual(factors.toSorted(), ['email-code', 'passkey', 'password', 'totp']);
});

test('what mails prove is written down: an address, a password that was forgotten', async (t) => {
  const site = await openSite(t);
  const { account, visit } = await openVisit(site);
  await visit.submit('/email/send');
  const code = readCode(await readMail(site, 'Confirm your e-mail address'));
  assert.equal((await visit.submit('/email', { code: '00000000' })).status, 401);
  assert.equal((await visit.submit('/email', { code })).status, 303);
  const flow = await openSignIn(site);
  await flow.visitor.postForm(`${flow.base}/help`, { email: EMAIL, way: 'password' });
  const link = readLink(await readMail(site, 'Set a new password'), '/reset-password/');
  assertPage(await new Visitor(site.issuer).postForm(link, { password: NEW_PASSWORD }), 'password-reset-done.title');
  await assertEvents(site, account, ['signed-in', 'address-verified', 'password-reset']);
  await assertHides(site, account, [code, link.slice('/reset-password/'.length), NEW_PASSWORD]);
});

test('an account that the owner of its address takes over says so', async (t) => {
  const site = await openSite(t);
  const { account, visit } = await openVisit(site);
  await visit.submit('/email/send');
  const link = readLink(await readMail(site, 'Confirm your e-mail address'), '/verify/');
  await new Visitor(site.issuer).postForm(link, { takeOver: 'yes' });
  await assertEvents(site, account, ['signed-in', 'account-taken-over']);
});

test('a recovery is written down from its beginning to its end', async (t) => {
  const site = await openSite(t);
  const account = await addAccount(site.app, EMAIL, { emailVerified: true });
  const ask = async () => {
    const flow = await openSignIn(site);
    await flow.visitor.postForm(`${flow.base}/help`, { email: EMAIL, way: 'passkey' });
  };
  await ask();
  await ask();
  const stop = readLink(requireValue((await findMails(site, 'Somebody wants to recover'))[0]), '/recover/stop/');
  await race(5, () => new Visitor(site.issuer).postForm(stop, {}));
  await assertEvents(site, account, ['recovery-started', 'recovery-cancelled']);

  site.advance(HOUR);
  await ask();
  await site.mails();
  site.advance(48 * HOUR);
  await site.app.recoveryClock.openDue();
  const link = readLink(requireValue((await findMails(site, 'You can recover')).at(-1)), '/recover/');
  const flow = await openSignIn(site);
  await flow.leave(await flow.visitor.postForm(link, {}));
  await flow.makePasskey();
  await assertEvents(site, account, [
    'recovery-started',
    'recovery-cancelled',
    'recovery-started',
    'passkey-added',
    'recovery-done',
    'signed-in',
  ]);
  await assertHides(site, account, [link.slice('/recover/'.length), stop.slice('/recover/stop/'.length)]);
});

test('the link of an administrator is written down as theirs', async (t) => {
  const site = await openSite(t);
  const account = await addAccount(site.app, EMAIL);
  const link = await site.app.recovering.offer(
    account,
    await site.app.organizations.requireOrFirst(account.organizationId),
  );
  const [offered, ...others] = await readEvents(site, account);
  assert.deepEqual(
    [offered?.details.type, offered?.actor, offered?.device, others],
    ['recovery-offered', 'operator', undefined, []],
  );
  await assertHides(site, account, [new URL(link).pathname.slice('/recover/'.length)]);
});
