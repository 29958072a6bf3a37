import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AccountVisit } from '../support/account-visit.ts';
import { changePolicy, openTestApp, TEST_PASSWORD, type TestApp } from '../support/app.ts';
import { computeCode } from '../support/authenticator-app.ts';
import { assertPage, assertRefused, readField } from '../support/page.ts';
import { race } from '../support/race.ts';
import { openSession } from '../support/session.ts';
import { openSignIn } from '../support/sign-in-flow.ts';
import type { Answer } from '../support/visitor.ts';

const EMAIL = 'alex@example.com';

async function visitAccount(site: TestApp, email?: string) {
  const { account, visitor } = await openSession(site, email);
  const visit = new AccountVisit(site.issuer, visitor);
  await visit.confirm('add-totp');
  return { account, visit };
}

function readSecret({ text }: Answer): string {
  return (/<code class="secret"[^>]*>([A-Z2-7 ]+)<\/code>/.exec(text)?.[1] ?? assert.fail(text)).replaceAll(' ', '');
}

function codeOf(secret: string): string {
  return computeCode(secret, new Date());
}

function wrongCodeOf(secret: string): string {
  return codeOf(secret) === '000000' ? '111111' : '000000';
}

/** A new browser whose person has typed the right password. */
async function typePassword({ app, issuer }: TestApp) {
  const flow = await openSignIn({ app, issuer });
  await flow.identify(EMAIL);
  await flow.typePassword(TEST_PASSWORD);
  return flow;
}

test('an authenticator app is set up', async (t) => {
  const site = await openTestApp(t, { policy: { enrolPasskey: 'manual' } });
  const { advance } = site;
  const { visit } = await visitAccount(site);
  const kim = await visitAccount(site, 'kim@example.com');

  await t.test('not before its first code: leaving the page leaves no trace of it', async () => {
    const first = readSecret(await visit.open('/totp/add'));
    const second = readSecret(await visit.open('/totp/add'));

    assert.equal(first.length, 32, '160 bits in base32');
    assert.notEqual(first, second);
    assert.equal((await typePassword(site)).current.status, 303, 'nothing is asked for');
  });

  await t.test('a wrong code shows the same secret again, up to five times', async () => {
    const form = await visit.open('/totp/add');
    const [ticket, secret] = [readField(form, 'ticket'), readSecret(form)];
    for (const code of [wrongCodeOf(secret), '12345', 'abcdef', '１２３４５６', '']) {
      const page = await visit.submit('/totp', { ticket, code });
      assertPage(page, 'totp-add.title', 'wrong_new_code');
      assert.deepEqual([readField(page, 'ticket'), readSecret(page)], [ticket, secret]);
    }
    assertRefused(await visit.submit('/totp', { ticket, code: codeOf(secret) }), 'link_used_or_expired');
  });

  await t.test('by the session that began, within ten minutes, with the secret it was shown', async () => {
    advance(10);
    const form = await visit.open('/totp/add');
    const [ticket, secret] = [readField(form, 'ticket'), readSecret(form)];
    const code = codeOf(secret);

    assertRefused(await kim.visit.submit('/totp', { ticket, code }), 'link_used_or_expired');
    const elsewhere = await typePassword(site);
    const otherSession = new AccountVisit(site.issuer, elsewhere.visitor);
    await otherSession.confirm('add-totp');
    assertRefused(await otherSession.submit('/totp', { ticket, code }), 'link_used_or_expired');
    for (const field of ['secret', 'digits', 'period', 'algorithm'])
      assertRefused(await visit.submit('/totp', { ticket, code, [field]: '1' }), 'malformed_request');
    assertRefused(await visit.submit('/totp', { ticket: 'x', code }), 'link_used_or_expired');

    advance(595); // it has to be confirmed again, the ticket still waits
    await visit.confirm('add-totp');
    assertPage(await visit.submit('/totp', { ticket, code: wrongCodeOf(secret) }), 'totp-add.title', 'wrong_new_code');
    advance(5);
    assertRefused(await visit.submit('/totp', { ticket, code: codeOf(secret) }), 'link_used_or_expired');
  });

  await t.test('once, of five at the same time; and is asked for from then on', async () => {
    const form = await visit.open('/totp/add');
    const [ticket, secret, csrf] = [readField(form, 'ticket'), readSecret(form), readField(form, 'csrf')];
    const code = codeOf(secret);
    const answers = await race(5, () => visit.visitor.postForm('/account/totp', { csrf, ticket, code }));

    assert.deepEqual(answers.map(({ status }) => status).sort(), [303, 410, 410, 410, 410]);
    const security = await visit.open('?done=totp-on');
    assertPage(security, 'security.title', 'totp-on');
    assert.ok(security.text.includes('/account/totp/delete'));
    assert.ok(!security.text.includes(secret.slice(0, 4)), 'the secret is shown no more');
    const flow = await typePassword(site);
    assertPage(await flow.typeCode(code), 'totp.title', 'code_refused'); // it was used to set the app up
    advance(30);
    assert.equal((await flow.typeCode(codeOf(secret))).status, 303);
  });

  await t.test('in place of an earlier one, which works until then', async () => {
    await changePolicy(site.app, { secondFactor: 'off' });
    const again = new AccountVisit(site.issuer, (await typePassword(site)).visitor);
    await again.confirm('add-totp');
    const form = await again.open('/totp/add');
    const secret = readSecret(form);
    advance(30);
    const done = await again.submit('/totp', { ticket: readField(form, 'ticket'), code: codeOf(secret) });
    assert.equal(done.status, 303);
    await changePolicy(site.app, { secondFactor: 'when-enrolled' });
    advance(30);
    const flow = await typePassword(site);
    assert.equal((await flow.typeCode(codeOf(secret))).status, 303);
  });
});

