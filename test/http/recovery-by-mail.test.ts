import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { decodeJwt } from 'jose';
import type { Account } from '../../src/accounts/account-store.ts';
import type { AccountId } from '../../src/lib/ids.ts';
import { AccountVisit } from '../support/account-visit.ts';
import { addAccount, changePolicy, openTestApp, TEST_PASSWORD, type TestApp } from '../support/app.ts';
import { Authenticator } from '../support/authenticator.ts';
import { openCardea } from '../support/command-line.ts';
import { addPasskey, addTotp, nextCode } from '../support/enrol.ts';
import { findMails, readLink, readMail } from '../support/mails.ts';
import { assertPage, assertRefused } from '../support/page.ts';
import { RawClient } from '../support/raw-client.ts';
import { requireValue } from '../support/require-value.ts';
import { openSignIn } from '../support/sign-in-flow.ts';
import { readStored } from '../support/stored.ts';
import { type Answer, Visitor } from '../support/visitor.ts';

const EMAIL = 'alex@example.com';
const HOUR = 3600;
const FIREFOX = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0';
const WAITING = { recoveryByEmail: { waitingHours: 48 } };

function openSite(t: TestContext): Promise<TestApp> {
  return openTestApp(t, { policy: { enrolPasskey: 'manual', ...WAITING } });
}

/** Somebody with a password and an authenticator app, and a passkey, all of which they have lost. */
async function addOwner({ app }: TestApp, email = EMAIL) {
  const account = await addAccount(app, email, { emailVerified: true });
  const secret = await addTotp(app, account);
  return { account, secret, lost: await addPasskey(app, account) };
}

async function askForHelp(site: TestApp, way: string, email = EMAIL): Promise<Answer> {
  const flow = await openSignIn(site);
  return flow.visitor.postForm(`${flow.base}/help`, { email, way });
}

async function askForRecovery(site: TestApp, email = EMAIL): Promise<void> {
  assertPage(await askForHelp(site, 'passkey', email), 'sign-in-help-sent.title');
}

/** Asks, waits, and answers the link of the mail that comes then. */
async function waitForLink(site: TestApp): Promise<string> {
  await askForRecovery(site);
  await site.mails(); // sent now, before time goes by
  site.advance(48 * HOUR);
  await site.app.recoveryClock.openDue();
  return readLink(requireValue((await findMails(site, 'You can recover')).at(-1)), '/recover/');
}

/** A new browser that has pressed the button of the link's page, and the page that follows. */
async function openLink({ issuer }: TestApp, link: string) {
  const visitor = new Visitor(issuer);
  const page = await visitor.follow(await visitor.postForm(link, {}));
  return { visitor, page, base: new URL(page.url).pathname };
}

/** Makes the passkey that is demanded; answers what the server says. */
async function makePasskey({ issuer }: TestApp, visitor: Visitor, base: string, device = new Authenticator()) {
  const options = await visitor.postJson(`${base}/enrol/options`, {});
  assert.equal(options.status, 200, options.text);
  const response = device.create(JSON.parse(options.text), { origin: new URL(issuer).origin });
  return visitor.postJson(`${base}/enrol`, { response });
}

/** Writes past everything that guards an account. */
async function changeStored({ app }: TestApp, id: AccountId, changes: Partial<Account>): Promise<void> {
  const account = requireValue(await app.accounts.find(id));
  assert.ok(await app.storage.accounts.update({ ...account, ...changes, version: account.version + 1 }));
}

async function countPasskeys({ app }: TestApp, email = EMAIL): Promise<number> {
  const { id: organizationId } = await app.organizations.requireOrFirst(undefined);
  const account = requireValue(await app.accounts.findByEmail(organizationId, email));
  return (await app.passkeys.list(account.id)).length;
}

