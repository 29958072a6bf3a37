import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PRESETS } from '../../config/presets.ts';
import { digest } from '../../src/lib/digest.ts';
import { AccountVisit, toQuery } from '../support/account-visit.ts';
import { addAccount, openTestApp, presetOf, TEST_PASSWORD } from '../support/app.ts';
import { type AuthenticationJson, Authenticator, type RequestOverrides } from '../support/authenticator.ts';
import { addMember, addPasskey } from '../support/enrol.ts';
import { assertPage, assertRefused } from '../support/page.ts';
import { race } from '../support/race.ts';
import { requireValue } from '../support/require-value.ts';
import { openSignIn } from '../support/sign-in-flow.ts';
import { Visitor } from '../support/visitor.ts';

const EMAIL = 'alex@example.com';

function challengeOf({ response }: AuthenticationJson): string {
  return JSON.parse(Buffer.from(response.clientDataJSON, 'base64url').toString()).challenge;
}

test('the answer of a passkey', async (t) => {
  const site = await openTestApp(t, { policy: { ...presetOf('convenience'), enrolPasskey: 'manual' } });
  const { app, issuer, advance } = site;
  const account = await addAccount(app, EMAIL);
  const device = await addPasskey(app, account, new Authenticator({ counter: 'counting', backupEligible: false }));
  const attacker = await addAccount(app, 'mallory@example.com');
  const attackersDevice = await addPasskey(app, attacker);
  const open = (authenticator = device, visitor = new Visitor(issuer)) =>
    openSignIn({ app, issuer, authenticator, visitor });
  const readPasskey = async () => requireValue((await app.passkeys.list(account.id))[0]);

  await t.test('works once: not again in the same browser, nor in another', async () => {
    const flow = await open();
    const { base, visitor } = flow;
    const answer = await flow.askDevice();
    assert.equal((await visitor.postJson(`${base}/passkey`, answer)).status, 200);
    const used = await readPasskey();
    advance(1);

    assertRefused(await visitor.postJson(`${base}/passkey`, answer), 'sign_in_expired');
    assertRefused(await (await open(device, visitor)).post('/passkey', answer), 'passkey_refused');
    assertRefused(await (await open()).post('/passkey', answer), 'passkey_refused');
    assert.deepEqual(await readPasskey(), used, 'nothing was recorded');
  });

  await t.test('works in the sign-in that asked for it, and is spent by any other', async () => {
    const [asked, other] = [await open(), await open()];
    const answer = await asked.askDevice();

    assertRefused(await other.post('/passkey', answer), 'passkey_refused');
    assertRefused(await asked.post('/passkey', answer), 'passkey_refused');
  });

  await t.test('is for five minutes', async () => {
    const [early, late] = [await open(), await open()];
    const answers = [await early.askDevice(), await late.askDevice()];

    advance(5 * 60 - 1);
    assert.equal((await early.post('/passkey', answers[0])).status, 200);
    advance(1);
    assertRefused(await late.post('/passkey', answers[1]), 'passkey_refused');
  });

  await t.test('is refused when any part of it is not as it should be', async () => {
    const victim = await readPasskey();
    const own = requireValue((await app.passkeys.list(attacker.id))[0]);
    const userHandle = Buffer.from(account.userHandle).toString('base64url');
    const lies: Readonly<Record<string, RequestOverrides>> = {
      'the person was not verified': { userVerified: false },
      'nobody was there': { userPresent: false, userVerified: false },
      'the signature is of something else': { signature: new Uint8Array(71) },
      'the id is the victim’s, the key is not': { id: victim.id, signWith: own.id, userHandle },
      'the passkey is one’s own, the account another’s': { userHandle },
      'the account is not named': { userHandle: null },
      'it was made for a parent domain': { rpId: 'host' },
      'it was made for another site': { rpId: 'evil.example' },
      'the page was framed by another site': { crossOrigin: true },
      'the page was framed, and says by whom': { crossOrigin: true, topOrigin: issuer },
      'it is the answer to a registration': { type: 'webauthn.create' },
      'it may suddenly be synced no more': { backupEligible: false, backedUp: false },
    };
    for (const [lie, overrides] of Object.entries(lies)) {
      const flow = await open(attackersDevice);
      const answer = await flow.post('/passkey', await flow.askDevice(overrides));
      assertRefused(answer, 'passkey_refused');
      assert.equal((await flow.visitor.get('/account')).status, 303, lie);
    }
    const wrongPage = await open(attackersDevice);
    const options = JSON.parse((await wrongPage.post('/passkey/options', {})).text);
    const elsewhere = attackersDevice.get(options, { origin: 'https://evil.example' });
    assertRefused(await wrongPage.post('/passkey', elsewhere), 'passkey_refused');
    assert.equal((await open(attackersDevice).then((flow) => flow.usePasskey())).status, 303, 'the honest one works');
  });

  await t.test('counts only for the person who was named', async () => {
    const flow = await open(attackersDevice);
    await flow.identify(EMAIL);

    assertRefused(await flow.post('/passkey', await flow.askDevice()), 'passkey_refused');
    assertPage(await flow.visitor.get(flow.base), 'password.title');
  });

  await t.test('is told to be unknown only when nobody owns the passkey', async () => {
    const flow = await open(attackersDevice);
    const nobodys = Buffer.from('nobody has this passkey').toString('base64url');
    const unknown = await flow.post('/passkey', { ...(await flow.askDevice()), id: nobodys, rawId: nobodys });
    const wrong = await flow.post('/passkey', await flow.askDevice({ userVerified: false }));

    assert.equal(JSON.parse(unknown.text).reason, 'unknown');
    assert.equal(JSON.parse(wrong.text).reason, undefined);
  });

  await t.test('with an equal counter works for one of two at once', async () => {
    const flows = await race(6, () => open());
    const answers: AuthenticationJson[] = [];
    for (const flow of flows) answers.push(await flow.askDevice({ counter: 1000 }));

    const outcomes = await Promise.all(flows.map((flow, index) => flow.post('/passkey', answers[index])));

    assert.deepEqual(outcomes.map(({ status }) => status).sort(), [200, 401, 401, 401, 401, 401]);
  });
});

