import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { addSeconds } from '../../src/lib/clock.ts';
import { Ids } from '../../src/lib/ids.ts';
import { Outbox } from '../../src/mail/outbox.ts';
import { openLetter } from '../../src/mail/sealed-letter.ts';
import { TEST_START } from '../support/clock.ts';
import { buildLetter, MAIL_SAMPLES, sampleMessage } from '../support/mail-samples.ts';
import { mailSealer } from '../support/mailers.ts';
import { requireValue } from '../support/require-value.ts';
import { openTestStorage } from '../support/storages.ts';

const expiresAt = addSeconds(TEST_START, 600);

async function setUp(t: TestContext) {
  const { storage, clock } = await openTestStorage(t);
  const woken: string[] = [];
  const outbox = new Outbox({
    store: storage.outbox,
    sealer: mailSealer,
    ids: new Ids(),
    clock,
    onEnqueued: () => void woken.push('woken'),
  });
  const list = async () => (await storage.outbox.list({ limit: 100 })).items;
  return { outbox, store: storage.outbox, list, woken };
}

test('a letter of every kind comes out as it went in, moments included', async (t) => {
  const { outbox, store } = await setUp(t);
  for (const message of MAIL_SAMPLES) {
    const letter = buildLetter(message, { timeZone: 'Europe/Amsterdam' });
    assert.equal(await outbox.enqueue({ ...letter, expiresAt }), true);
    const job = requireValue(await store.claim(60));
    assert.equal(job.kind, message.type);
    assert.deepEqual([job.createdAt, job.expiresAt], [TEST_START, expiresAt]);
    assert.deepEqual(openLetter(mailSealer, job.id, job.sealedLetter), letter);
    assert.throws(() => openLetter(mailSealer, new Ids().newId(), job.sealedLetter));
  }
});

test('of mails with one key the first is taken, and the worker hears of each that is', async (t) => {
  const { outbox, list, woken } = await setUp(t);
  const letter = buildLetter(sampleMessage('new-sign-in'));
  const key = `new-sign-in ${'x'.repeat(10_000)}`;
  assert.equal(await outbox.enqueue({ ...letter, expiresAt, dedupeKey: key }), true);
  assert.equal(await outbox.enqueue({ ...letter, expiresAt, dedupeKey: key }), false);
  assert.equal(await outbox.enqueue({ ...letter, expiresAt, dedupeKey: `${key}y` }), true);
  assert.equal(await outbox.enqueue({ ...letter, expiresAt }), true);
  assert.equal((await list()).length, 3);
  assert.equal(woken.length, 3);
});

test('no text with a line break or another control character becomes a mail (WB-16)', async (t) => {
  const { outbox, list } = await setUp(t);
  const refused = { code: 'malformed_request', status: 400, field: 'message' };
  for (const character of ['\r\n', '\n', '\r', '\0', '\u0085', '\u2028', '\u2029', '\u001b', '\ud800']) {
    const text = `Northwind${character}Bcc: thief@evil.example`;
    const letter = buildLetter(sampleMessage('passkey-added'), { organizationName: text });
    await assert.rejects(outbox.enqueue({ ...letter, expiresAt }), refused);
    for (const message of MAIL_SAMPLES) {
      for (const [name, value] of Object.entries(message)) {
        if (name === 'type' || typeof value !== 'string') continue;
        const hostile = { ...message, [name]: text };
        await assert.rejects(
          outbox.enqueue({ ...buildLetter(hostile), expiresAt }),
          refused,
          `${message.type} ${name}`,
        );
      }
    }
  }
  assert.deepEqual(await list(), []);
});

test('what is no single address is not written to', async (t) => {
  const { outbox, list } = await setUp(t);
  for (const to of [
    '',
    'nobody',
    'a@example.com, b@example.com',
    'A <a@example.com>',
    'a@example.com\r\nBcc: b@example.com',
    'a@example.com>\r\nRCPT TO:<b@example.com',
    '"a b"@example.com',
    `${'a'.repeat(300)}@example.com`,
    'a＠example.com',
  ]) {
    const letter = buildLetter(sampleMessage('new-sign-in'), { to });
    await assert.rejects(outbox.enqueue({ ...letter, expiresAt }), { code: 'malformed_request', field: 'to' }, to);
  }
  assert.deepEqual(await list(), []);
});
