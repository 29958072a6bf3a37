import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ClientId } from '../../src/lib/ids.ts';
import { AccountVisit } from '../support/account-visit.ts';
import { openTestApp, type TestApp } from '../support/app.ts';
import { assertPage, assertRefused, readHeading } from '../support/page.ts';
import { raceRequests } from '../support/race-requests.ts';
import { type Fields, outcomeOf, RawClient, readCallback, readTokens, type Tokens } from '../support/raw-client.ts';
import { requireValue } from '../support/require-value.ts';
import { openSession, signInByPassword } from '../support/session.ts';
import type { Answer, Visitor } from '../support/visitor.ts';

const POLICY = { policy: { enrolPasskey: 'manual', secondFactor: 'off' } } as const;
const EMAIL = 'alex@example.com';
const API = 'https://api.example/';
const DAY = 86_400;
const OFFLINE = { scope: 'openid email offline_access', prompt: 'consent' };

function register(site: TestApp, fields: Readonly<Record<string, unknown>> = {}): Promise<RawClient> {
  return RawClient.register(site, {
    consent: 'ask',
    scopes: ['openid', 'profile', 'email', 'offline_access'],
    grantTypes: ['authorization_code', 'refresh_token'],
    resources: [{ indicator: API, scopes: ['invoices:read', 'invoices:write'] }],
    ...fields,
  });
}

/** Sends the browser there, allows what it is asked for, and answers what that was and the code. */
async function allow(client: RawClient, visitor: Visitor, parameters?: Fields) {
  const page = await client.authorize(visitor, parameters);
  assert.equal(page.status, 200, page.text);
  const allowed = await visitor.postForm(`${new URL(page.url).pathname}/consent`, { decision: 'allow' });
  const code = readCallback(await visitor.follow(allowed)).get('code') ?? assert.fail(allowed.text);
  return { asked: readRows(page.text), code };
}

async function obtainTokens(client: RawClient, visitor: Visitor, parameters?: Fields): Promise<Tokens> {
  return readTokens(await client.exchange((await allow(client, visitor, parameters)).code));
}

/** What a browser is told that may not ask anybody: an error, or nothing where there is a code. */
async function errorOf(client: RawClient, visitor: Visitor, parameters: Fields = {}): Promise<string | null> {
  return readCallback(await client.authorize(visitor, { prompt: 'none', ...parameters })).get('error');
}

async function readApplications({ visitor }: AccountVisit): Promise<readonly string[]> {
  const { text } = await visitor.get('/account');
  return readRows(/<section aria-labelledby="applications">.*?<\/section>/s.exec(text)?.[0] ?? assert.fail(text));
}

function readRows(text: string): readonly string[] {
  const rows = [...text.matchAll(/<li class="row">(.*?)<\/li>/gs)];
  return rows.map(([, row = '']) =>
    row
      .replaceAll(/<a .*?<\/a>|<[^>]*>/gs, '')
      .replaceAll(/\s+/g, ' ')
      .trim(),
  );
}

function revoke(visit: AccountVisit, { id }: RawClient): Promise<Answer> {
  return visit.submit(`/applications/${id}/revoke`);
}

async function assertDead(client: RawClient, { accessToken, refreshToken }: Tokens, how?: string): Promise<void> {
  assert.equal((await client.userinfo(accessToken)).status, 401, how);
  assert.deepEqual((await client.introspect(accessToken)).body, { active: false }, how);
  if (refreshToken === '') return; // without access while the person is away there is none
  assert.deepEqual((await client.introspect(refreshToken)).body, { active: false }, how);
  assert.equal(outcomeOf(await client.refresh(refreshToken)), 'invalid_grant', how);
}

