import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { race } from '../support/race.ts';
import type { OpenStores } from '../support/storages.ts';

const TTL = 60;

/** Holds a backend to what `TicketStore` promises. */
export function describeTicketStore(name: string, open: OpenStores<'tickets'>): void {
  describe(`${name}: tickets`, () => {
    test('a value survives as it was, and finding does not spend it', async (t) => {
      const { tickets } = (await open(t)).storage;
      const value = { text: 'ä "quoted" \u0000', number: 1.5, none: null, list: [true, { deep: [] }] };
      assert.equal(await tickets.put('confirmation', 'id', value, TTL), true);
      assert.deepEqual(await tickets.find('confirmation', 'id'), value);
      assert.deepEqual(await tickets.find('confirmation', 'id'), value);
    });

    test('a ticket answers once, even to many callers at once', async (t) => {
      const { tickets } = (await open(t)).storage;
      await tickets.put('sign-up', 'id', { step: 1 }, TTL);
      const answers = await race(50, () => tickets.take('sign-up', 'id'));
      assert.deepEqual(
        answers.filter((answer) => answer !== undefined),
        [{ step: 1 }],
      );
    });

    test('a spent ticket is gone', async (t) => {
      const { tickets } = (await open(t)).storage;
      await tickets.put('sign-up', 'id', {}, TTL);
      await tickets.take('sign-up', 'id');
      assert.equal(await tickets.take('sign-up', 'id'), undefined);
      assert.equal(await tickets.find('sign-up', 'id'), undefined);
    });

    test('a ticket of one type never answers for another', async (t) => {
      const { tickets } = (await open(t)).storage;
      await tickets.put('sign-up', 'id', { type: 'sign-up' }, TTL);
      assert.equal(await tickets.find('set-up', 'id'), undefined);
      assert.equal(await tickets.take('set-up', 'id'), undefined);
      assert.equal(await tickets.put('set-up', 'id', { type: 'set-up' }, TTL), true);
      assert.deepEqual(await tickets.take('sign-up', 'id'), { type: 'sign-up' });
      assert.deepEqual(await tickets.take('set-up', 'id'), { type: 'set-up' });
    });

    test('it is there until its time is up, and not a millisecond longer', async (t) => {
      const { storage, clock } = await open(t);
      const { tickets } = storage;
      for (const id of ['early', 'late']) await tickets.put('sign-up', id, { id }, TTL);

      clock.advance(TTL - 0.001);
      assert.deepEqual(await tickets.find('sign-up', 'late'), { id: 'late' });
      assert.deepEqual(await tickets.take('sign-up', 'early'), { id: 'early' });
      clock.advance(0.001);
      assert.equal(await tickets.find('sign-up', 'late'), undefined);
      assert.equal(await tickets.take('sign-up', 'late'), undefined);
    });

    test('a live id is taken, even by one of many at once, and a spent or expired one is free', async (t) => {
      const { storage, clock } = await open(t);
      const { tickets } = storage;
      const outcomes = await race(50, (index) => tickets.put('sign-up', 'id', { index }, TTL));
      assert.equal(outcomes.filter(Boolean).length, 1);
      assert.deepEqual(await tickets.take('sign-up', 'id'), { index: outcomes.indexOf(true) });

      assert.equal(await tickets.put('sign-up', 'id', { again: 1 }, TTL), true);
      clock.advance(TTL - 0.001);
      assert.equal(await tickets.put('sign-up', 'id', { again: 2 }, TTL), false);
      clock.advance(0.001);
      assert.equal(await tickets.put('sign-up', 'id', { again: 3 }, TTL), true);
      assert.deepEqual(await tickets.find('sign-up', 'id'), { again: 3 });
    });
  });
}
