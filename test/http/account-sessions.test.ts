import assert from 'node:assert/strict';
import { test } from 'node:test';
import { en } from '../../src/http/languages/en.ts';
import { AccountVisit } from '../support/account-visit.ts';
import { addAccount, changePolicy, openTestApp, TEST_PASSWORD, type TestApp } from '../support/app.ts';
import { assertPage, assertRefused } from '../support/page.ts';
import { raceRequests } from '../support/race-requests.ts';
import { outcomeOf, RawClient, readCallback, readTokens } from '../support/raw-client.ts';
import { requireValue } from '../support/require-value.ts';
import { openSignIn } from '../support/sign-in-flow.ts';
import { Visitor } from '../support/visitor.ts';

const PASSWORDS_ONLY = { policy: { enrolPasskey: 'manual', secondFactor: 'off' } } as const;
const EMAIL = 'alex@example.com';
const AGENTS = {
  iPhone:
    'Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605 Version/18.1 Mobile/15E148 Safari/604',
  Linux: 'Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0',
};

/** A browser of that kind, signed in on the account's own pages. */
async function signInWith({ issuer }: TestApp, userAgent: string, email = EMAIL): Promise<AccountVisit> {
  const visit = new AccountVisit(issuer, new Visitor(issuer, { 'user-agent': userAgent }));
  const page = await visit.open();
  const base = new URL(page.url).pathname;
  const password = await visit.visitor.follow(await visit.visitor.postForm(`${base}/identify`, { email }));
  assertPage(await visit.typePassword(password, TEST_PASSWORD), 'security.title');
  return visit;
}

/** What the page lists of sessions, as text, and the addresses of the forms that end them. */
async function readSessions({ visitor }: AccountVisit) {
  const { text } = await visitor.get('/account');
  const section = /<section aria-labelledby="sessions">.*?<\/section>/s.exec(text)?.[0] ?? assert.fail(text);
  const rows = [...section.matchAll(/<li class="row">(.*?)<\/li>/gs)].map(([, row = '']) =>
    row
      .replaceAll(/<button.*?<\/button>|<[^>]*>/gs, '')
      .replaceAll(/\s+/g, ' ')
      .trim(),
  );
  const paths = [...section.matchAll(/action="\/account(\/sessions\/[\w-]+\/sign-out)"/g)].map(([, path = '']) => path);
  return { rows, paths };
}

async function isSignedIn({ visitor }: AccountVisit): Promise<boolean> {
  return (await visitor.get('/account')).status === 200;
}

