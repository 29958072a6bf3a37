import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeJwt } from 'jose';
import { openTestApp } from '../support/app.ts';
import { type Fields, RawClient, readCallback, readTokens } from '../support/raw-client.ts';
import { openSession } from '../support/session.ts';
import { REDIRECT_URI } from '../support/sign-in-flow.ts';
import type { Answer, Visitor } from '../support/visitor.ts';

const API = 'https://api.example/';
const RESOURCES = [
  { indicator: API, scopes: ['invoices:read', 'invoices:write'] },
  { indicator: 'https://mail.example/', scopes: [] },
];
const SCOPES = ['openid', 'profile', 'email', 'phone', 'offline_access'];

test('what an application gets, its person is asked for', async (t) => {
  const site = await openTestApp(t, { policy: { enrolPasskey: 'manual' } });
  const { app, issuer } = site;
  const { account, visitor } = await openSession(site);
  await app.accounts.setProfile(account.id, { name: 'Alex Example', phoneNumber: '+41441234567' });
  const register = (fields: Readonly<Record<string, unknown>> = {}) =>
    RawClient.register(site, { consent: 'ask', name: 'Ledger', scopes: SCOPES, resources: RESOURCES, ...fields });
  /** The words and values of the list on a page of consent. */
  const itemsOf = ({ text }: Answer) =>
    [...text.matchAll(/<li class="row">(.*?)<\/li>/gs)].map(([, item = '']) => item.replace(/<[^>]*>/g, '').trim());

  async function decide(page: Answer, decision: string, by: Visitor = visitor): Promise<Answer> {
    const { pathname } = new URL(page.url);
    return by.follow(await by.postForm(`${pathname}/consent`, { decision }));
  }

  async function allow(client: RawClient, parameters: Fields): Promise<{ items: string[]; answer: Answer }> {
    const page = await client.authorize(visitor, parameters);
    assert.equal(page.status, 200, page.text);
    return { items: itemsOf(page), answer: await decide(page, 'allow') };
  }

  await t.test('the page names the application, where it leads, and each thing with its value', async () => {
    const client = await register();
    const scope = 'openid profile email phone invoices:read invoices:write invoices:delete';
    const page = await client.authorize(visitor, { scope, resource: API });

    assert.match(page.text, /Ledger wants to know/);
    assert.match(page.text, /app\.example/);
    assert.deepEqual(itemsOf(page), [
      'Your name Alex Example',
      'Your e-mail address alex@example.com',
      'Your telephone number +41441234567',
      `Access in your name ${API} What it may do there: invoices:read, invoices:write`,
    ]);
    assert.ok(readCallback(await decide(page, 'allow')).has('code'));
  });

  await t.test(
    'access to an API is allowed once, and its further scopes and other APIs when they are asked for',
    async () => {
      const client = await register();
      const mail = { scope: 'openid', resource: 'https://mail.example/' };
      const asked: readonly (readonly [Fields, item: string])[] = [
        [
          { scope: 'openid invoices:read', resource: API },
          `Access in your name ${API} What it may do there: invoices:read`,
        ],
        [
          { scope: 'openid invoices:read invoices:write', resource: API },
          `Access in your name ${API} What it may do there: invoices:write`,
        ],
        [mail, `Access in your name ${mail.resource}`],
      ];
      for (const [request, item] of asked) {
        const silent = readCallback(await client.authorize(visitor, { ...request, prompt: 'none' }));
        assert.equal(silent.get('error'), 'consent_required', item);
        assert.deepEqual((await allow(client, request)).items, [item]);
        assert.ok(readCallback(await client.authorize(visitor, { ...request, prompt: 'none' })).has('code'), item);
      }

      const scope = 'openid invoices:read invoices:write';
      const code = await client.obtainCode(visitor, { scope, resource: API });
      const { accessToken } = readTokens(await client.exchange(code, { resource: API }));
      assert.equal(decodeJwt(accessToken).scope, 'invoices:read invoices:write');
    },
  );

  await t.test(
    'a scope that means nothing here is neither shown nor given, however often it is asked for',
    async () => {
      const client = await register();
      const request = { scope: 'openid email invoices:read unheard-of', resource: API, prompt: 'consent' };
      const items = [
        'Your e-mail address alex@example.com',
        `Access in your name ${API} What it may do there: invoices:read`,
      ];
      for (const _ of ['first', 'again']) {
        const { items: shown, answer } = await allow(client, request);
        assert.deepEqual(shown, items);
        const { body } = await client.exchange(readCallback(answer).get('code') ?? '');
        assert.equal(body.scope, 'openid email');
      }
    },
  );

  await t.test('the name of an application is text, whatever it is', async () => {
    const client = await register({ name: '<b>Ledger</b>' });
    const { text } = await client.authorize(visitor);
    assert.ok(text.includes('&lt;b&gt;Ledger&lt;/b&gt;') && !text.includes('<b>Ledger'));
  });

  await t.test('whoever does not allow it goes back with access_denied, and is asked again the next time', async () => {
    const client = await register();
    const told = readCallback(await decide(await client.authorize(visitor), 'deny'));
    assert.deepEqual([told.get('error'), told.get('state'), told.get('iss')], ['access_denied', 'the-state', issuer]);
    assert.equal(told.has('code'), false);
    assert.equal(readCallback(await client.authorize(visitor, { prompt: 'none' })).get('error'), 'consent_required');
  });

  await t.test('what was allowed is not asked for again, and only the difference later', async () => {
    const client = await register();
    const first = await allow(client, { scope: 'openid email' });
    assert.deepEqual(first.items, ['Your e-mail address alex@example.com']);

    assert.ok(readCallback(await client.authorize(visitor, { scope: 'openid email' })).has('code'));
    assert.ok(readCallback(await client.authorize(visitor, { scope: 'openid', prompt: 'none' })).has('code'));
    const more = { scope: 'openid email profile' };
    assert.equal(
      readCallback(await client.authorize(visitor, { ...more, prompt: 'none' })).get('error'),
      'consent_required',
    );
    const second = await allow(client, more);
    assert.deepEqual(second.items, ['Your name Alex Example']);

    const code = readCallback(second.answer).get('code') ?? assert.fail();
    const { accessToken } = readTokens(await client.exchange(code));
    assert.equal((await client.userinfo(accessToken)).body.name, 'Alex Example');
  });

  await t.test('single claims are named like the scopes they belong to', async () => {
    const client = await register();
    const claims = JSON.stringify({ userinfo: { phone_number: null } });
    const { items } = await allow(client, { scope: 'openid', claims });
    assert.deepEqual(items, ['Your telephone number +41441234567']);
  });

  await t.test('access while the person is away is asked for, and given only then', async () => {
    const client = await register();
    const scope = 'openid offline_access';
    const silent = await allow(client, { scope });
    assert.doesNotMatch(silent.items.join(), /away/);
    const without = await client.exchange(readCallback(silent.answer).get('code') ?? '');
    assert.deepEqual([without.body.scope, without.body.refresh_token], ['openid', undefined]);

    const asked = await allow(client, { scope, prompt: 'consent' });
    assert.match(asked.items.join(), /Access while you are away/);
    const given = await client.exchange(readCallback(asked.answer).get('code') ?? '');
    assert.equal(given.body.scope, scope);
    assert.notEqual(readTokens(given).refreshToken, '');
  });

  await t.test(
    'prompt=consent asks again for all of it, and asks for the applications of the operator too',
    async () => {
      const client = await register({ consent: 'skip' });
      assert.ok(readCallback(await client.authorize(visitor)).has('code'));
      const { items, answer } = await allow(client, { prompt: 'consent' });
      assert.deepEqual(items, ['Your name Alex Example', 'Your e-mail address alex@example.com']);
      assert.ok(readCallback(answer).has('code'));
    },
  );

  await t.test('an application on the own device is confirmed each time, since another may pose as it', async () => {
    const client = await register({ applicationType: 'native', redirectUris: [REDIRECT_URI] });
    const first = await allow(client, { scope: 'openid email' });
    const second = await allow(client, { scope: 'openid email' });
    assert.deepEqual(first.items, ['Your e-mail address alex@example.com']);
    assert.deepEqual(second.items, first.items);
  });

  await t.test('a decision counts once, for its own browser, and only where it is asked for', async () => {
    const client = await register();
    const page = await client.authorize(visitor);
    const { pathname } = new URL(page.url);
    const stranger = await openSession(site, 'stranger@example.com');

    assert.equal((await stranger.visitor.postForm(`${pathname}/consent`, { decision: 'allow' })).status, 400);
    assert.equal((await visitor.postForm(`${pathname}/consent`, { decision: 'perhaps' })).status, 400);
    const crossSite = { origin: 'https://evil.example' };
    assert.equal((await visitor.postForm(`${pathname}/consent`, { decision: 'allow' }, crossSite)).status, 403);
    assert.ok(readCallback(await decide(page, 'allow')).has('code'));
    assert.ok([400, 410].includes((await decide(page, 'allow')).status));

    const login = await client.authorize(visitor, { prompt: 'login' });
    assert.equal((await decide(login, 'allow')).status, 410);
  });
});
