import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AccountVisit } from '../support/account-visit.ts';
import { openTestApp, TEST_PASSWORD, type TestApp } from '../support/app.ts';
import { computeCode } from '../support/authenticator-app.ts';
import { assertRefused, readField } from '../support/page.ts';
import { openSession } from '../support/session.ts';
import { openSignIn, type SignInFlow } from '../support/sign-in-flow.ts';
import { readStored, spoilSignIns } from '../support/stored.ts';
import type { Visitor } from '../support/visitor.ts';

const TYPED = {
  'a wrong password': 'planted wrong password 6oPZ',
  'a new password': 'planted new password 81Ks',
  'a code': 'planted-code-x8Qd2',
  'a passkey answer': 'cGxhbnRlZC1zaWduYXR1cmUtbjRXZQ',
  'a broken body': 'planted-in-broken-json-0Vt5',
  'a query': 'planted-in-a-query-r7Gm',
  'a user agent': 'planted-user-agent-2Lx9',
};

type Secrets = Record<string, string>;

async function requestChallenge(flow: SignInFlow, path: string, body: object = {}): Promise<string> {
  return JSON.parse((await flow.post(path, body)).text).challenge;
}

function readCookies(visitor: Visitor): Secrets {
  return Object.fromEntries([...visitor.cookies].map(([key, { value }]) => [`cookie ${key}`, value]));
}

/** Everything that is handed out to browsers while people sign in, is typed by them, and stays open. */
async function leaveSecrets(site: TestApp): Promise<Secrets> {
  const { app, issuer } = site;
  const { visitor } = await openSession(site);
  const visit = new AccountVisit(issuer, visitor);
  for (const purpose of ['add-totp', 'add-passkey', 'change-password'] as const) await visit.confirm(purpose);
  const form = await visit.open('/totp/add');
  const secret = /<code class="secret"[^>]*>([A-Z2-7 ]+)</.exec(form.text)?.[1]?.replaceAll(' ', '') ?? '';
  await visit.submit('/totp', { ticket: readField(form, 'ticket'), code: computeCode(secret, new Date()) });
  const pending = await visit.open('/totp/add');
  const flow = await openSignIn({ app, issuer });
  const signUp = await openSignIn({ app, issuer });
  const newcomer = { email: 'new@example.com', name: 'Nova' };
  const link = await app.setUp.createLink();

  const secrets: Secrets = {
    password: TEST_PASSWORD,
    'the secret of an app': secret,
    'the ticket of an app': readField(form, 'ticket'),
    'a waiting ticket': readField(pending, 'ticket'),
    'a waiting secret': /<code class="secret"[^>]*>([A-Z2-7 ]+)</.exec(pending.text)?.[1]?.replaceAll(' ', '') ?? '',
    'a challenge to sign in': await requestChallenge(flow, '/passkey/options'),
    'a challenge to sign up': await requestChallenge(signUp, '/sign-up/options', newcomer),
    'a challenge to register': (await visit.requestOptions()).challenge,
    'a word for forms': await visit.readCsrf(),
    'a set-up link': link.split('/').at(-1) ?? '',
    'the challenge of a link': JSON.parse((await visitor.postJson(`${link}/options`, newcomer)).text).challenge,
    'a sign-in': flow.base.split('/').at(-1) ?? '',
    'a sign-in that signs up': signUp.base.split('/').at(-1) ?? '',
    ...readCookies(visitor),
    ...readCookies(flow.visitor),
  };
  await typeSecrets(site, flow, visit);
  return secrets;
}

/** Wrong, malformed and at the worst moment: each is refused, and some refusals are logged. */
async function typeSecrets(site: TestApp, flow: SignInFlow, visit: AccountVisit): Promise<void> {
  const { base, visitor } = flow;
  const passkeyAnswer = { ...(await flow.askDevice().catch(() => ({}))), id: TYPED['a passkey answer'] };
  await flow.post('/passkey', passkeyAnswer);
  await visitor.send('POST', `${base}/passkey`, `{"x":"${TYPED['a broken body']}`, {
    'content-type': 'application/json',
  });
  await visitor.get(`${base}?method=${TYPED['a query']}`, { 'user-agent': TYPED['a user agent'] });
  await visit.submit('/password', { current: TYPED['a wrong password'], password: TYPED['a new password'] });
  await visit.submit('/totp', { ticket: TYPED['a code'], code: TYPED['a code'] });
  await flow.identify('alex@example.com');
  await flow.typePassword(TYPED['a wrong password']);
  await flow.typePassword(TEST_PASSWORD);
  await flow.typeCode(TYPED['a code']);

  await spoilSignIns(site);
  assertRefused(await visitor.postForm(`${base}/password`, { password: TYPED['a wrong password'] }), 'unexpected');
  assertRefused(await visitor.postForm(`${base}/totp`, { code: TYPED['a code'] }), 'unexpected');
}

test('what people type and what their browsers are given is in no log, and in the store never in clear', async (t) => {
  const site = await openTestApp(t, { policy: { enrolPasskey: 'manual' } });
  const handedOut = await leaveSecrets(site);

  const log = site.log.join('');
  const store = await readStored(site);
  assert.ok(store.includes('alex@example.com'), 'it would be found');
  assert.ok(log.includes('SyntaxError'), 'faults are logged');
  for (const [name, secret] of Object.entries({ ...handedOut, ...TYPED })) {
    assert.ok(secret.length >= 16, name);
    assert.ok(!log.includes(secret), `${name} is in the log`);
    assert.ok(!store.includes(secret), `${name} is in the store`);
  }
});

test('a log line is one line, whatever a caller says', async (t) => {
  const { issuer, log } = await openTestApp(t);
  const hostile = ['\u009b31m', '\u2028', '"}{"level":"error"', 'x'.repeat(7000)].map((text) =>
    Buffer.from(text).toString('latin1'),
  );
  for (const text of hostile) {
    await fetch(`${issuer}/nowhere?${encodeURIComponent(text)}`, {
      headers: { 'user-agent': text, 'x-request-id': text },
    });
    await fetch(`${issuer}/set-up/${encodeURIComponent(`a\r\nb${text.slice(0, 100)}`)}`);
  }

  const lines = log.join('').split('\n').filter(Boolean);
  assert.equal(lines.length, log.length);
  for (const line of lines) {
    assert.equal(JSON.parse(line).level, 'info', line);
    assert.ok(line.length < 500, line);
  }
});
