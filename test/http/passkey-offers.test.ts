import assert from 'node:assert/strict';
import { test } from 'node:test';
import { en } from '../../src/http/languages/en.ts';
import { AccountVisit } from '../support/account-visit.ts';
import { addAccount, openTestApp, presetOf, TEST_PASSWORD, type TestApp } from '../support/app.ts';
import { Authenticator } from '../support/authenticator.ts';
import { addPasskey } from '../support/enrol.ts';
import { assertPage, assertRefused } from '../support/page.ts';
import { openSignIn } from '../support/sign-in-flow.ts';
import type { Visitor } from '../support/visitor.ts';

const EMAIL = 'alex@example.com';
const DAY_SECONDS = 86_400;
const SUGGESTION = en['security.passkey.second'];
const CONVENIENT = { policy: { ...presetOf('convenience'), secondFactor: 'off' } } as const;

/** A new browser whose person has typed the right password. */
async function typePassword(site: TestApp, authenticator?: Authenticator) {
  const flow = await openSignIn({ ...site, ...(authenticator && { authenticator }) });
  await flow.identify(EMAIL);
  await flow.typePassword(TEST_PASSWORD);
  return flow;
}

/** Signs in with a passkey at a device that says of itself whether it could hold one. */
async function usePhone(site: TestApp, { authenticator, local = 'yes', attachment = 'cross-platform' }: Phone) {
  const flow = await openSignIn({ ...site, authenticator });
  const response = { ...(await flow.askDevice()), authenticatorAttachment: attachment };
  const answer = await flow.post(`/passkey?local=${local}`, response);
  await flow.leave(await flow.visitor.get(JSON.parse(answer.text).location));
  return flow;
}

interface Phone {
  readonly authenticator: Authenticator;
  readonly local?: string;
  readonly attachment?: string;
}

test('a passkey that is made silently', async (t) => {
  const site = await openTestApp(t, { policy: { ...presetOf('convenience'), secondFactor: 'when-enrolled' } });
  const { app, issuer } = site;
  const account = await addAccount(app, EMAIL);
  const device = new Authenticator();
  const unverified = { userPresent: false, userVerified: false };
  const makeSilently = async (flow: Awaited<ReturnType<typeof typePassword>>, how = { asked: true, said: true }) => {
    const options = JSON.parse((await flow.post('/enrol/options', { silent: how.asked })).text);
    const response = device.create(options, { origin: issuer, overrides: unverified });
    return flow.post('/enrol', { response, silent: how.said });
  };

  await t.test('is tried only where one is offered after a password', async () => {
    assert.match((await typePassword(site)).current.text, /data-register data-silent/);
    const early = await openSignIn(site);
    assertRefused(await early.post('/enrol/options', { silent: true }), 'step_finished');
  });

  await t.test('is accepted without its person only where it was asked for so', async () => {
    for (const how of [
      { asked: true, said: false },
      { asked: false, said: true },
    ])
      assertRefused(await makeSilently(await typePassword(site), how), 'passkey_not_made');
    assert.deepEqual(await app.passkeys.list(account.id), []);
  });

  await t.test('finishes the sign-in, is marked, and counts for nothing', async () => {
    const flow = await typePassword(site);
    const answer = await makeSilently(flow);
    assert.equal(answer.status, 200, answer.text);
    await flow.leave(await flow.visitor.get(JSON.parse(answer.text).location));
    assert.deepEqual((await flow.finish()).claims()?.amr, ['pwd']);
    const [passkey] = await app.passkeys.list(account.id);
    assert.equal(passkey?.verifiedAt, undefined);

    const next = await typePassword(site);
    assert.ok(next.callbackUrl, 'neither asked for as a second factor nor offered again');
    const visit = new AccountVisit(issuer, next.visitor);
    assert.ok((await visit.open()).text.includes(en['security.passkey.unproven']));
    const confirm = await visit.open('/passkeys/add');
    assert.doesNotMatch(confirm.text, /method=passkey|data-needs-passkeys/);
  });

  await t.test('until it has signed in with its person verified', async () => {
    const refused = await openSignIn({ ...site, authenticator: device });
    assertRefused(await refused.post('/passkey', await refused.askDevice({ userVerified: false })), 'passkey_refused');
    assert.equal((await app.passkeys.list(account.id))[0]?.verifiedAt, undefined);

    const flow = await openSignIn({ ...site, authenticator: device });
    await flow.usePasskey();
    assert.equal((await flow.finish()).claims()?.acr, 'phr');
    const page = await new AccountVisit(issuer, flow.visitor).open();
    assert.ok(!page.text.includes(en['security.passkey.unproven']));
    assert.match((await typePassword(site)).current.text, /data-passkey/, 'from now on it is asked for');
  });
});

test('a demanded passkey is not made silently', async (t) => {
  const site = await openTestApp(t, { policy: { ...presetOf('convenience'), enrolPasskey: 'require' } });
  await addAccount(site.app, EMAIL);
  const flow = await typePassword(site);

  assert.doesNotMatch(flow.current.text, /data-silent/);
  assertRefused(await flow.post('/enrol/options', { silent: true }), 'method_not_offered');
});

