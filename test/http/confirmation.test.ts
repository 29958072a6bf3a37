import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Intent } from '../../src/sign-in/confirmation.ts';
import { AccountVisit, toQuery } from '../support/account-visit.ts';
import { changePolicy, TEST_PASSWORD } from '../support/app.ts';
import { Authenticator } from '../support/authenticator.ts';
import {
  ADDING,
  addAnother,
  assertLeadsTo,
  CONFIRMED_BY_ALL,
  deleting,
  EMAIL,
  isAsked,
  listIds,
  openConfirmer,
} from '../support/confirmations.ts';
import { nextCode } from '../support/enrol.ts';
import { assertPage, assertRefused } from '../support/page.ts';
import { race } from '../support/race.ts';
import { requireValue } from '../support/require-value.ts';
import { openSession, signInByPassword } from '../support/session.ts';
import { openSignIn } from '../support/sign-in-flow.ts';

test('what changes a credential is confirmed first, however fresh the sign-in is', async (t) => {
  const { visit, ids } = await openConfirmer(t);

  for (const [intent, path] of listPages(ids[0])) {
    assertLeadsTo(await visit.visitor.get(`/account${path}`), confirmPath(intent));
    const page = await visit.open(path);
    assertPage(page, 'confirm.title');
    assert.match(page.text, /You are about to/);
    await visit.confirm(intent.purpose, intent.target);
    const back = await visit.visitor.get(`/account${confirmPath(intent)}`);
    assertLeadsTo(back, path); // and not asked again
    assert.equal((await visit.visitor.get(`/account${path}`)).status, 200, path);
  }
  assertPage(await visit.open(), 'security.title');
  assertPage(await visit.open('/sign-out-everywhere'), 'sign-out-everywhere.title');
});

test('each method of the policy confirms, and leads back to where the person was', async (t) => {
  const { visit, device, secret, ids } = await openConfirmer(t);
  const [id] = ids;
  const path = `/passkeys/${id}/delete`;

  await t.test('a passkey first', async () => {
    const page = await visit.open(path);
    assert.match(page.text, /data-needs-passkeys/);
    for (const method of ['password', 'totp']) assert.ok(page.text.includes(`method=${method}"`));
    const answer = await visit.confirmByPasskey(deleting(id), device);
    const { location, signals } = JSON.parse(answer.text);
    assert.deepEqual([answer.status, location], [200, `/account${path}`]);
    assert.deepEqual(signals.acceptedIds, ids);
    assert.equal(await isAsked(visit, path), false);
  });

  await t.test('the password, on a page that works without a script', async () => {
    const intent = deleting(ids[1]);
    const page = await visit.visitor.get(`/account${confirmPath(intent)}&method=password`);
    assert.match(page.text, /<input id="password" name="password" type="password" autocomplete="current-password"/);
    assert.ok(page.text.includes(`action="/account/confirm/password?for=delete-passkey&amp;target=${ids[1]}"`));
    const answer = await visit.answerConfirmation(intent, 'password', { password: TEST_PASSWORD });
    assertLeadsTo(answer, `/passkeys/${ids[1]}/delete`);
    assert.equal(await isAsked(visit, `/passkeys/${ids[1]}/delete`), false);
  });

  await t.test('the authenticator app, likewise', async () => {
    const page = await visit.visitor.get(`/account${confirmPath(ADDING)}&method=totp`);
    assert.match(page.text, /autocomplete="one-time-code"/);
    assertLeadsTo(await visit.answerConfirmation(ADDING, 'totp', { code: nextCode(secret) }), '/passkeys/add');
    assert.equal(await isAsked(visit, '/passkeys/add'), false);
  });

  await t.test('and whoever reloads the address of a form sees the form', async () => {
    const query = toQuery({ purpose: 'delete-totp' });
    for (const method of ['password', 'totp'])
      assertLeadsTo(await visit.visitor.get(`/account/confirm/${method}${query}`), `/confirm${query}&method=${method}`);
  });
});

test('a confirmation is good for one purpose, one target, one session and one account', async (t) => {
  const { site, account, visit, ids } = await openConfirmer(t);
  const elsewhere = new AccountVisit(site.issuer, await signInByPassword(site, EMAIL));
  const kim = await openSession(site, 'kim@example.com');
  const pages = [...listPages(ids[0]), ...listPages(ids[1]).filter(([{ target }]) => target)];
  assert.equal(pages.length, 8);

  for (const [index, [intent]] of pages.entries()) {
    await visit.confirm(intent.purpose, intent.target);
    for (const [other, [, path]] of pages.entries())
      assert.equal(await isAsked(visit, path), other > index, `${intent.purpose} and then ${path}`);
  }
  for (const [, path] of pages) assert.ok(await isAsked(elsewhere, path), path);
  assertRefused(
    await new AccountVisit(site.issuer, kim.visitor).open(confirmPath(deleting(ids[0]))),
    'passkey_not_found',
  );
  assert.equal((await listIds(site, account)).length, 2);
});

