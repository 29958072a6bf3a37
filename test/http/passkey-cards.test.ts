import assert from 'node:assert/strict';
import { test } from 'node:test';
import { en } from '../../src/http/languages/en.ts';
import { AccountVisit } from '../support/account-visit.ts';
import { addAccount, openTestApp, TEST_PASSWORD, type TestApp } from '../support/app.ts';
import { Authenticator } from '../support/authenticator.ts';
import { addPasskey } from '../support/enrol.ts';
import { requireValue } from '../support/require-value.ts';
import { signInByPassword } from '../support/session.ts';
import { openSignIn } from '../support/sign-in-flow.ts';

const EMAIL = 'alex@example.com';
const YUBIKEY = 'ee882879-721c-4913-9775-3dfcce97072a';
const PASSWORDS = { policy: { enrolPasskey: 'manual', secondFactor: 'off' } } as const;

/** The cards of the security page, as text. */
function readCards(page: string): readonly string[] {
  const list = /<ul class="rows card">([\s\S]*?)<\/ul>/.exec(page)?.[1] ?? assert.fail(page);
  return [...list.matchAll(/<li class="row">([\s\S]*?)<\/li>/g)].map(([, card = '']) => card.replace(/<[^>]*>/g, ' '));
}

async function signInWith(site: TestApp, authenticator: Authenticator, attachment = 'platform') {
  const flow = await openSignIn({ ...site, authenticator });
  const response = { ...(await flow.askDevice()), authenticatorAttachment: attachment };
  const { location } = JSON.parse((await flow.post('/passkey', response)).text);
  await flow.visitor.open(location);
  return new AccountVisit(site.issuer, flow.visitor);
}

test('a card says who keeps the passkey, where it is, and when it was used', async (t) => {
  const site = await openTestApp(t, PASSWORDS);
  const account = await addAccount(site.app, EMAIL);
  await addPasskey(site.app, account, new Authenticator({ aaguid: YUBIKEY, backupEligible: false }));
  site.advance(1); // the oldest comes first
  await addPasskey(site.app, account, new Authenticator({ aaguid: '5eadface-0000-4000-8000-000000000000' }));
  site.advance(1);
  await addPasskey(site.app, account);
  const visit = new AccountVisit(site.issuer, await signInByPassword(site, EMAIL));
  const [first] = await site.app.passkeys.list(account.id);
  await visit.confirm('rename-passkey', first?.id);
  await visit.submit(`/passkeys/${first?.id}/rename`, { name: 'The blue one' });

  const [key, unheard, silent] = readCards((await visit.open()).text);
  assert.match(requireValue(key), /The blue one .*only on one device.* with\s+YubiKey 5 Series\s+· not used yet/s);
  assert.match(requireValue(unheard), /Passkey .*synced/s);
  for (const card of [unheard, silent]) assert.doesNotMatch(requireValue(card), / with /, 'nobody to name');
});

test('a passkey is known to be on this device only where this device has answered with it', async (t) => {
  const site = await openTestApp(t, PASSWORDS);
  const { app } = site;
  const account = await addAccount(app, EMAIL);
  const device = await addPasskey(app, account);
  site.advance(1); // the oldest comes first
  await addPasskey(app, account);
  site.advance(1);
  const here = async (visit: AccountVisit) =>
    readCards((await visit.open()).text).map((card) => card.includes(en['security.passkey.here']));

  const visit = await signInWith(site, device);
  assert.deepEqual(await here(visit), [true, false]);
  assert.deepEqual(await here(await signInWith(site, device, 'cross-platform')), [false, false], 'by a phone');
  assert.deepEqual(await here(new AccountVisit(site.issuer, await signInByPassword(site, EMAIL))), [false, false]);

  await visit.confirm('add-passkey');
  await visit.addPasskey(new Authenticator());
  assert.deepEqual(await here(visit), [false, false, true], 'the latest that is known');
  const again = await openSignIn({ ...site, visitor: visit.visitor, parameters: { prompt: 'login' } });
  await again.typePassword(TEST_PASSWORD);
  assert.deepEqual(await here(visit), [false, false, true], 'a password tells nothing new');
});

test('where passkey and app both follow a password, each has a tab that is a link', async (t) => {
  const site = await openTestApp(t, {
    config: { policy: 'two-factor' },
    policy: { enrolPasskey: 'manual', secondFactor: 'off' },
  });
  await addAccount(site.app, EMAIL);
  const visit = new AccountVisit(site.issuer, await signInByPassword(site, EMAIL));

  const [passkey, totp] = [await visit.open(), await visit.open('?factor=totp')];
  for (const [page, current] of [
    [passkey, 'passkey'],
    [totp, 'totp'],
  ] as const)
    assert.ok(page.text.includes(`href="/account?factor=${current}" aria-current="page">`), current);
  assert.ok(passkey.text.includes('href="/account/passkeys/add"') && !passkey.text.includes('/account/totp/add'));
  assert.ok(totp.text.includes('/account/totp/add') && !totp.text.includes('href="/account/passkeys/add"'));
  assert.ok((await visit.open('?factor=x')).text.includes('factor=passkey" aria-current'));
});