test('somebody who has lost everything waits, makes a passkey, and is in; whoever was in is out', async (t) => {
  const site = await openSite(t);
  const { account, secret } = await addOwner(site);
  const client = await RawClient.register(site);

  const link = await waitForLink(site);
  const thief = await openSignIn(site);
  await thief.identify(EMAIL);
  await thief.typePassword(TEST_PASSWORD);
  await thief.typeCode(nextCode(secret));
  await thief.finish();
  const tokens = await client.obtainTokens(thief.visitor);
  assert.match((await readMail(site, 'Somebody wants to recover')).text, /Stop the recovery/);
  const { visitor, page, base } = await openLink(site, link);
  assertPage(page, 'enrol-passkey.title.recovers');
  site.advance(5); // everybody is signed out later than the link was used
  const made = await makePasskey(site, visitor, base);
  assert.equal(made.status, 200, made.text);
  const home = await visitor.open(JSON.parse(made.text).location);
  assertPage(home, 'security.title', 'recovered');

  assert.equal(await countPasskeys(site), 2);
  assert.equal((await client.refresh(tokens.refreshToken)).status, 400);
  assertPage(await new AccountVisit(site.issuer, thief.visitor).open(), 'sign-in.title.remembered');
  await readMail(site, 'was recovered');
  assert.deepEqual(await findMails(site, 'A passkey was added'), []);
  const { idToken } = await client.obtainTokens(visitor);
  const { acr, amr } = decodeJwt(idToken);
  assert.deepEqual([acr, amr], ['urn:cardea:acr:recovery', ['otp']]);
  assert.equal((await site.app.accounts.find(account.id))?.recovery, undefined);
});

test('a passkey is asked for only of an account that has one', async (t) => {
  const site = await openSite(t);
  const account = await addAccount(site.app, EMAIL, { emailVerified: true });
  await addTotp(site.app, account);
  const opened = await openLink(site, await waitForLink(site));
  assert.doesNotMatch(opened.page.text, /Use your passkey instead/);
  assertRefused(await opened.visitor.postJson(`${opened.base}/passkey/options`, {}), 'step_finished');

  await addPasskey(site.app, account);
  assert.match((await opened.visitor.get(opened.base)).text, /Use your passkey instead/);
});

test('until the passkey is made nobody is signed in (RC-08)', async (t) => {
  const site = await openSite(t);
  await addOwner(site);
  const { visitor, base } = await openLink(site, await waitForLink(site));
  const client = await RawClient.register(site);

  const silent = await client.authorize(visitor, { prompt: 'none' });
  assert.match(silent.headers.get('location') ?? '', /error=login_required/);
  assertRefused(await visitor.postForm(`${base}/password`, { password: TEST_PASSWORD }), 'step_finished');
  assertRefused(await visitor.postForm(`${base}/enrol/decline`, {}), 'method_not_offered');
  assertPage(await visitor.get(base), 'enrol-passkey.title.recovers');
  assertPage(await visitor.open('/account'), 'sign-in.title');
});

test('the link of a recovery', async (t) => {
  const site = await openSite(t);
  await addOwner(site);
  const link = await waitForLink(site);
  const visitor = new Visitor(site.issuer);

  await t.test('changes nothing when it is opened, however often (EM-06)', async () => {
    for (let times = 0; times < 10; times += 1) assertPage(await visitor.get(link), 'recover.title');
    assert.equal((await visitor.send('HEAD', link, undefined, {})).status, 200);
    assert.match((await visitor.get(link)).text, /alex@example\.com/);
  });

  await t.test('is not followed for another site', async () => {
    assertRefused(await visitor.postForm(link, {}, { origin: 'https://evil.example' }), 'cross_site_request');
  });

  await t.test('is good in one browser of many at once, and then no more', async () => {
    const answers = await Promise.all(Array.from({ length: 5 }, () => new Visitor(site.issuer).postForm(link, {})));
    assert.deepEqual(answers.map(({ status }) => status).sort(), [303, 410, 410, 410, 410]);
    assertRefused(await visitor.get(link), 'link_used_or_expired');
  });

  await t.test('is good for 30 minutes', async () => {
    site.advance(24 * HOUR);
    const late = await waitForLink(site);
    site.advance(HOUR / 2 - 1);
    assertPage(await visitor.get(late), 'recover.title');
    site.advance(1);
    assertRefused(await visitor.get(late), 'link_used_or_expired');
    assertRefused(await visitor.postForm(late, {}), 'link_used_or_expired');
  });

  await t.test('is neither sent nor good before the time is over', async () => {
    site.advance(24 * HOUR);
    const before = (await findMails(site, 'You can recover')).length;
    await askForRecovery(site);
    site.advance(48 * HOUR - 1);
    await site.app.recoveryClock.openDue();
    assert.equal((await findMails(site, 'You can recover')).length, before);
  });

  await t.test('is mailed once, even by many processes', async () => {
    const before = (await findMails(site, 'You can recover')).length;
    site.advance(1);
    await Promise.all([1, 2, 3].map(() => site.app.recoveryClock.openDue()));
    assert.equal((await findMails(site, 'You can recover')).length, before + 1);
  });

  await t.test('is void under a policy that has it no more', async () => {
    const last = readLink(requireValue((await findMails(site, 'You can recover')).at(-1)), '/recover/');
    assertPage(await visitor.get(last), 'recover.title');
    await changePolicy(site.app, { recoveryByEmail: undefined });
    assertRefused(await visitor.postForm(last, {}), 'link_used_or_expired');
  });
});