test('what a person has allowed an application holds in every session of theirs', async (t) => {
  const site = await openTestApp(t, POLICY);
  const { visitor } = await openSession(site);
  const client = await register(site);
  await allow(client, visitor, { scope: 'openid email' });
  const signIn = () => signInByPassword(site, EMAIL);

  await t.test('so that it is asked once, after a sign-in too', async () => {
    assert.equal(await errorOf(client, await signIn(), { scope: 'openid email' }), null);
    const later = await signIn();
    const { accessToken } = await client.obtainTokens(later, { scope: 'openid email' });
    assert.equal((await client.userinfo(accessToken)).body.email, EMAIL);
  });

  await t.test('but what is asked for beyond it is asked for, and nothing is given unasked', async () => {
    const later = await signIn();
    assert.equal(await errorOf(client, later), 'consent_required');
    assert.equal(await errorOf(client, later, { scope: 'openid email', resource: API }), 'consent_required');
    assert.deepEqual((await allow(client, later)).asked, ['Your name Alex Example']);
    const api = { scope: 'openid email invoices:read', resource: API };
    const { asked } = await allow(client, later, api);
    assert.deepEqual(asked, [`Access in your name ${API} What it may do there: invoices:read`]);

    const another = await signIn();
    assert.equal(await errorOf(client, another, api), null);
    const more = { ...api, scope: 'openid email invoices:read invoices:write' };
    assert.deepEqual((await allow(client, another, more)).asked, [
      `Access in your name ${API} What it may do there: invoices:write`,
    ]);
  });

  await t.test('what is asked in two sessions at once is all remembered or asked for again, never more', async () => {
    const fresh = await register(site);
    const [one, other] = [await signIn(), await signIn()];
    await Promise.all([allow(fresh, one, { scope: 'openid email' }), allow(fresh, other, { scope: 'openid profile' })]);
    const later = await signIn();
    const outcomes = await Promise.all(
      ['email', 'profile'].map((scope) => errorOf(fresh, later, { scope: `openid ${scope}` })),
    );
    assert.ok(outcomes.includes(null));
  });

  await t.test('and prompt=consent asks for all of it again', async () => {
    const { asked } = await allow(client, await signIn(), { scope: 'openid email', prompt: 'consent' });
    assert.deepEqual(asked, [`Your e-mail address ${EMAIL}`]);
  });

  await t.test('not for another person or application, nor for one on the own device', async () => {
    const { visitor: kim } = await openSession(site, 'kim@example.com');
    assert.equal(await errorOf(client, kim, { scope: 'openid email' }), 'consent_required');
    const other = await register(site);
    assert.equal(await errorOf(other, visitor, { scope: 'openid email' }), 'consent_required');
    const native = await register(site, { applicationType: 'native' });
    await allow(native, visitor, { scope: 'openid email' });
    assert.equal(await errorOf(native, await signIn(), { scope: 'openid email' }), 'interaction_required');
    const { asked } = await allow(native, await signIn(), { scope: 'openid email' });
    assert.deepEqual(asked, [`Your e-mail address ${EMAIL}`]);
  });

  await t.test('not what was refused', async () => {
    const refused = await register(site);
    const page = await refused.authorize(visitor);
    await visitor.postForm(`${new URL(page.url).pathname}/consent`, { decision: 'deny' });
    assert.equal(await errorOf(refused, await signIn()), 'consent_required');
  });

  await t.test('nor what the operator had decided, once the person is to be asked', async () => {
    const own = await register(site, { consent: 'skip' });
    await own.obtainCode(visitor);
    const { clients } = site.app.storage;
    const stored = requireValue(await clients.find(own.id as ClientId)); // it was registered under that id
    const settings = { ...stored.settings, consent: 'ask' } as const;
    await clients.update({ ...stored, settings, version: stored.version + 1 });
    site.advance(60); // other processes, and this one, recall clients for some seconds
    const later = await signIn();
    assert.equal(await errorOf(own, later), 'consent_required');
    assert.deepEqual((await allow(own, later, { scope: 'openid email' })).asked, [`Your e-mail address ${EMAIL}`]);
    assert.equal(await errorOf(own, await signIn(), { scope: 'openid email' }), null);
    assert.equal(await errorOf(own, await signIn()), 'consent_required');
  });
});

test('a consent outlives whatever rests on it, and is forgotten when nothing was asked of it for long', async (t) => {
  const site = await openTestApp(t, POLICY);
  const { visitor } = await openSession(site);
  const client = await register(site);
  await allow(client, visitor, { scope: 'openid email' });
  const request = { scope: 'openid email' };

  for (const days of [91, 91, 182]) {
    site.advance(days * DAY - 3600);
    const later = await signInByPassword(site, EMAIL);
    assert.equal(await errorOf(client, later, request), null, `${days}`);
  }
  site.advance(182 * DAY + 3600);
  assert.equal(await errorOf(client, await signInByPassword(site, EMAIL), request), 'consent_required');
});

