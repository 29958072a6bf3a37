import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Intent } from '../../src/sign-in/confirmation.ts';
import { AccountVisit, toQuery } from '../support/account-visit.ts';
import { changePolicy, TEST_PASSWORD } from '../support/app.ts';
import { Authenticator } from '../support/authenticator.ts';
import { computeCode } from '../support/authenticator-app.ts';
import {
  ADDING,
  addAnother,
  assertLeadsTo,
  deleting,
  EMAIL,
  isAsked,
  listIds,
  openConfirmer,
} from '../support/confirmations.ts';
import { addPasskey, nextCode } from '../support/enrol.ts';
import { assertPage, assertRefused } from '../support/page.ts';
import { race } from '../support/race.ts';
import { openSession, signInByPassword } from '../support/session.ts';
import { openSignIn } from '../support/sign-in-flow.ts';

test('a passkey confirms what it was asked for, here and now', async (t) => {
  const { site, visit, visitor, account, device, ids } = await openConfirmer(t);
  const { app } = site;
  const [first, second] = ids;
  const finish = (intent: Intent, response: unknown) => visit.post(`/confirm/passkey${toQuery(intent)}`, { response });

  await t.test('not another target or purpose, and is spent by being tried', async () => {
    for (const intent of [deleting(second), ADDING]) {
      const response = await visit.askForConfirmation(deleting(first), device);
      assertRefused(await finish(intent, response), 'passkey_refused');
      assertRefused(await finish(deleting(first), response), 'passkey_refused');
    }
  });

  await t.test('not in another session, nor by another account', async () => {
    const response = await visit.askForConfirmation(ADDING, device);
    const elsewhere = new AccountVisit(site.issuer, await signInByPassword(site, EMAIL));
    assertRefused(await elsewhere.post(`/confirm/passkey${toQuery(ADDING)}`, { response }), 'passkey_refused');
    assertRefused(await finish(ADDING, response), 'passkey_refused');
    const kim = await openSession(site, 'kim@example.com');
    const theirs = await addPasskey(app, kim.account);
    await assert.rejects(visit.askForConfirmation(ADDING, theirs), { name: 'NotAllowedError' });
    const { challenge } = JSON.parse((await visit.post(`/confirm/passkey/options${toQuery(ADDING)}`)).text);
    const answer = theirs.get({ challenge }, { origin: site.issuer });
    assertRefused(await finish(ADDING, answer), 'passkey_refused');
  });

  await t.test('not with a challenge to sign in or to register, nor the other way round', async () => {
    const flow = await openSignIn({ ...site, visitor, authenticator: device, parameters: { prompt: 'login' } });
    assertRefused(await finish(ADDING, await flow.askDevice()), 'passkey_refused');
    assertRefused(await flow.post('/passkey', await visit.askForConfirmation(ADDING, device)), 'passkey_refused');
    await visit.confirm('add-passkey');
    const { challenge } = await visit.requestOptions();
    assertRefused(
      await finish(deleting(first), await visit.askForConfirmation(deleting(first), device, { challenge })),
      'passkey_refused',
    );
    const asked = JSON.parse((await visit.post(`/confirm/passkey/options${toQuery(ADDING)}`)).text).challenge;
    const response = await visit.askDevice(new Authenticator(), { challenge: asked });
    assertRefused(await visit.post('/passkeys', { response }), 'passkey_not_made');
    assert.equal((await listIds(site, account)).length, 2);
  });

  await t.test('only by a person whom the device has verified, and only as it was asked', async () => {
    const intent: Intent = { purpose: 'delete-totp' };
    const lies = [
      { userVerified: false },
      { userVerified: false, userPresent: false },
      { rpId: 'evil.example' },
      { crossOrigin: true },
      { type: 'webauthn.create' },
      { signature: new Uint8Array(64) },
      { userHandle: Buffer.alloc(64).toString('base64url') },
    ];
    for (const overrides of lies)
      assertRefused(await finish(intent, await visit.askForConfirmation(intent, device, overrides)), 'passkey_refused');
    for (const noise of [undefined, null, 'x', [], {}]) assertRefused(await finish(intent, noise), 'malformed_request');
    assert.equal(await isAsked(visit, '/totp/delete'), true);
  });

  await t.test('once', async () => {
    const intent: Intent = { purpose: 'delete-totp' };
    const response = await visit.askForConfirmation(intent, device);
    assert.equal((await finish(intent, response)).status, 200);
    assertRefused(await finish(intent, response), 'passkey_refused');
    await visit.submit('/totp/delete');
    assertRefused(await finish(intent, response), 'passkey_refused');
    assert.equal(await isAsked(visit, '/totp/delete'), true);
  });

  await t.test('not after it was deleted, which the password manager is told', async () => {
    const lost = await addAnother(site, account);
    const response = await visit.askForConfirmation({ purpose: 'add-totp' }, lost.device);
    await visit.confirm('delete-passkey', lost.id);
    await visit.submit(`/passkeys/${lost.id}/delete`);
    const answer = await finish({ purpose: 'add-totp' }, response);
    assertRefused(answer, 'passkey_refused');
    assert.equal(JSON.parse(answer.text).reason, 'unknown');
  });

  await t.test('for five minutes', async () => {
    const intent: Intent = { purpose: 'change-password' };
    const response = await visit.askForConfirmation(intent, device);
    site.advance(301);
    assertRefused(await finish(intent, response), 'passkey_refused');
  });
});

