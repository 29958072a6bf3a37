import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import * as oauth from 'openid-client';
import { openTestApp } from '../support/app.ts';
import { outcomeOf, RawClient, readCallback } from '../support/raw-client.ts';
import { RelyingParty } from '../support/relying-party.ts';
import { openSession, signInByPassword } from '../support/session.ts';
import { REDIRECT_URI } from '../support/sign-in-flow.ts';
import { type Answer, Visitor } from '../support/visitor.ts';

const GOODBYE = 'https://app.example/goodbye';

/** The secret that the page has for its form. */
function readXsrf({ text }: Answer): string {
  return /name="xsrf" value="([^"]+)"/.exec(text)?.[1] ?? assert.fail(text);
}

test('signing out at the wish of an application', async (t) => {
  const site = await openTestApp(t, { policy: { enrolPasskey: 'manual' } });
  const { issuer } = site;
  const { visitor: first } = await openSession(site);
  const client = await RawClient.register(site, { postLogoutRedirectUris: [GOODBYE], name: 'Ledger' });
  const other = await RawClient.register(site, { postLogoutRedirectUris: ['https://other.example/goodbye'] });
  const { idToken: hint } = await client.obtainTokens(first);
  const signIn = () => signInByPassword(site, 'alex@example.com');
  const open = (visitor: Visitor, parameters: Readonly<Record<string, string>> = {}) =>
    visitor.open(`/session/end?${new URLSearchParams(parameters)}`);
  const confirm = async (
    visitor: Visitor,
    page: Answer,
    fields: Readonly<Record<string, string>> = { logout: 'yes' },
  ) => visitor.follow(await visitor.postForm('/session/end/confirm', { xsrf: readXsrf(page), ...fields }));
  const isSignedIn = async (visitor: Visitor) =>
    readCallback(await client.authorize(visitor, { prompt: 'none' })).has('code');

  await t.test('a page asks first, and then leads back with the state', async () => {
    const visitor = await signIn();
    const parameters = { id_token_hint: hint, post_logout_redirect_uri: GOODBYE, state: 'a b&c="<d>' };
    const page = await open(visitor, parameters);

    assert.equal(page.status, 200);
    assert.match(page.text, /Do you want to sign out\?/);
    assert.equal(await isSignedIn(visitor), true, 'the page alone changes nothing');
    const { headers } = await confirm(visitor, await open(visitor, parameters));
    const left = new URL(headers.get('location') ?? '');
    assert.equal(left.origin + left.pathname, GOODBYE);
    assert.deepEqual([...left.searchParams], [['state', 'a b&c="<d>']]);
    assert.equal(await isSignedIn(visitor), false);
  });

  await t.test('without a hint a page asks too, and a page of ours ends it', async () => {
    const visitor = await signIn();
    const done = await confirm(visitor, await open(visitor));
    assert.equal(done.status, 200);
    assert.match(done.text, /signed out/i);
    assert.equal(await isSignedIn(visitor), false);
  });

  await t.test('whoever stays is still signed in', async () => {
    const visitor = await signIn();
    await confirm(visitor, await open(visitor), {});
    assert.equal(await isSignedIn(visitor), true);
  });

  await t.test('the client id is enough to be led back', async () => {
    const visitor = await signIn();
    const parameters = { client_id: client.id, post_logout_redirect_uri: GOODBYE };
    assert.equal((await confirm(visitor, await open(visitor, parameters))).headers.get('location'), GOODBYE);
  });

  await t.test('an address that is not registered is refused, and followed by nobody', async () => {
    const visitor = await signIn();
    const wrong = [`${GOODBYE}/`, `${GOODBYE}?x=1`, 'https://evil.example/', 'javascript:alert(1)', REDIRECT_URI];
    for (const post_logout_redirect_uri of wrong) {
      const answer = await open(visitor, { id_token_hint: hint, post_logout_redirect_uri });
      assert.deepEqual([answer.status, answer.headers.get('location')], [400, null], post_logout_redirect_uri);
      assert.doesNotMatch(answer.text, /evil|javascript:/);
    }
    const unasked = await open(visitor, { post_logout_redirect_uri: 'https://evil.example/' });
    assert.doesNotMatch((await confirm(visitor, unasked)).headers.get('location') ?? '', /evil/);
  });

  await t.test('a hint that is not of us, or not of this client, is refused', async () => {
    const visitor = await signIn();
    const [, payload = ''] = hint.split('.');
    const unsigned = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${payload}.`;
    const forged = `${hint.slice(0, -8)}AAAAAAAA`;
    for (const id_token_hint of ['nonsense', unsigned, forged])
      assert.equal((await open(visitor, { id_token_hint })).status, 400);
    assert.equal((await open(visitor, { id_token_hint: hint, client_id: other.id })).status, 400);
    assert.equal((await open(visitor, { client_id: 'nobody' })).status, 400);
    assert.equal(await isSignedIn(visitor), true);
  });

  await t.test('no other site can do it: the page has a secret', async () => {
    const visitor = await signIn();
    const xsrf = readXsrf(await open(visitor));
    for (const fields of [
      { logout: 'yes' },
      { logout: 'yes', xsrf: 'wrong' },
      { logout: 'yes', xsrf: xsrf.slice(1) },
    ]) {
      const { status } = await visitor.postForm('/session/end/confirm', fields, { origin: 'https://evil.example' });
      assert.equal(status, 400);
    }
    const stranger = await signIn();
    await open(stranger);
    assert.equal((await stranger.postForm('/session/end/confirm', { logout: 'yes', xsrf })).status, 400);
    assert.deepEqual([await isSignedIn(visitor), await isSignedIn(stranger)], [true, true]);
  });

  await t.test('what the session gave to applications ends with it', async () => {
    const visitor = await signIn();
    const tokens = await client.obtainTokens(visitor);
    const ofOther = await other.obtainTokens(visitor);
    await confirm(visitor, await open(visitor, { id_token_hint: hint }));

    assert.equal((await client.userinfo(tokens.accessToken)).status, 401);
    assert.equal(outcomeOf(await client.refresh(tokens.refreshToken)), 'invalid_grant');
    assert.equal(outcomeOf(await other.refresh(ofOther.refreshToken)), 'invalid_grant');
  });

  await t.test('somebody who is not signed in is led on by a form that posts itself', async () => {
    const visitor = new Visitor(issuer);
    const page = await open(visitor, { id_token_hint: hint, post_logout_redirect_uri: GOODBYE, state: 'x' });

    const script = /<script>([^<]*)<\/script>/.exec(page.text)?.[1] ?? assert.fail(page.text);
    const digest = createHash('sha256').update(script).digest('base64');
    assert.ok(page.headers.get('content-security-policy')?.includes(`'sha256-${digest}'`));
    assert.equal((await confirm(visitor, page)).headers.get('location'), `${GOODBYE}?state=x`);
  });

  await t.test('a client library knows the way', async () => {
    const { configuration } = await RelyingParty.discover({ issuer, clientId: client.id, redirectUri: REDIRECT_URI });
    const url = oauth.buildEndSessionUrl(configuration, { id_token_hint: hint, post_logout_redirect_uri: GOODBYE });
    const visitor = await signIn();
    assert.equal((await confirm(visitor, await visitor.open(url.href))).headers.get('location'), GOODBYE);
  });

  await t.test('the cookie of the ended session opens nothing', async () => {
    const visitor = await signIn();
    const stolen = new Visitor(issuer);
    for (const [name, cookie] of visitor.cookies) stolen.cookies.set(name, cookie);
    await confirm(visitor, await open(visitor));
    assert.equal(await isSignedIn(stolen), false);
  });
});