test('a person sees which applications hold something of theirs', async (t) => {
  const site = await openTestApp(t, POLICY);
  const { app, issuer } = site;
  const account = await app.accounts.create({
    organizationId: (await app.organizations.requireOrFirst(undefined)).id,
    email: 'robin@example.com',
    profile: {},
  });
  assert.ok(account);
  const { visitor } = await openSession(site);
  const visit = new AccountVisit(issuer, visitor);
  const since = new Intl.DateTimeFormat('en-GB', { dateStyle: 'long', timeZone: 'UTC' }).format(Date.now());
  const [own] = await readApplications(visit);
  assert.equal(own, `Ledger Your name · Your e-mail address Since ${since}`, 'the one that they signed in for');

  await t.test('with what each may do in plain words, the latest first, and none twice', async () => {
    const elsewhere = await signInByPassword(site, EMAIL);
    site.advance(1);
    const client = await register(site, { name: '<b>Books</b>' });
    await allow(client, visitor, { ...OFFLINE, resource: API, scope: `${OFFLINE.scope} invoices:read` });
    await allow(client, elsewhere, { scope: 'openid profile' });
    site.advance(1);
    const bare = await register(site, { name: 'Bare' });
    await allow(bare, visitor, { scope: 'openid' });
    const claims = JSON.stringify({ userinfo: { phone_number: null } });
    site.advance(1);
    const single = await register(site, { name: 'Single' });
    await allow(single, visitor, { scope: 'openid', claims });

    const rows = await readApplications(visit);
    assert.deepEqual(rows.slice(0, 3), [
      `Single Your telephone number Since ${since}`,
      `Bare A number that stands for you and your way of signing in Since ${since}`,
      '&lt;b&gt;Books&lt;/b&gt; Your e-mail address · Access while you are away · Your name ' +
        `Access in your name ${API} · What it may do there: invoices:read Since ${since}`,
    ]);
  });

  await t.test('and nobody else does', async () => {
    const { visitor: kim } = await openSession(site, 'kim@example.com');
    assert.equal((await readApplications(new AccountVisit(issuer, kim))).length, 1);
  });

  await t.test('not one that is no longer registered', async () => {
    const gone = await register(site, { name: 'Gone' });
    await allow(gone, visitor, { scope: 'openid' });
    assert.match((await readApplications(visit)).join(), /Gone/);
    await app.clients.remove(gone.id as ClientId); // as above
    assert.doesNotMatch((await readApplications(visit)).join(), /Gone/);
    assertRefused(await revoke(visit, gone), 'application_not_found');
  });

  await t.test('none after signing out everywhere, and then each has to ask again', async () => {
    const client = await register(site);
    await allow(client, visitor, { scope: 'openid email' });
    await visit.submit('/sign-out-everywhere');
    assert.deepEqual(await readApplications(visit), [
      'No application has access When you let an application know who you are, it is listed here.',
    ]);
    assert.equal(await errorOf(client, visitor, { scope: 'openid email' }), 'consent_required');
  });
});

test('whatever an application holds is worth nothing once that is revoked', async (t) => {
  const site = await openTestApp(t, POLICY);
  const { issuer } = site;
  const { visitor } = await openSession(site);
  const { visitor: kim } = await openSession(site, 'kim@example.com');
  const visit = new AccountVisit(issuer, visitor);
  const client = await register(site, { name: 'Books' });
  const other = await register(site, { name: 'Other' });
  const elsewhere = await signInByPassword(site, EMAIL);
  const online = await obtainTokens(client, visitor, { scope: 'openid email' });
  const held = [
    online,
    await client.obtainTokens(elsewhere, { scope: 'openid email' }),
    await obtainTokens(client, elsewhere, OFFLINE),
  ];
  const ended = await signInByPassword(site, EMAIL);
  held.push(await obtainTokens(client, ended, OFFLINE));
  await new AccountVisit(issuer, ended).submit('/sign-out');
  const code = await client.obtainCode(visitor, { scope: 'openid email' });
  const ofOther = await obtainTokens(other, visitor, OFFLINE);
  const ofKim = await obtainTokens(client, kim, OFFLINE);
  const path = `/applications/${client.id}/revoke`;

  await t.test('not by looking, by a stranger, or by another site', async () => {
    const page = await visit.open(path);
    assert.equal(readHeading(page), 'Revoke the access of “Books”?');
    const csrf = await visit.readCsrf();
    const crossSite = { origin: 'https://evil.example' };
    assertRefused(await visitor.postForm(`/account${path}`, { csrf }, crossSite), 'cross_site_request');
    assertRefused(await visitor.postForm(`/account${path}`, { csrf: 'x' }), 'cross_site_request');
    const robin = new AccountVisit(issuer, (await openSession(site, 'robin@example.com')).visitor);
    assertRefused(await robin.open(path), 'application_not_found');
    assertRefused(await robin.submit(path), 'application_not_found');
    for (const id of ['nobody', 'cardea-account', '__proto__', '%00', 'x'.repeat(500)])
      assertRefused(await visit.submit(`/applications/${id}/revoke`), 'application_not_found');
    assert.equal((await client.userinfo(online.accessToken)).status, 200);
  });

  await t.test('in every session and beyond, at once: access, refresh, codes', async () => {
    assertPage(await visitor.follow(await visit.submit(path)), 'security.title', 'application-revoked');

    for (const tokens of held) await assertDead(client, tokens);
    assert.equal(outcomeOf(await client.exchange(code)), 'invalid_grant');
    assert.doesNotMatch((await readApplications(visit)).join(), /Books/);
    assertRefused(await visit.submit(path), 'application_not_found');
  });

  await t.test('while everybody else keeps what they have', async () => {
    assert.equal((await client.userinfo(ofKim.accessToken)).status, 200);
    assert.equal(outcomeOf(await client.refresh(ofKim.refreshToken)), '200');
    assert.equal(outcomeOf(await other.refresh(ofOther.refreshToken)), '200');
    assert.equal((await visitor.get('/account')).status, 200);
  });

  await t.test('and the person is asked again, in every session', async () => {
    for (const one of [visitor, elsewhere, await signInByPassword(site, EMAIL)])
      assert.equal(await errorOf(client, one, { scope: 'openid email' }), 'consent_required');
    const { asked } = await allow(client, visitor, { scope: 'openid email' });
    assert.deepEqual(asked, [`Your e-mail address ${EMAIL}`]);
    for (const tokens of held) await assertDead(client, tokens, 'what is dead stays so');
  });
});

