import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeJwt } from 'jose';
import * as oauth from 'openid-client';
import { openTestApp, type TestApp } from '../support/app.ts';
import { raceRequests } from '../support/race-requests.ts';
import { outcomeOf, RawClient, readCallback, readTokens } from '../support/raw-client.ts';
import { RelyingParty } from '../support/relying-party.ts';
import { openSession } from '../support/session.ts';
import { REDIRECT_URI } from '../support/sign-in-flow.ts';
import type { Visitor } from '../support/visitor.ts';

const DAY = 86_400;

/** A refresh token that does not end with the session: the person has allowed it. */
async function obtainOfflineToken(site: TestApp, client: RawClient, visitor: Visitor): Promise<string> {
  const parameters = { scope: 'openid email offline_access', prompt: 'consent' };
  const { url } = await client.authorize(visitor, parameters);
  const allowed = await visitor.postForm(`${url}/consent`, { decision: 'allow' });
  const code = readCallback(await visitor.follow(allowed)).get('code') ?? assert.fail(allowed.text);
  const { refreshToken, idToken } = readTokens(await client.exchange(code));
  assert.equal(decodeJwt(idToken).iss, site.issuer);
  return refreshToken;
}

test('what a refresh token is good for', async (t) => {
  const site = await openTestApp(t, { policy: { enrolPasskey: 'manual' } });
  const { issuer, advance } = site;
  const { account, visitor } = await openSession(site);
  const client = await RawClient.register(site);

  await t.test('new tokens that still tell when and how the person signed in', async () => {
    const relyingParty = await RelyingParty.discover({ issuer, clientId: client.id, redirectUri: REDIRECT_URI });
    const pending = await relyingParty.start();
    const first = await pending.finish((await visitor.open(pending.url)).headers.get('location') ?? '');
    advance(300);

    const second = await oauth.refreshTokenGrant(relyingParty.configuration, first.refresh_token ?? '');

    assert.notEqual(second.refresh_token, first.refresh_token);
    const [before, after] = [first.claims(), second.claims()];
    for (const name of ['sub', 'acr', 'auth_time', 'sid', 'aud']) assert.equal(after?.[name], before?.[name], name);
    assert.deepEqual(after?.amr, ['pwd']);
    assert.equal((after?.iat ?? 0) - (before?.iat ?? 0), 300);
    const userinfo = await oauth.fetchUserInfo(relyingParty.configuration, second.access_token, account.id);
    assert.equal(userinfo.email, 'alex@example.com');
  });

  await t.test('one use: the second ends the whole family', async () => {
    const { refreshToken: first } = await client.obtainTokens(visitor);
    const { refreshToken: second } = readTokens(await client.refresh(first));
    const { refreshToken: third, accessToken } = readTokens(await client.refresh(second));

    assert.equal(outcomeOf(await client.refresh(first)), 'invalid_grant');

    assert.equal(outcomeOf(await client.refresh(third)), 'invalid_grant');
    assert.equal((await client.userinfo(accessToken)).status, 401);
  });

  await t.test('one success of twenty at once, after which the family is dead', async () => {
    const { refreshToken, accessToken } = await client.obtainTokens(visitor);

    const answers = await raceRequests(issuer, 20, () => client.refresh(refreshToken));

    assert.deepEqual(answers.map(outcomeOf).sort(), ['200', ...Array<string>(19).fill('invalid_grant')]);
    const won = readTokens(answers.find(({ status }) => status === 200) ?? assert.fail());
    assert.equal(outcomeOf(await client.refresh(won.refreshToken)), 'invalid_grant');
    for (const token of [accessToken, won.accessToken]) assert.equal((await client.userinfo(token)).status, 401);
  });

  await t.test('no more scopes than it has; fewer for one access token only', async () => {
    const { refreshToken } = await client.obtainTokens(visitor, { scope: 'openid email' });

    assert.equal(outcomeOf(await client.refresh(refreshToken, { scope: 'openid email profile' })), 'invalid_scope');
    const narrow = await client.refresh(refreshToken, { scope: 'openid' });
    assert.equal(narrow.body.scope, 'openid');
    const wide = await client.refresh(readTokens(narrow).refreshToken);
    assert.equal(wide.body.scope, 'openid email');
  });

  await t.test('nothing to another client, which does it no harm', async () => {
    const other = await RawClient.register(site);
    const { refreshToken } = await client.obtainTokens(visitor);

    assert.equal(outcomeOf(await other.refresh(refreshToken)), 'invalid_grant');
    assert.equal(outcomeOf(await client.refresh(refreshToken)), '200');
  });

  await t.test('nothing once the account is disabled', async () => {
    const robin = await openSession(site, 'robin@example.com');
    const { refreshToken, accessToken } = await client.obtainTokens(robin.visitor);
    const offline = await obtainOfflineToken(site, client, robin.visitor);

    await site.app.accounts.disable(robin.account.id);

    assert.equal(outcomeOf(await client.refresh(refreshToken)), 'invalid_grant');
    assert.equal(outcomeOf(await client.refresh(offline)), 'invalid_grant');
    assert.equal((await client.userinfo(accessToken)).status, 401);
  });

  await t.test('only clients registered for it get one', async () => {
    const without = await RawClient.register(site, { grantTypes: ['authorization_code'] });
    assert.equal((await without.obtainTokens(visitor)).refreshToken, '');
  });
});

test('how long a refresh token lives', async (t) => {
  const site = await openTestApp(t, { policy: { enrolPasskey: 'manual' } });
  const { advance } = site;
  const client = await RawClient.register(site);

  await t.test('fourteen days without use', async () => {
    const { visitor } = await openSession(site, 'idle@example.com');
    const [used, unused] = [
      await obtainOfflineToken(site, client, visitor),
      await obtainOfflineToken(site, client, visitor),
    ];
    advance(14 * DAY - 1);
    assert.equal(outcomeOf(await client.refresh(used)), '200');
    advance(1);
    assert.equal(outcomeOf(await client.refresh(unused)), 'invalid_grant');
  });

  await t.test('ninety days, however often it is used and however old the session was', async () => {
    const { visitor } = await openSession(site, 'busy@example.com');
    await obtainOfflineToken(site, client, visitor); // the grant is as old as the session
    for (let hours = 0; hours < 23; hours += 0.5) {
      advance(1800);
      await client.obtainCode(visitor);
    }
    let token = await obtainOfflineToken(site, client, visitor);
    for (let days = 0; days < 84; days += 12) {
      advance(12 * DAY);
      token = readTokens(await client.refresh(token)).refreshToken;
    }
    advance(6 * DAY - 1);
    token = readTokens(await client.refresh(token)).refreshToken;
    advance(1);
    assert.equal(outcomeOf(await client.refresh(token)), 'invalid_grant');
  });

  await t.test('as long as the session, where nobody has allowed access while away', async () => {
    const { visitor } = await openSession(site, 'online@example.com');
    const online = await client.obtainTokens(visitor);
    const offline = await obtainOfflineToken(site, client, visitor);
    advance(3600);
    assert.equal(outcomeOf(await client.refresh(online.refreshToken)), 'invalid_grant');
    assert.equal(outcomeOf(await client.refresh(offline)), '200');
  });
});