test('a code of the app confirms once', async (t) => {
  const { site, visit, secret } = await openConfirmer(t);
  const { advance } = site;
  const confirm = (intent: Intent, code: string) => visit.answerConfirmation(intent, 'totp', { code });
  advance(300);
  const now = () => computeCode(secret, new Date());

  await t.test('of ten at the same time one', async () => {
    const csrf = await visit.readCsrf();
    const code = now();
    const answers = await race(10, (index) =>
      visit.visitor.postForm(`/account/confirm/totp${toQuery(index % 2 ? ADDING : { purpose: 'delete-totp' })}`, {
        csrf,
        code,
      }),
    );
    assert.equal(answers.filter(({ status }) => status === 303).length, 1);
    const open = [await isAsked(visit, '/passkeys/add'), await isAsked(visit, '/totp/delete')];
    assert.deepEqual(open.sort(), [false, true]);
  });

  await t.test('and none that was used to sign in, or is too old', async () => {
    advance(1000);
    await changePolicy(site.app, { secondFactor: 'required', secondFactors: ['totp'] });
    const flow = await openSignIn(site);
    await flow.identify(EMAIL);
    await flow.typePassword(TEST_PASSWORD);
    const code = now();
    assert.equal((await flow.typeCode(code)).status, 303);
    const intent: Intent = { purpose: 'add-totp' };
    assertPage(await confirm(intent, code), 'confirm.title', 'code_refused');
    assertPage(
      await confirm(intent, computeCode(secret, new Date(Date.now() - 60_000))),
      'confirm.title',
      'code_refused',
    );
    advance(1000);
    for (const odd of ['', '12345', 'abcdef', '１２３４５６', '000000'])
      assertPage(await confirm(intent, odd), 'confirm.title', 'code_refused');
    assert.equal(await isAsked(visit, '/totp/add'), true);
  });
});

