import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AccountVisit } from '../support/account-visit.ts';
import { addAccount, openTestApp, presetOf, TEST_PASSWORD, type TestApp } from '../support/app.ts';
import { Authenticator } from '../support/authenticator.ts';
import { assertPage, assertRefused } from '../support/page.ts';
import { race } from '../support/race.ts';
import { openSignIn } from '../support/sign-in-flow.ts';
import { Visitor } from '../support/visitor.ts';

const FOUNDER = { email: 'first@example.com', name: 'Alex Example' };

/** What the page asks the device, and the device answers. */
async function askDevice({ issuer }: TestApp, link: string, founder = FOUNDER, device = new Authenticator()) {
  const answer = await new Visitor(issuer).postJson(`${link}/options`, founder);
  assert.equal(answer.status, 200, answer.text);
  return device.create(JSON.parse(answer.text), { origin: issuer });
}

test('the link for the first administrator', async (t) => {
  const site = await openTestApp(t, { policy: { ...presetOf('convenience'), signUp: 'closed' } });
  const { app, issuer, log } = site;
  const visitor = new Visitor(issuer);
  const link = await app.setUp.createLink();
  const device = new Authenticator();

  await t.test('is not used up by being looked at', async () => {
    for (let count = 0; count < 5; count += 1) assertPage(await visitor.get(link), 'set-up.title');
    assert.equal((await visitor.send('HEAD', link, undefined, {})).status, 200);
    assert.equal(visitor.cookies.size, 0);
  });

  await t.test('is not used up by an answer that is refused', async () => {
    const response = await askDevice(site, link);
    assertRefused(await visitor.postJson(link, { ...FOUNDER, response: {} }), 'malformed_request');
    assertRefused(await visitor.postJson(link, { ...FOUNDER, email: 'x@example.com', response }), 'passkey_not_made');
    await addAccount(app, 'taken@example.com');
    const taken = { ...FOUNDER, email: 'taken@example.com' };
    const response2 = await askDevice(site, link, taken);
    assertRefused(await visitor.postJson(link, { ...taken, response: response2 }), 'account_exists');
    assertPage(await visitor.get(link), 'set-up.title');
    assert.equal(await app.setUp.isNeeded(), true);
  });

  await t.test('makes one administrator, whoever of three is first', async () => {
    const responses = [await askDevice(site, link, FOUNDER, device)];
    for (let count = 1; count < 3; count += 1) {
      responses.push(await askDevice(site, link, { ...FOUNDER, email: `${count}@example.com` }));
    }
    const answers = await race(3, (index) => {
      const email = index === 0 ? FOUNDER.email : `${index}@example.com`;
      return visitor.postJson(link, { ...FOUNDER, email, response: responses[index] });
    });

    assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 410, 410]);
    assert.equal(JSON.parse(answers[0]?.text ?? '').location, '/set-up/done');
    assertPage(await visitor.get('/set-up/done'), 'set-up-done.title');
    const { items } = await app.accounts.list({ limit: 100 });
    const administrators = items.filter(({ role }) => role === 'administrator').map(({ email }) => email);
    assert.deepEqual(administrators, [FOUNDER.email]);
  });

  await t.test('works no more then', async () => {
    assertRefused(await visitor.get(link), 'link_used_or_expired');
    assertRefused(await visitor.postJson(`${link}/options`, FOUNDER), 'link_used_or_expired');
    assertRefused(await visitor.postJson(link, { ...FOUNDER, response: {} }), 'link_used_or_expired');
    assert.equal(await app.setUp.isNeeded(), false);
  });

  await t.test('leads to an account that signs in', async () => {
    const flow = await openSignIn({ app, issuer, authenticator: device });
    await flow.usePasskey();
    assert.equal((await flow.finish()).claims()?.acr, 'phr');
    const security = await new AccountVisit(issuer, flow.visitor).open();
    assertPage(security, 'security.title');
    assert.ok(security.text.includes(FOUNDER.email));
  });

  await t.test('is never in the log', () => {
    assert.ok(log.length > 0);
    assert.ok(!log.join('').includes(link.slice(-43)));
  });
});

test('of several links for the first administrator one makes one, even if all are used at once', async (t) => {
  const site = await openTestApp(t);
  const { app, issuer } = site;
  const prepared = await race(5, async (index) => {
    const link = await app.setUp.createLink();
    const founder = { ...FOUNDER, email: `${index}@example.com` };
    return { link, body: { ...founder, response: await askDevice(site, link, founder) } };
  });
  const unused = await app.setUp.createLink();

  const answers = await Promise.all(prepared.map(({ link, body }) => new Visitor(issuer).postJson(link, body)));

  assert.deepEqual(answers.map(({ status }) => status).toSorted(), [200, 410, 410, 410, 410]);
  const { items } = await app.accounts.list({ limit: 100 });
  assert.equal(items.filter(({ role }) => role === 'administrator').length, 1);
  const visitor = new Visitor(issuer);
  assertRefused(await visitor.get(unused), 'link_used_or_expired');
  assertRefused(await visitor.postJson(`${unused}/options`, FOUNDER), 'link_used_or_expired');
  assertRefused(await visitor.postJson(unused, { ...FOUNDER, response: {} }), 'link_used_or_expired');
});

test('a link for the first administrator is good for 24 hours, however often it failed', async (t) => {
  const site = await openTestApp(t);
  const { app, issuer, advance } = site;
  const visitor = new Visitor(issuer);
  advance(0);
  const link = await app.setUp.createLink();

  advance(24 * 3600 - 5);
  assertPage(await visitor.get(link), 'set-up.title');
  assertRefused(await visitor.postJson(link, { ...FOUNDER, response: {} }), 'passkey_not_made');
  assertPage(await visitor.get(link), 'set-up.title');
  advance(5);
  assertRefused(await visitor.get(link), 'link_used_or_expired');
  assertRefused(await visitor.postJson(link, { ...FOUNDER, response: {} }), 'link_used_or_expired');
});

test('a link that was never handed out looks like one that is used', async (t) => {
  const { issuer } = await openTestApp(t);
  const visitor = new Visitor(issuer);
  for (const token of ['x', 'a'.repeat(43), '__proto__', 'a%00b', "'; DROP TABLE tickets; --", '%F0%9F%94%91', '%ff'])
    assertRefused(await visitor.get(`/set-up/${token}`), 'link_used_or_expired');
  assertRefused(await visitor.get('/set-up'), 'not_found');
});

test('where a passkey comes second the first administrator chooses a password too, and both let them in', async (t) => {
  const site = await openTestApp(t, { policy: presetOf('two-factor') });
  const { app, issuer } = site;
  const visitor = new Visitor(issuer);
  const link = await app.setUp.createLink();
  const founder = { ...FOUNDER, password: TEST_PASSWORD };

  assert.ok((await visitor.get(link)).text.includes('name="password"'));
  assertRefused(await visitor.postJson(`${link}/options`, FOUNDER), 'weak_password');
  assertRefused(await visitor.postJson(`${link}/options`, { ...FOUNDER, password: 'northwind' }), 'weak_password');
  const device = new Authenticator();
  const response = await askDevice(site, link, founder, device);
  assertRefused(await visitor.postJson(link, { ...FOUNDER, response }), 'weak_password');
  const again = await askDevice(site, link, founder, new Authenticator());
  assert.equal((await visitor.postJson(link, { ...founder, response: again })).status, 200);

  const flow = await openSignIn({ app, issuer });
  await flow.identify(FOUNDER.email);
  assertPage(await flow.typePassword(TEST_PASSWORD), 'passkey.title.second');
});
