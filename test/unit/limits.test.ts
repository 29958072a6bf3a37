import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { AccountId } from '../../src/lib/ids.ts';
import { Limits, type Try } from '../../src/rates/limits.ts';
import { toNetwork } from '../../src/rates/network.ts';
import type { Budget } from '../../src/rates/rate-store.ts';
import { openTestStorage } from '../support/storages.ts';

const BUDGETS = {
  source: { free: 30, windowSeconds: 900, pauseSeconds: 900, maxPauseSeconds: 900 },
  passkey: { free: 10, windowSeconds: 60, pauseSeconds: 5, maxPauseSeconds: 5 },
};
const UNLIMITED: Budget = { free: 1_000_000, windowSeconds: 900, pauseSeconds: 1, maxPauseSeconds: 1 };
const ACCOUNT = 'account' as AccountId;

const KNOWN_TRY: Try = {
  accountKey: 'organization:ada@example.com',
  accountId: ACCOUNT,
  factor: 'password',
  source: 'stranger',
  sourceAddress: '192.0.2.1',
};

async function setUp(t: TestContext, budgets = BUDGETS) {
  const { storage, clock } = await openTestStorage(t);
  const limits = new Limits({ rates: storage.rates, failures: storage.failures, budgets });
  return { storage, clock, limits };
}

async function tryTimes(limits: Limits, times: number, more: Partial<Try> = {}): Promise<void> {
  for (let tries = 0; tries < times; tries += 1) await limits.requireTry({ ...KNOWN_TRY, ...more });
}

const refusedFor = (retryAfterSeconds: number) => ({ code: 'too_many_tries', retryAfterSeconds });

test('after five free tries the pauses double from 30 seconds to 15 minutes', async (t) => {
  const { clock, limits } = await setUp(t);
  await tryTimes(limits, 5);
  for (const pause of [30, 60, 120, 240, 480, 900]) {
    await tryTimes(limits, 1);
    await assert.rejects(tryTimes(limits, 1), refusedFor(pause));
    clock.advance(pause - 1);
    await assert.rejects(tryTimes(limits, 1), refusedFor(1));
    clock.advance(1);
  }
  await tryTimes(limits, 5);
});

test('unknown and known accounts are slowed alike (EN-05)', async (t) => {
  const { limits } = await setUp(t, { ...BUDGETS, source: UNLIMITED });
  for (const more of [{}, { accountId: undefined, accountKey: 'organization:nobody@example.com' }]) {
    await tryTimes(limits, 6, more);
    await assert.rejects(tryTimes(limits, 1, more), refusedFor(30));
  }
});

test('however the tries are spread, one account and factor share one budget (TO-06)', async (t) => {
  const { limits } = await setUp(t);
  for (let host = 1; host <= 6; host += 1)
    await tryTimes(limits, 1, { factor: 'totp', sourceAddress: `192.0.2.${host}` });
  await assert.rejects(tryTimes(limits, 1, { factor: 'totp', sourceAddress: '198.51.100.1' }), refusedFor(30));
  await tryTimes(limits, 1, { factor: 'password' });
});

test('strangers never use up what a known browser may try (PW-03)', async (t) => {
  const { limits } = await setUp(t);
  await tryTimes(limits, 6);
  await assert.rejects(tryTimes(limits, 1), refusedFor(30));
  await tryTimes(limits, 6, { source: 'known:laptop', sourceAddress: '198.51.100.1' });
  await assert.rejects(tryTimes(limits, 1, { source: 'known:laptop', sourceAddress: '198.51.100.1' }), refusedFor(30));
  await tryTimes(limits, 1, { source: 'known:phone', sourceAddress: '198.51.100.1' });
});

test('one address has thirty tries, whoever they are about, and slows no account after that (PW-01)', async (t) => {
  const { clock, limits } = await setUp(t);
  for (let victim = 0; victim < 31; victim += 1) await tryTimes(limits, 1, { accountKey: `victim ${victim}` });
  for (let repeat = 0; repeat < 10; repeat += 1) {
    await assert.rejects(tryTimes(limits, 1, { accountKey: 'victim 0' }), refusedFor(900));
  }
  await tryTimes(limits, 4, { accountKey: 'victim 0', sourceAddress: '198.51.100.1' });
  clock.advance(900);
  await tryTimes(limits, 1);
});

