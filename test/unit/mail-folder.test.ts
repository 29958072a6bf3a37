import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { addSeconds } from '../../src/lib/clock.ts';
import { Ids, type MailId } from '../../src/lib/ids.ts';
import { MailFolder } from '../../src/mail/mail-folder.ts';
import type { OutgoingMail } from '../../src/mail/mail-transport.ts';
import { TEST_START } from '../support/clock.ts';
import { buildLetter, sampleMessage } from '../support/mail-samples.ts';
import { renderMail } from '../support/mailers.ts';
import { requireValue } from '../support/require-value.ts';
import { makeTempFolder } from '../support/temp-folder.ts';

const ids = new Ids();

function setUp(t: TestContext) {
  const path = join(makeTempFolder(t), 'outbox');
  return { path, folder: new MailFolder(path) };
}

function buildMail(overrides: Partial<OutgoingMail> = {}): OutgoingMail {
  return {
    ...renderMail(buildLetter(sampleMessage('verify-address'))),
    id: ids.newId<MailId>(),
    from: { name: 'North "wind"', address: 'no-reply@id.example.com' },
    to: 'alex@northwind.example',
    date: TEST_START,
    ...overrides,
  };
}

test('a mail becomes one file, for its owner only, that a person can read as it is', async (t) => {
  const { path, folder } = setUp(t);
  const mail = buildMail();
  assert.deepEqual(await folder.send(mail), { type: 'sent' });

  const [file, ...more] = readdirSync(path);
  assert.equal(file, `20260101T120000123Z-${mail.id}.eml`);
  assert.deepEqual(more, []);
  assert.equal(statSync(path).mode & 0o777, 0o700);
  assert.equal(statSync(join(path, file)).mode & 0o777, 0o600);
  const message = readFileSync(join(path, file), 'utf8');
  assert.match(message, /^From: "North \\"wind\\"" <no-reply@id\.example\.com>\nTo: alex@northwind\.example\n/);
  assert.match(message, new RegExp(`^Message-ID: <${mail.id}@id\\.example\\.com>$`, 'm'));
  assert.ok(message.includes(`\n\n${mail.text}`));
  assert.ok(message.split('\n').every((line) => Buffer.byteLength(line) < 998)); // RFC 5322 §2.1.1
});

test('what lies there is listed, the newest first, and comes out as it went in', async (t) => {
  const { folder, path } = setUp(t);
  assert.deepEqual(await folder.list(), []);
  const mails = [0, 2, 1].map((seconds) =>
    buildMail({ date: addSeconds(TEST_START, seconds), subject: `${seconds}ä` }),
  );
  for (const mail of mails) await folder.send(mail);
  writeFileSync(join(path, 'notes.txt'), 'not a mail');
  writeFileSync(join(path, 'else.eml'), 'not one of ours');

  const listed = await folder.list();
  assert.deepEqual(
    listed.map(({ subject }) => subject),
    ['2ä', '1ä', '0ä'],
  );
  const { to, text, html } = requireValue(mails[1]);
  const found = requireValue(await folder.find(requireValue(listed[0]).name));
  assert.deepEqual(
    { to: found.to, text: found.text.trimEnd(), html: found.html.trimEnd(), date: found.date },
    { to, text: text.trimEnd(), html: html.trimEnd(), date: new Date('2026-01-01T12:00:02Z') },
  );
});

test('a mail that is sent again is there once', async (t) => {
  const { folder } = setUp(t);
  const mail = buildMail();
  await folder.send(mail);
  await folder.send(mail);
  assert.equal((await folder.list()).length, 1);
});

test('no name leads out of the folder', async (t) => {
  const { folder, path } = setUp(t);
  mkdirSync(path);
  writeFileSync(join(path, '../secret.eml'), 'secret');
  for (const name of ['../secret', '..%2fsecret', '', '.', `20260101T120000123Z-${'.'.repeat(22)}`, 'secret\0']) {
    assert.equal(await folder.find(name), undefined, name);
  }
  assert.equal(await folder.find(`20260101T120000123Z-${'a'.repeat(22)}`), undefined);
});