test('a challenge answers for what it was made for', async (t) => {
  const { app, issuer } = await openTestApp(t, { policy: { enrolPasskey: 'manual' } });
  const account = await addAccount(app, EMAIL);
  const device = await addPasskey(app, account);
  const signedIn = await openSignIn({ app, issuer, authenticator: device });
  await signedIn.usePasskey();
  const visit = new AccountVisit(issuer, signedIn.visitor);
  for (const purpose of ['add-passkey', 'add-totp'] as const) await visit.confirm(purpose);
  const { visitor } = signedIn;
  const openAgain = () => openSignIn({ app, issuer, visitor, authenticator: device, parameters: { prompt: 'login' } });

  await t.test('one to register with does not sign in', async () => {
    const { challenge } = await visit.requestOptions();
    const flow = await openAgain();

    assertRefused(await flow.post('/passkey', await flow.askDevice({ challenge })), 'passkey_refused');
  });

  await t.test('one to sign in with registers nothing', async () => {
    const flow = await openAgain();
    const { challenge } = JSON.parse((await flow.post('/passkey/options', {})).text);
    const response = await visit.askDevice(new Authenticator(), { challenge });

    assertRefused(await visit.post('/passkeys', { response }), 'passkey_not_made');
    assert.equal((await app.passkeys.list(account.id)).length, 1);
  });

  await t.test('a value of another kind is none, and is not spent by being tried', async () => {
    const link = await app.setUp.createLink();
    const challenge = requireValue(link.split('/').at(-1));
    const flow = await openSignIn({ app, issuer, authenticator: device });
    const own = await flow.askDevice();
    const asked = challengeOf(own);

    assertRefused(await flow.post('/passkey', await flow.askDevice({ challenge })), 'passkey_refused');
    assertPage(await new Visitor(issuer).get(link), 'set-up.title');
    assertRefused(await new Visitor(issuer).get(`/set-up/${asked}`), 'link_used_or_expired');
    assertRefused(await visit.submit('/totp', { ticket: asked, code: '123456' }), 'link_used_or_expired');
    assert.equal((await flow.post('/passkey', own)).status, 200);
  });

  await t.test('three wait in a session, and a fourth ends the oldest (WA-38)', async () => {
    const intent = { purpose: 'add-totp' } as const;
    const makes: unknown[] = [];
    for (let count = 0; count < 4; count += 1) makes.push(await visit.askDevice(new Authenticator()));
    const uses: AuthenticationJson[] = [];
    for (let count = 0; count < 4; count += 1) uses.push(await visit.askForConfirmation(intent, device));
    const register = async (index: number) => visit.post('/passkeys', { response: makes[index], name: 'New' });
    const confirm = async (index: number) =>
      visit.post(`/confirm/passkey${toQuery(intent)}`, { response: uses[index] });

    assertRefused(await register(0), 'passkey_not_made');
    assert.equal((await register(1)).status, 200);
    assertRefused(await confirm(0), 'passkey_refused');
    assert.equal((await confirm(1)).status, 200);
  });

  await t.test('three wait in a sign-in, a fourth ends the oldest, and its end ends all', async () => {
    const flow = await openSignIn({ app, issuer, authenticator: device });
    const answers: AuthenticationJson[] = [];
    for (let count = 0; count < 5; count += 1) answers.push(await flow.askDevice());
    const waits = async () => {
      const tickets = answers.map((answer) =>
        app.storage.tickets.find('passkey-challenge', digest(challengeOf(answer))),
      );
      return (await Promise.all(tickets)).map((ticket) => ticket !== undefined);
    };

    assert.deepEqual(await waits(), [false, false, true, true, true]);
    assertRefused(await flow.post('/passkey', answers[1]), 'passkey_refused');
    assert.equal((await flow.post('/passkey', answers[2])).status, 200, 'an older one that still waits works');
    assert.deepEqual(await waits(), [false, false, false, false, false]);
  });
});

