import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addAccount, changePolicy, openTestApp, TEST_PASSWORD, type TestApp } from '../support/app.ts';
import { addPasskey, addTotp } from '../support/enrol.ts';
import { assertPage, assertRefused } from '../support/page.ts';
import { openSignIn } from '../support/sign-in-flow.ts';
import { Visitor } from '../support/visitor.ts';

const PASSWORDS_ONLY = { policy: { enrolPasskey: 'manual' } } as const;
const COOKIE = 'cardea.browser';

async function signIn({ app, issuer }: TestApp, visitor: Visitor, email: string): Promise<void> {
  const flow = await openSignIn({ app, issuer, visitor, parameters: { prompt: 'login' } });
  await flow.submit('/restart', {});
  await flow.identify(email);
  const answer = await flow.typePassword(TEST_PASSWORD);
  if (answer.status === 303) return;
  const xsrf = /name="xsrf" value="([^"]+)"/.exec(answer.text)?.[1] ?? assert.fail(answer.text);
  await visitor.follow(await visitor.postForm('/session/end/confirm', { xsrf, logout: 'yes' }));
}

/** The e-mails that a browser's next sign-in offers, as buttons. */
async function readRemembered({ app, issuer }: TestApp, visitor: Visitor): Promise<readonly (string | undefined)[]> {
  const flow = await openSignIn({ app, issuer, visitor, parameters: { prompt: 'login' } });
  const { text } = await flow.submit('/restart', {});
  return [...text.matchAll(/class="choose" name="email" value="([^"]*)"/g)].map(([, email]) => email);
}

function cookieOf(visitor: Visitor): string {
  return visitor.cookies.get(`${COOKIE} /`)?.value ?? assert.fail('no cookie');
}

test('a browser remembers who signed in with it, and shows it to nobody else', async (t) => {
  const site = await openTestApp(t, PASSWORDS_ONLY);
  const { app, issuer } = site;
  const emails = ['a', 'b', 'c', 'd', 'e'].map((name) => `${name}@example.com`);
  for (const email of emails) await addAccount(app, email);
  const visitor = new Visitor(issuer);

  await t.test('not before the sign-in is done', async () => {
    const flow = await openSignIn({ app, issuer, visitor });
    await flow.identify('a@example.com');
    await flow.typePassword('a wrong password');
    assert.equal(visitor.cookies.get(`${COOKIE} /`), undefined);
  });

  await t.test('four at most, the latest first', async () => {
    for (const email of emails) await signIn(site, visitor, email);

    assert.deepEqual(await readRemembered(site, visitor), [...emails].reverse().slice(0, 4));
    assert.deepEqual(await readRemembered(site, new Visitor(issuer)), []);
  });

  await t.test('and asks them for their password like anybody', async () => {
    const flow = await openSignIn({ app, issuer, visitor, parameters: { prompt: 'login' } });
    assertPage(await flow.submit('/restart', {}), 'sign-in.title.remembered');
    assertPage(await flow.identify('d@example.com'), 'password.title');
  });

  await t.test('until one of them is forgotten', async () => {
    const flow = await openSignIn({ app, issuer, visitor, parameters: { prompt: 'login' } });
    await flow.submit('/restart', {});
    const page = await flow.submit('/forget', { email: 'd@example.com' });

    assertPage(page, 'sign-in.title.remembered');
    assert.deepEqual(
      await readRemembered(site, visitor),
      ['e', 'c', 'b'].map((name) => `${name}@example.com`),
    );
    await flow.submit('/forget', { email: 'nobody@example.com' });
    assert.equal((await readRemembered(site, visitor)).length, 3);
  });

  await t.test('not when the cookie was changed, or is of another shape', async () => {
    const [text = '', signature = ''] = cookieOf(visitor).split('.');
    const forged = Buffer.from(
      JSON.stringify({ id: 'x', accounts: [{ id: 'y', email: 'victim@example.com' }] }),
    ).toString('base64url');
    const older = Buffer.from(JSON.stringify({ id: 'x', people: [] })).toString('base64url');
    const values = [
      text,
      `${text}.`,
      `.${signature}`,
      `${forged}.${signature}`,
      `${text}.${app.signer.sign('csrf', text)}`,
      `${older}.${app.signer.sign('browser', older)}`,
      '%7B%7D',
      'x'.repeat(5000),
    ];
    for (const value of values) {
      const stranger = new Visitor(issuer);
      stranger.cookies.set(`${COOKIE} /`, { value, path: '/' });
      assert.deepEqual(await readRemembered(site, stranger), [], value);
    }
  });
});

