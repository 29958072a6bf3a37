import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { App } from '../../src/app.ts';
import { en } from '../../src/http/languages/en.ts';
import type { Passkey } from '../../src/passkeys/passkey-store.ts';
import type { Services } from '../../src/services.ts';
import { AccountVisit } from '../support/account-visit.ts';
import { addAccount, changePolicy, TEST_PASSWORD } from '../support/app.ts';
import { buildPasskey } from '../support/builders.ts';
import { addPasskey, addTotp, nextCode } from '../support/enrol.ts';
import { findMails, readCode, readLink, readMail } from '../support/mails.ts';
import { Invitation, OtherDevice, openInvitation } from '../support/other-device.ts';
import { assertPage, assertRefused, readField } from '../support/page.ts';
import { race } from '../support/race.ts';
import { signInByPassword } from '../support/session.ts';
import { openSignIn } from '../support/sign-in-flow.ts';
import { type Answer, Visitor } from '../support/visitor.ts';

const WRONG_LINKS = ['x', 'A'.repeat(22), 'A'.repeat(2000), '%00', '..%2f'];

test('a passkey made on another device works once the number was chosen where it began', async (t) => {
  const { site, invitation } = await openInvitation(t);
  const path = await invitation.start();
  assert.equal(await invitation.readState(), 'pending');
  const other = new OtherDevice(site, path);
  assertPage(await other.open(), 'other-device.title');

  await other.join();
  assert.equal(await invitation.readState(), 'opened');
  assertPage(await other.open(), 'confirm.title');
  await other.confirm();
  assertPage(await other.open(), 'other-device-passkey.title');
  assert.deepEqual(await invitation.readChoices(), [], 'nothing to approve before the passkey is there');
  await other.post('/passkey', { response: await other.askDevice() });
  const number = await other.readNumber();

  assert.deepEqual(await invitation.listPasskeys(), []);
  assert.equal(await other.readState(), 'approval');
  assertPage(await invitation.open(), 'other-device-invite.approval.title');
  const choices = await invitation.readChoices();
  assert.equal(new Set(choices).size, 3);
  assert.ok(choices.includes(number));

  await invitation.choose(number);
  assertPage(await invitation.open(), 'other-device-invite.done.title');
  assertPage(await other.open(), 'other-device-outcome.done.title');
  assert.equal((await invitation.listPasskeys()).length, 1);
  const flow = await openSignIn({ ...site, authenticator: other.device });
  await flow.usePasskey();
  await flow.finish();
});

test('the passkey opens nothing before it is approved', async (t) => {
  const { site, invitation } = await openInvitation(t);
  const other = new OtherDevice(site, await invitation.start());
  await other.makePasskey();
  const flow = await openSignIn({ ...site, authenticator: other.device });
  assertRefused(await flow.post('/passkey', await flow.askDevice()), 'passkey_refused');
});

