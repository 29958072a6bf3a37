import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addAccount, openTestApp, TEST_PASSWORD } from '../support/app.ts';
import { Authenticator } from '../support/authenticator.ts';
import { sendRaw } from '../support/raw-request.ts';
import { openSignIn } from '../support/sign-in-flow.ts';
import { Visitor } from '../support/visitor.ts';

test('password managers find where passwords are changed and passkeys are made', async (t) => {
  const { issuer } = await openTestApp(t);
  const visitor = new Visitor(issuer);

  const password = await visitor.get('/.well-known/change-password');
  assert.deepEqual([password.status, password.headers.get('location')], [303, '/account/password']);
  const endpoints = await visitor.get('/.well-known/passkey-endpoints');
  assert.match(endpoints.headers.get('content-type') ?? '', /^application\/json/);
  assert.deepEqual(JSON.parse(endpoints.text), {
    enroll: `${issuer}/account/passkeys/add`,
    manage: `${issuer}/account`,
  });
  assert.equal(
    (await visitor.get('/.well-known/resource-that-should-not-exist-whose-status-code-should-not-be-200')).status,
    404,
  );
});

test('related origins are named where they are set, and never by the request', async (t) => {
  const other = 'https://shop.example';
  await t.test('not otherwise (WA-23)', async (st) => {
    const { issuer } = await openTestApp(st);
    assert.equal((await new Visitor(issuer).get('/.well-known/webauthn')).status, 404);
  });

  const { app, issuer } = await openTestApp(t, { config: { relatedOrigins: [other] } });
  const answer = await new Visitor(issuer).get('/.well-known/webauthn');
  assert.match(answer.headers.get('content-type') ?? '', /^application\/json/);
  assert.deepEqual(JSON.parse(answer.text), { origins: [issuer, other] });
  const path = '/.well-known/webauthn';
  const stranger = await sendRaw(issuer, `GET ${path} HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n`);
  assert.equal(stranger.status, 421);
  assert.doesNotMatch(JSON.stringify(stranger), /evil\.example/);

  await addAccount(app, 'alex@example.com');
  const make = async (origin: string) => {
    const flow = await openSignIn({ app, issuer });
    await flow.identify('alex@example.com');
    await flow.typePassword(TEST_PASSWORD);
    const options = JSON.parse((await flow.post('/enrol/options', {})).text);
    return flow.post('/enrol', { response: new Authenticator().create(options, { origin }) });
  };
  assert.equal((await make('https://evil.example')).status, 400);
  assert.equal((await make(other)).status, 200);
});
