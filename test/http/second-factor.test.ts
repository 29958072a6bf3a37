import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addAccount, changePolicy, openTestApp, presetOf, TEST_PASSWORD, type TestApp } from '../support/app.ts';
import { computeCode } from '../support/authenticator-app.ts';
import { addPasskey, addTotp, nextCode } from '../support/enrol.ts';
import { assertPage, assertRefused } from '../support/page.ts';
import { openSignIn, type SignInFlow } from '../support/sign-in-flow.ts';

const EMAIL = 'alex@example.com';

/** Somebody new with an authenticator app and a passkey. */
async function addPerson({ app }: TestApp, email = EMAIL) {
  const account = await addAccount(app, email);
  return { account, secret: await addTotp(app, account), device: await addPasskey(app, account) };
}

/** A new browser whose person has typed the right password. */
async function typePassword(
  { app, issuer }: TestApp,
  options: Partial<Parameters<typeof openSignIn>[0]> & { readonly email?: string } = {},
): Promise<SignInFlow> {
  const flow = await openSignIn({ app, issuer, ...options });
  await flow.identify(options.email ?? EMAIL);
  await flow.typePassword(TEST_PASSWORD);
  return flow;
}

function codeAt(secret: string, seconds: number): string {
  return computeCode(secret, new Date(Date.now() + seconds * 1000));
}

test('the code of an authenticator app', async (t) => {
  const site = await openTestApp(t, { policy: presetOf('convenience') });
  const { app, advance } = site;
  const { secret } = await addPerson(site);
  advance(60); // past the code of the enrolment

  await t.test('works of now, and a step before or after; never of two', async () => {
    const flow = await typePassword(site);
    for (const steps of [-2, 2]) {
      assertPage(await flow.typeCode(codeAt(secret, steps * 30)), 'totp.title', 'code_refused');
    }
    await flow.typeCode(codeAt(secret, -30));
    assert.equal((await flow.finish()).claims()?.acr, 'urn:cardea:acr:mfa');
  });

  await t.test('works once, and with it every earlier one is spent', async () => {
    advance(90);
    const code = codeAt(secret, 0);
    const first = await typePassword(site);
    const second = await typePassword(site);

    assert.equal((await first.typeCode(` ${code.slice(0, 3)} ${code.slice(3)} `)).status, 303, 'spaces do not matter');
    assertPage(await second.typeCode(code), 'totp.title', 'code_refused');
    assertPage(await second.typeCode(codeAt(secret, -30)), 'totp.title', 'code_refused');
    assert.equal((await second.typeCode(codeAt(secret, 30))).status, 303);
  });

  await t.test('works for one of thirty sign-ins at once', async () => {
    advance(90);
    const code = codeAt(secret, 0);
    const flows: SignInFlow[] = [];
    for (let count = 0; count < 30; count += 1) flows.push(await typePassword(site));

    const answers = await Promise.all(flows.map((flow) => flow.typeCode(code)));

    const statuses = answers.map(({ status }) => status);
    assert.equal(statuses.filter((status) => status === 303).length, 1);
    assert.ok(
      statuses.every((status) => [303, 401, 429].includes(status)),
      statuses.join(' '),
    );
  });

  await t.test('is six digits of ours and nothing else', async () => {
    advance(1000);
    const shapes = ['', '12345', '1234567', '１２３４５６', 'abcdef', '-12345', '1e5000', '000000', '١٢٣٤٥٦', '%00'];
    for (const shape of shapes) {
      advance(1000);
      const flow = await typePassword(site);
      assertPage(await flow.typeCode(shape), 'totp.title', 'code_refused');
    }
  });

  await t.test('is refused before the password, and where only a passkey may follow it', async () => {
    const early = await openSignIn(site);
    assertRefused(await early.visitor.postForm(`${early.base}/totp`, { code: nextCode(secret) }), 'step_finished');
    await early.identify(EMAIL);
    assertRefused(await early.visitor.postForm(`${early.base}/totp`, { code: nextCode(secret) }), 'step_finished');

    await changePolicy(app, { secondFactors: ['passkey'] });
    const flow = await typePassword(site);
    assertPage(flow.current, 'passkey.title.second');
    assertPage(await flow.visitor.get(`${flow.base}?method=totp`), 'passkey.title.second');
    const answer = await flow.visitor.postForm(`${flow.base}/totp`, { code: nextCode(secret) });
    assertRefused(answer, 'method_not_offered');
    await changePolicy(app, presetOf('convenience'));
  });
});

test('a passkey after the password', async (t) => {
  const site = await openTestApp(t, { policy: presetOf('two-factor') });
  const { account, device } = await addPerson(site);
  const stranger = await addPerson(site, 'kim@example.com');

  await t.test('is asked for first, by name, and finishes', async () => {
    const flow = await typePassword(site, { authenticator: device });
    const options = JSON.parse((await flow.post('/passkey/options', {})).text);

    const [own] = await site.app.passkeys.list(account.id);
    assert.deepEqual(
      options.allowCredentials.map(({ id }: { id: string }) => id),
      [own?.id],
    );
    assert.equal(options.userVerification, 'required');
    await flow.usePasskey();
    assert.deepEqual((await flow.finish()).claims()?.amr, ['pwd', 'pop', 'user', 'mfa']);
  });

  await t.test('must be the account’s own, and its person must be verified', async () => {
    const flow = await typePassword(site, { authenticator: device });
    const options = JSON.parse((await flow.post('/passkey/options', {})).text);
    const foreign = stranger.device.get({ ...options, allowCredentials: [] }, { origin: site.issuer });

    assertRefused(await flow.post('/passkey', foreign), 'passkey_refused');
    assertRefused(await flow.post('/passkey', await flow.askDevice({ userVerified: false })), 'passkey_refused');
    assertPage(await flow.visitor.get(flow.base), 'passkey.title.second');
  });

  await t.test('may be left for the app, which proves nothing by being chosen', async () => {
    const flow = await typePassword(site);
    const chosen = await flow.visitor.get(`${flow.base}?method=totp`);

    assertPage(chosen, 'totp.title');
    assertPage(await flow.visitor.get(`${flow.base}?method=recovery-code`), 'passkey.title.second');
    assert.equal((await flow.visitor.get('/account')).status, 303);
  });
});