test('the link of a recovery is for the address it was mailed to (EM-05)', async (t) => {
  const site = await openSite(t);
  const { account } = await addOwner(site);
  const open = await waitForLink(site);
  const stop = readLink(await readMail(site, 'Somebody wants to recover'), '/recover/stop/');
  const visitor = new Visitor(site.issuer);
  for (const link of [open, stop]) assert.equal((await visitor.get(link)).status, 200);

  await changeStored(site, account.id, { email: 'other@example.com', emailKey: 'other@example.com' });
  for (const link of [open, stop]) {
    assertRefused(await visitor.get(link), 'link_used_or_expired');
    assertRefused(await visitor.postForm(link, {}), 'link_used_or_expired');
  }
});

test('the page of a link names the account and who has asked, and leads to where it is stopped (EM-08)', async (t) => {
  const site = await openSite(t);
  const { account } = await addOwner(site);
  const visitor = new Visitor(site.issuer, { 'user-agent': FIREFOX });
  const flow = await openSignIn({ ...site, visitor });
  await visitor.postForm(`${flow.base}/help`, { email: EMAIL, way: 'passkey' });
  await site.mails();
  site.advance(48 * HOUR);
  await site.app.recoveryClock.openDue();
  const mail = await readMail(site, 'You can recover');

  const elsewhere = new Visitor(site.issuer);
  const page = await elsewhere.get(readLink(mail, '/recover/'));
  assert.match(page.text, /alex@example\.com/);
  assert.match(page.text, /Asked for with <strong[^>]*>Firefox on Linux/);
  const stop = readLink(mail, '/recover/stop/');
  assert.ok(page.text.includes(`href="${site.issuer}${stop}"`));
  assertPage(await elsewhere.postForm(stop, {}), 'recover-stopped.title');
  assert.equal((await site.app.accounts.find(account.id))?.recovery, undefined);
});

test('whoever has waited and let the link run out is sent another one at once, for a day, unless they were stopped', async (t) => {
  const site = await openSite(t);
  const { account } = await addOwner(site);
  const visitor = new Visitor(site.issuer);
  const links = async () => (await findMails(site, 'You can recover')).map((mail) => readLink(mail, '/recover/'));
  const askAgain = async () => {
    await askForRecovery(site);
    await site.app.recoveryClock.openDue();
    return links();
  };

  const first = await waitForLink(site);
  site.advance(23 * HOUR);
  const [, second = assert.fail()] = await askAgain();
  assertRefused(await visitor.get(first), 'link_used_or_expired');
  await openLink(site, second); // and makes no passkey
  site.advance(HOUR / 2);
  const [, , third = assert.fail()] = await askAgain();
  assertPage(await visitor.get(third), 'recover.title');

  site.advance(HOUR);
  assert.equal((await askAgain()).length, 3, 'a day later they wait again');
  assert.equal((await findMails(site, 'Somebody wants to recover')).length, 2);
  const stored = requireValue(await site.app.accounts.find(account.id));
  const organization = await site.app.organizations.requireOrFirst(undefined);
  await site.app.recovering.stop(stored, { organization, device: 'a test' });

  site.advance(24 * HOUR);
  const fourth = await waitForLink(site);
  site.advance(HOUR);
  assertRefused(await visitor.get(fourth), 'link_used_or_expired');
  const stop = readLink(requireValue((await findMails(site, 'Somebody wants')).at(-1)), '/recover/stop/');
  assertPage(await visitor.postForm(stop, {}), 'recover-stopped.title');
  assert.equal((await askAgain()).length, 4);
});

