import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { AppError } from '../../src/lib/app-error.ts';
import { addSeconds } from '../../src/lib/clock.ts';
import { Ids } from '../../src/lib/ids.ts';
import type { MailTransport } from '../../src/mail/mail-transport.ts';
import type { Mailer } from '../../src/mail/mailer.ts';
import { type MailRequest, Outbox } from '../../src/mail/outbox.ts';
import type { MailJob, OutboxStore } from '../../src/mail/outbox-store.ts';
import { SmtpTransport } from '../../src/mail/smtp-transport.ts';
import { openSqliteStorage } from '../../src/storage/sqlite/sqlite-storage.ts';
import { TEST_START } from '../support/clock.ts';
import { buildLetter, sampleMessage } from '../support/mail-samples.ts';
import { MailServer } from '../support/mail-server.ts';
import { buildMailer, mailSealer } from '../support/mailers.ts';
import { race } from '../support/race.ts';
import { requireValue } from '../support/require-value.ts';
import { openTestStorage } from '../support/storages.ts';

const SENDER = fileURLToPath(new URL('../support/mail-sender.ts', import.meta.url));
const HOUR = 3600;
const LEASE = 120;
const EXPIRES_AT = addSeconds(TEST_START, HOUR);

type Options = Omit<Parameters<typeof buildMailer>[0], 'store' | 'clock' | 'address'> & {
  readonly store?: OutboxStore;
};

/** A mail server, an outbox and a mailer between them. */
async function setUp(t: TestContext) {
  const { storage, clock, path } = await openTestStorage(t);
  const server = await MailServer.start(t);
  const outbox = new Outbox({ store: storage.outbox, sealer: mailSealer, ids: new Ids(), clock });
  const open = (options: Options = {}) => {
    const mailer = buildMailer({ store: storage.outbox, clock, address: server.address, stopMs: 0, ...options });
    t.after(() => mailer.stop());
    return mailer;
  };
  const enqueue = (more: Partial<MailRequest> = {}) =>
    outbox.enqueue({ ...buildLetter(sampleMessage('passkey-added')), expiresAt: EXPIRES_AT, ...more });
  const list = async () => (await storage.outbox.list({ limit: 100 })).items;
  return { storage, clock, path, server, open, enqueue, list };
}

async function sendDue(mailer: Mailer): Promise<void> {
  mailer.wake();
  await mailer.settle();
}

function only(jobs: readonly MailJob[]): MailJob {
  assert.equal(jobs.length, 1);
  return requireValue(jobs[0]);
}

test('a mail goes out once, whole, and nothing of its letter stays', async (t) => {
  const { open, enqueue, list, server, path } = await setUp(t);
  const mailer = open();
  await enqueue();
  await sendDue(mailer);
  await sendDue(mailer);

  const { id, state, attempts } = only(await list());
  assert.deepEqual({ state, attempts }, { state: 'sent', attempts: 1 });
  const mail = requireValue(server.received[0]);
  assert.equal(server.received.length, 1);
  assert.equal(mail.from, 'no-reply@id.example.com');
  assert.deepEqual(mail.to, ['alex@northwind.example']);
  assert.equal(mail.messageId, `<${id}@id.example.com>`);
  assert.equal(mail.subject, 'A passkey was added to your account at Northwind');
  assert.match(mail.raw, /^From: Northwind <no-reply@id\.example\.com>\r$/m);
  assert.match(mail.raw, /^To: alex@northwind\.example\r$/m);
  assert.match(mail.raw, /^Date: Thu, 01 Jan 2026 12:00:00 \+0000\r$/m);
  assert.match(mail.raw, /^Auto-Submitted: auto-generated\r$/m);
  assert.match(mail.raw, /^Content-Type: text\/plain/m);
  assert.match(mail.raw, /^Content-Type: text\/html/m);
  assert.doesNotMatch(mail.raw, /nodemailer/i);
  using file = new DatabaseSync(path, { readOnly: true });
  assert.deepEqual({ ...file.prepare('SELECT sealed_letter FROM outbox').get() }, { sealed_letter: null });
});

