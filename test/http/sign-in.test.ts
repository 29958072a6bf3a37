import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PRESETS } from '../../config/presets.ts';
import { addAccount, openTestApp, TEST_PASSWORD } from '../support/app.ts';
import { addMember, addPasskey } from '../support/enrol.ts';
import { assertPage, assertRefused, readField } from '../support/page.ts';
import { requireValue } from '../support/require-value.ts';
import { openSignIn } from '../support/sign-in-flow.ts';
import { Visitor } from '../support/visitor.ts';

test('somebody with an account signs in', async (t) => {
  const { app, issuer } = await openTestApp(t, { policy: { enrolPasskey: 'manual' } });
  const account = await addAccount(app, 'alex@example.com');
  const authenticator = await addPasskey(app, await addAccount(app, 'kim@example.com'));
  await addAccount(app, 'sam@example.com');

  await t.test('with e-mail and password, and the application learns how', async () => {
    const flow = await openSignIn({ app, issuer });

    await flow.identify('alex@example.com');
    await flow.typePassword(TEST_PASSWORD);
    const claims = (await flow.finish()).claims();

    assert.equal(claims?.sub, account.id);
    assert.equal(claims?.acr, 'urn:cardea:acr:pwd');
    assert.deepEqual(claims?.amr, ['pwd']);
    assert.equal(typeof claims?.auth_time, 'number');
  });

  await t.test('with a passkey, without a word about who they are', async () => {
    const flow = await openSignIn({ app, issuer, authenticator });

    await flow.usePasskey();

    assert.deepEqual((await flow.finish()).claims()?.amr, ['pop', 'user', 'mfa']);
  });

  await t.test('with a passkey after the e-mail, in place of the password', async () => {
    const flow = await openSignIn({ app, issuer, authenticator });

    assertPage(await flow.identify('Kim@Example.com'), 'password.title');
    await flow.usePasskey();

    assert.equal((await flow.finish()).claims()?.acr, 'phr');
  });

  await t.test('in two tabs: the last e-mail counts for both, and the one that comes second is told so', async () => {
    const flow = await openSignIn({ app, issuer });
    const { base } = flow;

    await flow.identify('alex@example.com');
    await flow.identify('sam@example.com'); // the other tab still shows the password of alex
    const answers = await Promise.all(
      [1, 2].map(() => flow.visitor.postForm(`${base}/password`, { password: TEST_PASSWORD })),
    );

    assert.deepEqual(answers.map(({ status }) => status).sort(), [303, 410]);
    await flow.leave(requireValue(answers.find(({ status }) => status === 303)));
    assert.notEqual((await flow.finish()).claims()?.sub, account.id);
  });

  await t.test('for two applications at once in one browser', async () => {
    const visitor = new Visitor(issuer);
    const [ledger, diary] = [await openSignIn({ app, issuer, visitor }), await openSignIn({ app, issuer, visitor })];

    for (const flow of [ledger, diary]) {
      await flow.identify('alex@example.com');
      await flow.typePassword(TEST_PASSWORD);
      assert.equal((await flow.finish()).claims()?.sub, account.id);
    }
  });

  await t.test('over somebody else’s session, which ends by that', async () => {
    const visitor = new Visitor(issuer);
    const first = await openSignIn({ app, issuer, visitor, authenticator });
    await first.usePasskey();
    const second = await openSignIn({ app, issuer, visitor, parameters: { prompt: 'login' } });

    assertPage(second.current, 'password.title');
    assertPage(await second.submit('/restart', {}), 'sign-in.title.remembered');
    await second.identify('alex@example.com');
    const handOver = await second.typePassword(TEST_PASSWORD);
    const fields = { xsrf: readField(handOver, 'xsrf'), logout: 'yes' };
    await second.leave(await visitor.postForm('/session/end/confirm', fields));

    assert.equal((await second.finish()).claims()?.sub, account.id);
    assert.match((await visitor.open('/account')).text, /alex@example\.com/);
  });

  await t.test('and stays signed in when the form of a finished step comes again', async () => {
    const flow = await openSignIn({ app, issuer });
    const { base, visitor } = flow;
    await flow.identify('alex@example.com');
    await flow.typePassword(TEST_PASSWORD);
    const session = visitor.cookies.get('cardea.session /');

    assertRefused(await visitor.postForm(`${base}/password`, { password: 'something else entirely' }), 'step_finished');
    assertRefused(await visitor.postForm(`${base}/identify`, { email: 'sam@example.com' }), 'step_finished');
    assertRefused(await visitor.postJson(`${base}/passkey/options`, {}), 'step_finished');
    assertRefused(await visitor.get(base), 'step_finished');

    assert.deepEqual(visitor.cookies.get('cardea.session /'), session);
    assert.match((await visitor.get('/account')).text, /alex@example\.com/);
  });

  await t.test('only with an e-mail that is one, which is shown again to be mended', async () => {
    const flow = await openSignIn({ app, issuer });
    for (const email of ['alex', 'alex@', 'alex＠example.com', `${'a'.repeat(250)}@example.com`, '"><script>']) {
      const page = await flow.identify(email);
      assertPage(page, 'sign-in.title', 'malformed_request');
      assert.equal(readField(page, 'email'), email);
    }
  });
});

