import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { Account } from '../../src/accounts/account-store.ts';
import { en } from '../../src/http/languages/en.ts';
import type { SignInId } from '../../src/lib/ids.ts';
import { addAccount, changePolicy, openTestApp, presetOf, TEST_PASSWORD, type TestApp } from '../support/app.ts';
import { addPasskey, addTotp, nextCode } from '../support/enrol.ts';
import { assertPage, assertRefused } from '../support/page.ts';
import { race } from '../support/race.ts';
import { raceRequests } from '../support/race-requests.ts';
import { requireValue } from '../support/require-value.ts';
import { openSignIn, type SignInFlow } from '../support/sign-in-flow.ts';
import { readStored } from '../support/stored.ts';
import type { Answer } from '../support/visitor.ts';

const EMAIL = 'alex@example.com';
const WRONG = '0000-0000-0000-0000';
const HOUR = 3600;
const FAST = { hashMemoryKib: 8, hashPasses: 1 };

/** A preset whose people are not asked for more than the test is about. */
async function openSite(t: TestContext, name: 'convenience' | 'two-factor'): Promise<TestApp> {
  return openTestApp(t, { policy: { ...presetOf(name), enrolPasskey: 'manual' }, config: FAST });
}

/** Somebody with a password, an authenticator app and recovery codes. */
async function addPerson({ app }: TestApp, email = EMAIL) {
  const account = await addAccount(app, email);
  const secret = await addTotp(app, account);
  const { codes } = await app.recoveryCodes.make(account.id);
  return { account, secret, codes };
}

/** Somebody with recovery codes, and nothing else than a passkey, which they have lost. */
async function addPasskeyOnly({ app }: TestApp, email = EMAIL) {
  const { id: organizationId } = await app.organizations.requireOrFirst(undefined);
  const account = await app.accounts.create({ organizationId, email, profile: { name: 'Alex Example' } });
  const lost = await addPasskey(app, account);
  const { codes } = await app.recoveryCodes.make(account.id);
  return { account, lost, codes };
}

async function identify(site: TestApp, options: Partial<Parameters<typeof openSignIn>[0]> = {}): Promise<SignInFlow> {
  const flow = await openSignIn({ ...site, ...options });
  await flow.identify(EMAIL);
  return flow;
}

/** A new browser whose person has typed the right password. */
async function typePassword(site: TestApp): Promise<SignInFlow> {
  const flow = await identify(site);
  await flow.typePassword(TEST_PASSWORD);
  return flow;
}

async function countLeft({ app }: TestApp, { id }: Account): Promise<number | undefined> {
  return (await app.storage.recoveryCodes.find(id))?.codes.filter(({ spentAt }) => !spentAt).length;
}

/** Leaves only the last of the codes. */
async function spendAllButLast({ app }: TestApp, { id }: Account, codes: readonly string[]): Promise<string> {
  for (const code of codes.slice(0, -1)) assert.ok(await app.recoveryCodes.spend(id, code));
  return requireValue(codes.at(-1));
}

function readCodes({ text }: Answer): readonly string[] {
  return [...text.matchAll(/<li><code>([^<]*)<\/code><\/li>/g)].map(([, code]) => requireValue(code));
}