test('an authenticator app is removed by its owner, and asked for no more', async (t) => {
  const site = await openTestApp(t, { policy: { enrolPasskey: 'manual' } });
  const { visit } = await visitAccount(site);
  const form = await visit.open('/totp/add');
  const secret = readSecret(form);
  await visit.submit('/totp', { ticket: readField(form, 'ticket'), code: codeOf(secret) });
  const halfway = await typePassword(site);

  await visit.confirm('delete-totp');
  assertPage(await visit.open('/totp/delete'), 'totp-delete.title');
  assertRefused(
    await visit.visitor.postForm('/account/totp/delete', { csrf: await visit.readCsrf() }, { origin: 'null' }),
    'cross_site_request',
  );
  assertPage(await visit.visitor.follow(await visit.submit('/totp/delete')), 'security.title', 'totp-off');

  assert.equal((await typePassword(site)).current.status, 303);
  const code = computeCode(secret, new Date(Date.now() + 30_000));
  assert.equal((await halfway.visitor.postForm(`${halfway.base}/totp`, { code })).status, 410);
});

test('an authenticator app without which nobody gets in is not removed, and nothing is asked for it', async (t) => {
  const site = await openTestApp(t, { policy: { enrolPasskey: 'manual' } });
  const { account, visit } = await visitAccount(site);
  assert.equal((await visit.setUpTotp()).status, 303);
  await visit.confirm('delete-totp');
  await changePolicy(site.app, { secondFactor: 'required', secondFactors: ['totp'] });

  const refused = await visit.visitor.get('/account/totp/delete');
  assertRefused(refused, 'last_way_in');
  assert.match(refused.text, /asks for a second step, and you have no other/);
  assertRefused(await visit.submit('/totp/delete'), 'last_way_in');
  assert.ok(await site.app.storage.totps.find(account.id));

  await changePolicy(site.app, { secondFactors: ['totp', 'passkey'] }); // who has none makes one
  assert.equal((await visit.submit('/totp/delete')).status, 303);
  assert.equal(await site.app.storage.totps.find(account.id), undefined);
});

test('where the organization does not use authenticator apps none is set up', async (t) => {
  const site = await openTestApp(t, { policy: { enrolPasskey: 'manual', secondFactors: ['passkey'] } });
  const { visit } = await visitAccount(site);

  assert.ok(!(await visit.open()).text.includes('/account/totp'));
  assertRefused(await visit.open('/totp/add'), 'method_not_offered');
  assertRefused(await visit.submit('/totp', { ticket: 'x', code: '123456' }), 'method_not_offered');
});