test('a confirmation is good for ten minutes', async (t) => {
  const { site, visit, ids } = await openConfirmer(t);
  const { advance } = site;
  const pages = listPages(ids[0]);
  for (const [{ purpose, target }] of pages) await visit.confirm(purpose, target);

  advance(599);
  for (const [, path] of pages) assert.equal(await isAsked(visit, path), false, path);
  advance(2);
  for (const [, path] of pages) assert.equal(await isAsked(visit, path), true, path);
});

test('a form that comes unconfirmed does nothing, and leads back to its page rather than being repeated', async (t) => {
  const { site, visit, account, ids } = await openConfirmer(t);
  const { app } = site;
  const [id] = ids;
  const before = [await app.accounts.find(account.id), await app.passkeys.list(account.id)];
  const forms = [
    [`/passkeys/${id}/rename`, { name: 'Other' }],
    [`/passkeys/${id}/delete`, {}],
    ['/password', { current: TEST_PASSWORD, password: 'quite another password' }],
    ['/totp', { ticket: 'x', code: '123456' }],
    ['/totp/delete', {}],
  ] as const;
  for (const [path, fields] of forms) {
    const asked = await visit.submit(path, fields);
    assert.match(asked.headers.get('location') ?? '', /^\/account\/confirm\?for=/, path);
    assertPage(await visit.visitor.follow(asked), 'confirm.title');
  }
  for (const path of ['/passkeys/options', '/passkeys'])
    assertRefused(await visit.post(path, { response: {} }), 'confirmation_required');
  await visit.confirm('delete-passkey', id);
  assert.deepEqual([await app.accounts.find(account.id), await app.passkeys.list(account.id)], before);
  assert.equal(await isAsked(visit, `/passkeys/${id}/delete`), false, 'the page with its button');
});

test('what is done once uses its confirmation up', async (t) => {
  const { site, account, visit, ids } = await openConfirmer(t);
  const [first, second] = ids;

  await t.test('of ten at the same time one deletes the passkey', async () => {
    await visit.confirm('delete-passkey', first);
    const csrf = await visit.readCsrf();
    const answers = await race(10, () => visit.visitor.postForm(`/account/passkeys/${first}/delete`, { csrf }));
    const done = answers.filter(({ headers }) => headers.get('location') === '/account?done=passkey-deleted');
    assert.equal(done.length, 1);
    assert.deepEqual(await listIds(site, account), [second]);
  });

  await t.test('a refused deletion too', async () => {
    await changePolicy(site.app, { password: 'off' });
    const { device, id: third } = await addAnother(site, account);
    await visit.confirmByPasskey(deleting(second), device);
    assertLeadsTo(await visit.submit(`/passkeys/${second}/delete`), '?done=passkey-deleted');
    await visit.confirmByPasskey(deleting(third), device);
    assertRefused(await visit.submit(`/passkeys/${third}/delete`), 'last_way_in');
    await changePolicy(site.app, { password: 'on' });
    assert.equal(await isAsked(visit, `/passkeys/${third}/delete`), true);
  });

  await t.test('and the removal of the app', async () => {
    await visit.confirm('delete-totp');
    assertLeadsTo(await visit.submit('/totp/delete'), '?done=totp-off');
    assert.equal(await isAsked(visit, '/totp/delete'), true);
  });
});

test('whoever has added a passkey may name it at once, and no other', async (t) => {
  const { site, visit, account, ids } = await openConfirmer(t);
  await visit.confirm('add-passkey');
  assertPage(await visit.addPasskey(new Authenticator()), 'passkey-rename.title.fresh', 'passkey-added');
  const made = (await listIds(site, account)).find((id) => !ids.includes(id));

  assertLeadsTo(
    await visit.submit(`/passkeys/${made}/rename`, { name: 'New' }),
    `?done=passkey-renamed&passkey=${made}`,
  );
  assert.equal(await isAsked(visit, `/passkeys/${ids[0]}/rename`), true);
  assert.equal(await isAsked(visit, `/passkeys/${made}/delete`), true);
  assert.equal(await isAsked(visit, '/passkeys/add'), false, 'another one may be added');
});

