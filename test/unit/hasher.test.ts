import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Ids } from '../../src/lib/ids.ts';
import { type HashCost, Hasher } from '../../src/passwords/hasher.ts';

const ids = new Ids();
const COST: HashCost = { memoryKib: 19456, passes: 2, lanes: 1 };
const PASSWORD = 'a long and quiet password';

const hasher = new Hasher({ ids, cost: COST, cores: 2 });

/** Microseconds of processor time of the cheapest of five runs, which neighbours on the machine hardly change. */
async function measure(work: () => Promise<unknown>): Promise<number> {
  const costs = [];
  for (let run = 0; run < 5; run += 1) {
    const before = process.cpuUsage();
    await work();
    const { user, system } = process.cpuUsage(before);
    costs.push(user + system);
  }
  return Math.min(...costs);
}

test('a hash is argon2id of the given cost with a fresh salt of 16 bytes and a tag of 32', async () => {
  const [first, second] = [await hasher.hash(PASSWORD), await hasher.hash(PASSWORD)];
  assert.match(first, /^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/);
  assert.notEqual(first, second);
});

test('the right password fits its hash and no other does', async () => {
  const stored = await hasher.hash(PASSWORD);
  assert.equal(await hasher.verify(stored, PASSWORD), true);
  for (const other of ['', PASSWORD.toUpperCase(), `${PASSWORD} `, PASSWORD.slice(1)]) {
    assert.equal(await hasher.verify(stored, other), false);
  }
});

const UNUSABLE: Readonly<Record<string, (stored: string) => string>> = {
  'is empty': () => '',
  'is no hash': () => 'plain text',
  'is cut off': (stored) => stored.slice(0, 40),
  'has a damaged salt': (stored) => stored.replace(/p=1\$..../, 'p=1$!!!!'),
  'is of another kind': (stored) => stored.replace('argon2id', 'argon2i'),
  'costs 4 GiB (PW-08)': (stored) => stored.replace('m=19456', 'm=4194304'),
  'costs a little too much memory': (stored) => stored.replace('m=19456', `m=${256 * 1024 + 1}`),
  'costs too many passes': (stored) => stored.replace('t=2', 't=11'),
  'costs too many lanes': (stored) => stored.replace('p=1', 'p=5'),
};

for (const [fault, damage] of Object.entries(UNUSABLE)) {
  test(`a stored hash that ${fault} fits nothing and is not computed (PW-08)`, async () => {
    const stored = damage(await hasher.hash(PASSWORD));
    assert.equal(hasher.isUsable(stored), false);
    assert.equal(await hasher.verify(stored, PASSWORD), false);
  });
}

test('a hash whose tag was altered fits nothing', async () => {
  const stored = await hasher.hash(PASSWORD);
  const altered = stored.slice(0, -4) + (stored.endsWith('AAAA') ? 'BBBA' : 'AAAA');
  assert.equal(hasher.isUsable(altered), true);
  assert.equal(await hasher.verify(altered, PASSWORD), false);
});

test('where there is nothing to compare with, the same work is done', async () => {
  const stored = await hasher.hash(PASSWORD);
  const real = await measure(() => hasher.verify(stored, 'a wrong password'));
  const nothing = await measure(() => hasher.verifyNothing('a wrong password'));
  const damaged = await measure(() => hasher.verify('damaged', 'a wrong password'));
  for (const cost of [nothing, damaged]) {
    assert.ok(cost > real / 2 && cost < real * 2, `cost ${cost} µs, a real one ${real} µs`);
  }
});

test('a hash of less memory or fewer passes is due to be made again, an equal or a stronger one is not', async () => {
  const stored = await hasher.hash(PASSWORD);
  const costs = [{ memoryKib: 32768 }, { passes: 3 }, {}, { memoryKib: 8192 }, { passes: 1 }];
  const verdicts = costs.map((cost) => new Hasher({ ids, cost: { ...COST, ...cost }, cores: 1 }).needsRehash(stored));
  assert.deepEqual(verdicts, [true, true, false, false, false]);
  assert.equal(hasher.needsRehash('damaged'), true);
});

test('as many hashes run as there are cores, 64 wait, and more are refused as busy (PW-06)', async () => {
  const narrow = new Hasher({ ids, cost: { memoryKib: 64, passes: 1, lanes: 1 }, cores: 1 });
  const outcomes = await Promise.allSettled(Array.from({ length: 100 }, () => narrow.verifyNothing(PASSWORD)));
  const refused = outcomes.filter(({ status }) => status === 'rejected');
  assert.equal(refused.length, 100 - 1 - 64);
  for (const outcome of refused) {
    assert.ok(outcome.status === 'rejected');
    assert.deepEqual([outcome.reason.code, outcome.reason.retryAfterSeconds], ['busy', 1]);
  }
  await narrow.verifyNothing(PASSWORD);
});
