import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { Ids } from '../../src/lib/ids.ts';
import { Sealer } from '../../src/lib/seal.ts';
import { RecoveryCodes } from '../../src/recovery/recovery-codes.ts';
import { race } from '../support/race.ts';
import { requireValue } from '../support/require-value.ts';
import { openTestStorage } from '../support/storages.ts';
import { insertAccount } from '../support/stored-account.ts';

/** Recovery codes on a store of their own, and a person who was given some. */
async function setUp(t: TestContext, ids = new Ids()) {
  const { storage, clock } = await openTestStorage(t);
  const store = storage.recoveryCodes;
  const create = (key: number) =>
    new RecoveryCodes({ store, sealer: new Sealer(new Uint8Array(32).fill(key), ids), ids, clock });
  const recoveryCodes = create(1);
  const { id: accountId } = await insertAccount(storage);
  const { codes, madeAt } = await recoveryCodes.make(accountId);
  const countSpent = async () => (await store.find(accountId))?.codes.filter(({ spentAt }) => spentAt).length;
  return { storage, clock, create, recoveryCodes, accountId, codes, madeAt, countSpent };
}

/** Draws these bits for every code, and what else is drawn too. */
function drawAlways(bits: string): Ids {
  const bytes = Uint8Array.from(bits.match(/.{8}/g) ?? [], (byte) => Number.parseInt(byte, 2));
  return new Ids((length) => Uint8Array.from({ length }, (_, index) => bytes[index % bytes.length] ?? 0));
}

test('ten different codes are made, in four groups of four characters', async (t) => {
  const { codes, madeAt, accountId, storage, clock } = await setUp(t);
  assert.equal(codes.length, 10);
  assert.equal(new Set(codes).size, 10);
  for (const code of codes) assert.match(code, /^(?:[0-9A-HJKMNP-TV-Z]{4}-){3}[0-9A-HJKMNP-TV-Z]{4}$/);
  assert.deepEqual(madeAt, clock.now());
  assert.deepEqual((await storage.recoveryCodes.find(accountId))?.madeAt, madeAt);
});

test('five random bits make a character, so that sixteen are 80', async (t) => {
  const spell = async (first: number) => {
    const bits = Array.from({ length: 16 }, (_, index) => (first + index).toString(2).padStart(5, '0')).join('');
    return (await setUp(t, drawAlways(bits))).codes[0];
  };
  assert.equal(await spell(0), '0123-4567-89AB-CDEF');
  assert.equal(await spell(16), 'GHJK-MNPQ-RSTV-WXYZ');
});

test('a code works once, whoever else comes at the same time, and the others still do (RC-01)', async (t) => {
  const { recoveryCodes, accountId, codes, countSpent } = await setUp(t);
  const code = requireValue(codes[0]);
  const outcomes = await race(20, () => recoveryCodes.spend(accountId, code));
  assert.equal(outcomes.filter(Boolean).length, 1);
  assert.equal(await recoveryCodes.spend(accountId, code), false);
  assert.equal(await recoveryCodes.spend(accountId, requireValue(codes[1])), true);
  assert.equal(await countSpent(), 2);
});

test('new codes end the old ones at once', async (t) => {
  const { recoveryCodes, accountId, codes } = await setUp(t);
  const renewed = await recoveryCodes.make(accountId);
  for (const code of codes) assert.equal(await recoveryCodes.spend(accountId, code), false);
  for (const code of renewed.codes) assert.equal(await recoveryCodes.spend(accountId, code), true);
});

test('a code is read as it was meant (RC-10)', async (t) => {
  const { recoveryCodes, accountId } = await setUp(t, drawAlways('00000'.repeat(8) + '00001'.repeat(8)));
  const ways = [
    '0000-0000-1111-1111',
    '0000000011111111',
    'oooo-OOOO-iiii-LLLL',
    ' O0o0 o0O0  lIi1 1IiL ',
    '0-0-0-0-0-0-0-0-1-1-1-1-1-1-1-1',
    '0000\u00a00000\t1111\n1111',
  ];
  for (const typed of ways) {
    await recoveryCodes.make(accountId);
    assert.equal(await recoveryCodes.spend(accountId, typed), true, JSON.stringify(typed));
  }
  const { recoveryCodes: letters, accountId: owner, codes } = await setUp(t);
  assert.equal(await letters.spend(owner, requireValue(codes[0]).toLowerCase().replaceAll('-', '')), true);
});

test('what is no code is refused, and so is whatever only looks like one (RC-10)', async (t) => {
  const { recoveryCodes, accountId, codes, countSpent } = await setUp(t, drawAlways('00001'.repeat(16)));
  assert.equal(codes[0], '1111-1111-1111-1111');
  const shapes = [
    '',
    '-',
    '1111-1111-1111-111',
    '1111-1111-1111-11111',
    '1111–1111–1111–1111', // dashes
    '1111-1111-1111-111|',
    '1111-1111-1111-111!',
    '1111-1111-1111-111ı', // its capital is an I
    '1111-1111-1111-111І', // Cyrillic
    '1111-1111-1111-111１', // full width
    '1111-1111-1111-111١', // Arabic
    '1111-1111-1111-111\u0000',
    '1111-1111-1111-1111\u200b',
    'U'.repeat(16),
    '1'.repeat(2000),
  ];
  for (const typed of shapes) assert.equal(await recoveryCodes.spend(accountId, typed), false, JSON.stringify(typed));
  assert.equal(await countSpent(), 0);
});

test('a code opens its own account only, and nothing where there is none', async (t) => {
  const { recoveryCodes, storage, codes, accountId, countSpent } = await setUp(t);
  const { id: other } = await insertAccount(storage);
  await recoveryCodes.make(other);
  const code = requireValue(codes[0]);
  assert.equal(await recoveryCodes.spend(other, code), false);
  assert.equal(await recoveryCodes.spend(undefined, code), false);
  assert.equal(await countSpent(), 0);
  assert.equal(await recoveryCodes.spend(accountId, code), true);
});

test('the store alone says nothing of the codes: another key knows none of them, nor another account’s row (DA-01)', async (t) => {
  const { create, storage, accountId, codes } = await setUp(t);
  const set = requireValue(await storage.recoveryCodes.find(accountId));
  for (const code of codes) {
    assert.ok(!JSON.stringify(set).includes(code) && !JSON.stringify(set).includes(code.replaceAll('-', '')));
    assert.equal(await create(2).spend(accountId, code), false);
  }
  const { id: thief } = await insertAccount(storage);
  await storage.recoveryCodes.insert({ ...set, accountId: thief });
  assert.equal(await create(1).spend(thief, requireValue(codes[0])), false);
});