test('a recovery code after the password', async (t) => {
  const site = await openSite(t, 'two-factor');
  const { account, codes } = await addPerson(site);
  await addPasskey(site.app, account);

  await t.test('is behind another way, where it is asked for, and finishes as a password does', async () => {
    const flow = await typePassword(site);
    assertPage(flow.current, 'passkey.title.second');
    assert.ok(flow.current.text.includes(`${flow.base}?method=recovery-code`));
    assertPage(await flow.visitor.get(`${flow.base}?method=recovery-code`), 'recovery-code.title');
    await flow.typeRecoveryCode(requireValue(codes[0]));

    const claims = (await flow.finish()).claims();
    assert.deepEqual([claims?.acr, claims?.amr], ['urn:cardea:acr:pwd', ['pwd', 'otp']]);
    assert.equal(await countLeft(site, account), 9);
  });

  await t.test('works once (RC-01)', async () => {
    const flow = await typePassword(site);
    assertPage(await flow.typeRecoveryCode(requireValue(codes[0])), 'recovery-code.title', 'code_refused');
    assert.match(flow.current.text, /If it was used before/);
    await flow.typeRecoveryCode(requireValue(codes[1]));
    assert.equal((await flow.finish()).claims()?.acr, 'urn:cardea:acr:pwd');
  });

  await t.test('works for one of many sign-ins at once', async () => {
    const flows: SignInFlow[] = [];
    for (let count = 0; count < 5; count += 1) flows.push(await typePassword(site));
    const answers = await race(5, (index) => requireValue(flows[index]).typeRecoveryCode(requireValue(codes[2])));
    assert.deepEqual(answers.map(({ status }) => status).sort(), [303, 401, 401, 401, 401]);
    assert.equal(await countLeft(site, account), 7);
  });

  await t.test('is read as it was meant, and nothing else is (RC-10)', async () => {
    site.advance(2 * HOUR);
    const meant = requireValue(codes[3]).toLowerCase().replaceAll('-', ' ').replaceAll('0', 'o').replaceAll('1', 'l');
    const flow = await typePassword(site);
    const lookalike = requireValue(codes[3]).replaceAll('-', '–');
    assertPage(await flow.typeRecoveryCode(lookalike), 'recovery-code.title', 'code_refused');
    assertPage(await flow.typeRecoveryCode('UUUU-UUUU-UUUU-UUUU'), 'recovery-code.title', 'code_refused');
    const twice = await flow.visitor.send('POST', `${flow.base}/recovery-code`, `code=${WRONG}&code=${codes[3]}`, {
      'content-type': 'application/x-www-form-urlencoded',
      origin: new URL(site.issuer).origin,
    });
    assertRefused(twice, 'malformed_request');
    await flow.typeRecoveryCode(meant);
    assert.equal((await flow.finish()).claims()?.acr, 'urn:cardea:acr:pwd');
  });

  await t.test('is refused before the password, where only that makes it a second factor', async () => {
    const flow = await identify(site);
    const code = requireValue(codes[4]);
    assertRefused(await flow.visitor.postForm(`${flow.base}/recovery-code`, { code }), 'method_not_offered');
    assertPage(await flow.visitor.get(`${flow.base}?method=recovery-code`), 'password.title');
    assert.equal(await countLeft(site, account), 6);
  });

  await t.test('is void once its owner has made new codes', async () => {
    await changePolicy(site.app, { passkey: 'alone' });
    const flow = await identify(site);
    assertPage(await flow.typeRecoveryCode(requireValue(codes[4])), 'password.title');
    site.advance(1);
    await site.app.recoveryCodes.make(account.id);
    await flow.typePassword(TEST_PASSWORD);
    assertPage(flow.current, 'passkey.title.second');
  });

  await t.test('is not for organizations that do not use them', async () => {
    await changePolicy(site.app, { secondFactors: ['passkey', 'totp'] });
    const { codes: unused } = await site.app.recoveryCodes.make(account.id);
    const flow = await typePassword(site);
    assert.ok(!flow.current.text.includes('recovery-code'));
    const answer = await flow.visitor.postForm(`${flow.base}/recovery-code`, { code: requireValue(unused[0]) });
    assertRefused(answer, 'method_not_offered');
    assert.equal(await countLeft(site, account), 10);
  });
});

test('wrong recovery codes (RC-03)', async (t) => {
  const site = await openSite(t, 'convenience');
  const { advance } = site;
  const { account, secret, codes } = await addPerson(site);
  const code = requireValue(codes[0]);

  await t.test('are five in an hour and ten in a day, for strangers before the password', async () => {
    for (let hour = 0; hour < 2; hour += 1) {
      const flow = await identify(site);
      for (let count = 0; count < 5; count += 1)
        assertPage(await flow.typeRecoveryCode(WRONG), 'recovery-code.title', 'code_refused');
      assertPage(await flow.typeRecoveryCode(code), 'recovery-code.title', 'too_many_tries');
      assert.equal(flow.current.headers.get('retry-after'), '3600');
      advance(HOUR + 1);
    }
  });

  await t.test('then switch the codes off for them, and tell nobody so', async () => {
    advance(24 * HOUR);
    assertPage(await (await identify(site)).typeRecoveryCode(code), 'recovery-code.title', 'code_refused');
    assert.equal(await countLeft(site, account), 10);
  });

  await t.test('use up nothing of whoever knows the password', async () => {
    const flow = await typePassword(site);
    await flow.typeRecoveryCode(code);
    assert.equal((await flow.finish()).claims()?.acr, 'urn:cardea:acr:pwd');
  });

  await t.test('are counted after the password too, until another factor proves the person', async () => {
    for (let hour = 0; hour < 2; hour += 1) {
      const flow = await typePassword(site);
      for (let count = 0; count < 5; count += 1) await flow.typeRecoveryCode(WRONG);
      advance(HOUR + 1);
    }
    const flow = await typePassword(site);
    assertPage(await flow.typeRecoveryCode(requireValue(codes[1])), 'recovery-code.title', 'code_refused');
    await flow.typeCode(nextCode(secret));
    await flow.finish();

    const again = await typePassword(site);
    await again.typeRecoveryCode(requireValue(codes[1]));
    assert.equal((await again.finish()).claims()?.acr, 'urn:cardea:acr:pwd');
  });
});

