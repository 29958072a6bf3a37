import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Account } from '../../src/accounts/account-store.ts';
import { en } from '../../src/http/languages/en.ts';
import { AccountVisit } from '../support/account-visit.ts';
import { changePolicy, openTestApp, type TestApp } from '../support/app.ts';
import { Authenticator, type CreationOptions } from '../support/authenticator.ts';
import { addPasskey } from '../support/enrol.ts';
import { assertPage, assertRefused, readField, readNotice } from '../support/page.ts';
import { requireValue } from '../support/require-value.ts';
import { openSession } from '../support/session.ts';
import { openSignIn } from '../support/sign-in-flow.ts';

const PASSWORDS_ONLY = { policy: { enrolPasskey: 'manual', secondFactor: 'off' } } as const;

/** Somebody new who has confirmed that they are about to add a passkey. */
async function visitAccount(site: TestApp, email?: string) {
  const { account, visitor } = await openSession(site, email);
  const visit = new AccountVisit(site.issuer, visitor);
  await visit.confirm('add-passkey');
  return { account, visit };
}

/** Somebody new who has nothing but a passkey. */
async function visitWithPasskey({ app, issuer }: TestApp, email: string) {
  const organization = await app.organizations.requireOrFirst(undefined);
  const account = await app.accounts.create({ organizationId: organization.id, email });
  const device = await addPasskey(app, account);
  const flow = await openSignIn({ app, issuer, authenticator: device });
  await flow.usePasskey();
  return { account, visit: new AccountVisit(issuer, flow.visitor), device };
}

async function listIds({ app }: TestApp, { id }: Account): Promise<readonly string[]> {
  return (await app.passkeys.list(id)).map((passkey) => passkey.id);
}

test('a passkey is added', async (t) => {
  const site = await openTestApp(t, PASSWORDS_ONLY);
  const { app, issuer } = site;
  const { account, visit } = await visitAccount(site);
  const kim = await visitAccount(site, 'kim@example.com');
  const device = new Authenticator();

  await t.test('with a name that is asked for afterwards, and a good one to begin with', async () => {
    const page = await visit.addPasskey(device);
    assertPage(page, 'passkey-rename.title.fresh', 'passkey-added');
    assert.equal(readField(page, 'name'), 'Passkey');
    const renamed = await visit.submit(new URL(page.url).pathname.slice('/account'.length), { name: ' My  phone ' });
    const security = await visit.visitor.follow(renamed);
    assert.equal(readNotice(security), 'It is called “My  phone” now.');

    const flow = await openSignIn({ app, issuer, authenticator: device });
    await flow.usePasskey();
    assert.equal((await flow.finish()).claims()?.sub, account.id);
  });

  await t.test('and tells the password manager which there are', async () => {
    const answer = await visit.post('/passkeys', {
      response: await visit.askDevice(new Authenticator()),
      name: 'Second',
    });
    const { location, signals } = JSON.parse(answer.text);

    assert.match(location, /^\/account\?done=passkey-added&passkey=/);
    assert.equal(readNotice(await visit.visitor.open(location)), '“Second” was added.');
    assert.deepEqual(signals.acceptedIds, await listIds(site, account));
    assert.deepEqual([signals.rpId, signals.name, signals.displayName], ['localhost', account.email, 'Alex Example']);
  });

  await t.test('where the person says', async () => {
    const attachments: Readonly<Record<string, string>> = {
      'this-device': 'platform',
      phone: 'cross-platform',
      'security-key': 'cross-platform',
    };
    for (const [where, attachment] of Object.entries(attachments)) {
      const answer = await visit.post('/passkeys/options', { where });
      const { authenticatorSelection } = JSON.parse(answer.text);
      assert.equal(authenticatorSelection.authenticatorAttachment, attachment);
      assert.equal(authenticatorSelection.userVerification, 'required');
      assert.equal(authenticatorSelection.residentKey, 'required');
    }
    assertRefused(await visit.post('/passkeys/options', { where: 'elsewhere' }), 'malformed_request');
    const plain: { authenticatorSelection: object } = JSON.parse((await visit.post('/passkeys/options')).text);
    assert.ok(!('authenticatorAttachment' in plain.authenticatorSelection), 'no choice is carried over');
  });

  await t.test('once on each device, and not where somebody else has that very one', async () => {
    await assert.rejects(visit.askDevice(device), { name: 'InvalidStateError' });
    const [existing = ''] = await listIds(site, account);
    const credentialId = new Uint8Array(Buffer.from(existing, 'base64url'));
    const response = await kim.visit.askDevice(new Authenticator(), { credentialId });
    assertRefused(await kim.visit.post('/passkeys', { response }), 'already_registered');
    assert.deepEqual(await listIds(site, kim.account), []);
  });

  await t.test('and named by the page only to whose it is', async () => {
    const [own] = await listIds(site, account);
    for (const id of [own, '__proto__', '']) {
      const page = await kim.visit.open(`?done=passkey-added&passkey=${id}`);
      assertPage(page, 'security.title', 'passkey-added');
    }
  });

  await t.test('to the account of the session that asked, and to no other', async () => {
    const before = await listIds(site, account);
    const response = await kim.visit.askDevice(new Authenticator());
    assertRefused(await visit.post('/passkeys', { response }), 'passkey_not_made');
    assertRefused(await kim.visit.post('/passkeys', { response }), 'passkey_not_made');
    for (const field of ['accountId', 'email', 'userHandle'])
      assertRefused(await kim.visit.post('/passkeys/options', { [field]: account.id }), 'malformed_request');
    assert.deepEqual(await listIds(site, account), before);
  });

  await t.test('only as it was asked for', async () => {
    const { visit: sam, account: person } = await visitAccount(site, 'sam@example.com');
    const lies = [
      { userVerified: false },
      { userPresent: false, userVerified: false },
      { rpId: 'evil.example' },
      { crossOrigin: true },
      { trailingBytes: new Uint8Array(8) },
      { id: 'AAAAAAAAAAAAAAAAAAAAAA' },
      { attestation: { format: 'android-key', statement: new Map() } },
    ] as const;
    for (const overrides of lies) {
      const response = await sam.askDevice(new Authenticator(), overrides);
      assertRefused(await sam.post('/passkeys', { response }), 'passkey_not_made');
    }
    const noise = [
      undefined,
      null,
      'x',
      [],
      {},
      { id: 'x' },
      { ...(await sam.askDevice(new Authenticator())), more: 1 },
    ];
    const longest = await sam.askDevice(new Authenticator(), { credentialId: new Uint8Array(1024) });
    for (const response of [...noise, longest])
      assertRefused(await sam.post('/passkeys', { response }), 'malformed_request');
    assert.deepEqual(await listIds(site, person), []);
  });

  await t.test('with transports that are known, whatever the device says', async () => {
    const transports = ['<script>', ...Array<string>(500).fill('usb'), 'nfc', 'smoke'];
    await kim.visit.post('/passkeys', { response: await kim.visit.askDevice(new Authenticator(), { transports }) });
    assert.deepEqual((await app.passkeys.list(kim.account.id))[0]?.transports, ['usb', 'nfc']);
  });

  await t.test('up to twenty', async () => {
    const { visit: sam, account: person } = await visitAccount(site, 'many@example.com');
    const options: CreationOptions = await sam.requestOptions();
    for (let count = 0; count < 20; count += 1) await addPasskey(app, person);

    assertRefused(await sam.post('/passkeys/options'), 'too_many_passkeys');
    const response = new Authenticator().create(options, { origin: issuer });
    assertRefused(await sam.post('/passkeys', { response }), 'too_many_passkeys');
    assert.equal((await listIds(site, person)).length, 20);
  });
});

