import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { en } from '../../src/http/languages/en.ts';
import { AccountVisit } from '../support/account-visit.ts';
import { changePolicy, openTestApp, type TestApp } from '../support/app.ts';
import { Authenticator } from '../support/authenticator.ts';
import { computeCode } from '../support/authenticator-app.ts';
import { assertPage, assertRefused, readField } from '../support/page.ts';
import { requireValue } from '../support/require-value.ts';
import { openSession } from '../support/session.ts';
import type { Answer } from '../support/visitor.ts';

const PURPOSE = 'make-recovery-codes';
const PAGE = '/recovery-codes';

/** Somebody who is signed in, where recovery codes are used. */
async function setUp(t: TestContext) {
  const site = await openTestApp(t, {
    policy: { enrolPasskey: 'manual', secondFactor: 'off', secondFactors: ['passkey', 'totp', 'recovery-code'] },
  });
  const { account, visitor } = await openSession(site);
  return { site, account, visit: new AccountVisit(site.issuer, visitor) };
}

async function makeCodes(visit: AccountVisit): Promise<Answer> {
  await visit.confirm(PURPOSE);
  return visit.submit(PAGE);
}

function readCodes({ text }: Answer): readonly string[] {
  return [...text.matchAll(/<li><code>([^<]*)<\/code><\/li>/g)].map(([, code]) => requireValue(code));
}

/** What the mails in the outbox are about. */
async function listMails({ app }: TestApp): Promise<readonly string[]> {
  return (await app.storage.outbox.list({ limit: 50 })).items.map(({ kind }) => kind);
}

test('recovery codes are made by their owner, and shown once (RC-05)', async (t) => {
  const { site, account, visit } = await setUp(t);
  assert.match((await visit.open()).text, new RegExp(en['security.recovery-codes.none']));
  await visit.confirm(PURPOSE);
  const form = await visit.open(PAGE);
  assertPage(form, 'recovery-codes-make.title');
  assert.deepEqual(readCodes(form), []);

  const made = await visit.submit(PAGE);
  assertPage(made, 'recovery-codes.title');
  assert.equal(made.headers.get('cache-control'), 'no-store');
  const codes = readCodes(made);
  assert.equal(new Set(codes).size, 10);
  assert.ok(made.text.includes(account.email), 'whose they are stands on the print');

  // Back, again and anew: never the same codes, and none without another confirmation.
  for (const answer of [await visit.submit(PAGE), await visit.visitor.get(`/account${PAGE}`)]) {
    assert.deepEqual([answer.status, readCodes(answer)], [303, []]);
  }
  const page = await visit.open();
  assert.ok(page.text.includes(en['security.recovery-codes.left'].replace('{left}', '10')));
  for (const code of codes) assert.ok(!page.text.includes(code));
  for (const code of codes) assert.ok(await site.app.recoveryCodes.spend(account.id, code));
});

test('new codes end the old ones, and say so before', async (t) => {
  const { site, account, visit } = await setUp(t);
  const old = readCodes(await makeCodes(visit));
  await site.app.recoveryCodes.spend(account.id, requireValue(old[0]));
  await visit.confirm(PURPOSE);
  const form = await visit.open(PAGE);
  assertPage(form, 'recovery-codes-make.title.again');
  assert.match(form.text, /<strong[^>]*>9<\/strong> of them unused/);

  const renewed = readCodes(await visit.submit(PAGE));
  for (const code of old) assert.equal(await site.app.recoveryCodes.spend(account.id, code), false);
  assert.ok(await site.app.recoveryCodes.spend(account.id, requireValue(renewed[0])));
});

test('codes are made only after a confirmation for just that, from our own page (RC-06)', async (t) => {
  const { site, account, visit } = await setUp(t);
  const [kept] = readCodes(await makeCodes(visit));
  const post = async (fields: Readonly<Record<string, string>>, headers: Readonly<Record<string, string>> = {}) =>
    visit.visitor.postForm(`/account${PAGE}`, { csrf: await visit.readCsrf(), ...fields }, headers);

  await visit.confirm('add-totp');
  assert.match((await post({})).headers.get('location') ?? '', /\/account\/confirm\?for=make-recovery-codes$/);
  await visit.confirm(PURPOSE);
  assertRefused(await post({}, { origin: 'https://evil.example' }), 'cross_site_request');
  assertRefused(await post({ csrf: 'x' }), 'cross_site_request');
  assertRefused(await post({ codes: 'mine' }), 'malformed_request');
  site.advance(601);
  assert.equal((await post({})).status, 303, 'the confirmation is too old');
  const { visitor } = await openSession(site, 'kim@example.com');
  assert.deepEqual(readCodes(await new AccountVisit(site.issuer, visitor).submit(PAGE)), []);

  assert.ok(await site.app.recoveryCodes.spend(account.id, requireValue(kept)), 'nothing was made anew');
});

test('of two presses at once one makes codes', async (t) => {
  const { visit } = await setUp(t);
  await visit.confirm(PURPOSE);
  const csrf = await visit.readCsrf();
  const answers = await Promise.all([1, 2, 3].map(() => visit.visitor.postForm(`/account${PAGE}`, { csrf })));
  assert.equal(answers.filter((answer) => readCodes(answer).length === 10).length, 1);
});

test('its owner is told by mail that codes were made (RC-06)', async (t) => {
  const { site, visit } = await setUp(t);
  assert.ok(!(await listMails(site)).includes('recovery-codes-made'));
  await makeCodes(visit);
  assert.ok((await listMails(site)).includes('recovery-codes-made'));
});

test('where the organization does not use them there are none to be made', async (t) => {
  const { site, visit } = await setUp(t);
  await visit.confirm(PURPOSE);
  await changePolicy(site.app, { secondFactors: ['totp'] });
  assert.ok(!(await visit.open()).text.includes(PAGE));
  assertRefused(await visit.visitor.get(`/account${PAGE}`), 'method_not_offered');
  assertRefused(await visit.submit(PAGE), 'method_not_offered');
});

test('codes are suggested, once and quietly, to who has just set up what could be lost with a device', async (t) => {
  const { visit } = await setUp(t);
  const isSuggested = ({ text }: Answer) => text.includes(en['security.recovery-codes.suggested']);
  assert.equal(isSuggested(await visit.open()), false);

  await visit.confirm('add-totp');
  const form = await visit.open('/totp/add');
  const secret = requireValue(/<code class="secret"[^>]*>([A-Z2-7 ]+)</.exec(form.text)?.[1]).replaceAll(' ', '');
  const on = await visit.submit('/totp', { ticket: readField(form, 'ticket'), code: computeCode(secret, new Date()) });
  assert.equal(isSuggested(await visit.visitor.follow(on)), true);
  assert.equal(isSuggested(await visit.open()), false);

  await visit.confirm('add-passkey');
  await visit.addPasskey(new Authenticator({ backedUp: false }));
  for (const done of ['passkey-added', 'passkey-renamed'])
    assert.equal(isSuggested(await visit.open(`?done=${done}`)), true);
  await makeCodes(visit);
  assert.equal(isSuggested(await visit.open('?done=passkey-added')), false);
});
