import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { type TestContext, test } from 'node:test';
import fc from 'fast-check';
import jsQr from 'jsqr';
import { verifySync } from 'otplib';
import { addSeconds } from '../../src/lib/clock.ts';
import { type AccountId, Ids } from '../../src/lib/ids.ts';
import { Sealer } from '../../src/lib/seal.ts';
import { drawQrCode } from '../../src/totp/qr-code.ts';
import { type TotpEnrolment, Totps } from '../../src/totp/totp.ts';
import { computeCode } from '../support/authenticator-app.ts';
import { buildAccount, buildOrganization } from '../support/builders.ts';
import { openTestStorage } from '../support/storages.ts';

/** The same bytes in each run, since one code in a million is right by chance. */
let drawn = 0;
const ids = new Ids((outputLength) => {
  drawn += 1;
  return createHash('shake256', { outputLength }).update(`draw ${drawn}`).digest();
});

/** Authenticator apps on a store of their own, and one person without any. */
async function setUp(t: TestContext) {
  const { storage, clock } = await openTestStorage(t);
  const sealer = new Sealer(ids.newBytes(32), ids);
  const totps = new Totps({
    store: storage.totps,
    tickets: storage.tickets,
    rates: storage.rates,
    sealer,
    ids,
    clock,
  });
  const organization = buildOrganization();
  await storage.organizations.insert(organization);
  const account = buildAccount({ organizationId: organization.id });
  await storage.accounts.insert(account);

  const start = (accountId: AccountId = account.id, binding = 'session') =>
    totps.startEnrolment({ accountId, email: account.email, organizationName: organization.name, binding });
  const finish = (ticket: string, code: unknown, more: { accountId?: AccountId; binding?: string } = {}) =>
    totps.finishEnrolment({ ticket, accountId: account.id, binding: 'session', code, ...more });
  const showCode = (secret: string, seconds = 0) => computeCode(secret, addSeconds(clock.now(), seconds));
  /** Switches the app on, and moves on so far that its first code is no longer of any use. */
  const enrol = async () => {
    const enrolment = await start();
    assert.deepEqual(await finish(enrolment.ticket, showCode(enrolment.secret)), { type: 'on', since: clock.now() });
    clock.advance(300);
    return enrolment.secret;
  };
  return { storage, clock, totps, account, start, finish, showCode, enrol };
}

/** A code of the right shape that is right at no time near now. */
function pickWrongCode(secret: string, now: Date): string {
  const right = [-60, -30, 0, 30, 60].map((seconds) => computeCode(secret, addSeconds(now, seconds)));
  return ['111111', '222222', '333333', '444444', '555555', '666666'].find((code) => !right.includes(code)) ?? '';
}

test('the app of the tests shows what RFC 6238 says', () => {
  const secret = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ'; // "12345678901234567890"
  const shown = [59, 1111111109, 1111111111, 1234567890, 2000000000, 20000000000].map((epoch) =>
    computeCode(secret, new Date(epoch * 1000)),
  );
  assert.deepEqual(shown, ['287082', '081804', '050471', '005924', '279037', '353130']);
});

test('the library answers wrong codes with an object, which is true, and throws for other shapes', () => {
  const secret = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ';
  assert.deepEqual(verifySync({ secret, token: '000000', epoch: 59 }), { valid: false });
  assert.throws(() => verifySync({ secret, token: '12345', epoch: 59 }));
  assert.throws(() => verifySync({ secret, token: 'abcdef', epoch: 59 }));
});

test('an app is on once it has shown its code, and that code is used up', async (t) => {
  const { storage, clock, totps, account, start, finish, showCode } = await setUp(t);
  const { ticket, secret } = await start();
  assert.equal(await storage.totps.find(account.id), undefined);
  const code = showCode(secret);
  assert.deepEqual(await finish(ticket, code), { type: 'on', since: clock.now() });

  assert.deepEqual((await storage.totps.find(account.id))?.confirmedAt, clock.now());
  assert.equal(await totps.verify(account.id, code), false);
  clock.advance(30);
  assert.equal(await totps.verify(account.id, showCode(secret)), true);
});

test('six noughts and any other wrong code are wrong (TO-01)', async (t) => {
  const { clock, totps, account, enrol } = await setUp(t);
  const secret = await enrol();
  assert.equal(await totps.verify(account.id, pickWrongCode(secret, clock.now())), false);
  const verdict = await totps.verify(account.id, '000000');
  assert.equal(
    verdict,
    [-30, 0, 30].some((s) => computeCode(secret, addSeconds(clock.now(), s)) === '000000'),
  );
});