test('a passkey of somebody else is not there', async (t) => {
  const site = await openTestApp(t, PASSWORDS_ONLY);
  const { account, visit } = await visitAccount(site);
  const kim = await visitAccount(site, 'kim@example.com');
  await addPasskey(site.app, account);
  await addPasskey(site.app, kim.account);
  const [theirs = ''] = await listIds(site, kim.account);

  for (const id of [theirs, 'AAAAAAAAAAAAAAAAAAAAAA', '__proto__', '%00', `${theirs}x`]) {
    for (const action of ['rename', 'delete']) {
      assertRefused(await visit.open(`/passkeys/${id}/${action}`), 'passkey_not_found');
      const fields: Record<string, string> = action === 'rename' ? { name: 'Mine now' } : {};
      assertRefused(await visit.submit(`/passkeys/${id}/${action}`, fields), 'passkey_not_found');
    }
  }
  const [passkey] = await site.app.passkeys.list(kim.account.id);
  assert.equal(passkey?.name, 'Passkey');
});

test('the name of a passkey is text of up to 64 characters that deceives nobody', async (t) => {
  const site = await openTestApp(t, PASSWORDS_ONLY);
  const { account, visit } = await visitAccount(site);
  await addPasskey(site.app, account);
  const [id = ''] = await listIds(site, account);
  const path = `/passkeys/${id}/rename`;
  await visit.confirm('rename-passkey', id);
  await visit.confirm('delete-passkey', id);
  const nameOf = async () => requireValue((await site.app.passkeys.list(account.id))[0]).name;

  for (const name of ['', '   ', 'x'.repeat(65), 'Blue\u202Ekey', 'Blue\r\nkey', 'Blue\u2028key', 'Blue\u009bkey']) {
    const page = await visit.submit(path, { name });
    assertPage(page, 'passkey-rename.title', 'malformed_request');
    assert.equal(readField(page, 'name'), 'Passkey');
  }
  assert.equal(await nameOf(), 'Passkey');
  const html = '"><img src=x onerror=alert(1)>&amp;';
  for (const name of ['Schlüssel 🔑', 'x'.repeat(64), "Alex' key", html]) {
    assert.equal((await visit.submit(path, { name })).status, 303);
    assert.equal(await nameOf(), name);
  }
  for (const page of [await visit.open(), await visit.open(path), await visit.open(path.replace('rename', 'delete'))])
    assert.ok(page.text.includes('&lt;img') && !page.text.includes('<img'));
});