test('an application of the operator begins anew after it was revoked', async (t) => {
  const site = await openTestApp(t, POLICY);
  const { visitor } = await openSession(site);
  const visit = new AccountVisit(site.issuer, visitor);
  const client = await register(site, { consent: 'skip', name: 'Books' });
  const before = await client.obtainTokens(visitor);
  await revoke(visit, client);
  await assertDead(client, before);
  const after = await client.obtainTokens(visitor, { prompt: 'none' });
  assert.equal((await client.userinfo(after.accessToken)).status, 200);
  assert.match((await readApplications(visit)).join(), /Books/);
  await assertDead(client, before);
});

test('nothing that comes while an application is revoked outlives it', async (t) => {
  const site = await openTestApp(t, POLICY);
  const { issuer } = site;
  const { visitor } = await openSession(site);
  const visit = new AccountVisit(issuer, visitor);
  const request = { scope: 'openid email' };

  await t.test('no refresh', async () => {
    const client = await register(site);
    const families = [await obtainTokens(client, visitor, OFFLINE)];
    for (let count = 1; count < 20; count += 1) families.push(await obtainTokens(client, visitor, OFFLINE));
    const csrf = await visit.readCsrf();
    const path = `/account/applications/${client.id}/revoke`;
    const answers = await raceRequests(issuer, 20, async (index) =>
      index === 8 ? visitor.postForm(path, { csrf }) : client.refresh(requireValue(families[index]).refreshToken),
    );

    const tokens = answers.flatMap((answer) => ('body' in answer && answer.status === 200 ? [readTokens(answer)] : []));
    for (const one of [...families, ...tokens]) await assertDead(client, one);
  });

  await t.test('no code of a session that has used it before, or has not', async () => {
    for (const isUsed of [true, false]) {
      const client = await register(site);
      await allow(client, visitor, request);
      const browsers: Visitor[] = [];
      for (let count = 0; count < 10; count += 1) browsers.push(await signInByPassword(site, EMAIL));
      if (isUsed) for (const browser of browsers) await client.obtainCode(browser, request);
      const csrf = await visit.readCsrf();
      const path = `/account/applications/${client.id}/revoke`;
      const answers = await raceRequests(issuer, 11, (index) => {
        const browser = browsers[index];
        return browser && index !== 5
          ? browser.get(client.authorizationUrl({ ...request, prompt: 'none' }))
          : visitor.postForm(path, { csrf });
      });

      const codes = answers.flatMap(({ headers }) => /[?&]code=([^&]+)/.exec(headers.get('location') ?? '')?.[1] ?? []);
      for (const code of codes) assert.equal(outcomeOf(await client.exchange(code)), 'invalid_grant');
      for (const browser of [visitor, ...browsers])
        assert.equal(await errorOf(client, browser, request), 'consent_required');
    }
  });
});