test('wrong answers are counted as at sign-in', async (t) => {
  const wrong = (visit: AccountVisit, password = 'a wrong password') =>
    visit.answerConfirmation(ADDING, 'password', { password });

  await t.test('the sixth starts a pause, which a right one ends as little', async (t) => {
    const { visit } = await openConfirmer(t);
    for (let count = 0; count < 6; count += 1) assertPage(await wrong(visit), 'confirm.title', 'wrong_password');
    const limited = await wrong(visit, TEST_PASSWORD);
    assertPage(limited, 'confirm.title', 'too_many_tries');
    assert.equal(limited.headers.get('retry-after'), '30');
    assert.equal(await isAsked(visit, '/passkeys/add'), true);
  });

  await t.test('together with those of the sign-in page, of the same browser', async (t) => {
    const { site, visit, visitor } = await openConfirmer(t);
    for (let count = 0; count < 3; count += 1) await wrong(visit);
    const flow = await openSignIn({ ...site, visitor, parameters: { prompt: 'login' } });
    for (let count = 0; count < 3; count += 1) await flow.typePassword('a wrong password');
    assertPage(await wrong(visit, TEST_PASSWORD), 'confirm.title', 'too_many_tries');
  });

  await t.test('apart from those of strangers, who keep nobody from confirming', async (t) => {
    const { site, visit, device } = await openConfirmer(t);
    const stranger = await openSignIn(site);
    await stranger.identify(EMAIL);
    for (let count = 0; count < 7; count += 1) await stranger.typePassword('a wrong password');
    assertPage(stranger.current, 'password.title', 'too_many_tries');
    assertLeadsTo(await wrong(visit, TEST_PASSWORD), '/passkeys/add');
    assert.equal((await visit.confirmByPasskey({ purpose: 'delete-totp' }, device)).status, 200);
  });

  await t.test('after twenty wrong codes in a row no code is right, until a passkey is used', async (t) => {
    const { site, visit, visitor, device, secret } = await openConfirmer(t);
    const { advance } = site;
    const tryCode = async (code: string) => {
      advance(1000);
      const flow = await openSignIn({ ...site, visitor }); // the session would not last as long as the pauses
      if (flow.current.status === 200) await flow.typePassword(TEST_PASSWORD);
      return visit.answerConfirmation(ADDING, 'totp', { code });
    };
    const tryRightCode = () => tryCode(computeCode(secret, new Date(Date.now() + 1_000_000)));
    for (let count = 0; count < 20; count += 1) assertPage(await tryCode('12345'), 'confirm.title', 'code_refused');
    assertPage(await tryRightCode(), 'confirm.title', 'code_refused');
    await visit.confirmByPasskey({ purpose: 'delete-totp' }, device);
    assertLeadsTo(await tryRightCode(), '/passkeys/add');
  });

  await t.test('and a password that opens nothing is refused like a wrong one', async (t) => {
    const { site, account, visit } = await openConfirmer(t);
    const { app } = site;
    const longest = await wrong(visit, 'x'.repeat(129));
    assertRefused(longest, 'malformed_request');
    await app.accounts.disable(account.id);
    assert.match((await visit.visitor.get('/account/passkeys/add')).headers.get('location') ?? '', /^\/auth/);
  });
});

test('what the policy does not list is neither offered nor accepted', async (t) => {
  const { site, visit, secret, device } = await openConfirmer(t, { confirmWith: ['totp', 'email-code', 'email-link'] });
  const { app } = site;
  const page = await visit.open('/passkeys/add');
  assertPage(page, 'confirm.title');
  assert.doesNotMatch(page.text, /&amp;method=|data-needs-passkeys|type="password"/);
  for (const method of ['passkey', 'password', 'email-code', 'email-link', 'nonsense', '__proto__'])
    assert.match((await visit.open(`${confirmPath(ADDING)}&method=${method}`)).text, /one-time-code/, method);

  const forms = { password: { password: TEST_PASSWORD }, 'email-code': { code: '12345678' }, 'email-link': {} };
  for (const [method, fields] of Object.entries(forms))
    assertPage(await visit.answerConfirmation(ADDING, method, fields), 'confirm.title', 'method_not_offered');
  for (const method of ['email-code', 'email-link'])
    assertPage(await visit.answerConfirmation(ADDING, `${method}/send`, {}), 'confirm.title', 'method_not_offered');
  assertRefused(await visit.post(`/confirm/passkey/options${toQuery(ADDING)}`), 'method_not_offered');
  assert.equal(await isAsked(visit, '/passkeys/add'), true);

  await changePolicy(app, { confirmWith: ['passkey'] });
  const response = await visit.askForConfirmation(ADDING, device);
  await changePolicy(app, { confirmWith: ['totp'] });
  assertRefused(await visit.post(`/confirm/passkey${toQuery(ADDING)}`, { response }), 'method_not_offered');
  assertLeadsTo(await visit.answerConfirmation(ADDING, 'totp', { code: nextCode(secret) }), '/passkeys/add');
});