test('a passkey is deleted', async (t) => {
  const site = await openTestApp(t, PASSWORDS_ONLY);
  const { app, issuer } = site;

  await t.test('and signs in no more', async () => {
    const { account, visit } = await visitAccount(site);
    const device = await addPasskey(app, account);
    const [id] = await listIds(site, account);
    await visit.confirm('delete-passkey', id);

    const answer = await visit.submit(`/passkeys/${id}/delete`);

    assertPage(await visit.visitor.follow(answer), 'security.title', 'passkey-deleted');
    const flow = await openSignIn({ app, issuer, authenticator: device });
    const refused = await flow.post('/passkey', await flow.askDevice());
    assertRefused(refused, 'passkey_refused');
    assert.equal(JSON.parse(refused.text).reason, 'unknown');
    assertRefused(await visit.submit(`/passkeys/${id}/delete`), 'passkey_not_found');
  });

  await t.test('unless it is the only way in', async () => {
    const { account, visit, device } = await visitWithPasskey(site, 'only@example.com');
    const [id] = await listIds(site, account);
    assertRefused(await visit.open(`/passkeys/${id}/delete`), 'last_way_in');
    await visit.confirmByPasskey({ purpose: 'delete-passkey', target: id }, device);

    assertRefused(await visit.submit(`/passkeys/${id}/delete`), 'last_way_in');
    assert.deepEqual(await listIds(site, account), [id]);
  });

  await t.test('of two at the same time one stays', async () => {
    const { account, visit, device } = await visitWithPasskey(site, 'two@example.com');
    const [first] = await listIds(site, account);
    const other = await addPasskey(app, account);
    const ids = await listIds(site, account);
    for (const target of ids) // each with the passkey that is to go: what was confirmed with the other ends with it
      await visit.confirmByPasskey({ purpose: 'delete-passkey', target }, target === first ? device : other);
    const csrf = await visit.readCsrf();

    const answers = await Promise.all(
      ids.map((id) => visit.visitor.postForm(`/account/passkeys/${id}/delete`, { csrf })),
    );

    assert.deepEqual(answers.map(({ status }) => status).sort(), [303, 409]);
    assert.equal((await listIds(site, account)).length, 1);
  });

  await t.test('a password that opens nothing is no way in, nor one whose second factor is missing', async () => {
    const { account, visit } = await visitAccount(site, 'off@example.com');
    const device = await addPasskey(app, account);
    const [target] = await listIds(site, account);
    const intent = { purpose: 'delete-passkey', target } as const;

    for (const policy of [{ password: 'off' }, { secondFactor: 'required', secondFactors: ['totp'] }] as const) {
      await changePolicy(app, policy);
      await visit.confirmByPasskey(intent, device);
      assertRefused(await visit.submit(`/passkeys/${target}/delete`), 'last_way_in');
      await changePolicy(app, { password: 'on' });
    }
    await changePolicy(app, { secondFactor: 'off' });
    await visit.confirmByPasskey(intent, device);
    assert.equal((await visit.submit(`/passkeys/${target}/delete`)).status, 303);
    assert.deepEqual(await listIds(site, account), []);
  });
});

test('the last passkey goes where a recovery code is left, and its page says that it is the last', async (t) => {
  const site = await openTestApp(t, { policy: { ...PASSWORDS_ONLY.policy, secondFactors: ['recovery-code'] } });
  const { account, visit, device } = await visitWithPasskey(site, 'codes@example.com');
  await site.app.recoveryCodes.make(account.id);
  const [id] = await listIds(site, account);
  await visit.confirmByPasskey({ purpose: 'delete-passkey', target: id }, device);

  assert.ok((await visit.open(`/passkeys/${id}/delete`)).text.includes(en['passkey-delete.lead.last']));
  assert.equal((await visit.submit(`/passkeys/${id}/delete`)).status, 303);
  assert.deepEqual(await listIds(site, account), []);
});

test('where the organization does not use passkeys none is added', async (t) => {
  const site = await openTestApp(t, PASSWORDS_ONLY);
  const { visit } = await visitAccount(site);
  await changePolicy(site.app, { passkey: 'off', secondFactors: ['totp'] });

  assert.ok(!(await visit.open()).text.includes('/account/passkeys/add'));
  assertRefused(await visit.open('/passkeys/add'), 'method_not_offered');
  for (const path of ['/passkeys/options', '/passkeys'])
    assertRefused(await visit.post(path, { response: {} }), 'method_not_offered');
});