test('a recovery code alone (RC-08)', async (t) => {
  const site = await openSite(t, 'convenience');
  const { account, lost, codes } = await addPasskeyOnly(site);

  await t.test('lets its person make a passkey and nothing else', async () => {
    const flow = await identify(site);
    assertPage(await flow.visitor.get(`${flow.base}?method=recovery-code`), 'recovery-code.title');
    assertPage(await flow.typeRecoveryCode(requireValue(codes[0])), 'enrol-passkey.title.recovers');

    const { visitor, base } = flow;
    assertRefused(await visitor.postForm(`${base}/enrol/decline`, {}), 'method_not_offered');
    assertRefused(await visitor.postForm(`${base}/consent`, { decision: 'allow' }), 'step_finished');
    assertRefused(await visitor.postForm(`${base}/recovery-code`, { code: requireValue(codes[1]) }), 'step_finished');
    assertRefused(await visitor.postForm(`${base}/recovery-codes`, {}), 'step_finished');
    assert.equal((await visitor.get('/account')).status, 303, 'nobody is signed in');
    const resumed = await visitor.open(base.replace('/interaction/', '/auth/'));
    assertPage(resumed, 'sign-in.title');
    assert.equal(await countLeft(site, account), 9);
  });

  await t.test('and with that passkey signs in, by recovery, as the application is told', async () => {
    const flow = await identify(site);
    await flow.typeRecoveryCode(requireValue(codes[1]));
    await flow.makePasskey();
    const claims = (await flow.finish()).claims();
    assert.deepEqual([claims?.acr, claims?.amr], ['urn:cardea:acr:recovery', ['otp']]);

    const later = await openSignIn({ ...site, authenticator: flow.authenticator });
    await later.usePasskey();
    assert.deepEqual((await later.finish()).claims()?.acr, 'phr');
  });

  await t.test('goes no further than its passkey where the application demands one', async () => {
    const demand = { claims: JSON.stringify({ id_token: { acr: { essential: true, values: ['phr'] } } }) };
    const flow = await identify(site, { parameters: demand });
    await flow.typeRecoveryCode(requireValue(codes[2]));
    assertPage(await flow.makePasskey(), 'passkey.title.second');
    await flow.usePasskey();
    assert.equal((await flow.finish()).claims()?.acr, 'phr');
  });

  await t.test('is not needed any more when a passkey turns up', async () => {
    const flow = await identify(site, { authenticator: lost });
    await flow.typeRecoveryCode(requireValue(codes[3]));
    assertPage(await flow.visitor.get(`${flow.base}?method=passkey`), 'passkey.title');
    await flow.usePasskey();
    assert.deepEqual((await flow.finish()).claims()?.amr, ['pop', 'user', 'mfa']);
  });

  await t.test('replaces no password', async () => {
    const withPassword = await addAccount(site.app, 'sam@example.com');
    await addPasskey(site.app, withPassword);
    const { codes: own } = await site.app.recoveryCodes.make(withPassword.id);
    const flow = await openSignIn(site);
    await flow.identify('sam@example.com');
    assertPage(await flow.typeRecoveryCode(requireValue(own[0])), 'password.title');
    assert.ok(!flow.current.text.includes('method=recovery-code'), 'one in each sign-in');
    const second = await flow.visitor.postForm(`${flow.base}/recovery-code`, { code: requireValue(own[1]) });
    assertRefused(second, 'method_not_offered');
    assertRefused(await flow.post('/enrol/options', {}), 'step_finished');
    await flow.typePassword(TEST_PASSWORD);
    assert.equal((await flow.finish()).claims()?.acr, 'urn:cardea:acr:pwd');
  });

  await t.test('opens nobody else’s account, nor a disabled one', async () => {
    const kim = await addPasskeyOnly(site, 'kim@example.com');
    const flow = await openSignIn(site);
    await flow.identify('kim@example.com');
    assertPage(await flow.typeRecoveryCode(requireValue(codes[4])), 'recovery-code.title', 'code_refused');
    await site.app.accounts.disable(kim.account.id);
    const right = requireValue(kim.codes[0]);
    assertPage(await flow.typeRecoveryCode(right), 'recovery-code.title', 'code_refused');
    assert.equal(await countLeft(site, kim.account), 10);
    assert.equal(await countLeft(site, account), 6);
  });
});

