import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addAccount, changePolicy, openTestApp, presetOf, TEST_PASSWORD, type TestApp } from '../support/app.ts';
import { Authenticator } from '../support/authenticator.ts';
import { addPasskey } from '../support/enrol.ts';
import { assertPage, assertRefused } from '../support/page.ts';
import { openSignIn } from '../support/sign-in-flow.ts';

const EMAIL = 'alex@example.com';
const DAY_SECONDS = 86_400;

/** A new browser whose person has typed the right password. */
async function typePassword({ app, issuer }: TestApp, email = EMAIL) {
  const flow = await openSignIn({ app, issuer });
  await flow.identify(email);
  await flow.typePassword(TEST_PASSWORD);
  return flow;
}

test('an offer that is declined comes back after 7, 30, 90 and 90 days', async (t) => {
  const site = await openTestApp(t);
  await addAccount(site.app, EMAIL);

  for (const days of [7, 30, 90, 90]) {
    const offered = await typePassword(site);
    assertPage(offered.current, 'enrol-passkey.title');
    await offered.submit('/enrol/decline', {});
    assert.equal((await offered.finish()).claims()?.acr, 'urn:cardea:acr:pwd');

    site.advance(days * DAY_SECONDS - 60);
    assert.ok((await typePassword(site)).callbackUrl, `left alone for ${days} days`);
    site.advance(60);
  }
});

test('an offer that is declined for good does not come back', async (t) => {
  const site = await openTestApp(t);
  await addAccount(site.app, EMAIL);
  const flow = await typePassword(site);

  await flow.submit('/enrol/decline', { never: 'yes' });
  site.advance(400 * DAY_SECONDS);

  assert.ok((await typePassword(site)).callbackUrl);
  const visit = await site.app.accounts.list({ limit: 1 });
  assert.equal(visit.items[0]?.passkeyOffer.never, true);
});

test('a passkey that is made on the way', async (t) => {
  const site = await openTestApp(t);
  const { app, issuer } = site;
  const account = await addAccount(app, EMAIL);

  await t.test('needs the password first, and the challenge of this very sign-in', async () => {
    const early = await openSignIn({ app, issuer });
    assertRefused(await early.post('/enrol/options', {}), 'step_finished');
    await early.identify(EMAIL);
    assertRefused(await early.post('/enrol/options', {}), 'step_finished');

    const [one, other] = [await typePassword(site), await typePassword(site)];
    const options = JSON.parse((await one.post('/enrol/options', {})).text);
    const response = one.authenticator.create(options, { origin: issuer });
    assertRefused(await other.post('/enrol', { response }), 'passkey_not_made');
    assertRefused(await one.post('/enrol', { response }), 'passkey_not_made');
    assert.deepEqual(await app.passkeys.list(account.id), []);
  });

  await t.test('must be verified, unattested by strangers, and of a kind that was asked for', async () => {
    const flow = await typePassword(site);
    const lies = [
      { userVerified: false },
      { algorithm: 'RS256', editKey: () => new Map() },
      { credentialId: new Uint8Array(8) },
      { crossOrigin: true },
      { rpId: 'evil.example' },
      { type: 'webauthn.get' },
      { attestation: { format: 'tpm', statement: new Map() } },
    ] as const;
    for (const overrides of lies) {
      const options = JSON.parse((await flow.post('/enrol/options', {})).text);
      const response = new Authenticator().create(options, { origin: issuer, overrides });
      assertRefused(await flow.post('/enrol', { response }), 'passkey_not_made');
    }
    assert.deepEqual(await app.passkeys.list(account.id), []);
  });

  await t.test('finishes the sign-in once, tells the password manager, and is then a way in', async () => {
    const flow = await typePassword(site);
    const { base } = flow;
    const both = [1, 2].map(async () => JSON.parse((await flow.post('/enrol/options', {})).text));
    const answers = (await Promise.all(both)).map((options) => flow.authenticator.create(options, { origin: issuer }));

    const made = await flow.post('/enrol', { response: answers[0] });
    const second = await flow.visitor.postJson(`${base}/enrol`, { response: answers[1] });

    assertRefused(second, 'sign_in_expired');
    const { location, signals } = JSON.parse(made.text);
    const passkeys = await app.passkeys.list(account.id);
    assert.deepEqual(
      signals.acceptedIds,
      passkeys.map(({ id }) => id),
    );
    assert.equal(passkeys.length, 1);
    await flow.leave(await flow.visitor.get(location));
    assert.deepEqual((await flow.finish()).claims()?.amr, ['pwd'], 'making it proved nothing');
    assert.ok((await typePassword(site)).current.text.includes('passkey'), 'from now on it is asked for');
  });
});

test('where a passkey is demanded it cannot be declined', async (t) => {
  const site = await openTestApp(t, { policy: { ...presetOf('convenience'), enrolPasskey: 'require' } });
  await addAccount(site.app, EMAIL);
  const flow = await typePassword(site);

  assertPage(flow.current, 'enrol-passkey.title.must');
  assert.ok(!flow.current.text.includes('/enrol/decline'));
  for (const fields of [{}, { never: 'yes' }])
    assertRefused(await flow.visitor.postForm(`${flow.base}/enrol/decline`, fields), 'method_not_offered');
  assertPage(await flow.visitor.get(flow.base), 'enrol-passkey.title.must');
  await flow.makePasskey();
  assert.ok(flow.callbackUrl);
});

test('a passkey is offered to nobody who has one, and by no policy that does not use them', async (t) => {
  const site = await openTestApp(t, { policy: { ...presetOf('convenience'), secondFactor: 'off' } });
  await addPasskey(site.app, await addAccount(site.app, EMAIL));
  await addAccount(site.app, 'kim@example.com');

  assert.ok((await typePassword(site)).callbackUrl);
  await changePolicy(site.app, { passkey: 'off', enrolPasskey: 'manual', secondFactors: ['totp'] });
  const flow = await typePassword(site, 'kim@example.com');
  assert.ok(flow.callbackUrl);
  const form = await openSignIn(site);
  assert.ok(!form.current.text.includes('data-needs-passkeys'));
  assertRefused(await form.post('/passkey/options', {}), 'method_not_offered');
  assertRefused(await form.post('/passkey', {}), 'method_not_offered');
});