test('a wrong number ends it on both screens, and there is no second try', async (t) => {
  const { site, invitation } = await openInvitation(t);
  const other = new OtherDevice(site, await invitation.start());
  const number = await other.makePasskey();
  const wrong = (await invitation.readChoices()).find((choice) => choice !== number) ?? assert.fail();

  await invitation.choose(wrong);
  assertPage(await invitation.open(), 'other-device-invite.refused.title');
  await invitation.choose(number);

  assert.equal(await invitation.readState(), 'refused');
  assert.deepEqual(await invitation.listPasskeys(), []);
  const page = await other.open();
  assertPage(page, 'other-device-outcome.refused.title');
  assert.match(page.text, /data-dropped="/, 'the device is told to drop what opens nothing');
  assert.deepEqual(await findMails(site, 'passkey was added'), []);
});

test('of many answers at once one counts (XD-03)', async (t) => {
  const { site, invitation } = await openInvitation(t);
  const path = await invitation.start();
  const others = Array.from({ length: 8 }, () => new OtherDevice(site, path));
  const joins = await Promise.all(others.map((other) => other.join()));
  assert.deepEqual(joins.map(({ status }) => status).toSorted(), [303, ...Array(7).fill(410)]);
  const other = others[joins.findIndex(({ status }) => status === 303)] ?? assert.fail();

  await other.confirm();
  const first = { response: await other.askDevice() };
  const second = { response: await other.askDevice() };
  const registrations = [first, first, second, second].map((fields) => other.post('/passkey', fields));
  const statuses = (await Promise.all(registrations)).map(({ status }) => status);
  assert.equal(statuses.filter((status) => status === 200).length, 1, String(statuses));

  const number = await other.readNumber();
  await race(8, () => invitation.choose(number));
  assert.equal((await invitation.listPasskeys()).length, 1);
  assert.equal((await findMails(site, 'passkey was added')).length, 1);
});

test('the link belongs to the first browser that goes on, and looking at it spends nothing (EM-06, XD-03)', async (t) => {
  const { site, invitation } = await openInvitation(t);
  const path = await invitation.start();
  for (let look = 0; look < 10; look += 1) {
    const scanner = new Visitor(site.issuer);
    assertPage(await scanner.get(path), 'other-device.title');
    await scanner.send('HEAD', path, undefined, {});
    assert.equal(scanner.cookies.size, 0);
  }
  assert.equal(await invitation.readState(), 'pending');

  const first = new OtherDevice(site, path);
  await first.join();
  const second = new OtherDevice(site, path);
  assertRefused(await second.open(), 'link_used_or_expired');
  assertRefused(await second.join(), 'link_used_or_expired');
  assert.equal(second.visitor.cookies.size, 0);
  assertPage(await first.open(), 'confirm.title');
});

test('the secret of another link is worth nothing, and nobody chooses their own', async (t) => {
  const { site, invitation } = await openInvitation(t);
  const earlier = new OtherDevice(site, await invitation.start());
  await earlier.join();
  const path = await invitation.start();
  const forger = new OtherDevice(site, path);
  const [[name, cookie] = assert.fail()] = earlier.visitor.cookies;
  const forged = `${'A'.repeat(43)}.${cookie.value.split('.')[1]}`;
  forger.visitor.cookies.set(name, { ...cookie, value: forged });

  await forger.join();

  assert.notEqual(forger.visitor.cookies.get(name)?.value, forged);
  assertRefused(await new OtherDevice(site, path, earlier.visitor).open(), 'link_used_or_expired');
  assertPage(await forger.open(), 'confirm.title');
});

test('the link signs nobody in, and says whose account it is for, to whoever is signed in there (XD-01)', async (t) => {
  const { site, account, invitation } = await openInvitation(t);
  const path = await invitation.start();
  const { app, issuer } = site;
  const victim = await addAccount(app, 'kim@example.com');
  const visitor = await signInByPassword(site, 'kim@example.com');
  const other = new OtherDevice(site, path, visitor);

  const page = await other.open();
  assert.match(page.text, /a•••@example\.com/);
  assert.ok(!page.text.includes(account.email), 'nobody has shown yet that it is theirs');
  await other.makePasskey();
  await invitation.choose(await other.readNumber());

  assert.equal((await invitation.listPasskeys()).length, 1);
  assert.deepEqual(await app.passkeys.list(victim.id), []);
  assert.ok((await visitor.open('/account')).text.includes('kim@example.com'));
  const stranger = new Visitor(issuer);
  stranger.cookies.set(
    'cardea.device /',
    [...visitor.cookies].find(([key]) => key.startsWith('cardea.device'))?.[1] ?? assert.fail(),
  );
  assertPage(await stranger.open('/account'), 'sign-in.title');
});

test('no link is guessed: it has 132 bits, and what never was one is refused (XD-05)', async (t) => {
  const { site, invitation } = await openInvitation(t);
  const tokens = new Set<string>();
  for (let turn = 0; turn < 3; turn += 1) tokens.add((await invitation.start()).replace('/other-device/', ''));
  assert.equal(tokens.size, 3);
  for (const token of tokens) assert.match(token, /^[A-Za-z0-9_-]{22}$/);
  for (const wrong of WRONG_LINKS)
    assertRefused(await new Visitor(site.issuer).get(`/other-device/${wrong}`), 'link_used_or_expired');
});

test('an account has one such link: another start ends the one before (XD-11)', async (t) => {
  const { site, invitation } = await openInvitation(t);
  const first = new OtherDevice(site, await invitation.start());
  await first.makePasskey();
  const second = new OtherDevice(site, await invitation.start());

  assertRefused(await first.open(), 'link_used_or_expired');
  assert.equal(await invitation.readState(), 'pending');
  await invitation.choose(await second.makePasskey());
  assert.equal((await invitation.listPasskeys()).length, 1);
});

test('only the session that began can see, approve and call it off', async (t) => {
  const { site, account, invitation } = await openInvitation(t);
  const other = new OtherDevice(site, await invitation.start());
  const number = await other.makePasskey();
  const second = new Invitation(site, account, await signInByPassword(site, account.email));

  assert.equal((await second.open()).headers.get('location'), '/account/passkeys/add');
  assert.equal(await second.readState(), undefined);
  await second.choose(number);
  await second.choose(number, await invitation.readFlow());
  await second.withdraw(await invitation.readFlow());

  assert.deepEqual(await invitation.listPasskeys(), []);
  assert.equal(await invitation.readState(), 'approval');
});

/** What ends it, however far it is. */
const ENDS: Readonly<Record<string, (opened: Awaited<ReturnType<typeof openInvitation>>) => Promise<unknown>>> = {
  'the person signs out': ({ invitation }) => invitation.visit.submit('/sign-out'),
  'the session is ended elsewhere': async ({ site, account }) => {
    const elsewhere = new AccountVisit(site.issuer, await signInByPassword(site, account.email));
    const { text } = await elsewhere.open();
    await elsewhere.submit(/action="\/account(\/sessions\/[\w-]+\/sign-out)"/.exec(text)?.[1] ?? assert.fail(text));
  },
  'the person signs out everywhere else': async ({ site, account }) => {
    const elsewhere = new AccountVisit(site.issuer, await signInByPassword(site, account.email));
    await elsewhere.submit('/sign-out-everywhere');
  },
  'the request is said to be somebody else’s (XD-10)': async ({ site }) => {
    const link = readLink(await readMail(site, 'passkey was asked for'), '/not-me/');
    await new Visitor(site.issuer).postForm(link, {});
  },
  'the account is disabled': ({ site: { app }, account }) => app.accounts.disable(account.id),
  'the organization gives passkeys up': ({ site: { app } }) =>
    changePolicy(app, { passkey: 'off', secondFactors: [], recoveryByEmail: undefined }),
  'the password is changed': async ({ invitation }) => {
    await invitation.visit.confirm('change-password');
    await invitation.visit.submit('/password', { password: 'quite another password' });
  },
};
for (const [reason, end] of Object.entries(ENDS)) {
  test(`it is over as soon as ${reason} (XD-08)`, async (t) => {
    const opened = await openInvitation(t);
    const { site, invitation } = opened;
    const path = await invitation.start();
    const other = new OtherDevice(site, path);
    const number = await other.makePasskey();
    const flow = await invitation.readFlow();
    const csrf = await invitation.visit.readCsrf();

    site.advance(1);
    await end(opened);

    assert.equal(await other.readState(), 'expired');
    const page = await other.open();
    assertPage(page, 'other-device-outcome.expired.title');
    assert.match(page.text, /data-dropped="/);
    await invitation.visit.visitor.postForm('/account/passkeys/other-device/number', { csrf, flow, number });
    assert.deepEqual(await invitation.listPasskeys(), []);
  });
}

test('what ends it ends it at every step: before the link is opened, and before the passkey is made (XD-08)', async (t) => {
  const { site, invitation } = await openInvitation(t);
  const unopened = new OtherDevice(site, await invitation.start());
  await invitation.visit.submit('/sign-out');
  assertRefused(await unopened.open(), 'link_used_or_expired');
  assertRefused(await unopened.join(), 'link_used_or_expired');

  const again = new Invitation(site, invitation.account, await signInByPassword(site, invitation.account.email));
  const other = new OtherDevice(site, await again.start());
  await other.join();
  const csrf = readField(await other.open(), 'csrf');
  await other.confirm();
  const response = await other.askDevice();
  await again.visit.submit('/sign-out');
  const form = { csrf, password: TEST_PASSWORD };
  assertRefused(await other.visitor.postForm(`${other.path}/confirm/password`, form), 'step_finished');
  assertRefused(await other.visitor.postJson(`${other.path}/passkey/options`, { csrf }), 'step_finished');
  assertRefused(await other.visitor.postJson(`${other.path}/passkey`, { csrf, response }), 'step_finished');
  assertPage(await other.open(), 'other-device-outcome.expired.title');
});

test('whoever calls it off is back at their security, and the link is worth nothing', async (t) => {
  const { site, invitation } = await openInvitation(t);
  const path = await invitation.start();
  const other = new OtherDevice(site, path);
  const number = await other.makePasskey();
  const flow = await invitation.readFlow();
  const answer = await invitation.withdraw();
  assert.equal(answer.headers.get('location'), '/account');
  assert.equal(await invitation.readState(), undefined);
  assert.equal((await invitation.open()).headers.get('location'), '/account/passkeys/add');

  const page = await other.open();
  assertPage(page, 'other-device-outcome.expired.title');
  assert.match(page.text, /data-dropped="/);
  assertRefused(await new Visitor(site.issuer).get(path), 'link_used_or_expired');
  await invitation.choose(number, flow);
  assert.deepEqual(await invitation.listPasskeys(), []);
});

test('of joins, and of approving and calling off, that read the same at once one counts (XD-03)', async (t) => {
  const { site, account, invitation } = await openInvitation(t);
  const { invitingDevice, joiningDevice, signInAccounts } = site.app as App & Services; // it has all of them
  const path = await invitation.start();
  const token = path.replace('/other-device/', '');
  const joins = await race(8, async (turn) => {
    const joining = joiningDevice.join({ token, secret: `browser ${turn}` }, 'Safari on iPhone');
    return joining.then(() => 'joined', String);
  });
  assert.equal(joins.filter((outcome) => outcome === 'joined').length, 1, String(joins));

  const number = await new OtherDevice(site, await invitation.start()).makePasskey();
  const flow = await invitation.readFlow();
  const { sessionUid = '' } = (await site.app.storage.tickets.find('other-device', account.id)) ?? {};
  const found = (await signInAccounts.find(account.id)) ?? assert.fail();
  const person = { ...found, sessionUid: String(sessionUid), signedInAt: new Date(0) };
  await Promise.all([invitingDevice.withdraw(person, flow), invitingDevice.choose(person, flow, number)]);
  const isCalledOff = (await invitation.readState()) === undefined;
  assert.equal((await invitation.listPasskeys()).length, isCalledOff ? 0 : 1);
});

test('ten minutes after it began it is over, whatever was done by then', async (t) => {
  const { site, invitation } = await openInvitation(t);
  const path = await invitation.start();
  const other = new OtherDevice(site, path);
  const number = await other.makePasskey();
  site.advance(599);
  assert.equal(await invitation.readState(), 'approval');
  site.advance(1);
  assert.equal(await invitation.readState(), 'expired');
  await invitation.choose(number);
  assert.deepEqual(await invitation.listPasskeys(), []);
  assertPage(await invitation.open(), 'other-device-invite.expired.title');
  assertPage(await other.open(), 'other-device-outcome.expired.title');
  assertRefused(await new Visitor(site.issuer).get(path), 'link_used_or_expired');
});

test('it begins with a confirmation of its own, from a form of this session', async (t) => {
  const { invitation } = await openInvitation(t);
  const { visit } = invitation;
  const asked = await visit.submit('/passkeys/other-device');
  assert.match(asked.headers.get('location') ?? '', /^\/account\/confirm\?for=add-passkey/);
  await visit.confirm('add-passkey');
  assertRefused(await visit.visitor.postForm('/account/passkeys/other-device', { csrf: 'x' }), 'cross_site_request');
  assert.equal(await invitation.readState(), undefined);
  await visit.submit('/passkeys/other-device');
  const flow = await invitation.readFlow();
  const forms = { send: {}, number: { flow, number: '00' }, withdraw: { flow } };
  for (const [form, fields] of Object.entries(forms)) {
    const path = `/account/passkeys/other-device/${form}`;
    assertRefused(await visit.visitor.postForm(path, { csrf: 'x', ...fields }), 'cross_site_request');
  }
  assert.equal(await invitation.readState(), 'pending');
  const again = await visit.submit('/passkeys/other-device');
  assert.match(again.headers.get('location') ?? '', /^\/account\/confirm/, 'a confirmation is good for one link');
});

test('the other device proves the person anew, and every form of it is its own', async (t) => {
  const { site, invitation } = await openInvitation(t);
  const path = await invitation.start();
  const other = new OtherDevice(site, path);
  assertRefused(await other.visitor.postForm(path, {}, { 'sec-fetch-site': 'cross-site' }), 'cross_site_request');
  await other.join();

  assertRefused(await other.post('/passkey/options'), 'confirmation_required');
  assertRefused(await other.post('/passkey', { response: {} }), 'confirmation_required');
  assertRefused(await other.confirm('password', { password: 'not the right one' }), 'wrong_password');
  assertRefused(await other.confirm('totp', { code: '123456' }), 'method_not_offered');
  const forms = ['/confirm/password', '/confirm/email-code/send'];
  for (const form of forms) {
    assertRefused(await other.visitor.postForm(`${path}${form}`, { csrf: 'x' }), 'cross_site_request');
    const crossSite = { 'sec-fetch-site': 'cross-site' };
    assertRefused(await other.visitor.postForm(`${path}${form}`, { csrf: 'x' }, crossSite), 'cross_site_request');
  }
  await other.confirm();
  assertRefused(await other.visitor.postJson(`${path}/passkey/options`, { csrf: 'x' }), 'cross_site_request');
  assertRefused(await other.visitor.postJson(`${path}/passkey`, { csrf: 'x', response: {} }), 'cross_site_request');
  assertPage(await other.open(), 'other-device-passkey.title');
});

test('what is confirmed on one of the two devices is not confirmed on the other', async (t) => {
  const { site, invitation } = await openInvitation(t);
  const other = new OtherDevice(site, await invitation.start());
  await invitation.visit.confirm('add-passkey');
  await other.join();
  assertPage(await other.open(), 'confirm.title');

  await invitation.visit.submit('/passkeys/other-device'); // uses its own up
  const next = new OtherDevice(site, await invitation.readLink());
  await next.join();
  await next.confirm();
  const asked = await invitation.visit.visitor.get('/account/passkeys/add');
  assert.match(asked.headers.get('location') ?? '', /^\/account\/confirm/);
});

test('the order of the policy says with what: a passkey where the password is off, then the app, then the mail', async (t) => {
  const confirmWith = ['passkey', 'totp', 'email-code'] as const;
  const { site, account, invitation } = await openInvitation(t, { policy: { confirmWith, secondFactors: ['totp'] } });
  const { app, issuer } = site;
  const secret = await addTotp(app, account);
  const device = await addPasskey(app, account);
  const found = (await app.storage.accounts.find(account.id)) ?? assert.fail();
  await app.storage.accounts.update({ ...found, emailVerified: true, version: found.version + 1 });
  const begin = async () => {
    await invitation.visit.confirmByPasskey({ purpose: 'add-passkey' }, device);
    await invitation.visit.submit('/passkeys/other-device');
    const other = new OtherDevice(site, await invitation.readLink());
    await other.join();
    return other;
  };

  const byPasskey = await begin();
  assert.match((await byPasskey.open()).text, /data-confirm/);
  const { text } = await byPasskey.post('/confirm/passkey/options');
  const response = device.get(JSON.parse(text), { origin: new URL(issuer).origin });
  assert.equal((await byPasskey.post('/confirm/passkey', { response })).status, 200);
  assertPage(await byPasskey.open(), 'other-device-passkey.title');

  const byTotp = await begin();
  assert.equal((await byTotp.confirm('totp', { code: nextCode(secret) })).status, 303);
  assertPage(await byTotp.open(), 'other-device-passkey.title');

  const byMail = await begin();
  const sent = await byMail.confirm('email-code/send', {});
  assert.match(sent.headers.get('location') ?? '', /method=email-code&sent=yes$/);
  const code = readCode(await readMail(site, 'code to confirm'));
  assert.equal((await byMail.confirm('email-code', { code })).status, 303);
  assertPage(await byMail.open(), 'other-device-passkey.title');
});

test('the person is told by mail that it began and that it is done, and can undo it (XD-10)', async (t) => {
  const { site, invitation } = await openInvitation(t);
  const path = await invitation.start();
  await readMail(site, 'passkey was asked for');
  await invitation.sendLink();
  assert.equal(readLink(await readMail(site, 'on another device'), '/other-device/'), path);
  const other = new OtherDevice(site, path);
  await invitation.choose(await other.makePasskey());

  const mail = await readMail(site, 'passkey was added');
  assert.match(mail.text, /Safari on iPhone/);
  const link = readLink(mail, '/not-me/');
  const reader = new Visitor(site.issuer);
  await reader.get(link);
  assert.equal((await invitation.listPasskeys()).length, 1);
  await reader.postForm(link, {});
  assert.deepEqual(await invitation.listPasskeys(), []);
  assertPage(await invitation.visit.open(), 'sign-in.title.remembered');
});

test('both pages warn against telling the number to anybody (XD-11)', async (t) => {
  const { site, invitation } = await openInvitation(t);
  const other = new OtherDevice(site, await invitation.start());
  await other.makePasskey();
  for (const page of [await other.open(), await invitation.open()])
    assert.ok(page.text.includes(en['other-device.warning']));
  assert.match((await invitation.open()).text, /Safari on iPhone/);
});

test('the store holds neither the link nor the secret of the browser', async (t) => {
  const { site, invitation } = await openInvitation(t);
  const path = await invitation.start();
  const other = new OtherDevice(site, path);
  await other.makePasskey();
  const token = path.replace('/other-device/', '');
  const ticket = JSON.stringify(await site.app.storage.tickets.find('other-device', invitation.account.id));
  assert.ok(!ticket.includes(token));
  for (const line of site.log) assert.ok(!line.includes(token), line);
});

test('what was approved is stored even if that was broken off, and the person is told once', async (t) => {
  const { site, invitation } = await openInvitation(t);
  const other = new OtherDevice(site, await invitation.start());
  const number = await other.makePasskey();
  const flow = await invitation.readFlow();
  await site.app.storage.tickets.put('other-device-decision', flow, { outcome: 'approved' }, 1200); // and the process died

  assert.equal(await other.readState(), 'storing');
  assertPage(await other.open(), 'other-device-outcome.storing.title');
  assertPage(await invitation.open(), 'other-device-invite.storing.title');
  assert.deepEqual(await invitation.listPasskeys(), [], 'looking stores nothing');
  await invitation.choose(number);
  assertPage(await invitation.open(), 'other-device-invite.done.title');
  assertPage(await other.open(), 'other-device-outcome.done.title');
  assert.equal((await invitation.listPasskeys()).length, 1);
  await invitation.choose(number);
  await readMail(site, 'passkey was added');
});

test('a passkey that was stored before it broke off is told of when it goes on', async (t) => {
  const { site, invitation } = await openInvitation(t);
  const other = new OtherDevice(site, await invitation.start());
  await other.makePasskey();
  const flow = await invitation.readFlow();
  const { storage } = site.app;
  const made = (await storage.tickets.find('other-device-made', flow))?.passkey as Pick<Passkey, 'id'>; // as it was kept
  await storage.tickets.put('other-device-decision', flow, { outcome: 'approved' }, 1200);
  const stored = buildPasskey({ id: made.id, accountId: invitation.account.id, verifiedAt: new Date(0) });
  await storage.passkeys.insert(stored, 20); // and the process died

  assertPage(await invitation.open(), 'other-device-invite.storing.title');
  await invitation.choose('');
  assertPage(await invitation.open(), 'other-device-invite.done.title');
  await readMail(site, 'passkey was added');
});

test('a passkey that was deleted again does not come back', async (t) => {
  const { site, invitation } = await openInvitation(t);
  const other = new OtherDevice(site, await invitation.start());
  const number = await other.makePasskey();
  const flow = await invitation.readFlow();
  await invitation.choose(number);
  const [id = assert.fail()] = await invitation.listPasskeys();
  await invitation.visit.confirm('delete-passkey', id);
  await invitation.visit.submit(`/passkeys/${id}/delete`);

  await invitation.choose(number, flow);
  assert.deepEqual(await invitation.listPasskeys(), []);
  assert.equal((await invitation.open()).headers.get('location'), '/account/passkeys/add');
  assertRefused(await other.open(), 'link_used_or_expired');
});

test('who has as many passkeys as an account holds is told so, and goes on when there is room', async (t) => {
  const { site, account, invitation } = await openInvitation(t);
  const { passkeys } = site.app.storage;
  const other = new OtherDevice(site, await invitation.start());
  const number = await other.makePasskey();
  const others = Array.from({ length: 20 }, () => buildPasskey({ accountId: account.id }));
  for (const passkey of others) await passkeys.insert(passkey, 20);

  assertPage(await invitation.choose(number), 'other-device-invite.storing.title', 'too_many_passkeys');
  assert.equal(await other.readState(), 'storing');
  await invitation.visit.confirm('add-passkey');
  const { id = assert.fail() } = others[0] ?? {};
  assertRefused(await invitation.visit.submit('/passkeys/other-device'), 'too_many_passkeys');
  await passkeys.delete(account.id, id, false);
  await invitation.choose('');
  assertPage(await invitation.open(), 'other-device-invite.done.title');
  assert.equal((await invitation.listPasskeys()).length, 20);
});

test('a tab that shows an earlier start decides nothing of a later one', async (t) => {
  const { site, invitation } = await openInvitation(t);
  const earlier = new OtherDevice(site, await invitation.start());
  const earlierNumber = await earlier.makePasskey();
  const earlierFlow = await invitation.readFlow();
  const later = new OtherDevice(site, await invitation.start());
  assert.notEqual(await invitation.readFlow(), earlierFlow, 'the tab sees that it is another one');
  const number = await later.makePasskey();

  await invitation.choose(earlierNumber, earlierFlow);
  await invitation.choose(number, earlierFlow);
  await invitation.withdraw(earlierFlow);
  assert.equal(await invitation.readState(), 'approval');
  assert.deepEqual(await invitation.listPasskeys(), []);
  await invitation.choose(number);
  assert.equal((await invitation.listPasskeys()).length, 1);
});

test('a confirmation over there counts while the passkey that gave it is the account’s', async (t) => {
  const { site, account, invitation } = await openInvitation(t, { policy: { confirmWith: ['passkey'] } });
  const { app, issuer } = site;
  const [device, spare] = [await addPasskey(app, account), await addPasskey(app, account)];
  await changePolicy(app, { password: 'off' });
  await invitation.visit.confirmByPasskey({ purpose: 'add-passkey' }, spare);
  await invitation.visit.submit('/passkeys/other-device');
  const other = new OtherDevice(site, await invitation.readLink());
  await other.join();
  const { text } = await other.post('/confirm/passkey/options');
  const response = device.get(JSON.parse(text), { origin: issuer });
  await other.post('/confirm/passkey', { response });
  assertPage(await other.open(), 'other-device-passkey.title');

  const { id } = await app.passkeys.requireOwn(account.id, response.id);
  await app.passkeys.remove(account.id, id, { keepOne: true });
  assertPage(await other.open(), 'confirm.title');
  assertRefused(await other.post('/passkey/options'), 'confirmation_required');
});

test('it is not offered to who could not prove themselves on the other device', async (t) => {
  const { site, invitation } = await openInvitation(t, { policy: { confirmWith: ['email-link'] } });
  const { visit } = invitation;
  const asked = await visit.open('/passkeys/add');
  site.advance(1);
  const page = await visit.typePassword(asked, TEST_PASSWORD);
  assertPage(page, 'passkey-add.title');
  assert.ok(!page.text.includes('/account/passkeys/other-device'));
  assertRefused(await visit.submit('/passkeys/other-device'), 'method_not_offered');
  assertPage(await visit.open('/passkeys/add'), 'passkey-add.title');
});

test('no page of it is kept by a browser or tells where it was, and looking at one changes nothing (EM-06, EM-10, SE-20, WB-10)', async (t) => {
  const { site, invitation } = await openInvitation(t);
  const path = await invitation.start();
  const other = new OtherDevice(site, path);
  const own = '/account/passkeys/other-device';
  const look = async (state: string) => {
    for (const rest of ['', '/state', '/send', '/number', '/withdraw'])
      for (const method of ['GET', 'HEAD'])
        assertPrivate(await invitation.visit.visitor.send(method, own + rest, undefined, {}));
    for (const rest of [
      '',
      '/state',
      '/confirm',
      '/confirm/password',
      '/confirm/email-code/send',
      '/passkey',
      '/x.css',
    ])
      for (const method of ['GET', 'HEAD']) assertPrivate(await other.visitor.send(method, path + rest, undefined, {}));
    assert.equal(await invitation.readState(), state);
  };

  await look('pending');
  const { headers } = await other.join();
  const [cookie = assert.fail(), ...more] = headers.getSetCookie();
  assert.match(cookie, /^cardea\.device=[\w-]+\.[\w-]+; path=\/; expires=[^;]+; samesite=lax; httponly$/);
  assert.deepEqual(more, []);
  await look('opened');
  await other.confirm();
  await look('opened');
  await other.post('/passkey', { response: await other.askDevice() });
  await look('approval');
  await invitation.choose(await other.readNumber());
  await look('done');
  assert.deepEqual(
    (await site.mails()).map(({ subject }) => subject).filter((subject) => subject.includes('code')),
    [],
  );
});

test('the link by mail is sent three times in a quarter of an hour at most (EM-16)', async (t) => {
  const { site, invitation } = await openInvitation(t);
  await invitation.start();
  for (let turn = 0; turn < 5; turn += 1) {
    const answer = await invitation.sendLink();
    assert.equal(answer.headers.get('location'), '/account/passkeys/other-device?sent=yes');
  }
  assert.equal((await findMails(site, 'on another device')).length, 3);
});

function assertPrivate({ status, headers, url }: Answer): void {
  assert.ok(status < 500, `${status} ${url}`);
  assert.equal(headers.get('cache-control'), 'no-store', url);
  assert.equal(headers.get('referrer-policy'), 'no-referrer', url);
}
