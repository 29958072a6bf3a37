import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PRESETS } from '../../config/presets.ts';
import { addAccount, changePolicy, openTestApp, presetOf, TEST_PASSWORD } from '../support/app.ts';
import { Authenticator } from '../support/authenticator.ts';
import { assertPage, assertRefused, readField } from '../support/page.ts';
import { requireValue } from '../support/require-value.ts';
import { openSignIn } from '../support/sign-in-flow.ts';

const NEWCOMER = { email: 'new@example.com', name: 'Nova' };

test('somebody new', async (t) => {
  const { app, issuer } = await openTestApp(t);
  const organization = await app.organizations.requireOrFirst(undefined);
  const find = (email: string) => app.accounts.findByEmail(organization.id, email);
  /** What the form asks the device, and the device answers. */
  const begin = async (newcomer: object = NEWCOMER) => {
    const flow = await openSignIn({ app, issuer });
    const answer = await flow.post('/sign-up/options', newcomer);
    const options = answer.status === 200 ? JSON.parse(answer.text) : undefined;
    return { flow, answer, response: options && new Authenticator().create(options, { origin: issuer }), options };
  };

  await t.test('makes an account with a passkey and comes back signed in', async () => {
    const flow = await openSignIn({ app, issuer, parameters: { login_hint: 'nova@example.com' } });
    await flow.submit('/restart', {});
    assert.ok(flow.current.text.includes(`${flow.base}/sign-up`));
    const form = await flow.visitor.get(`${flow.base}/sign-up`);
    assertPage(form, 'sign-up.title');
    assert.equal(readField(form, 'email'), 'nova@example.com');

    await flow.signUp({ email: 'Nova@Example.com', name: ' Nova ' });

    assert.equal((await flow.finish()).claims()?.acr, 'phr');
    const account = requireValue(await find('nova@example.com'));
    assert.deepEqual([account.email, account.profile.name, account.role], ['Nova@Example.com', 'Nova', 'member']);
    assert.equal(account.emailVerified, false);
    const again = await openSignIn({ app, issuer, authenticator: flow.authenticator });
    await again.usePasskey();
    assert.deepEqual((await again.finish()).claims()?.amr, ['pop', 'user', 'mfa']);
  });

  await t.test('with an e-mail that is taken is told so, and the account stays as it was', async () => {
    const account = await addAccount(app, 'alex@example.com');
    const taken = { email: 'ALEX@example.com', name: 'Mallory' };
    const { flow, response, options } = await begin(taken);

    assert.notEqual(options.user.id, Buffer.from(account.userHandle).toString('base64url'));
    assertRefused(await flow.post('/sign-up', { ...taken, response }), 'account_exists');
    assert.deepEqual(await app.accounts.find(account.id), account);
    assert.deepEqual(await app.passkeys.list(account.id), []);
    assert.equal((await flow.visitor.get('/account')).status, 303);
  });

  await t.test('in two tabs makes one account, whichever is finished', async () => {
    const newcomer = { email: 'tabs@example.com', name: 'Tabs' };
    const flow = await openSignIn({ app, issuer });
    const [first, second] = [
      await flow.post('/sign-up/options', newcomer),
      await flow.post('/sign-up/options', newcomer),
    ];
    const device = new Authenticator();
    const responses = [first, second].map(({ text }) => device.create(JSON.parse(text), { origin: issuer }));
    const { base } = flow;

    const answers = await Promise.all(
      responses.map((response) => flow.visitor.postJson(`${base}/sign-up`, { ...newcomer, response })),
    );

    assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 400]);
    const account = requireValue(await find(newcomer.email));
    assert.equal((await app.passkeys.list(account.id)).length, 1);
  });

  await t.test('in two browsers makes one account', async () => {
    const newcomer = { email: 'twice@example.com', name: 'Twice' };
    const [one, other] = [await begin(newcomer), await begin(newcomer)];

    const answers = await Promise.all(
      [one, other].map(({ flow, response }) => flow.post('/sign-up', { ...newcomer, response })),
    );

    assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 409]);
  });

  await t.test('ends with what they began with: another e-mail or browser makes nothing', async () => {
    const { flow, response } = await begin();
    const other = await openSignIn({ app, issuer });

    assertRefused(await flow.post('/sign-up', { ...NEWCOMER, email: 'x@example.com', response }), 'passkey_not_made');
    assertRefused(await other.post('/sign-up', { ...NEWCOMER, response }), 'passkey_not_made');
    assertRefused(await flow.post('/sign-up', { ...NEWCOMER, response: {} }), 'malformed_request');
    assert.equal(await find(NEWCOMER.email), undefined);
    assert.equal((await flow.post('/sign-up', { ...NEWCOMER, response })).status, 200);
  });

  await t.test('must be verified by the device', async () => {
    const { flow, options } = await begin({ email: 'unverified@example.com', name: 'U' });
    const response = new Authenticator().create(options, { origin: issuer, overrides: { userVerified: false } });
    const answer = await flow.post('/sign-up', { email: 'unverified@example.com', name: 'U', response });

    assertRefused(answer, 'passkey_not_made');
    assert.equal(await find('unverified@example.com'), undefined);
  });

  await t.test('says an e-mail and a name that deceive nobody, and nothing of roles', async () => {
    const refused = [
      { ...NEWCOMER, email: 'nobody' },
      { ...NEWCOMER, email: 'new＠example.com' },
      { ...NEWCOMER, email: `${'n'.repeat(250)}@example.com` },
      { ...NEWCOMER, email: ['new@example.com'] },
      { ...NEWCOMER, email: { $ne: null } },
      { ...NEWCOMER, name: '' },
      { ...NEWCOMER, name: 'x'.repeat(101) },
      { ...NEWCOMER, name: 'Nova\u202Eavon' },
      { ...NEWCOMER, name: 'No\r\nva' },
      { ...NEWCOMER, name: 'No\ud800va' },
      { ...NEWCOMER, name: 'No\0va' },
      { ...NEWCOMER, role: 'administrator' },
      { ...NEWCOMER, id: 'AAAAAAAAAAAAAAAAAAAAAA' },
      { email: NEWCOMER.email },
    ];
    for (const newcomer of refused) assertRefused((await begin(newcomer)).answer, 'malformed_request');
  });
});