test('a person sees where they are signed in, and signs out there', async (t) => {
  const site = await openTestApp(t, PASSWORDS_ONLY);
  const { advance } = site;
  await addAccount(site.app, EMAIL);
  const phone = await signInWith(site, AGENTS.iPhone);
  const client = await RawClient.register(site, { grantTypes: ['authorization_code', 'refresh_token'] });
  advance(600);
  const laptop = await signInWith(site, AGENTS.Linux);
  const ofPhone = await client.obtainTokens(phone.visitor);
  const ofLaptop = await client.obtainTokens(laptop.visitor);
  const pendingCode = await client.obtainCode(phone.visitor);

  await t.test('this one first, each with its browser, its way, its beginning and its last use', async () => {
    const { rows, paths } = await readSessions(laptop);
    const [now, before] = [0, 600].map((seconds) => sayTime(new Date(Date.now() - seconds * 1000)));
    assert.deepEqual(rows, [
      `Firefox on Linux ${en['security.session.here']} Signed in with a password ${now}`,
      `Safari on iPhone Signed in with a password ${before} · last used ${now}`,
    ]);
    assert.equal(paths.length, 1, 'this one is ended at the top of the page');
  });

  await t.test('by names that neither open nor forge anything', async () => {
    const { text } = await laptop.visitor.get('/account');
    for (const name of ['cardea.session /', 'cardea.session.sig /']) {
      const secret = requireValue(phone.visitor.cookies.get(name)).value;
      assert.ok(!text.includes(secret), name);
    }
    const [path] = (await readSessions(laptop)).paths;
    const id = requireValue(path?.split('/')[2]);
    assert.equal(id.length, 43);
    const thief = new Visitor(site.issuer);
    thief.cookies.set('cardea.session /', { value: id, path: '/' });
    assert.equal((await thief.get('/account')).status, 303);
  });

  await t.test('not by the word of a stranger, another site, or without a form', async () => {
    await addAccount(site.app, 'kim@example.com');
    const kim = await signInWith(site, AGENTS.Linux, 'kim@example.com');
    const [path = ''] = (await readSessions(laptop)).paths;
    assertRefused(await kim.submit(path), 'session_not_found');
    assertRefused(await laptop.submit(path.replace(/[\w-]{43}/, 'x'.repeat(43))), 'session_not_found');
    assertRefused(await laptop.visitor.postForm(`/account${path}`, { csrf: 'x' }), 'cross_site_request');
    const csrf = await laptop.readCsrf();
    const crossSite = { 'sec-fetch-site': 'cross-site' };
    assertRefused(await laptop.visitor.postForm(`/account${path}`, { csrf }, crossSite), 'cross_site_request');
    assertRefused(await laptop.visitor.get(`/account${path}`), 'method_not_allowed');
    assert.equal(await isSignedIn(phone), true);
  });

  await t.test('and all that applications have of that session goes with it, and nothing of another', async () => {
    const [path = ''] = (await readSessions(laptop)).paths;
    assertPage(await laptop.visitor.follow(await laptop.submit(path)), 'security.title', 'session-ended');

    assert.equal(await isSignedIn(phone), false);
    assert.equal((await client.userinfo(ofPhone.accessToken)).status, 401);
    assert.equal((await client.introspect(ofPhone.accessToken)).body.active, false);
    assert.equal(outcomeOf(await client.refresh(ofPhone.refreshToken)), 'invalid_grant');
    assert.equal(outcomeOf(await client.exchange(pendingCode)), 'invalid_grant');
    assert.equal((await client.userinfo(ofLaptop.accessToken)).status, 200);
    assert.equal(outcomeOf(await client.refresh(ofLaptop.refreshToken)), '200');
    assert.deepEqual((await readSessions(laptop)).paths, []);
    assertRefused(await laptop.submit(path), 'session_not_found');
  });
});

test('access while away was allowed for longer than a session', async (t) => {
  const site = await openTestApp(t, PASSWORDS_ONLY);
  await addAccount(site.app, EMAIL);
  const [phone, laptop] = [await signInWith(site, AGENTS.iPhone), await signInWith(site, AGENTS.Linux)];
  const client = await RawClient.register(site, {
    consent: 'ask',
    grantTypes: ['authorization_code', 'refresh_token'],
    scopes: ['openid', 'offline_access'],
  });
  const page = await client.authorize(phone.visitor, { scope: 'openid offline_access', prompt: 'consent' });
  const allowed = await phone.visitor.postForm(`${new URL(page.url).pathname}/consent`, { decision: 'allow' });
  const code = readCallback(await phone.visitor.follow(allowed)).get('code') ?? '';
  const { refreshToken } = readTokens(await client.exchange(code));

  await laptop.submit(requireValue((await readSessions(laptop)).paths[0]));

  assert.equal(await isSignedIn(phone), false);
  assert.equal(outcomeOf(await client.refresh(refreshToken)), '200');
});

test('a session that ends while its browser is under way does not come back', async (t) => {
  const site = await openTestApp(t, PASSWORDS_ONLY);
  const { issuer } = site;
  const account = await addAccount(site.app, EMAIL);
  const client = await RawClient.register(site);
  const owner = await signInWith(site, AGENTS.Linux);
  const ways: readonly (readonly [string, (thief: AccountVisit) => Promise<unknown>])[] = [
    ['by itself', async () => owner.submit(requireValue((await readSessions(owner)).paths[0]))],
    ['everywhere', () => owner.submit('/sign-out-everywhere')],
    ['with its account', () => site.app.accounts.disable(account.id)],
    ['by its own browser', (thief) => thief.submit('/sign-out')],
  ];
  for (const [how, end] of ways) {
    const thief = await signInWith(site, AGENTS.iPhone);
    const csrf = await thief.readCsrf();
    const answers = await raceRequests(issuer, 20, async (index) =>
      index === 10 ? end(thief) : thief.visitor.get(client.authorizationUrl({ prompt: 'none' })),
    );
    assert.equal(answers.length, 20);
    assert.equal(await isSignedIn(thief), false, how);
    assert.equal((await thief.visitor.postForm('/account/sign-out', { csrf })).status, 303, how);
    await site.app.accounts.enable(account.id);
  }
});