test('after a crash', async (t) => {
  const site = await openSite(t);
  const { account } = await addOwner(site);
  const findRecovery = async () => requireValue((await site.app.accounts.find(account.id))?.recovery);
  const countMails = async (subject: string) => (await findMails(site, subject)).length;

  await t.test('before its owner was told, a recovery begins to wait', async () => {
    await askForRecovery(site);
    const { toldAt: _, ...untold } = await findRecovery();
    await changeStored(site, account.id, { recovery: untold });
    site.advance(48 * HOUR);
    await site.app.recoveryClock.openDue();
    assert.equal(await countMails('Somebody wants to recover'), 2);
    assert.equal(await countMails('You can recover'), 0);
    site.advance(48 * HOUR - 1);
    await site.app.recoveryClock.openDue();
    assert.equal(await countMails('You can recover'), 0);
    site.advance(1);
    await site.app.recoveryClock.openDue();
    assert.equal(await countMails('You can recover'), 1);
  });

  await t.test('between its mail and the change, the link is mailed no second time and is good', async () => {
    const { endsAt: _, ...unsent } = await findRecovery();
    await changeStored(site, account.id, { recovery: unsent });
    site.advance(600);
    await site.app.recoveryClock.openDue();
    const link = readLink(await readMail(site, 'You can recover'), '/recover/');
    site.advance(HOUR / 2 - 1);
    assertPage(await new Visitor(site.issuer).get(link), 'recover.title');
  });
});

test('a recovery that cannot be opened holds up no other', async (t) => {
  const site = await openSite(t);
  const { account } = await addOwner(site, 'broken@example.com');
  await askForRecovery(site, 'broken@example.com');
  site.advance(1);
  await addOwner(site);
  await askForRecovery(site);
  await changeStored(site, account.id, { email: 'no address' });
  site.advance(48 * HOUR);
  await site.app.recoveryClock.openDue();
  assert.deepEqual(
    (await findMails(site, 'You can recover')).map(({ to }) => to),
    [EMAIL],
  );
  assert.ok(site.log.some((line) => line.includes('a recovery that is due could not be opened')));
});

test('links are made of the issuer, whatever host a request names (EM-11)', async (t) => {
  const site = await openSite(t);
  await addOwner(site);
  const flow = await openSignIn(site);
  const forged = { 'x-forwarded-host': 'evil.example', forwarded: 'host=evil.example' };
  for (const way of ['passkey', 'password'])
    assert.equal((await flow.visitor.postForm(`${flow.base}/help`, { email: EMAIL, way }, forged)).status, 200);
  const mails = await site.mails();
  assert.equal(mails.length, 2);
  for (const { text, html } of mails) {
    assert.ok(text.includes(`${site.issuer}/re`));
    assert.doesNotMatch(text + html, /evil/);
  }
});

test('a recovery is stopped', async (t) => {
  const site = await openSite(t);
  const { account, lost, secret } = await addOwner(site);
  const visitor = new Visitor(site.issuer);
  const isUnderWay = async () => (await site.app.accounts.find(account.id))?.recovery !== undefined;
  const begin = async () => {
    site.advance(24 * HOUR);
    await askForRecovery(site);
    return readLink(requireValue((await findMails(site, 'Somebody wants to recover')).at(-1)), '/recover/stop/');
  };
  const countStopped = async () => (await findMails(site, 'was stopped')).length;

  await t.test('by the button behind the link of its mail, and not by looking at it', async () => {
    const link = await begin();
    for (let times = 0; times < 10; times += 1) assertPage(await visitor.get(link), 'recover-stop.title');
    assert.equal(await isUnderWay(), true);
    assertPage(await visitor.postForm(link, {}), 'recover-stopped.title');
    assert.equal(await isUnderWay(), false);
    assertRefused(await visitor.postForm(link, {}), 'link_used_or_expired');
    assert.equal(await countStopped(), 1);
  });

  await t.test('on the security page, by whoever is signed in', async () => {
    await begin();
    const flow = await openSignIn(site);
    await flow.identify(EMAIL);
    await flow.typePassword(TEST_PASSWORD);
    await flow.typeCode(nextCode(secret));
    await flow.finish();
    const visit = new AccountVisit(site.issuer, flow.visitor);
    const page = await visit.open();
    assert.match(page.text, /Somebody asked to recover this account/);
    assertRefused(await visit.submit('/recovery/stop', { csrf: 'x' }), 'cross_site_request');
    assert.equal(await isUnderWay(), true);
    const after = await visit.visitor.follow(await visit.submit('/recovery/stop'));
    assertPage(after, 'security.title', 'recovery-stopped');
    assert.doesNotMatch(after.text, /Somebody asked to recover/);
    assert.equal(await isUnderWay(), false);
    assert.equal(await countStopped(), 2);
  });

  await t.test('by a passkey that its owner signs in with', async () => {
    await begin();
    const flow = await openSignIn({ ...site, authenticator: lost });
    await flow.usePasskey();
    await flow.finish();
    assert.equal(await isUnderWay(), false);
    assert.equal(await countStopped(), 3);
  });

  await t.test('even when its link was used, and no passkey stays of it', async () => {
    const link = await begin();
    site.advance(48 * HOUR);
    await site.app.recoveryClock.openDue();
    const opened = readLink(requireValue((await findMails(site, 'You can recover')).at(-1)), '/recover/');
    const thief = await openLink(site, opened);
    assertPage(await visitor.postForm(link, {}), 'recover-stopped.title');
    assertRefused(await thief.visitor.postJson(`${thief.base}/enrol/options`, {}), 'step_finished');
    assertPage(await thief.visitor.get(thief.base), 'password.title');
    assert.equal(await countPasskeys(site), 1);
  });
});

