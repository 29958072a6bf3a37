import assert from 'node:assert/strict';
import { test } from 'node:test';
import { en } from '../../src/http/languages/en.ts';
import { addAccount, openTestApp, presetOf, TEST_PASSWORD, type TestApp } from '../support/app.ts';
import { computeCode } from '../support/authenticator-app.ts';
import { addPasskey, addTotp } from '../support/enrol.ts';
import { assertPage, readHeading } from '../support/page.ts';
import { race } from '../support/race.ts';
import { openSignIn, type SignInFlow } from '../support/sign-in-flow.ts';
import { type Answer, Visitor } from '../support/visitor.ts';

const EMAIL = 'alex@example.com';
const WRONG = 'a wrong password';
const QUARTER_HOUR = 15 * 60;
/** Hashes that cost little, where many are made. */
const QUICK = { hashMemoryKib: 1024, hashPasses: 1 };

/** A new browser that has typed an e-mail; `from` is its address, which a trusted proxy tells. */
async function identify({ app, issuer }: TestApp, email = EMAIL, from = '203.0.113.1'): Promise<SignInFlow> {
  const visitor = new Visitor(issuer, { 'x-forwarded-for': from });
  const flow = await openSignIn({ app, issuer, visitor });
  await flow.identify(email);
  return flow;
}

function waitOf({ headers }: Answer): number {
  return Number(headers.get('retry-after'));
}

test('wrong passwords for one account', async (t) => {
  const site = await openTestApp(t, { policy: { enrolPasskey: 'manual' }, config: QUICK });
  const { app, advance } = site;
  advance(0); // pauses do not run out while this runs

  await t.test('are counted before they are checked: of thirty at once six are', async () => {
    await addAccount(app, 'race@example.com');
    const flows = await race(30, () => identify(site, 'race@example.com'));

    const answers = await Promise.all(flows.map((flow) => flow.typePassword(WRONG)));

    const statuses = answers.map(({ status }) => status).sort();
    assert.deepEqual(statuses, [...Array(6).fill(401), ...Array(24).fill(429)]);
  });

  await t.test('are paused for 30 seconds, doubling to a quarter of an hour; the right one too', async () => {
    await addAccount(app, EMAIL);
    let flow = await identify(site);
    for (let count = 0; count < 5; count += 1)
      assertPage(await flow.typePassword(WRONG), 'password.title', 'sign_in_failed');
    for (const pause of [30, 60, 120, 240, 480, 900]) {
      flow = await identify(site);
      assertPage(await flow.typePassword(WRONG), 'password.title', 'sign_in_failed');
      const refused = await flow.typePassword(TEST_PASSWORD);
      assertPage(refused, 'password.title', 'too_many_tries');
      assert.equal(waitOf(refused), pause);
      assert.match(refused.text, pause < 60 ? /Wait 30 seconds/ : new RegExp(`Wait ${pause / 60} minute`));
      advance(pause);
    }
    flow = await identify(site);
    assert.equal((await flow.typePassword(TEST_PASSWORD)).status, 303);
    const again = await identify(site);
    for (let count = 0; count < 5; count += 1) await again.typePassword(WRONG);
    assert.equal((await again.typePassword(TEST_PASSWORD)).status, 303, 'the right one cleared the count');
  });

  await t.test('are one count, however the e-mail is written and from wherever it comes', async () => {
    await addAccount(app, 'kim@example.com');
    const spellings = [
      'kim@example.com',
      'KIM@example.com',
      ' Kim@Example.COM ',
      'kim@EXAMPLE.com',
      'kIm@example.com',
      'kim@example.Com',
    ];
    for (const [index, email] of spellings.entries()) {
      assert.equal((await (await identify(site, email, `198.51.100.${index}`)).typePassword(WRONG)).status, 401);
    }
    assert.equal((await (await identify(site, 'kim@example.com')).typePassword(TEST_PASSWORD)).status, 429);
  });
});

test('one source that tries many accounts is stopped, and no account is', async (t) => {
  const site = await openTestApp(t, {
    policy: { enrolPasskey: 'manual' },
    config: { ...QUICK, limitSource: 10, trustedProxies: ['127.0.0.1'] },
  });
  await addAccount(site.app, EMAIL);
  const stuff = async (from: string, count: number) => {
    const answers = [];
    for (let index = 0; index < count; index += 1) {
      answers.push(await (await identify(site, `${index}@example.com`, from)).typePassword(WRONG));
    }
    return answers.map(({ status }) => status);
  };

  assert.deepEqual(await stuff('203.0.113.7', 12), [...Array(11).fill(401), 429]);
  const refused = await (await identify(site, EMAIL, '203.0.113.7')).typePassword(TEST_PASSWORD);
  assertPage(refused, 'password.title', 'too_many_tries');
  assert.ok(waitOf(refused) > QUARTER_HOUR - 60 && waitOf(refused) <= QUARTER_HOUR);
  assert.equal((await (await identify(site, EMAIL, '203.0.113.8')).typePassword(TEST_PASSWORD)).status, 303);

  // One customer's IPv6 network is one source, however its addresses are written.
  const network = ['2001:db8:1:2::1', '2001:db8:1:2:3::', '2001:0db8:0001:0002:ffff:ffff:ffff:ffff', '2001:DB8:1:2::A'];
  for (const from of network) await stuff(from, 3);
  assert.deepEqual(await stuff('2001:db8:1:2::bad', 1), [429]);
  assert.deepEqual(await stuff('2001:db8:1:3::1', 1), [401]);
  // IPv4 in IPv6 is the same source as IPv4.
  assert.deepEqual(await stuff('::ffff:203.0.113.7', 1), [429]);
});