test('whom a mail goes to and what it says is neither in the file nor in the log', async (t) => {
  const { open, enqueue, server, path } = await setUp(t);
  const lines: string[] = [];
  const message = sampleMessage('verify-address');
  const mailer = open({ log: { write: (line) => void lines.push(line) } });
  server.behave({ refuseMessage: `554 5.2.0 spam: ${message.link} to alex@northwind.example` });
  await enqueue({ message, dedupeKey: 'verify alex@northwind.example' });
  const read = () => [path, `${path}-wal`].map((file) => readFileSync(file, 'latin1')).join('') + lines.join('');

  const before = read();
  await sendDue(mailer);
  assert.match(lines.join(''), /EMESSAGE 554/);
  for (const written of [before, read()]) {
    for (const secret of ['alex@northwind', message.code, message.link, 'Northwind']) {
      assert.ok(!written.includes(secret), secret);
    }
  }
});

test('a mail is taken while the server is away, and sent when it is back', async (t) => {
  const { storage, clock, open, enqueue, list, server } = await setUp(t);
  const away = buildMailer({ store: storage.outbox, clock });
  await enqueue();
  await sendDue(away);
  const { state, failure } = only(await list());
  assert.deepEqual({ state, failure }, { state: 'pending', failure: 'ESOCKET' });
  clock.advance(HOUR / 2);
  await sendDue(open());
  assert.equal(server.received.length, 1);
});

test('what the server cannot take now is tried again after pauses that double up to a quarter of an hour', async (t) => {
  const { clock, open, enqueue, list, server } = await setUp(t);
  const mailer = open();
  await enqueue({ expiresAt: addSeconds(TEST_START, 24 * HOUR) });
  for (const pause of [5, 10, 20, 40, 80, 160, 320, 640, 900, 900]) {
    server.behave({ refuseMessage: '451 try again' });
    await sendDue(mailer);
    const { dueAt, failure, state } = only(await list());
    assert.deepEqual({ state, failure }, { state: 'pending', failure: 'EMESSAGE 451' });
    assert.deepEqual(dueAt, addSeconds(clock.now(), pause));
    clock.advance(pause - 0.001);
    const count = server.received.length;
    await sendDue(mailer);
    assert.equal(server.received.length, count, 'sent before its time');
    clock.advance(0.001);
  }
  await sendDue(mailer);
  assert.equal(only(await list()).state, 'sent');
  assert.equal(new Set(server.received.map(({ raw }) => raw)).size, 1, 'the same in every byte');
});

test('pauses are shorter by chance, by up to a half', async (t) => {
  const { clock, open, enqueue, list, server } = await setUp(t);
  const ids = new Ids((length) => new Uint8Array(length).fill(128));
  server.behave({ refuseMessage: '451 try again' });
  await enqueue();
  await sendDue(open({ ids }));
  const seconds = (only(await list()).dueAt.getTime() - clock.now().getTime()) / 1000;
  assert.ok(seconds > 3.7 && seconds < 3.8, `${seconds}`);
});

test('a refusal for good ends it, and one that the operator can mend does not', async (t) => {
  const { open, enqueue, list, server, clock } = await setUp(t);
  const mailer = open();
  for (const [refusal, state, failure] of [
    [{ refuseRecipient: '550 no such mailbox' }, 'dead', 'EENVELOPE 550'],
    [{ refuseMessage: '554 not this one' }, 'dead', 'EMESSAGE 554'],
    [{ refuseRecipient: '450 mailbox busy' }, 'pending', 'EENVELOPE 450'],
    [{ refuseRecipient: '550 5.7.1 relaying denied' }, 'pending', 'EENVELOPE 550 5.7.1'],
    [{ refuseMessage: '503 bad sequence' }, 'pending', 'EMESSAGE 503'],
  ] as const) {
    server.behave(refusal);
    clock.advance(1);
    await enqueue();
    await sendDue(mailer);
    const job = requireValue((await list()).at(-1));
    assert.deepEqual({ state: job.state, failure: job.failure }, { state, failure });
  }
});

test('what could not be sent in its time is given up, and says why it could not', async (t) => {
  const { storage, clock, enqueue, list } = await setUp(t);
  const lines: string[] = [];
  const away = buildMailer({ store: storage.outbox, clock, log: { write: (line) => void lines.push(line) } });
  await enqueue({ expiresAt: addSeconds(TEST_START, 12) });
  for (const seconds of [0, 5, 7]) {
    clock.advance(seconds);
    await sendDue(away);
  }
  const { state, attempts, failure, finishedAt } = only(await list());
  assert.deepEqual({ state, attempts, failure }, { state: 'dead', attempts: 3, failure: 'ESOCKET' });
  assert.deepEqual(finishedAt, addSeconds(TEST_START, 12));
  assert.equal(lines.filter((line) => line.includes('its time is over')).length, 1);
});