test('a passkey that is made while its recovery is being stopped recovers nothing', async (t) => {
  const site = await openSite(t);
  const { account } = await addOwner(site);
  const { visitor, base } = await openLink(site, await waitForLink(site));
  const { app } = site;
  const organization = await app.organizations.requireOrFirst(undefined);
  const [passkey = assert.fail()] = await app.passkeys.list(account.id);
  const complete = () => app.recovering.complete(passkey, organization, 'a browser');
  const stored = requireValue(await app.accounts.find(account.id));
  const stop = () => app.recovering.stop(stored, { organization, device: 'a test' });

  const [made] = await Promise.all([makePasskey(site, visitor, base).catch(() => undefined), stop()]);
  const isStopped = (await findMails(site, 'was recovered')).length === 0;
  assert.equal(made?.status === 200, !isStopped);
  assert.equal(await countPasskeys(site), isStopped ? 1 : 2);
  await assert.rejects(complete(), { code: 'link_used_or_expired' });
});

test('whoever asks sees the same for every address, and mails go only to one that is known to be theirs (EN-03)', async (t) => {
  const site = await openSite(t);
  const { app } = site;
  await addOwner(site, 'a.known@example.com');
  await addAccount(app, 'a.guess@example.com');
  await app.accounts.disable((await addAccount(app, 'a.ended@example.com', { emailVerified: true })).id);
  const { id: organizationId } = await app.organizations.requireOrFirst(undefined);
  await app.accounts.create({ organizationId, email: 'a.empty@example.com', emailVerified: true });
  const people = ['known', 'nobody', 'guess', 'ended', 'empty'].map((name) => `a.${name}@example.com`);

  for (const way of ['passkey', 'password']) {
    const seen = [];
    for (const email of people) {
      const flow = await openSignIn(site);
      const form = await flow.visitor.get(`${flow.base}/help`);
      const { status, text } = await flow.visitor.postForm(`${flow.base}/help`, { email, way });
      const tame = (html: string) => html.replaceAll(flow.base, '…').replaceAll(email, '…');
      seen.push({ form: tame(form.text), status, text: tame(text) });
    }
    assert.equal(seen[0]?.status, 200);
    for (const [index, one] of seen.entries()) assert.deepEqual(one, seen[0], `${way} ${people[index]}`);
  }
  const mails = await site.mails();
  assert.deepEqual(mails.map(({ to, subject }) => `${subject} ${to}`).sort(), [
    'Set a new password for Northwind a.known@example.com',
    'Somebody wants to recover your account at Northwind a.empty@example.com',
    'Somebody wants to recover your account at Northwind a.known@example.com',
  ]);
});

test('whoever asks cannot tell by the time whether there was somebody to help (EN-03)', async (t) => {
  const site = await openSite(t);
  await addOwner(site);
  const flow = await openSignIn(site);
  for (const way of ['passkey', 'password']) {
    for (const email of [EMAIL, 'nobody@example.com']) {
      const before = performance.now();
      await flow.visitor.postForm(`${flow.base}/help`, { email, way });
      assert.ok(performance.now() - before > 240, `${way} ${email}`);
    }
  }
});

test('one address of the network asks so often and no more, whoever it asks for (EM-16)', async (t) => {
  const policy = { enrolPasskey: 'manual', ...WAITING } as const;
  const site = await openTestApp(t, { policy, config: { limitSource: 3 } });
  const flow = await openSignIn(site);
  const ask = (name: string) =>
    flow.visitor.postForm(`${flow.base}/help`, { email: `${name}@example.com`, way: 'passkey' });
  const answers = await Promise.all(['a', 'b', 'c', 'd', 'e'].map(ask));
  assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 200, 200, 200, 429]);
  assertPage(await ask('f'), 'sign-in-help.title', 'too_many_tries');
});