test('of thirty parallel answers with one right code one is accepted (TO-03)', async (t) => {
  const { totps, account, enrol, showCode } = await setUp(t);
  const code = showCode(await enrol());
  const verdicts = await Promise.all(Array.from({ length: 30 }, () => totps.verify(account.id, code)));
  assert.equal(verdicts.filter(Boolean).length, 1);
});

test('codes of one step either side are accepted, of two steps not (TO-08)', async (t) => {
  const { clock, totps, account, enrol, showCode } = await setUp(t);
  const secret = await enrol();
  for (const [seconds, expected] of [
    [-60, false],
    [60, false],
    [-30, true],
    [0, true],
    [30, true],
  ] as const) {
    assert.equal(await totps.verify(account.id, showCode(secret, seconds)), expected, `${seconds} s`);
  }
  clock.advance(30);
  assert.equal(await totps.verify(account.id, showCode(secret)), false, 'the code of the step ahead came already');
});

test('an older code than the last accepted one is refused, even after the clock stepped back', async (t) => {
  const { clock, totps, account, enrol, showCode } = await setUp(t);
  const secret = await enrol();
  assert.equal(await totps.verify(account.id, showCode(secret)), true);
  assert.equal(await totps.verify(account.id, showCode(secret, -30)), false);
  clock.advance(-3600);
  assert.equal(await totps.verify(account.id, showCode(secret)), false);
});

test('spaces do not count, every other shape is wrong without an error (TO-10)', async (t) => {
  const { totps, account, enrol, showCode } = await setUp(t);
  const code = showCode(await enrol());
  const fullWidth = [...code].map((digit) => String.fromCodePoint(digit.charCodeAt(0) + 0xfee0)).join('');
  const shapes = [code.slice(1), `${code}0`, fullWidth, 'abcdef', '', `${code}\n`, '+12345', '1e5000', '१२३४५६'];
  for (const shape of [...shapes, [code], { code }, null, undefined, Number(code), true, 'x'.repeat(100_000)]) {
    assert.equal(await totps.verify(account.id, shape), false);
  }
  assert.equal(await totps.verify(account.id, ` ${code.slice(0, 3)} ${code.slice(3)} `), true);
});

test('an account without an app has no right code', async (t) => {
  const { totps, account } = await setUp(t);
  assert.equal(await totps.verify(account.id, '123456'), false);
});

test('a wrong first code switches nothing on and shows the same page again (TO-11)', async (t) => {
  const { clock, storage, account, start, finish, showCode } = await setUp(t);
  const enrolment = await start();
  const outcome = await finish(enrolment.ticket, pickWrongCode(enrolment.secret, clock.now()));
  assert.deepEqual(outcome, { type: 'wrong', enrolment });
  assert.equal(await storage.totps.find(account.id), undefined);
  assert.deepEqual(await finish(enrolment.ticket, showCode(enrolment.secret)), { type: 'on', since: clock.now() });
});

test('each visit gets a secret of its own (TO-11)', async (t) => {
  const { start } = await setUp(t);
  const [left, right]: TotpEnrolment[] = [await start(), await start()];
  assert.notEqual(left?.secret, right?.secret);
  assert.notEqual(left?.ticket, right?.ticket);
});

test('an enrolment dies after five wrong codes', async (t) => {
  const { clock, start, finish, showCode } = await setUp(t);
  const { ticket, secret } = await start();
  for (let tries = 1; tries <= 5; tries += 1) {
    assert.equal((await finish(ticket, pickWrongCode(secret, clock.now()))).type, 'wrong');
  }
  assert.deepEqual(await finish(ticket, showCode(secret)), { type: 'expired' });
  clock.advance(599);
  assert.deepEqual(await finish(ticket, showCode(secret)), { type: 'expired' });
});

test('an enrolment lasts ten minutes', async (t) => {
  const { clock, start, finish, showCode } = await setUp(t);
  const early = await start();
  clock.advance(599);
  assert.deepEqual(await finish(early.ticket, showCode(early.secret)), { type: 'on', since: clock.now() });
  const late = await start();
  clock.advance(601);
  assert.deepEqual(await finish(late.ticket, showCode(late.secret)), { type: 'expired' });
});

test('an enrolment is finished once, by the account and in the session that began it', async (t) => {
  const { start, finish, showCode } = await setUp(t);
  const { ticket, secret } = await start();
  const code = showCode(secret);
  assert.deepEqual(await finish(ticket, code, { accountId: 'another' as AccountId }), { type: 'expired' });
  assert.deepEqual(await finish(ticket, code, { binding: 'another' }), { type: 'expired' });
  assert.deepEqual(await finish('no ticket', code), { type: 'expired' });
  const outcomes = await Promise.all([finish(ticket, code), finish(ticket, code)]);
  assert.deepEqual(outcomes.map(({ type }) => type).sort(), ['expired', 'on']);
});

