import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PRESETS, type PresetName } from '../../config/presets.ts';
import { en } from '../../src/http/languages/en.ts';
import { AccountVisit } from '../support/account-visit.ts';
import { addAccount, changePolicy, openTestApp, presetOf, TEST_PASSWORD } from '../support/app.ts';
import { Authenticator } from '../support/authenticator.ts';
import { addMember, addPasskey, addTotp, nextCode } from '../support/enrol.ts';
import { assertPage, assertRefused, readHeading, readNotice } from '../support/page.ts';
import { openSignIn } from '../support/sign-in-flow.ts';

const EMAIL = 'alex@example.com';

test('portal: the organization first, then the password; a passkey added in the profile is asked for after it, an app instead', async (t) => {
  const { app, issuer } = await openTestApp(t, { policy: presetOf('portal') });
  await app.organizations.create({ name: 'Contoso', policy: PRESETS.portal });
  const account = await addAccount(app, EMAIL);
  const secret = await addTotp(app, account);
  const open = () => openSignIn({ app, issuer });
  const typePassword = async () => {
    const flow = await open();
    await flow.submit('/organization', { organization: 'Northwind' });
    await flow.identify(EMAIL);
    await flow.typePassword(TEST_PASSWORD);
    return flow;
  };

  const first = await open();
  assertPage(first.current, 'organization.title');
  assertPage(
    await first.submit('/organization', { organization: 'Nowhere' }),
    'organization.title',
    'organization_unknown',
  );
  const identify = await first.submit('/organization', { organization: ' NORTHWIND ' });
  assertPage(identify, 'sign-in.title');
  assert.ok(!identify.text.includes('data-needs-passkeys'), 'a passkey comes second here');
  assertPage(await first.identify(EMAIL), 'password.title');
  assertPage(await first.typePassword(TEST_PASSWORD), 'totp.title');
  await first.typeCode(nextCode(secret));
  assert.deepEqual((await first.finish()).claims()?.amr, ['pwd', 'otp', 'mfa']);

  const visit = new AccountVisit(issuer, first.visitor);
  const device = new Authenticator();
  await visit.confirm('add-passkey');
  assertPage(await visit.addPasskey(device), 'passkey-rename.title.fresh', 'passkey-added');

  const second = await typePassword();
  assertPage(second.current, 'passkey.title.second');
  assert.ok(second.current.text.includes(`${second.base}?method=totp`), 'the other way is visible');
  const withPasskey = await openSignIn({ app, issuer, authenticator: device });
  await withPasskey.submit('/organization', { organization: 'northwind' });
  await withPasskey.identify(EMAIL);
  await withPasskey.typePassword(TEST_PASSWORD);
  await withPasskey.usePasskey();
  const claims = (await withPasskey.finish()).claims();
  assert.deepEqual([claims?.acr, claims?.amr], ['phr', ['pwd', 'pop', 'user', 'mfa']]);

  const otherWay = await second.visitor.open(`${second.base}?method=totp`);
  assertPage(otherWay, 'totp.title');
  assert.ok(otherWay.text.includes(`${second.base}?method=passkey`));

  const [passkey] = await app.passkeys.list(account.id);
  await visit.confirmByPasskey({ purpose: 'delete-passkey', target: passkey?.id }, device);
  const deleted = await visit.submit(`/passkeys/${passkey?.id}/delete`);
  assert.equal(deleted.headers.get('location'), '/account?done=passkey-deleted');
  assertPage((await typePassword()).current, 'totp.title');
});

test('two-factor: without a second factor a passkey must be made, and is then asked for after the password', async (t) => {
  const { app, issuer } = await openTestApp(t, { policy: presetOf('two-factor') });
  await addAccount(app, EMAIL);
  const flow = await openSignIn({ app, issuer });

  await flow.identify(EMAIL);
  assertPage(await flow.typePassword(TEST_PASSWORD), 'enrol-passkey.title.must');
  assertPage(await flow.makePasskey(), 'passkey.title.second');
  await flow.usePasskey();
  assert.equal((await flow.finish()).claims()?.acr, 'phr');

  const visit = new AccountVisit(issuer, flow.visitor);
  await visit.confirmByPasskey({ purpose: 'add-passkey' }, flow.authenticator);
  const form = await visit.open('/passkeys/add');
  assertPage(form, 'passkey-add.title');
  assert.ok(form.text.includes('name="name"'), 'the name comes first');
  for (const where of ['this-device', 'phone', 'security-key'])
    assert.ok(form.text.includes(`value="${where}"`), where);
  const added = await visit.addPasskey(new Authenticator(), { name: 'Blue key', where: 'security-key' });
  assert.equal(readNotice(added), '“Blue key” was added.');
});