for (const [factor, allowed, other] of [
  ['password', 100, 'totp'],
  ['totp', 20, 'recovery-code'],
  ['recovery-code', 10, 'totp'],
] as const) {
  test(`after ${allowed} tries in a row the ${factor} is off for strangers, until something else proves the person (TO-05, RC-03)`, async (t) => {
    const { storage, clock, limits } = await setUp(t);
    const next = (more: Partial<Try> = {}) => {
      clock.advance(3600);
      return limits.requireTry({ ...KNOWN_TRY, factor, ...more });
    };
    const tryInVain = async () => {
      for (let tries = 1; tries < allowed; tries += 1) await storage.failures.countTry(ACCOUNT, factor, 'stranger');
      assert.equal(await next(), 'on');
      assert.equal(await next(), 'off');
    };
    await tryInVain();
    assert.equal(await next({ source: 'known:laptop' }), 'on');
    assert.equal(await next({ source: 'proved' }), 'on');
    if (factor !== 'password') {
      await limits.succeeded({ ...KNOWN_TRY, factor: 'password', accountId: ACCOUNT });
      assert.equal(await next(), 'off', 'a password proves too little');
    }
    await limits.succeeded({ ...KNOWN_TRY, factor: other, accountId: ACCOUNT });
    assert.equal(await next(), 'on');
    await limits.restore(ACCOUNT);
    await tryInVain();
    await limits.restore(ACCOUNT);
    assert.equal(await next(), 'on');
  });
}

test('recovery codes may be tried five times in an hour, and ten times in a day (RC-03)', async (t) => {
  const { clock, limits } = await setUp(t);
  const more = { factor: 'recovery-code' } as const;
  await tryTimes(limits, 5, more);
  await assert.rejects(tryTimes(limits, 1, more), refusedFor(3600));
  clock.advance(3599);
  await assert.rejects(tryTimes(limits, 1, more), refusedFor(1));
  clock.advance(1);
  await tryTimes(limits, 5, more);
  await assert.rejects(tryTimes(limits, 1, more), refusedFor(3600));
  clock.advance(86_400);
  assert.equal(await limits.requireTry({ ...KNOWN_TRY, ...more }), 'off');
});

test('a factor that proves right starts from nothing again', async (t) => {
  const { limits } = await setUp(t);
  await tryTimes(limits, 6);
  await limits.succeeded({ ...KNOWN_TRY, accountId: ACCOUNT });
  await tryTimes(limits, 6);
  await assert.rejects(tryTimes(limits, 1), refusedFor(30));
});

test('parallel tries are counted exactly', async (t) => {
  const { limits } = await setUp(t);
  const outcomes = await Promise.allSettled(Array.from({ length: 20 }, () => limits.requireTry(KNOWN_TRY)));
  assert.equal(outcomes.filter(({ status }) => status === 'fulfilled').length, 6);
});

test('passkeys have a burst of ten and then one in five seconds', async (t) => {
  const { clock, limits } = await setUp(t);
  for (let tries = 0; tries < 11; tries += 1) await limits.requirePasskeyTry('192.0.2.1');
  await assert.rejects(limits.requirePasskeyTry('192.0.2.1'), refusedFor(5));
  await limits.requirePasskeyTry('192.0.2.2');
  clock.advance(5);
  await limits.requirePasskeyTry('192.0.2.1');
  await assert.rejects(limits.requirePasskeyTry('192.0.2.1'), refusedFor(5));
});

test('where nothing can be counted nothing is let through', async (t) => {
  const { storage, limits } = await setUp(t);
  await storage[Symbol.asyncDispose]();
  await assert.rejects(limits.requireTry(KNOWN_TRY));
  await assert.rejects(limits.requirePasskeyTry('192.0.2.1'));
});

test('an address is one source however it is written, and an IPv6 one is its /64 (HT-13)', () => {
  const same = [
    ['192.0.2.1', '::ffff:192.0.2.1', '::ffff:c000:201', '0:0:0:0:0:FFFF:192.0.2.1'],
    ['2001:db8:1:2::1', '2001:0DB8:0001:0002:ffff:ffff:ffff:ffff', '2001:db8:1:2::', '2001:db8:1:2::1%eth0'],
    ['garbage'],
    [''],
  ];
  const networks = same.map((addresses) => new Set(addresses.map(toNetwork)));
  for (const network of networks) assert.equal(network.size, 1);
  assert.equal(new Set(networks.flatMap((network) => [...network])).size, same.length);
  assert.notEqual(toNetwork('2001:db8:1:2::1'), toNetwork('2001:db8:1:3::1'));
  assert.notEqual(toNetwork('192.0.2.1'), toNetwork('192.0.2.2'));
});
