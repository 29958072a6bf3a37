import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addAccount, openTestApp, TEST_PASSWORD } from '../support/app.ts';
import { addPasskey, addTotp, nextCode } from '../support/enrol.ts';
import { assertPage, assertRefused } from '../support/page.ts';
import { openSignIn } from '../support/sign-in-flow.ts';
import { Visitor } from '../support/visitor.ts';

const EMAIL = 'alex@example.com';

test('a sign-in belongs to the browser that began it', async (t) => {
  const { app, issuer } = await openTestApp(t, { policy: { enrolPasskey: 'manual' } });
  await addAccount(app, EMAIL);

  await t.test('its address opens in no other, with or without a sign-in of its own', async () => {
    const attacker = await openSignIn({ app, issuer });
    await attacker.identify(EMAIL);
    const resume = attacker.base.replace('/interaction/', '/auth/');
    const victim = await openSignIn({ app, issuer });

    for (const visitor of [new Visitor(issuer), victim.visitor]) {
      assertRefused(await visitor.get(attacker.base), 'sign_in_not_started_here');
      assertRefused(
        await visitor.postForm(`${attacker.base}/password`, { password: TEST_PASSWORD }),
        'sign_in_not_started_here',
      );
      assertRefused(await visitor.postJson(`${attacker.base}/passkey/options`, {}), 'sign_in_not_started_here');
      assertRefused(await visitor.get(resume), 'application_error');
      assert.equal((await visitor.get('/account')).status, 303);
    }
  });

  await t.test('its address made into a cookie is not enough, nor is a signature of something else', async () => {
    const flow = await openSignIn({ app, issuer });
    const id = flow.base.slice('/interaction/'.length);
    const other = await openSignIn({ app, issuer });
    const signature = [...other.visitor.cookies].find(([name]) => name.startsWith('cardea.sign-in.sig'))?.[1].value;

    for (const cookie of [`cardea.sign-in=${id}`, `cardea.sign-in=${id}; cardea.sign-in.sig=${signature}`])
      assertRefused(await new Visitor(issuer, { cookie }).get(flow.base), 'sign_in_not_started_here');
  });

  await t.test('another site cannot sign its visitors in', async () => {
    const flow = await openSignIn({ app, issuer });
    await flow.identify(EMAIL);
    const post = (headers: Readonly<Record<string, string>>) =>
      flow.visitor.postForm(`${flow.base}/password`, { password: TEST_PASSWORD }, headers);

    for (const origin of ['https://evil.example', 'null', `${issuer}.evil.example`, ''.padEnd(3000, 'x')])
      assertRefused(await post({ origin }), 'cross_site_request');
    for (const site of ['cross-site', 'same-site', 'anything'])
      assertRefused(await post({ 'sec-fetch-site': site }), 'cross_site_request');
    assertPage(await flow.visitor.get(flow.base), 'password.title');
    assert.equal((await post({ 'sec-fetch-site': 'same-origin', origin: 'null' })).status, 303, 'as browsers send it');
  });
});

test('what a form says beside its own fields is refused, and nothing is done', async (t) => {
  const { app, issuer } = await openTestApp(t, { policy: { enrolPasskey: 'manual' } });
  const account = await addAccount(app, EMAIL);
  const device = await addPasskey(app, await addAccount(app, 'kim@example.com'));
  const secret = await addTotp(app, account);
  const hidden = { accountId: account.id, amr: 'mfa', acr: 'phr', step: 'done', proofs: '[]', userVerified: 'true' };

  const flow = await openSignIn({ app, issuer, authenticator: device });
  const { base, visitor } = flow;
  const refuse = async (path: string, fields: Readonly<Record<string, string>>) => {
    for (const [name, value] of Object.entries(hidden))
      assertRefused(await visitor.postForm(base + path, { ...fields, [name]: value }), 'malformed_request');
  };
  await refuse('/identify', { email: EMAIL });
  for (const [name, value] of Object.entries(hidden)) {
    assertRefused(await flow.post('/passkey/options', { [name]: value }), 'malformed_request');
    assertRefused(await flow.post('/passkey', { ...(await flow.askDevice()), [name]: value }), 'malformed_request');
  }
  assertPage(await visitor.get(base), 'sign-in.title');
  await flow.identify(EMAIL);
  await refuse('/password', { password: TEST_PASSWORD });
  assertPage(await visitor.get(base), 'password.title');
  await flow.typePassword(TEST_PASSWORD);
  await refuse('/totp', { code: nextCode(secret) });
  assertPage(await visitor.get(base), 'totp.title');
  assert.equal((await visitor.get('/account')).status, 303);
});

test('how a sign-in ends is not for the browser to say', async (t) => {
  const { app, issuer } = await openTestApp(t);
  const flow = await openSignIn({ app, issuer });
  const words = { error: 'server_error', error_description: '<b>call this number</b>' };

  assertRefused(await flow.visitor.postForm(`${flow.base}/cancel`, words), 'malformed_request');
  assertRefused(await flow.visitor.postForm(`${flow.base}/consent`, { decision: 'allow' }), 'step_finished');
  assertRefused(await flow.visitor.postForm(`${flow.base}/consent`, { decision: 'always' }), 'malformed_request');
  assertRefused(await flow.visitor.postForm(`${flow.base}/enrol/decline`, {}), 'step_finished');
  assertRefused(await flow.post('/enrol', { response: {} }), 'step_finished');
  await flow.visitor.get(`${flow.base}?${new URLSearchParams(words)}`);
  await flow.submit('/cancel', {});

  const told = new URL(flow.callbackUrl).searchParams;
  assert.equal(told.get('error'), 'access_denied');
  assert.ok(!flow.callbackUrl.includes('number'));
});

test('a session is an opaque name, and a cookie with any bit changed is nobody’s', async (t) => {
  const { app, issuer } = await openTestApp(t, { policy: { enrolPasskey: 'manual' } });
  await addAccount(app, EMAIL);
  const flow = await openSignIn({ app, issuer });
  await flow.identify(EMAIL);
  await flow.typePassword(TEST_PASSWORD);
  const { visitor } = flow;
  const [session, signature] = ['cardea.session /', 'cardea.session.sig /'].map(
    (key) => visitor.cookies.get(key)?.value ?? '',
  );
  const read = (cookie: string) => new Visitor(issuer, { cookie }).get('/account');

  assert.match(session ?? '', /^[\w-]{43}$/);
  assert.equal((await read(`cardea.session=${session}; cardea.session.sig=${signature}`)).status, 200);
  const changed = [
    `cardea.session=${session}`,
    `cardea.session=${session}; cardea.session.sig=`,
    `cardea.session=${flip(session)}; cardea.session.sig=${signature}`,
    `cardea.session=${session}; cardea.session.sig=${flip(signature)}`,
    `cardea.session=; cardea.session.sig=${signature}`,
    `cardea.session=%00${session}; cardea.session.sig=${signature}`,
    `cardea.session=__proto__; cardea.session.sig=${signature}`,
    'cardea.session=constructor; cardea.session.sig=constructor',
  ];
  for (const cookie of changed) assert.equal((await read(cookie)).status, 303, cookie);
});

/** The same text with one bit of its first character turned. */
function flip(text = ''): string {
  return String.fromCharCode(text.charCodeAt(0) ^ 1) + text.slice(1);
}