test('what a browser remembers fits a cookie of 1 KB, however long the names', async (t) => {
  const site = await openTestApp(t, PASSWORDS_ONLY);
  const { app, issuer } = site;
  const label = 'a'.repeat(60);
  const long = `${'l'.repeat(60)}@${label}.${label}.${label}.example`;
  const wide = `${'語'.repeat(60)}@${'語'.repeat(60)}.${'語'.repeat(60)}.${'語'.repeat(60)}.example`;
  const visitor = new Visitor(issuer);
  for (const email of [long, 'short@example.com', wide, 'short@example.com']) {
    const organization = await app.organizations.requireOrFirst(undefined);
    if (!(await app.accounts.findByEmail(organization.id, email))) {
      const account = await addAccount(app, email);
      await app.accounts.setProfile(account.id, { name: '語'.repeat(100) });
    }
    await signIn(site, visitor, email);
    assert.ok(`${COOKIE}=${cookieOf(visitor)}`.length < 1024, email);
  }

  assert.equal((await readRemembered(site, visitor))[0], 'short@example.com');
});

test('strangers who guess keep nobody from their own browser, nor from their passkey', async (t) => {
  const site = await openTestApp(t, { policy: { enrolPasskey: 'manual', secondFactor: 'off' } });
  const { app, issuer, advance } = site;
  advance(0); // pauses do not run out while this runs
  const account = await addAccount(app, 'alex@example.com');
  const authenticator = await addPasskey(app, account);
  const own = new Visitor(issuer);
  await signIn(site, own, account.email);

  const stranger = await openSignIn({ app, issuer });
  await stranger.identify(account.email);
  for (let count = 0; count < 6; count += 1) await stranger.typePassword('a wrong password');
  assertPage(await stranger.typePassword(TEST_PASSWORD), 'password.title', 'too_many_tries');

  const known = await openSignIn({ app, issuer, visitor: own, parameters: { prompt: 'login' } });
  assert.equal((await known.typePassword(TEST_PASSWORD)).status, 303);
  const byPasskey = await openSignIn({ app, issuer, authenticator });
  assert.equal((await byPasskey.usePasskey()).status, 303);
  const stillStranger = await openSignIn({ app, issuer });
  await stillStranger.identify(account.email);
  assertPage(await stillStranger.typePassword(TEST_PASSWORD), 'password.title', 'too_many_tries');
});

test('whoever has the cookie of a known browser has to prove everything all the same (SE-16)', async (t) => {
  const site = await openTestApp(t, { policy: { enrolPasskey: 'manual' } });
  const { app, issuer } = site;
  const account = await addAccount(app, 'alex@example.com');
  const own = new Visitor(issuer);
  await signIn(site, own, account.email);
  await addTotp(app, account);
  const thief = () => {
    const visitor = new Visitor(issuer);
    visitor.cookies.set(`${COOKIE} /`, { value: cookieOf(own), path: '/' });
    return visitor;
  };

  assert.equal((await thief().get('/account')).status, 303);
  const flow = await openSignIn({ app, issuer, visitor: thief() });
  assertPage(await flow.identify(account.email), 'password.title');
  assertPage(await flow.typePassword(TEST_PASSWORD), 'totp.title');
  assert.equal((await flow.visitor.get('/account')).status, 303);

  await changePolicy(app, { password: 'off' });
  const byPasskey = await openSignIn({ app, issuer, visitor: thief() });
  assertPage(await byPasskey.identify(account.email), 'passkey.title');
  const password = await byPasskey.visitor.postForm(`${byPasskey.base}/password`, { password: TEST_PASSWORD });
  assertRefused(password, 'method_not_offered');
});