test('a confirmation ends with what it stands on', async (t) => {
  const { site, account, visit, visitor, device, ids } = await openConfirmer(t);
  const { app, advance } = site;

  await t.test('with the password that the account had', async () => {
    await visit.confirmByPasskey({ purpose: 'delete-totp' }, device);
    await visit.confirm('change-password');
    advance(1);
    assertLeadsTo(await visit.submit('/password', { password: 'quite another password' }), '?done=password-set');
    for (const path of ['/totp/delete', '/password']) assert.equal(await isAsked(visit, path), true);
  });

  await t.test('with the passkey that gave it', async () => {
    const lost = await addAnother(site, account);
    await visit.confirmByPasskey(ADDING, lost.device);
    assert.equal(await isAsked(visit, '/passkeys/add'), false);
    await visit.confirmByPasskey(deleting(lost.id), device);
    await visit.submit(`/passkeys/${lost.id}/delete`);
    assert.equal(await isAsked(visit, '/passkeys/add'), true);
  });

  await t.test('with the policy that allowed it', async () => {
    await visit.confirmByPasskey(ADDING, device);
    await changePolicy(app, { confirmWith: ['totp'] });
    assert.equal(await isAsked(visit, '/passkeys/add'), true);
    await changePolicy(app, CONFIRMED_BY_ALL);
  });

  await t.test('with the session', async () => {
    const path = `/passkeys/${ids[0]}/delete`;
    await visit.confirmByPasskey(deleting(ids[0]), device);
    const csrf = await visit.readCsrf();
    const stolen = new Map(visitor.cookies);
    await visit.submit('/sign-out');
    assert.match((await visitor.postForm(`/account${path}`, { csrf })).headers.get('location') ?? '', /^\/auth\?/);
    for (const [key, cookie] of stolen) visitor.cookies.set(key, cookie);
    assert.match((await visitor.postForm(`/account${path}`, { csrf })).headers.get('location') ?? '', /^\/auth\?/);

    const flow = await openSignIn({ ...site, visitor, authenticator: device });
    await flow.usePasskey();
    assert.equal(await isAsked(visit, path), true);
    assert.equal((await listIds(site, account)).length, 2);
  });
});

test('signing in once more, without having been asked to, confirms nothing', async (t) => {
  const { site, visitor, visit, ids } = await openConfirmer(t);
  const { advance } = site;
  assert.equal(await isAsked(visit, '/passkeys/add'), true);
  advance(60);
  const flow = await openSignIn({ ...site, visitor, parameters: { prompt: 'login' } });
  await flow.typePassword(TEST_PASSWORD);
  for (const [, path] of listPages(ids[0])) assert.equal(await isAsked(visit, path), true, path);
});

test('whoever has none of the methods signs in again from the beginning, and comes back', async (t) => {
  const { site, visit, visitor, secret, ids } = await openConfirmer(t, { confirmWith: ['email-link'] });
  const { advance } = site;
  const path = `/passkeys/${ids[0]}/delete`;

  const asked = await visitor.open(`/account${path}`);
  assertPage(asked, 'password.title');
  assert.ok(asked.text.includes(EMAIL), 'nobody has to say again who they are');
  assert.equal(await isAsked(visit, path), true, 'to be asked is not enough');
  assertPage(await visit.open(path), 'password.title');
  const wrongWays = { password: { password: TEST_PASSWORD }, totp: { code: nextCode(secret) }, 'email-link': {} };
  for (const [method, fields] of Object.entries(wrongWays)) {
    const answer = await visit.answerConfirmation(deleting(ids[0]), method, fields);
    assert.match(answer.headers.get('location') ?? '', /^\/auth\?.*prompt=login/, method);
    assert.equal(await isAsked(visit, path), true, method);
  }
  assertRefused(await visit.post(`/confirm/passkey/options${toQuery(deleting(ids[0]))}`), 'method_not_offered');

  advance(30);
  const back = await visit.typePassword(await visit.open(path), TEST_PASSWORD);
  assert.equal(new URL(back.url).pathname, `/account${path}`);
  assert.equal(back.status, 200);
  assert.equal(await isAsked(visit, `/passkeys/${ids[1]}/delete`), true);
  assert.equal(await isAsked(visit, '/passkeys/add'), true);
  assertLeadsTo(await visit.submit(path), '?done=passkey-deleted');
});

test('the page says in plain words what is being confirmed, whatever the passkey is called', async (t) => {
  const { site, account, visit, ids } = await openConfirmer(t);
  const { app } = site;
  const [id] = ids;
  await app.passkeys.rename(account.id, requireValue((await app.passkeys.list(account.id))[0]).id, '"><img src=x>');
  const page = await visit.open(`/passkeys/${id}/delete`);
  assert.match(
    page.text,
    /You are about to delete the passkey <strong dir="auto">&#34;&gt;&lt;img src=x&gt;<\/strong>\./,
  );
  assert.ok(!page.text.includes('<img'));
  assert.match(page.headers.get('cache-control') ?? '', /no-store/);
});

/** Everything that has to be confirmed, with the page that it begins on. */
function listPages(id = ''): readonly (readonly [Intent, string])[] {
  return [
    [ADDING, '/passkeys/add'],
    [{ purpose: 'rename-passkey', target: id }, `/passkeys/${id}/rename`],
    [deleting(id), `/passkeys/${id}/delete`],
    [{ purpose: 'change-password' }, '/password'],
    [{ purpose: 'add-totp' }, '/totp/add'],
    [{ purpose: 'delete-totp' }, '/totp/delete'],
  ];
}

function confirmPath(intent: Intent): string {
  return `/confirm${toQuery(intent)}`;
}