test('only our own pages confirm, and nothing that a request says leads anywhere else', async (t) => {
  const { site, account, visit, visitor, ids, device } = await openConfirmer(t);
  const [id] = ids;
  const csrf = await visit.readCsrf();
  const evil = { origin: 'https://evil.example' };
  const password = TEST_PASSWORD;

  await t.test('not another site, nor a form without its word', async () => {
    const url = `/account/confirm/password${toQuery(ADDING)}`;
    assertRefused(await visitor.postForm(url, { csrf, password }, evil), 'cross_site_request');
    assertRefused(await visitor.postForm(url, { csrf: 'x', password }), 'cross_site_request');
    assertRefused(await visitor.postForm(url, { password }), 'malformed_request');
    const response = await visit.askForConfirmation(ADDING, device);
    const finish = `/account/confirm/passkey${toQuery(ADDING)}`;
    assertRefused(await visitor.postJson(finish, { csrf, response }, evil), 'cross_site_request');
    assertRefused(await visitor.postJson(finish, { csrf: 'x', response }), 'cross_site_request');
    assertRefused(await visitor.postJson(`${finish.replace('?', '/options?')}`, { csrf: 'x' }), 'cross_site_request');
    assert.equal(await isAsked(visit, '/passkeys/add'), true);
  });

  await t.test('and a confirmation is not used up by what another site sends', async () => {
    await visit.confirm('delete-passkey', id);
    const url = `/account/passkeys/${id}/delete`;
    assertRefused(await visitor.postForm(url, { csrf }, evil), 'cross_site_request');
    assertRefused(await visitor.postForm(url, { csrf: 'x' }), 'cross_site_request');
    assert.equal(await isAsked(visit, `/passkeys/${id}/delete`), false);
    assert.equal((await listIds(site, account)).length, 2);
  });

  await t.test('an address that names no intent is refused', async () => {
    const queries = [
      '',
      '?for=',
      '?for=everything',
      '?for=__proto__',
      '?for=add-passkey&for=delete-totp',
      '?for[]=add-passkey',
      '?for=delete-passkey',
      '?for=delete-passkey&target=',
      `?for=delete-passkey&target=${id}&target=${id}`,
      '?for=add-passkey&target=x',
      `?for=delete-passkey&target=${'x'.repeat(3000)}`,
    ];
    for (const query of queries) {
      assertRefused(await visitor.get(`/account/confirm${query}`), 'malformed_request');
      assertRefused(
        await visitor.postForm(`/account/confirm/password${query}`, { csrf, password }),
        'malformed_request',
      );
      assertRefused(await visitor.postJson(`/account/confirm/passkey/options${query}`, { csrf }), 'malformed_request');
    }
    for (const target of [
      '//evil.example',
      '/\\evil.example',
      '../../session/end',
      '%2f%2fevil',
      'https:evil',
      '\t//evil',
    ]) {
      const query = toQuery({ purpose: 'rename-passkey', target });
      assertRefused(await visitor.get(`/account/confirm${query}`), 'passkey_not_found');
      const answer = await visitor.postForm(`/account/confirm/password${query}`, { csrf, password });
      assertRefused(answer, 'passkey_not_found');
    }
  });

  await t.test('and what else it says is ignored', async () => {
    const more = '&return_to=//evil.example&next=https://evil.example&state=/\\evil.example&redirect_uri=https:evil';
    const answer = await visitor.postForm(`/account/confirm/password${toQuery(ADDING)}${more}`, { csrf, password });
    assertLeadsTo(answer, '/passkeys/add');
    assertLeadsTo(await visitor.get(`/account/confirm${toQuery(ADDING)}${more}`), '/passkeys/add');
    const form = { csrf, password, return_to: '//evil.example' };
    assertRefused(await visitor.postForm(`/account/confirm/password${toQuery(ADDING)}`, form), 'malformed_request');
  });
});

function confirmPath(intent: Intent): string {
  return `/confirm${toQuery(intent)}`;
}