test('whoever spends the last recovery code is told so, and may have new ones at once (RC-11)', async (t) => {
  const site = await openSite(t, 'convenience');
  const { account, codes } = await addPerson(site);
  const last = await spendAllButLast(site, account, codes);
  const flow = await typePassword(site);
  assertPage(await flow.typeRecoveryCode(last), 'recovery-codes-spent.title');
  assertPage(await flow.visitor.get(flow.base), 'recovery-codes-spent.title');
  const { visitor, base } = flow;

  const answers = await raceRequests(site.issuer, 8, () => visitor.postForm(`${base}/recovery-codes`, {}));
  const [made, ...others] = answers.toSorted((left, right) => left.status - right.status);
  assert.ok(made);
  assertPage(made, 'recovery-codes.title');
  for (const other of others) assertRefused(other, 'step_finished');
  assert.equal(made.headers.get('cache-control'), 'no-store');
  const renewed = readCodes(made);
  assert.equal(new Set(renewed).size, 10);
  assertRefused(await visitor.postForm(`${base}/recovery-codes`, {}), 'step_finished');
  assertRefused(await visitor.postForm(`${base}/recovery-codes/decline`, {}), 'step_finished');
  assert.equal((await visitor.get(`${base}/recovery-codes`)).headers.get('location'), base);
  await flow.leave(await visitor.get(base));
  assert.equal((await flow.finish()).claims()?.acr, 'urn:cardea:acr:pwd');

  const lastAgain = await spendAllButLast(site, account, renewed);
  const declined = await typePassword(site);
  await declined.typeRecoveryCode(lastAgain);
  await declined.submit('/recovery-codes/decline', {});
  assert.equal((await declined.finish()).claims()?.acr, 'urn:cardea:acr:pwd');
  const page = await declined.visitor.get('/account');
  assert.ok(page.text.includes(en['security.recovery-codes.left'].replace('{left}', '0')));
});

test('new codes are never those of somebody else, who was named in another tab meanwhile', async (t) => {
  const site = await openSite(t, 'convenience');
  const { account, codes } = await addPerson(site);
  const kim = await addAccount(site.app, 'kim@example.com');
  const last = await spendAllButLast(site, account, codes);
  const flow = await typePassword(site);
  assertPage(await flow.typeRecoveryCode(last), 'recovery-codes-spent.title');
  const { visitor, base } = flow;
  const { signIns } = site.app.storage;
  const find = signIns.find.bind(signIns);
  let looks = 0;
  const looking = t.mock.method(signIns, 'find', async (id: SignInId) => {
    looks += 1;
    if (looks !== 2) return find(id); // the first look saw whose turn it is
    looking.mock.restore();
    await visitor.postForm(`${base}/identify`, { email: kim.email });
    return find(id);
  });

  assertRefused(await visitor.postForm(`${base}/recovery-codes`, {}), 'step_finished');
  assert.equal(looks, 2);
  assert.equal(await countLeft(site, kim), undefined);
  assert.equal(await countLeft(site, account), 0);
});

test('who lost everything but the last code gets a passkey first and then new codes', async (t) => {
  const site = await openSite(t, 'convenience');
  const { account, codes } = await addPasskeyOnly(site);
  const last = await spendAllButLast(site, account, codes);
  const flow = await identify(site);
  assertPage(await flow.typeRecoveryCode(last), 'enrol-passkey.title.recovers');
  assertPage(await flow.makePasskey(), 'recovery-codes-spent.title');
  assert.equal(readCodes(await flow.visitor.postForm(`${flow.base}/recovery-codes`, {})).length, 10);
  await flow.leave(await flow.visitor.get(flow.base));
  assert.equal((await flow.finish()).claims()?.acr, 'urn:cardea:acr:recovery');
});

test('no recovery code is in the store or the log, before its use or after (DA-01, DA-03)', async (t) => {
  const site = await openSite(t, 'convenience');
  const { account, codes } = await addPerson(site);
  const typed = '7777-8888-9999-AAAA';
  const flow = await typePassword(site);
  await flow.typeRecoveryCode(typed);
  await flow.typeRecoveryCode(requireValue(codes[0]));
  await flow.finish();

  const store = await readStored(site);
  const log = site.log.join('');
  const { codes: stored } = requireValue(await site.app.storage.recoveryCodes.find(account.id));
  assert.ok(store.includes(requireValue(stored[0]).digest), 'this would find something');
  for (const code of [...codes, typed]) {
    for (const written of [code, code.replaceAll('-', '')]) {
      assert.ok(!store.includes(written), `${written} is in the store`);
      assert.ok(!log.includes(written), `${written} is in the log`);
    }
  }
});
