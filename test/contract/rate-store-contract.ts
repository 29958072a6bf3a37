import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Budget, Hit } from '../../src/rates/rate-store.ts';
import { race } from '../support/race.ts';
import type { OpenStores } from '../support/storages.ts';

const BUDGET: Budget = { free: 2, windowSeconds: 600, pauseSeconds: 30, maxPauseSeconds: 100 };

/** Holds a backend to what `RateStore` promises. */
export function describeRateStore(name: string, open: OpenStores<'rates'>): void {
  describe(`${name}: rates`, () => {
    test('the free tries and the first beyond them go ahead, the next has to pause', async (t) => {
      const { rates } = (await open(t)).storage;
      for (const count of [1, 2, 3]) assert.deepEqual(await rates.hit('key', BUDGET), allow(count));
      assert.deepEqual(await rates.hit('key', BUDGET), refuse(30));
    });

    test('a free try lets those go ahead whose clock is behind', async (t) => {
      const { storage, clock } = await open(t);
      const { rates } = storage;
      assert.deepEqual(await rates.hit('key', BUDGET), allow(1));
      clock.advance(-30);
      assert.deepEqual(await rates.hit('key', BUDGET), allow(2));
    });

    test('a pause ends to the millisecond, and tries during it are not counted', async (t) => {
      const { storage, clock } = await open(t);
      const { rates } = storage;
      await race(3, () => rates.hit('key', BUDGET));

      clock.advance(0.001);
      assert.deepEqual(await rates.hit('key', BUDGET), refuse(30));
      clock.advance(29.998);
      assert.deepEqual(await rates.hit('key', BUDGET), refuse(1));
      clock.advance(0.001);
      assert.deepEqual(await rates.hit('key', BUDGET), allow(4));
    });

    test('pauses double up to their maximum', async (t) => {
      const { storage, clock } = await open(t);
      const { rates } = storage;
      await race(3, () => rates.hit('key', BUDGET));
      for (const [index, pause] of [30, 60, 100, 100].entries()) {
        assert.deepEqual(await rates.hit('key', BUDGET), refuse(pause));
        clock.advance(pause);
        assert.deepEqual(await rates.hit('key', BUDGET), allow(4 + index));
      }
    });

    test('a budget without free tries pauses from the first', async (t) => {
      const { rates } = (await open(t)).storage;
      const budget = { ...BUDGET, free: 0 };
      assert.deepEqual(await rates.hit('key', budget), allow(1));
      assert.deepEqual(await rates.hit('key', budget), refuse(30));
    });

    test('the count is forgotten a window after the last counted try', async (t) => {
      const { storage, clock } = await open(t);
      const { rates } = storage;
      await rates.hit('key', BUDGET);
      clock.advance(BUDGET.windowSeconds - 0.001);
      assert.deepEqual(await rates.hit('key', BUDGET), allow(2));
      clock.advance(BUDGET.windowSeconds);
      assert.deepEqual(await rates.hit('key', BUDGET), allow(1));
    });

    test('a pause that outlasts the window is kept to its end', async (t) => {
      const { storage, clock } = await open(t);
      const { rates } = storage;
      const budget = { ...BUDGET, windowSeconds: 10 };
      await race(3, () => rates.hit('key', budget));
      clock.advance(29.999);
      assert.deepEqual(await rates.hit('key', budget), refuse(1));
      clock.advance(0.001);
      assert.deepEqual(await rates.hit('key', budget), allow(1));
    });

    test('many at once are counted exactly', async (t) => {
      const { rates } = (await open(t)).storage;
      const free = await race(50, () => rates.hit('free', { ...BUDGET, free: 50 }));
      assert.deepEqual(
        free.map((hit) => hit.allowed && hit.count).toSorted((left, right) => Number(left) - Number(right)),
        Array.from({ length: 50 }, (_, index) => index + 1),
      );
      const tight = await race(50, () => rates.hit('tight', { ...BUDGET, free: 5 }));
      assert.equal(tight.filter((hit) => hit.allowed).length, 6);
    });

    test('keys are counted apart, whatever is in them', async (t) => {
      const { rates } = (await open(t)).storage;
      for (const key of ['', 'a', 'A', 'a ', 'a:b', '💡', 'x'.repeat(10_000)]) {
        assert.deepEqual(await rates.hit(key, BUDGET), allow(1));
      }
    });

    test('a cleared key starts anew, and no other does', async (t) => {
      const { rates } = (await open(t)).storage;
      await race(3, () => rates.hit('key', BUDGET));
      await rates.hit('other', BUDGET);
      await rates.clear('key');
      await rates.clear('absent');
      assert.deepEqual(await rates.hit('key', BUDGET), allow(1));
      assert.deepEqual(await rates.hit('other', BUDGET), allow(2));
    });
  });
}

function allow(count: number): Hit {
  return { allowed: true, count };
}

function refuse(retryAfterSeconds: number): Hit {
  return { allowed: false, retryAfterSeconds };
}