test('a sign-in that is done, and that its browser has yet to come back with, ends with the sessions', async (t) => {
  const site = await openTestApp(t, PASSWORDS_ONLY);
  const account = await addAccount(site.app, EMAIL);
  const ways: Readonly<Record<string, () => Promise<unknown>>> = {
    nothing: async () => undefined,
    'signing out everywhere': async () => (await signInWith(site, AGENTS.Linux)).submit('/sign-out-everywhere'),
    'disabling the account': async () => {
      await site.app.accounts.disable(account.id);
      await site.app.accounts.enable(account.id);
    },
    'another password': async () => {
      const owner = await signInWith(site, AGENTS.Linux);
      await owner.confirm('change-password');
      await owner.submit('/password', { password: 'quite another password' });
    },
  };
  for (const [how, end] of Object.entries(ways)) {
    const thief = await openSignIn(site);
    await thief.identify(EMAIL);
    const done = await thief.visitor.postForm(`${thief.base}/password`, { password: TEST_PASSWORD });
    assert.match(done.headers.get('location') ?? '', /\/auth\//, done.text);

    await end();

    const back = await thief.visitor.follow(done);
    const isIn = (await thief.visitor.get('/account')).status === 200;
    assert.equal(isIn, how === 'nothing', how);
    assert.equal(back.headers.get('location')?.includes('code=') === true, how === 'nothing', how);
  }
});

test('a sign-in whose last proof is older than signing out everywhere is not finished any more', async (t) => {
  const site = await openTestApp(t, PASSWORDS_ONLY);
  await addAccount(site.app, EMAIL);
  const owner = await signInWith(site, AGENTS.Linux);
  await changePolicy(site.app, { enrolPasskey: 'offer' });
  const thief = await openSignIn(site);
  await thief.identify(EMAIL);
  assertPage(await thief.typePassword(TEST_PASSWORD), 'enrol-passkey.title');

  site.advance(1);
  await owner.submit('/sign-out-everywhere');

  assertRefused(await thief.submit('/enrol/decline', {}), 'sign_in_expired');
  const resumed = await thief.visitor.get(thief.base.replace('/interaction/', '/auth/'));
  assert.match(resumed.headers.get('location') ?? '', /error=access_denied/);
  assert.equal((await thief.visitor.get('/account')).status, 303);
  assert.equal(await isSignedIn(owner), true);
  await changePolicy(site.app, PASSWORDS_ONLY.policy);
  assert.equal(await isSignedIn(await signInWith(site, AGENTS.iPhone)), true, 'who proves themselves later is in');
});

test('an account has at most fifty sessions, and the oldest goes', async (t) => {
  const site = await openTestApp(t, PASSWORDS_ONLY);
  await addAccount(site.app, EMAIL);
  const visits: AccountVisit[] = [];
  for (let count = 0; count < 50; count += 1) {
    visits.push(await signInWith(site, AGENTS.Linux));
    site.advance(1);
  }
  const [first, second, third] = visits;
  assert.ok(first && second && third);
  assert.equal((await readSessions(first)).rows.length, 50);

  await t.test('but not the one that signs in again', async () => {
    const again = await first.visitor.open(
      `/auth?${new URLSearchParams({
        client_id: 'cardea-account',
        response_type: 'none',
        scope: 'openid',
        redirect_uri: `${site.issuer}/account`,
        prompt: 'login',
      })}`,
    );
    assertPage(await first.typePassword(again, TEST_PASSWORD), 'security.title');
    assert.equal((await readSessions(first)).rows.length, 50);
  });

  await t.test('for a new one', async () => {
    const next = await signInWith(site, AGENTS.iPhone);
    assert.equal((await readSessions(next)).rows.length, 50);
    assert.deepEqual(await Promise.all([first, second, third].map(isSignedIn)), [true, false, true]);
  });
});

function sayTime(moment: Date): string {
  const [date, time] = [{ dateStyle: 'long' }, { timeStyle: 'short' }] as const;
  const say = (style: Intl.DateTimeFormatOptions) =>
    new Intl.DateTimeFormat('en-GB', { ...style, timeZone: 'UTC' }).format(moment);
  return `${say(date)} at ${say(time)} UTC`;
}