test('while a second factor is missing nobody is signed in', async (t) => {
  const site = await openTestApp(t, { policy: presetOf('two-factor') });
  await addPerson(site);
  const flow = await typePassword(site);
  const { base, visitor } = flow;

  assertRefused(await visitor.postForm(`${base}/consent`, { decision: 'allow' }), 'step_finished');
  assert.equal((await visitor.get('/account')).status, 303);
  const resumed = await visitor.open(base.replace('/interaction/', '/auth/'));
  assertPage(resumed, 'sign-in.title'); // going on too early begins anew
  assert.ok(!resumed.url.endsWith(base));
  assertRefused(await visitor.get(base), 'sign_in_expired');
  assert.equal((await visitor.get('/account')).status, 303);
});

test('an e-mail that is changed after the password takes the proof with it', async (t) => {
  const site = await openTestApp(t, { policy: presetOf('convenience') });
  const { secret } = await addPerson(site);
  const kim = await addPerson(site, 'kim@example.com');
  const flow = await typePassword(site);

  assertPage(await flow.identify('kim@example.com'), 'password.title');
  for (const code of [nextCode(secret), nextCode(kim.secret)])
    assertRefused(await flow.visitor.postForm(`${flow.base}/totp`, { code }), 'step_finished');
  assertPage(await flow.identify(EMAIL), 'password.title', undefined);
});

test('what changes in the middle of a sign-in counts at once', async (t) => {
  const site = await openTestApp(t, { policy: presetOf('convenience') });
  const { app, advance } = site;
  const { account, secret } = await addPerson(site);
  const stored = async () => (await app.accounts.find(account.id)) ?? assert.fail('the account is gone');
  const setPassword = async (password: string) =>
    app.passwords.set(await stored(), password, { minimumLength: 8, organizationName: 'Northwind' });

  await t.test('another password: the proof by the old one is void', async () => {
    const flow = await typePassword(site);
    advance(1);
    await setPassword('quite another password');

    assertPage(await flow.visitor.get(flow.base), 'password.title');
    assertRefused(await flow.visitor.postForm(`${flow.base}/totp`, { code: nextCode(secret) }), 'step_finished');
    await setPassword(TEST_PASSWORD);
  });

  await t.test('the app taken away by the policy: the passkey is left', async () => {
    const flow = await typePassword(site);
    await changePolicy(app, { secondFactors: ['passkey'] });

    assertRefused(await flow.visitor.postForm(`${flow.base}/totp`, { code: nextCode(secret) }), 'method_not_offered');
    assertPage(await flow.visitor.get(flow.base), 'passkey.title.second');
    await changePolicy(app, presetOf('convenience'));
  });

  await t.test('passwords switched off: the proof is void', async () => {
    const flow = await typePassword(site);
    await changePolicy(app, { password: 'off' });

    assertPage(await flow.visitor.get(flow.base), 'passkey.title');
    await changePolicy(app, presetOf('convenience'));
  });

  await t.test('the account disabled: it looks like the password was never typed', async () => {
    const flow = await typePassword(site);
    await app.accounts.disable(account.id);

    assertPage(await flow.visitor.get(flow.base), 'password.title');
    assertPage(await flow.typePassword(TEST_PASSWORD), 'password.title', 'sign_in_failed');
    await app.accounts.enable(account.id);
  });
});

test('an application that demands a passkey', async (t) => {
  const site = await openTestApp(t, { policy: { ...presetOf('convenience'), enrolPasskey: 'manual' } });
  const { secret, device } = await addPerson(site);
  const withoutPasskey = await addAccount(site.app, 'sam@example.com');
  const samSecret = await addTotp(site.app, withoutPasskey);
  const essential = { claims: JSON.stringify({ id_token: { acr: { essential: true, values: ['phr'] } } }) };

  await t.test('is not content with a code, and gets what was reached', async () => {
    const flow = await typePassword(site, { authenticator: device, parameters: essential });
    await flow.visitor.open(`${flow.base}?method=totp`);
    assertPage(await flow.submit('/totp', { code: nextCode(secret) }), 'passkey.title.second');
    await flow.usePasskey();

    const claims = (await flow.finish()).claims();
    assert.deepEqual([claims?.acr, claims?.amr], ['phr', ['pwd', 'pop', 'user', 'mfa']]);
  });

  await t.test('is told when the account has none', async () => {
    const flow = await typePassword(site, { email: 'sam@example.com', parameters: essential });
    await flow.typeCode(nextCode(samSecret));

    assert.equal(new URL(flow.callbackUrl).searchParams.get('error'), 'unmet_authentication_requirements');
  });

  await t.test('as a wish only, gets less and learns so', async () => {
    site.advance(90);
    const parameters = { acr_values: 'phr' };
    const flow = await typePassword(site, { email: 'sam@example.com', parameters });
    await flow.typeCode(nextCode(samSecret));

    assert.equal((await flow.finish()).claims()?.acr, 'urn:cardea:acr:mfa');
  });
});