test('more requests for options than anybody needs are put off', async (t) => {
  const { app, issuer } = await openTestApp(t, { config: { limitPages: 30 } });
  const flow = await openSignIn({ app, issuer });

  const answers = await race(40, () => flow.post('/passkey/options', {}));

  const refused = answers.filter(({ status }) => status === 429);
  assert.ok(refused.length >= 10);
  for (const answer of refused) {
    assertRefused(answer, 'too_many_tries');
    assert.match(answer.headers.get('retry-after') ?? '', /^[1-9]\d?$/);
  }
});

test('answers with passkeys from one address are limited, and no account by that', async (t) => {
  const { app, issuer, advance } = await openTestApp(t, { config: { limitPasskey: 3 } });
  advance(0); // pauses do not run out while this runs
  const authenticator = await addPasskey(app, await addAccount(app, EMAIL));
  const flow = await openSignIn({ app, issuer, authenticator });
  for (let count = 0; count < 4; count += 1) {
    assertRefused(await flow.post('/passkey', await flow.askDevice({ userVerified: false })), 'passkey_refused');
  }

  const limited = await flow.post('/passkey', await flow.askDevice());

  assertRefused(limited, 'too_many_tries');
  assert.equal(limited.headers.get('retry-after'), '5');
});

test('once a passkey is deleted nobody signs in with it, however close they were', async (t) => {
  const { app, issuer } = await openTestApp(t, { policy: { enrolPasskey: 'manual' } });
  const account = await addAccount(app, EMAIL);
  const authenticator = await addPasskey(app, account);
  const passkey = requireValue((await app.passkeys.list(account.id))[0]);
  const flows = await race(8, () => openSignIn({ app, issuer, authenticator }));
  const answers = await Promise.all(flows.map((flow) => flow.askDevice()));
  const send = (index: number) => requireValue(flows[index]).post('/passkey', answers[index]);

  const [, ...during] = await Promise.all([
    app.passkeys.remove(account.id, passkey.id, { keepOne: false }),
    ...[0, 1, 2, 3].map(send),
  ]);
  const after = await Promise.all([4, 5, 6, 7].map(send));

  for (const { status } of during) assert.ok(status === 200 || status === 401, String(status));
  for (const answer of after) assertRefused(answer, 'passkey_refused');
});

test('a passkey proves nothing to an organization that it does not belong to', async (t) => {
  const { app, issuer } = await openTestApp(t, { policy: PRESETS.workspace });
  const contoso = await app.organizations.create({ name: 'Contoso', policy: PRESETS.workspace });
  const authenticator = await addPasskey(app, await addMember(app, contoso, EMAIL));
  await addAccount(app, EMAIL);

  const byParameter = await openSignIn({ app, issuer, authenticator, parameters: { organization: 'northwind' } });
  assertRefused(await byParameter.post('/passkey', await byParameter.askDevice()), 'passkey_refused');
  const typed = await openSignIn({ app, issuer, authenticator });
  await typed.submit('/identify', { email: EMAIL, organization: 'northwind' });
  assertRefused(await typed.post('/passkey', await typed.askDevice()), 'passkey_refused');
  assertPage(await typed.typePassword(`${TEST_PASSWORD}!`), 'password.title', 'sign_in_failed');
});