test('without a trusted proxy a source cannot say where it is', async (t) => {
  const site = await openTestApp(t, { config: { ...QUICK, limitSource: 3 } });
  const statuses = [];
  for (let index = 0; index < 6; index += 1) {
    const flow = await identify(site, `${index}@example.com`, `203.0.113.${index}`);
    statuses.push((await flow.typePassword(WRONG)).status);
  }
  assert.deepEqual(statuses, [401, 401, 401, 401, 429, 429]);
});

test('a hundred wrong passwords in a row switch it off for strangers, until a passkey proves the person', async (t) => {
  const site = await openTestApp(t, { policy: { ...presetOf('convenience'), secondFactor: 'off' }, config: QUICK });
  const { app, issuer, advance } = site;
  const authenticator = await addPasskey(app, await addAccount(app, EMAIL));
  for (let round = 0; round < 20; round += 1) {
    const flow = await identify(site);
    for (let count = 0; count < 5; count += 1) assert.equal((await flow.typePassword(WRONG)).status, 401);
    advance(QUARTER_HOUR + 1);
  }

  const off = await identify(site);
  assertPage(await off.typePassword(TEST_PASSWORD), 'password.title', 'sign_in_failed');
  const flow = await openSignIn({ app, issuer, authenticator });
  assert.equal((await flow.usePasskey()).status, 303);
  assert.equal((await (await identify(site)).typePassword(TEST_PASSWORD)).status, 303);
});

test('wrong codes of an authenticator app', async (t) => {
  const site = await openTestApp(t, { policy: presetOf('convenience'), config: QUICK });
  const { app, issuer, advance } = site;
  const account = await addAccount(app, EMAIL);
  const secret = await addTotp(app, account);
  const authenticator = await addPasskey(app, account);
  advance(60);
  const rightCode = () => computeCode(secret, new Date());
  const wrongCode = () => (rightCode() === '000000' ? '111111' : '000000');
  const typePassword = async () => {
    const flow = await identify(site);
    assertPage(await flow.typePassword(TEST_PASSWORD), 'totp.title');
    return flow;
  };

  await t.test('are counted for the account, over however many sign-ins', async () => {
    for (let count = 0; count < 6; count += 1) {
      assertPage(await (await typePassword()).typeCode(wrongCode()), 'totp.title', 'code_refused');
    }
    const refused = await (await typePassword()).typeCode(rightCode());
    assertPage(refused, 'totp.title', 'too_many_tries');
    assert.equal(waitOf(refused), 30);
  });

  await t.test('switch it off after twenty in a row, until a passkey proves the person', async () => {
    for (let count = 6; count < 20; count += 1) {
      advance(QUARTER_HOUR + 1);
      assertPage(await (await typePassword()).typeCode(wrongCode()), 'totp.title', 'code_refused');
    }
    advance(QUARTER_HOUR + 1);
    const off = await typePassword();
    assertPage(await off.typeCode(rightCode()), 'totp.title', 'code_refused');

    const flow = await openSignIn({ app, issuer, authenticator });
    assert.equal((await flow.usePasskey()).status, 303);
    advance(QUARTER_HOUR + 1);
    assert.equal((await (await typePassword()).typeCode(rightCode())).status, 303);
  });
});

test('more passwords at once than can be hashed are put off, and nothing else is', async (t) => {
  const site = await openTestApp(t, { config: { hashMemoryKib: 65_536, hashPasses: 2 } });
  const flows = [];
  for (let index = 0; index < 90; index += 1) flows.push(await identify(site, `${index}@example.com`));
  const waiting = await identify(site);

  const answers = Promise.all(flows.map((flow) => flow.typePassword(WRONG)));
  const meanwhile = await waiting.visitor.get(waiting.base);
  const refused = (await answers).filter(({ status }) => status === 503);
  const checked = (await answers).filter(({ status }) => status === 401);
  const busy = refused.filter((answer) => readHeading(answer) === en['password.title']);

  assert.equal(meanwhile.status, 200);
  assert.equal(refused.length + checked.length, flows.length);
  assert.ok(checked.length > 0);
  assert.ok(busy.length > 0);
  for (const answer of busy) assertPage(answer, 'password.title', 'busy');
  // On a slow machine the last of those that wait run out of time.
  for (const answer of refused) assert.equal(waitOf(answer), 1);
  assertPage(await waiting.typePassword(WRONG), 'password.title', 'sign_in_failed');
});

test('pages are limited for each source, and say when to come back', async (t) => {
  const { issuer } = await openTestApp(t, { config: { limitPages: 5, trustedProxies: ['127.0.0.1'] } });
  const ask = (from: string) => new Visitor(issuer, { 'x-forwarded-for': from }).get('/set-up/done');

  for (let count = 0; count < 5; count += 1) assert.equal((await ask('203.0.113.7')).status, 200);
  const refused = await ask('203.0.113.7');
  assert.equal(refused.status, 429);
  assert.ok(waitOf(refused) >= 1 && waitOf(refused) <= 60);
  assert.equal((await ask('203.0.113.8')).status, 200);
  assert.equal((await new Visitor(issuer, { 'x-forwarded-for': '203.0.113.7' }).get('/health/live')).status, 200);
});