test('what the application asked for survives every branch', async (t) => {
  const { app, issuer } = await openTestApp(t, {
    policy: { ...PRESETS.portal, passkey: 'alone', enrolPasskey: 'offer' },
  });
  const contoso = await app.organizations.create({
    name: 'Contoso',
    policy: { ...PRESETS.portal, enrolPasskey: 'offer' },
  });
  await addAccount(app, 'alex@example.com');
  const member = await addMember(app, contoso, 'alex@example.com');
  const languages = 'de fr-CA x-'.padEnd(5000, 'y');

  await t.test('hint, organization, prompt and languages, through wrong turns to the end', async () => {
    const asked = { login_hint: 'kim@example.com', organization: 'contoso', prompt: 'login', ui_locales: languages };
    const flow = await openSignIn({ app, issuer, parameters: asked });

    assertPage(flow.current, 'password.title');
    assert.match(flow.current.text, /kim@example\.com/);
    assertPage(await flow.typePassword('a wrong password'), 'password.title', 'sign_in_failed');
    const again = await flow.submit('/restart', {});
    assertPage(again, 'sign-in.title');
    assert.equal(readField(again, 'email'), 'kim@example.com');
    assert.match(again.text, /Contoso/);
    await flow.identify('alex@example.com');
    assertPage(await flow.typePassword(TEST_PASSWORD), 'enrol-passkey.title');
    await flow.submit('/enrol/decline', {});

    const claims = (await flow.finish()).claims(); // which compares state and nonce too
    assert.equal(claims?.sub, member.id);
  });

  await t.test('a hint that is no e-mail and an organization that is none are let go', async () => {
    const flow = await openSignIn({ app, issuer, parameters: { login_hint: '<kim>', organization: 'nowhere' } });

    assertPage(flow.current, 'organization.title');
    const page = await flow.submit('/organization', { organization: 'northwind' });
    assertPage(page, 'sign-in.title');
    assert.equal(readField(page, 'email'), '<kim>');
  });

  await t.test('a way that the page does not have is no error', async () => {
    const flow = await openSignIn({
      app,
      issuer,
      parameters: { login_hint: 'alex@example.com', organization: 'contoso' },
    });

    for (const query of [
      '?method=totp',
      '?method=passkey',
      '?method=<b>',
      '?method=totp&method=passkey',
      '?lang=../../x',
    ])
      assertPage(await flow.visitor.get(flow.base + query), 'password.title');
  });
});

test('a restart drops what was proved', async (t) => {
  const { app, issuer } = await openTestApp(t, { policy: PRESETS['two-factor'] });
  await addAccount(app, 'alex@example.com');
  const flow = await openSignIn({ app, issuer });
  await flow.identify('alex@example.com');
  assertPage(await flow.typePassword(TEST_PASSWORD), 'enrol-passkey.title.must');

  assertPage(await flow.submit('/restart', {}), 'sign-in.title');
  assertPage(await flow.identify('alex@example.com'), 'password.title');
  assertRefused(await flow.post('/enrol/options', {}), 'step_finished');
});

test('whoever must make a passkey may give up, and the application is told', async (t) => {
  const { app, issuer } = await openTestApp(t, { policy: PRESETS['two-factor'] });
  await addAccount(app, 'alex@example.com');
  const flow = await openSignIn({ app, issuer });
  await flow.identify('alex@example.com');
  await flow.typePassword(TEST_PASSWORD);

  await flow.submit('/cancel', {});

  assert.equal(new URL(flow.callbackUrl).searchParams.get('error'), 'access_denied');
  assert.equal((await flow.visitor.get('/account')).status, 303, 'nobody is signed in');
});