test('a name of HTML is text everywhere', async (t) => {
  const { app, issuer } = await openTestApp(t);
  const name = '"><img src=x onerror=alert(1)>';
  const flow = await openSignIn({ app, issuer, client: { consent: 'ask' } });

  const consent = await flow.signUp({ email: 'new@example.com', name });

  assert.ok(consent.text.includes('&lt;img src=x'), 'it is shown');
  const welcome = await openSignIn({ app, issuer, visitor: flow.visitor, parameters: { prompt: 'login' } });
  const remembered = await welcome.submit('/restart', {});
  for (const { text } of [consent, remembered, await flow.visitor.get('/account')]) assert.ok(!text.includes('<img'));
});

test('where nobody may make an account, there is no way to', async (t) => {
  const { app, issuer } = await openTestApp(t);
  const withoutPasskeys = { passkey: 'off', enrolPasskey: 'manual', secondFactors: ['totp'] } as const;
  const closed = [
    { signUp: 'closed' },
    { signUp: 'invitation' },
    { signUp: 'unverified', ...withoutPasskeys },
  ] as const;
  for (const policy of closed) {
    await changePolicy(app, policy);
    const flow = await openSignIn({ app, issuer });

    assert.ok(!flow.current.text.includes('/sign-up'));
    assertRefused(await flow.visitor.get(`${flow.base}/sign-up`), 'sign_up_closed');
    assertRefused(await flow.post('/sign-up/options', NEWCOMER), 'sign_up_closed');
    assertRefused(await flow.post('/sign-up', { ...NEWCOMER, response: {} }), 'sign_up_closed');
  }
});

test('with several organizations an account is made in the one that was named', async (t) => {
  const { app, issuer } = await openTestApp(t);
  const contoso = await app.organizations.create({
    name: 'Contoso',
    policy: { ...PRESETS.workspace, signUp: 'unverified' },
  });
  const unnamed = await openSignIn({ app, issuer });
  assertRefused(await unnamed.post('/sign-up/options', NEWCOMER), 'sign_up_closed');

  const flow = await openSignIn({ app, issuer, parameters: { organization: 'contoso' } });
  await flow.signUp(NEWCOMER);

  const account = requireValue(await app.accounts.findByEmail(contoso.id, NEWCOMER.email));
  assert.equal((await flow.finish()).claims()?.sub, account.id);
});

test('where a passkey comes second a newcomer chooses a password too', async (t) => {
  const { app, issuer } = await openTestApp(t, { policy: presetOf('two-factor') });
  const flow = await openSignIn({ app, issuer });
  const withPassword = { ...NEWCOMER, password: TEST_PASSWORD };

  assert.ok((await flow.visitor.get(`${flow.base}/sign-up`)).text.includes('name="password"'));
  for (const password of ['', 'short', 'northwind', 'password1'])
    assertRefused(await flow.post('/sign-up/options', { ...NEWCOMER, password }), 'weak_password');
  await flow.signUp(withPassword);

  assert.deepEqual((await flow.finish()).claims()?.amr, ['pwd', 'pop', 'user', 'mfa']);
  const again = await openSignIn({ app, issuer, authenticator: flow.authenticator });
  await again.identify(NEWCOMER.email);
  assertPage(await again.typePassword(TEST_PASSWORD), 'passkey.title.second');
  await again.usePasskey();
  assert.equal((await again.finish()).claims()?.acr, 'phr');
});