test('convenience: a passkey signs in by itself, and the password with the app stays beside it', async (t) => {
  const { app, issuer } = await openTestApp(t, { policy: presetOf('convenience') });
  const account = await addAccount(app, EMAIL);
  const secret = await addTotp(app, account);
  const authenticator = await addPasskey(app, account);

  const byPasskey = await openSignIn({ app, issuer, authenticator });
  assertPage(byPasskey.current, 'sign-in.title');
  await byPasskey.usePasskey();
  assert.deepEqual((await byPasskey.finish()).claims()?.amr, ['pop', 'user', 'mfa']);

  const byPassword = await openSignIn({ app, issuer });
  await byPassword.identify(EMAIL);
  assertPage(await byPassword.typePassword(TEST_PASSWORD), 'totp.title');
  await byPassword.typeCode(nextCode(secret));
  assert.equal((await byPassword.finish()).claims()?.acr, 'urn:cardea:acr:mfa');

  const visit = new AccountVisit(issuer, byPassword.visitor);
  await visit.confirmByPasskey({ purpose: 'add-passkey' }, authenticator);
  assertPage(await visit.addPasskey(new Authenticator()), 'passkey-rename.title.fresh', 'passkey-added');
});

test('workspace: a passkey in place of the password skips the app, says which organization it is for, and one that demands its own sign-in refuses it', async (t) => {
  const { app, issuer } = await openTestApp(t, { policy: presetOf('workspace') });
  const contoso = await app.organizations.create({ name: 'Contoso', policy: PRESETS.workspace });
  const here = await addAccount(app, EMAIL);
  const there = await addMember(app, contoso, EMAIL);
  const secret = await addTotp(app, here);

  const flow = await openSignIn({ app, issuer });
  assert.ok(flow.current.text.includes('name="organization"'), 'asked beside the e-mail');
  assertPage(await flow.submit('/identify', { email: EMAIL, organization: 'northwind' }), 'password.title');
  assertPage(await flow.typePassword(TEST_PASSWORD), 'totp.title');
  await flow.typeCode(nextCode(secret));
  const visit = new AccountVisit(issuer, flow.visitor);
  await visit.confirm('add-passkey');
  assert.equal((await visit.requestOptions()).user.name, `${EMAIL} (Northwind)`);
  const device = new Authenticator();
  await visit.addPasskey(device);

  const inPlaceOfThePassword = await openSignIn({ app, issuer, authenticator: device });
  await inPlaceOfThePassword.submit('/identify', { email: EMAIL, organization: 'northwind' });
  assert.ok(inPlaceOfThePassword.current.text.includes('data-needs-passkeys'));
  await inPlaceOfThePassword.usePasskey();
  assert.equal((await inPlaceOfThePassword.finish()).claims()?.sub, here.id);

  await addPasskey(app, there, device); // the newest is what the person chooses
  const chosen = await openSignIn({ app, issuer, authenticator: device });
  await chosen.usePasskey();
  assert.equal((await chosen.finish()).claims()?.sub, there.id, 'the choice of a passkey names the organization too');

  const sso = { issuer: 'https://id.contoso.example', clientId: 'cardea', required: true };
  await app.organizations.setPolicy(contoso.id, { ...contoso.policy, sso });
  const refused = await openSignIn({ app, issuer, authenticator: device });
  assertRefused(await refused.usePasskey(), 'sso_required');
  const typed = await openSignIn({ app, issuer });
  assertRefused(await typed.submit('/identify', { email: EMAIL, organization: 'contoso' }), 'sso_required');
});

test('passwordless: the first verified passkey sign-in switches the password off, which is then refused like a wrong one', async (t) => {
  const { app, issuer } = await openTestApp(t, { policy: presetOf('passwordless') });
  await addAccount(app, EMAIL);
  const typePassword = async (password: string) => {
    const flow = await openSignIn({ app, issuer });
    await flow.identify(EMAIL);
    await flow.typePassword(password);
    return flow;
  };

  const first = await typePassword(TEST_PASSWORD);
  assertPage(first.current, 'enrol-passkey.title');
  await first.makePasskey();
  assert.deepEqual((await first.finish()).claims()?.amr, ['pwd'], 'a passkey that was only made proves nothing');
  const stillOn = await typePassword(TEST_PASSWORD);
  assert.equal((await stillOn.finish()).claims()?.acr, 'urn:cardea:acr:pwd');

  const byPasskey = await openSignIn({ app, issuer, authenticator: first.authenticator });
  await byPasskey.usePasskey();
  assert.equal((await byPasskey.finish()).claims()?.acr, 'phr');

  const right = await typePassword(TEST_PASSWORD);
  const wrong = await typePassword('anything else at all');
  assertPage(right.current, 'password.title', 'sign_in_failed');
  assert.equal(right.current.text.replaceAll(right.base, ''), wrong.current.text.replaceAll(wrong.base, ''));
  const security = await new AccountVisit(issuer, byPasskey.visitor).open();
  assert.match(security.text, /Switched off since/);
});

test('with a password and nothing else, each preset leads to where its service does', async (t) => {
  const { app, issuer } = await openTestApp(t);
  const expected: Readonly<Record<PresetName, string>> = {
    portal: 'at the application',
    'two-factor': en['enrol-passkey.title.must'],
    convenience: en['enrol-passkey.title'],
    workspace: 'at the application',
    passwordless: en['enrol-passkey.title'],
  };
  await addAccount(app, EMAIL);
  for (const name of Object.keys(PRESETS) as PresetName[]) {
    // Object.keys forgets the names
    await changePolicy(app, presetOf(name));
    const flow = await openSignIn({ app, issuer });
    await flow.identify(EMAIL);
    const answer = await flow.typePassword(TEST_PASSWORD);
    assert.equal(answer.status === 303 ? 'at the application' : readHeading(answer), expected[name], name);
  }
});