test('whoever signs in with a phone is offered a passkey of the device, and only they', async (t) => {
  const site = await openTestApp(t, CONVENIENT);
  const { app, issuer } = site;
  const account = await addAccount(app, EMAIL);
  const phone = await addPasskey(app, account);
  const key = new Authenticator();
  const offered = { authenticator: phone };

  for (const other of [{ local: 'no' }, { attachment: 'platform' }])
    assert.ok((await usePhone(site, { ...offered, ...other })).callbackUrl, JSON.stringify(other));
  const flow = await usePhone(site, offered);
  assertPage(flow.current, 'enrol-passkey.title.local');
  assert.doesNotMatch(flow.current.text, /data-silent/);
  const options = JSON.parse((await flow.post('/enrol/options', {})).text);
  assert.equal(options.authenticatorSelection.authenticatorAttachment, 'platform');
  const made = await flow.post('/enrol', { response: new Authenticator().create(options, { origin: issuer }) });
  await flow.leave(await flow.visitor.get(JSON.parse(made.text).location));
  assert.equal((await flow.finish()).claims()?.acr, 'phr');
  assert.equal((await app.passkeys.list(account.id)).length, 2);

  const declined = await usePhone(site, offered);
  await declined.submit('/enrol/decline', {});
  assert.equal((await declined.finish()).claims()?.acr, 'phr');
  assert.ok((await usePhone(site, offered)).callbackUrl, 'left alone for a while');
  site.advance(7 * DAY_SECONDS);
  assertPage((await usePhone(site, offered)).current, 'enrol-passkey.title.local');

  const visit = new AccountVisit(issuer, await signInByPasskey(site, phone));
  await visit.confirmByPasskey({ purpose: 'add-passkey' }, phone);
  const response = await visit.askDevice(key, { transports: ['usb'] });
  await visit.post('/passkeys', { response });
  assert.ok((await usePhone(site, { authenticator: key })).callbackUrl, 'a key is no phone');
});

test('nor is one of the device made silently after a password and a phone', async (t) => {
  const site = await openTestApp(t, { policy: { ...presetOf('convenience'), secondFactor: 'when-enrolled' } });
  const phone = await addPasskey(site.app, await addAccount(site.app, EMAIL));
  const flow = await typePassword(site, phone);
  const response = { ...(await flow.askDevice()), authenticatorAttachment: 'cross-platform' };
  const answer = await flow.post('/passkey?local=yes', response);
  await flow.leave(await flow.visitor.get(JSON.parse(answer.text).location));

  assertPage(flow.current, 'enrol-passkey.title.local');
  assert.doesNotMatch(flow.current.text, /data-silent/);
  assertRefused(await flow.post('/enrol/options', { silent: true }), 'method_not_offered');
});

test('to who has one passkey on one device a second one is suggested', async (t) => {
  const site = await openTestApp(t, CONVENIENT);
  const { app, issuer } = site;
  const local = { backupEligible: false, backedUp: false };
  const device = await addPasskey(app, await addAccount(app, EMAIL), new Authenticator(local));
  const visit = new AccountVisit(issuer, await signInByPasskey(site, device));
  const isSuggested = async (visitor: Visitor) => (await visitor.open('/account')).text.includes(SUGGESTION);

  assert.equal(await isSuggested(visit.visitor), true);

  await t.test('not again for a while after "Not now"', async () => {
    assertRefused(await visit.visitor.postForm('/account/passkeys/offer', { csrf: 'x' }), 'cross_site_request');
    assert.equal(await isSuggested(visit.visitor), true);
    assert.equal((await visit.submit('/passkeys/offer')).headers.get('location'), '/account');
    assert.equal(await isSuggested(visit.visitor), false);
    site.advance(7 * DAY_SECONDS + 60);
    assert.equal(await isSuggested(await signInByPasskey(site, device)), true);
  });

  await t.test('never after "Don’t ask again"', async () => {
    const later = new AccountVisit(issuer, await signInByPasskey(site, device));
    await later.submit('/passkeys/offer', { never: 'yes' });
    site.advance(400 * DAY_SECONDS);
    assert.equal(await isSuggested(await signInByPasskey(site, device)), false);
  });

  await t.test('nor where it is synced, or there are two', async () => {
    const synced = await addPasskey(app, await addAccount(app, 'synced@example.com'));
    const twice = await addAccount(app, 'two@example.com');
    await addPasskey(app, twice, new Authenticator(local));
    const second = await addPasskey(app, twice, new Authenticator(local));
    for (const other of [synced, second]) assert.equal(await isSuggested(await signInByPasskey(site, other)), false);
  });
});

async function signInByPasskey(site: TestApp, authenticator: Authenticator) {
  const flow = await openSignIn({ ...site, authenticator });
  await flow.usePasskey();
  return flow.visitor;
}
