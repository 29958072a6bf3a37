import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { EmailCodes } from '../../src/email-proofs/email-codes.ts';
import { EmailLinks } from '../../src/email-proofs/email-links.ts';
import { MailLimits } from '../../src/email-proofs/mail-limits.ts';
import { digest } from '../../src/lib/digest.ts';
import { Ids } from '../../src/lib/ids.ts';
import { mailSealer } from '../support/mailers.ts';
import { race } from '../support/race.ts';
import { requireValue } from '../support/require-value.ts';
import { openTestStorage } from '../support/storages.ts';

const PLACE = { binding: 'a session', emailKey: 'alex@example.com' };
const ids = new Ids();
const LINK = {
  ...PLACE,
  purpose: 'confirm',
  accountId: ids.newId<never>(),
  device: 'Chrome on Windows',
  validSeconds: 600,
  about: { purpose: 'add-totp' },
} as const;

async function setUp(t: TestContext) {
  const { storage, clock } = await openTestStorage(t);
  const { tickets, rates } = storage;
  const codes = new EmailCodes({ tickets, rates, sealer: mailSealer, ids });
  const links = new EmailLinks({ tickets, ids, clock });
  return { codes, links, limits: new MailLimits({ rates, clock }), clock, tickets };
}

/** A code that is not this one. */
function spoil(code: string): string {
  return code.startsWith('0') ? `1${code.slice(1)}` : `0${code.slice(1)}`;
}

test('a code has eight digits, and is right once, however it is spaced', async (t) => {
  const { codes } = await setUp(t);
  const code = await codes.issue(PLACE);
  assert.match(code, /^\d{8}$/);
  assert.equal(await codes.verify(PLACE, ` ${code.slice(0, 4)} ${code.slice(4)} `), true);
  assert.equal(await codes.verify(PLACE, code), false);
});

test('a code answers once, even to many callers at once', async (t) => {
  const { codes } = await setUp(t);
  const code = await codes.issue(PLACE);
  const answers = await race(5, () => codes.verify(PLACE, code));
  assert.equal(answers.filter(Boolean).length, 1);
});

test('after five wrong tries the right code is wrong too (EM-01)', async (t) => {
  const { codes } = await setUp(t);
  const code = await codes.issue(PLACE);
  for (let tries = 0; tries < 5; tries += 1) assert.equal(await codes.verify(PLACE, spoil(code)), false);
  assert.equal(await codes.verify(PLACE, code), false);
  assert.equal(await codes.verify(PLACE, await codes.issue(PLACE)), true, 'another one has tries of its own');
});

test('the fifth try may still be right', async (t) => {
  const { codes } = await setUp(t);
  const code = await codes.issue(PLACE);
  for (let tries = 0; tries < 4; tries += 1) await codes.verify(PLACE, spoil(code));
  assert.equal(await codes.verify(PLACE, code), true);
});

test('a code is good for ten minutes', async (t) => {
  const { codes, clock } = await setUp(t);
  const [early, late] = [await codes.issue(PLACE), await codes.issue({ ...PLACE, binding: 'other' })];
  clock.advance(599);
  assert.equal(await codes.verify(PLACE, early), true);
  clock.advance(2);
  assert.equal(await codes.verify({ ...PLACE, binding: 'other' }, late), false);
});

test('a code is right only where it was asked for (EM-03), and for the address that it was sent to (EM-05)', async (t) => {
  const { codes } = await setUp(t);
  const code = await codes.issue(PLACE);
  assert.equal(await codes.verify({ ...PLACE, binding: 'another session' }, code), false);
  assert.equal(await codes.verify({ ...PLACE, emailKey: 'other@example.com' }, code), false);
  assert.equal(await codes.verify(PLACE, code), true);
});

test('a later code takes the place of the earlier one', async (t) => {
  const { codes } = await setUp(t);
  const earlier = await codes.issue(PLACE);
  const later = await codes.issue(PLACE);
  assert.equal(await codes.verify(PLACE, earlier), false);
  assert.equal(await codes.verify(PLACE, later), true);
});

test('the store has neither the code nor a plain digest of it', async (t) => {
  const { codes, tickets } = await setUp(t);
  const code = await codes.issue(PLACE);
  const stored = JSON.stringify(requireValue(await tickets.find('email-code', PLACE.binding)));
  for (const form of [code, digest(code)]) assert.ok(!stored.includes(form));
});

test('what is no code is wrong and breaks nothing', async (t) => {
  const { codes } = await setUp(t);
  await codes.issue(PLACE);
  for (const typed of ['', '1234567', '123456789', '１２３４５６７８', 'abcdefgh', '\0'.repeat(8)])
    assert.equal(await codes.verify(PLACE, typed), false, typed);
});

test('a link is looked at as often as one likes, pressed once, and counts once', async (t) => {
  const { links, clock } = await setUp(t);
  const token = await links.issue(LINK);
  assert.equal(Buffer.from(token, 'base64url').length, 32);
  for (let times = 0; times < 10; times += 1)
    assert.deepEqual(await links.find('confirm', token), { ...LINK, at: clock.now().getTime() });
  assert.equal(await links.consume(LINK.binding), false, 'looking is not pressing');

  const presses = await race(5, () => links.press(token));
  assert.equal(presses.filter(Boolean).length, 1);
  assert.equal(await links.find('confirm', token), undefined);
  const uses = await race(5, () => links.consume(LINK.binding));
  assert.equal(uses.filter(Boolean).length, 1);
});

test('a link is good for its time, before it is pressed and after', async (t) => {
  const { links, clock } = await setUp(t);
  const token = await links.issue(LINK);
  clock.advance(599);
  assert.ok(await links.find('confirm', token));
  assert.equal(await links.press(token), true);
  clock.advance(2);
  assert.equal(await links.consume(LINK.binding), false);
});

test('a link is good for nothing else, and a later one takes its place', async (t) => {
  const { links } = await setUp(t);
  const earlier = await links.issue(LINK);
  assert.equal(await links.find('verify-address', earlier), undefined);
  const later = await links.issue(LINK);
  assert.equal(await links.find('confirm', earlier), undefined);
  assert.ok(await links.find('confirm', later));
});

test('an address is sent three mails in a quarter of an hour, and ten in a day (EM-16)', async (t) => {
  const { limits, clock } = await setUp(t);
  let sent = 0;
  for (let quarters = 0; quarters < 6; quarters += 1) {
    const answers = await race(100, () => limits.allow('alex@example.com'));
    const allowed = answers.filter(Boolean).length;
    assert.ok(allowed <= 3, `${allowed}`);
    sent += allowed;
    clock.advance(901);
  }
  assert.equal(sent, 10);
  assert.equal(await limits.allow('kim@example.com'), true);
});

test('whoever is sent a mail each day is sent one on the twelfth day too', async (t) => {
  const { limits, clock } = await setUp(t);
  for (let day = 0; day < 12; day += 1) {
    assert.equal(await limits.allow('alex@example.com'), true, `day ${day}`);
    clock.advance(23 * 3600);
  }
});