test('a mail whose sender was killed when the server had it, before that was known, comes again as the same mail', async (t) => {
  const { clock, open, enqueue, list, server, path } = await setUp(t);
  await enqueue();
  const sender = spawn(process.execPath, [SENDER, path, `${server.address.port}`], { stdio: 'inherit' });
  server.onMessage = () => sender.kill('SIGKILL');
  server.behave('hang');
  const [, signal] = await once(sender, 'exit');
  assert.equal(signal, 'SIGKILL');
  server.onMessage = () => undefined;

  const mailer = open();
  clock.advance(LEASE - 0.001);
  await sendDue(mailer);
  assert.equal(server.received.length, 1, 'sent although another held it');
  clock.advance(0.001);
  await sendDue(mailer);
  assert.equal(only(await list()).state, 'sent');
  const [first, second] = server.received;
  assert.equal(server.received.length, 2);
  assert.deepEqual(second, first);
});

test('a worker that comes back after its lease changes nothing any more', async (t) => {
  const { clock, open, enqueue, list, server } = await setUp(t);
  server.behave('hang');
  await enqueue();
  const slow = open();
  slow.wake();
  await server.waitFor(1);
  clock.advance(LEASE);
  await sendDue(open());
  assert.equal(server.received.length, 2);
  await slow.stop();
  assert.deepEqual(only(await list()).state, 'sent');
  await sendDue(open());
  assert.equal(server.received.length, 2);
});

test('two processes never send one mail both', async (t) => {
  const { clock, open, enqueue, server, path } = await setUp(t);
  const other = await openSqliteStorage({ path, clock });
  t.after(() => other[Symbol.asyncDispose]());
  const mailers = [open(), open({ store: other.outbox })];
  await race(30, (index) => enqueue({ to: `person-${index}@northwind.example` }));
  await Promise.all(mailers.map(sendDue));
  assert.equal(server.received.length, 30);
  assert.equal(new Set(server.received.map(({ messageId }) => messageId)).size, 30);
});

test('a mailer that is stopped hands back what is under way and takes nothing more', async (t) => {
  const { clock, open, enqueue, list, server } = await setUp(t);
  server.behave('hang');
  await enqueue();
  const mailer = open();
  mailer.wake();
  await server.waitFor(1);
  await mailer.stop();
  const { state, dueAt } = only(await list());
  assert.deepEqual({ state, dueAt }, { state: 'pending', dueAt: clock.now() });
  await sendDue(mailer);
  assert.equal(server.received.length, 1);
  await sendDue(open());
  assert.equal(only(await list()).state, 'sent');
});

test('what is under way when a mailer is stopped may finish', async (t) => {
  const { open, enqueue, list, server } = await setUp(t);
  await enqueue();
  const mailer = open({ stopMs: 5000 });
  mailer.wake();
  await server.waitFor(1);
  await mailer.stop();
  assert.equal(only(await list()).state, 'sent');
});

test('a connection that ends before the answer is a failure, and does not send at once again', async (t) => {
  const { clock, open, enqueue, list, server } = await setUp(t);
  server.behave('drop');
  await enqueue();
  const mailer = open();
  await sendDue(mailer);
  assert.equal(server.received.length, 1);
  assert.equal(only(await list()).state, 'pending');
  clock.advance(5);
  await sendDue(mailer);
  assert.equal(only(await list()).state, 'sent');
  assert.equal(server.received[0]?.messageId, server.received[1]?.messageId);
});

test('a server that does not answer holds up its own mails only', async (t) => {
  const { open, enqueue, list, server } = await setUp(t);
  server.behave('hang');
  const mailer = open();
  await enqueue();
  mailer.wake();
  await server.waitFor(1);
  await race(8, () => enqueue());
  mailer.wake();
  await server.waitFor(9);
  await mailer.stop();
  assert.equal((await list()).filter(({ state }) => state === 'sent').length, 8);
});