test('a new app takes the place of the old one, and removing it is final', async (t) => {
  const { storage, clock, totps, account, enrol, showCode } = await setUp(t);
  const old = await enrol();
  const secret = await enrol();
  assert.equal(await totps.verify(account.id, showCode(old)), false);
  assert.equal(await totps.verify(account.id, showCode(secret)), true);

  assert.equal(await totps.remove(account.id), true);
  assert.equal(await totps.remove(account.id), false);
  clock.advance(30);
  assert.equal(await totps.verify(account.id, showCode(secret)), false);
  assert.equal(await storage.totps.find(account.id), undefined);
});

test('no store holds the secret in clear, and a sealed one opens for its own account only (TO-16)', async (t) => {
  const { storage, totps, account, start, enrol } = await setUp(t);
  const pending = await start();
  const ticket = await storage.tickets.find('totp-enrolment', pending.ticket);
  assert.ok(ticket && !JSON.stringify(ticket).includes(pending.secret));

  const secret = await enrol();
  const stored = await storage.totps.find(account.id);
  assert.ok(stored && !Buffer.from(stored.sealedSecret).includes(secret));

  const thief = buildAccount({ organizationId: account.organizationId });
  await storage.accounts.insert(thief);
  await storage.totps.put({ ...stored, accountId: thief.id });
  await assert.rejects(totps.verify(thief.id, '123456'));
});

test('secrets have 160 bits and do not repeat (TO-18)', async (t) => {
  const { start } = await setUp(t);
  const secrets = new Set<string>();
  for (let count = 0; count < 50; count += 1) {
    const { secret } = await start();
    assert.match(secret, /^[A-Z2-7]{32}$/);
    secrets.add(secret);
  }
  assert.equal(secrets.size, 50);
});

test('the URI says what apps need, with every colon and mark of the names escaped (TO-13)', async (t) => {
  const { totps, account } = await setUp(t);
  const { uri, secret } = await totps.startEnrolment({
    accountId: account.id,
    email: 'a:b&c@example.com',
    organizationName: 'Acme: East?secret=AAAA#',
    binding: 'session',
  });
  const [path = '', query = ''] = uri.split('?');
  assert.equal(path, 'otpauth://totp/Acme%3A%20East%3Fsecret%3DAAAA%23:a%3Ab%26c%40example.com');
  assert.deepEqual(Object.fromEntries(new URLSearchParams(query)), {
    secret,
    issuer: 'Acme: East?secret=AAAA#',
    algorithm: 'SHA1',
    digits: '6',
    period: '30',
  });
});

test('the QR code is read as the URI', async (t) => {
  const { start } = await setUp(t);
  const { uri, qrCode } = await start();
  assert.equal(readQrCode(qrCode), uri);
  assert.equal(readQrCode(drawQrCode('ü'.repeat(300))), 'ü'.repeat(300));
});

/** Paints the path as a browser would, three pixels a module, and reads the picture. */
function readQrCode({ size, path }: { readonly size: number; readonly path: string }): string | undefined {
  const scale = 3;
  const width = size * scale;
  const pixels = new Uint8ClampedArray(width * width * 4).fill(255);
  for (const [, x, y, length] of path.matchAll(/M(\d+) (\d+)h(\d+)v1h-\3z/g)) {
    for (let row = Number(y) * scale; row < (Number(y) + 1) * scale; row += 1) {
      for (let column = Number(x) * scale; column < (Number(x) + Number(length)) * scale; column += 1) {
        pixels.fill(0, (row * width + column) * 4, (row * width + column) * 4 + 3);
      }
    }
  }
  assert.equal(path.replaceAll(/M\d+ \d+h(\d+)v1h-\1z/g, ''), '', 'the path holds rectangles only');
  return jsQr.default(pixels, width, width)?.data;
}

test('whatever codes come in whatever order, accepted steps only rise', async (t) => {
  const { clock, totps, account, enrol, showCode } = await setUp(t);
  const secret = await enrol();
  const moves = fc.array(
    fc.record({ wait: fc.constantFrom(0, 0, 7, 30, 45), skew: fc.constantFrom(-60, -30, 0, 30, 60) }),
    {
      minLength: 5,
      maxLength: 15,
    },
  );
  await fc.assert(
    fc.asyncProperty(moves, async (sequence) => {
      clock.advance(300);
      let last = 0;
      for (const { wait, skew } of sequence) {
        clock.advance(wait);
        const step = Math.floor(addSeconds(clock.now(), skew).getTime() / 30_000);
        const accepted = await totps.verify(account.id, showCode(secret, skew));
        assert.equal(accepted, Math.abs(skew) <= 30 && step > last);
        if (accepted) last = step;
      }
    }),
    { numRuns: 20, seed: 6238 },
  );
});