test('while no mail can be sent the pages are the same, and the mail comes later (EM-20)', async (t) => {
  const site = await openSite(t);
  const { account } = await addOwner(site);
  const folder = join(site.dataDir, 'outbox');
  rmSync(folder, { recursive: true, force: true });
  writeFileSync(folder, ''); // no folder, so that nothing can be put into it
  await askForRecovery(site);
  assertPage(await askForHelp(site, 'password'), 'sign-in-help-sent.title');
  await site.app.mail.settle();
  assert.ok((await site.app.accounts.find(account.id))?.recovery);

  rmSync(folder);
  site.advance(600);
  site.app.mail.start(); // looks at once
  await readMail(site, 'Somebody wants to recover');
  await readMail(site, 'Set a new password');
});

test('an address is sent three mails in 15 minutes, the page stays the same, and asking again moves nothing (EM-16)', async (t) => {
  const site = await openSite(t);
  const { account } = await addOwner(site);
  await askForRecovery(site);
  const first = (await site.app.accounts.find(account.id))?.recovery;
  site.advance(60);
  for (let times = 0; times < 5; times += 1) await askForRecovery(site);
  assert.equal((await site.mails()).length, 3);
  assert.deepEqual((await site.app.accounts.find(account.id))?.recovery, first);
});

test('where the policy helps nobody by mail there is no link to help, and no help', async (t) => {
  const site = await openSite(t);
  await addOwner(site);
  const flow = await openSignIn(site);
  assert.match(flow.current.text, /\/help"/);
  const offered = await flow.visitor.get(`${flow.base}/help`);
  assert.match(offered.text, /value="passkey"/);

  await changePolicy(site.app, { recoveryByEmail: undefined });
  assert.doesNotMatch((await flow.visitor.get(`${flow.base}/help`)).text, /value="passkey"/);
  assertPage(await askForHelp(site, 'passkey'), 'sign-in-help.title', 'method_not_offered');
  await changePolicy(site.app, { password: 'off' });
  assert.doesNotMatch((await flow.visitor.get(flow.base)).text, /\/help"/);
  assertRefused(await flow.visitor.get(`${flow.base}/help`), 'method_not_offered');
  assertRefused(await askForHelp(site, 'password'), 'method_not_offered');
  assert.deepEqual(await site.mails(), []);
});

test('what is no e-mail address is refused on the page', async (t) => {
  const site = await openSite(t);
  assertPage(await askForHelp(site, 'passkey', 'nobody'), 'sign-in-help.title', 'malformed_request');
});

test('an administrator hands out a link that works once and without waiting, and its owner is mailed it too', async (t) => {
  const site = await openSite(t);
  const { account } = await addOwner(site);
  const cardea = openCardea(t, site.environment);
  const { out, code } = await cardea(['account', 'recovery-link', EMAIL]);
  assert.equal(code, 0);
  const link = new URL(out.trim()).pathname;
  assert.equal(await countPasskeys(site), 1);

  const { visitor, page, base } = await openLink(site, link);
  assertPage(page, 'enrol-passkey.title.recovers');
  const made = await makePasskey(site, visitor, base);
  assertPage(await visitor.open(JSON.parse(made.text).location), 'security.title', 'recovered');
  assertRefused(await visitor.get(link), 'link_used_or_expired');
  assert.equal(await countPasskeys(site), 2);
  // The command line puts mails into the outbox; the server has sent them with the next of its own.
  assert.equal(readLink(await readMail(site, 'A link to get back'), '/recover/'), link);

  await changePolicy(site.app, { passkey: 'second' });
  const refused = await cardea(['account', 'recovery-link', account.id]);
  assert.equal(refused.code, 1);
  assert.match(refused.err, /^error: the account is disabled, or the policy of its organization does not allow it/);
});

test('no secret of a link is in the store or the log (DA-01, DA-03)', async (t) => {
  const site = await openSite(t);
  await addOwner(site);
  assertPage(await askForHelp(site, 'password'), 'sign-in-help-sent.title');
  const reset = readLink(await readMail(site, 'Set a new password'), '/reset-password/');
  const open = await waitForLink(site);
  const stop = readLink(await readMail(site, 'Somebody wants to recover'), '/recover/stop/');
  for (const link of [reset, open, stop]) await new Visitor(site.issuer).get(link);
  const store = await readStored(site);
  for (const link of [reset, open, stop]) {
    const secret = requireValue(link.split(/[/.]/).at(-1));
    assert.ok(!store.includes(secret), `${link} is in the store`);
    assert.ok(!site.log.join('').includes(secret), `${link} is in the log`);
  }
});