test('no more than four mails are under way at once', async (t) => {
  const { open, enqueue, list } = await setUp(t);
  const { promise: released, resolve: release } = Promise.withResolvers<void>();
  const { promise: full, resolve: reachFour } = Promise.withResolvers<void>();
  let begun = 0;
  const transport: MailTransport = {
    async send() {
      begun += 1;
      if (begun === 4) reachFour();
      await released;
      return { type: 'sent' };
    },
    close: () => undefined,
  };
  const mailer = open({ transport });
  await race(10, () => enqueue());
  mailer.wake();
  await full;
  mailer.wake();
  assert.equal((await list()).filter(({ attempts }) => attempts > 0).length, 4);
  assert.equal(begun, 4);
  release();
  await mailer.settle();
  assert.equal(begun, 10);
});

test('a store that is away for a moment after a mail was sent does not make it go out twice', async (t) => {
  const { storage, open, enqueue, list, server } = await setUp(t);
  const { outbox } = storage;
  let failures = 2;
  const store: OutboxStore = {
    insert: (job) => outbox.insert(job),
    claim: (leaseSeconds) => outbox.claim(leaseSeconds),
    putBack: (...args) => outbox.putBack(...args),
    finish: async (...args) => {
      failures -= 1;
      if (failures >= 0) throw new AppError('store_unavailable');
      return outbox.finish(...args);
    },
    list: (...args) => outbox.list(...args),
    sweep: (...args) => outbox.sweep(...args),
  };
  await enqueue();
  await sendDue(open({ store }));
  assert.equal(only(await list()).state, 'sent');
  assert.equal(server.received.length, 1);
});

test('a letter that cannot be opened is kept until its time is over, and keeps no other from being sent', async (t) => {
  const { storage, clock, open, enqueue, list, server } = await setUp(t);
  const moved = await storage.outbox.insert({
    id: new Ids().newId(),
    kind: 'passkey-added',
    sealedLetter: mailSealer.seal('{}', 'mail:another'),
    createdAt: clock.now(),
    expiresAt: EXPIRES_AT,
  });
  assert.ok(moved);
  await enqueue();
  await sendDue(open());
  assert.deepEqual((await list()).map(({ state, failure }) => [state, failure]).sort(), [
    ['pending', 'fault'],
    ['sent', undefined],
  ]);
  assert.equal(server.received.length, 1);
});

test('a started mailer sends what comes in by itself', async (t) => {
  const { storage, clock, open, server } = await setUp(t);
  const mailer = open();
  mailer.start();
  const outbox = new Outbox({
    store: storage.outbox,
    sealer: mailSealer,
    ids: new Ids(),
    clock,
    onEnqueued: () => mailer.wake(),
  });
  await outbox.enqueue({ ...buildLetter(sampleMessage('new-sign-in')), expiresAt: EXPIRES_AT });
  await server.waitFor(1);
});

test('a server that cannot prove its name gets nothing', async (t) => {
  for (const [tls, options] of [
    ['immediate', { secure: true }],
    ['starttls', { disabledCommands: [] }],
    ['starttls', {}],
  ] as const) {
    const { storage, clock, enqueue, list } = await setUp(t);
    const server = await MailServer.start(t, {
      ...options,
      disabledCommands: [...(options.disabledCommands ?? ['STARTTLS'])],
    });
    const address = { ...server.address, host: 'localhost', tls, user: 'cardea', password: 'secret' };
    const mailer = buildMailer({ store: storage.outbox, clock, transport: new SmtpTransport(address, 1) });
    await enqueue();
    await sendDue(mailer);
    await mailer.stop();
    assert.equal(server.received.length, 0);
    assert.match(only(await list()).failure ?? '', /^(ETLS|ESOCKET|ECONNECTION)/);
  }
});

test('a person with a name in the address of the server signs in to it', async (t) => {
  const { storage, clock, enqueue } = await setUp(t);
  const seen: unknown[] = [];
  const server = await MailServer.start(t, {
    authOptional: false,
    allowInsecureAuth: true,
    disabledCommands: ['STARTTLS'],
    onAuth: ({ username, password }, _session, callback) => {
      seen.push([username, password]);
      callback(null, { user: username });
    },
  });
  const mailer = buildMailer({
    store: storage.outbox,
    clock,
    address: { ...server.address, user: 'cardea', password: 'p@ss' },
  });
  await enqueue();
  await sendDue(mailer);
  await mailer.stop();
  assert.deepEqual(seen, [['cardea', 'p@ss']]);
  assert.equal(server.received.length, 1);
});
