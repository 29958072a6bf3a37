import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AppError } from '../../src/lib/app-error.ts';
import { Gate } from '../../src/lib/gate.ts';

/** Work that ends when it is told to, and what has begun so far. */
function createWork() {
  const begun: string[] = [];
  const endings = new Map<string, PromiseWithResolvers<string>>();
  const start = (name: string) => () => {
    begun.push(name);
    const ending = Promise.withResolvers<string>();
    endings.set(name, ending);
    return ending.promise;
  };
  return {
    begun,
    start,
    end: (name: string) => endings.get(name)?.resolve(name),
    fail: (name: string) => endings.get(name)?.reject(new Error(name)),
  };
}

/** Lets everything that can go on go on. */
const settle = () => new Promise((resolve) => setImmediate(resolve));

test('no more than the width runs at once, and the rest follows in order', async () => {
  const { begun, start, end } = createWork();
  const gate = new Gate(2, 10);
  const results = ['a', 'b', 'c', 'd'].map((name) => gate.run(start(name)));
  await settle();
  assert.deepEqual(begun, ['a', 'b']);

  end('b');
  await settle();
  assert.deepEqual(begun, ['a', 'b', 'c']);

  end('a');
  await settle();
  for (const name of ['c', 'd']) end(name);
  assert.deepEqual(await Promise.all(results), ['a', 'b', 'c', 'd']);
});

test('what finds the queue full is refused as busy, with a time to come back', async () => {
  const { begun, start, end } = createWork();
  const gate = new Gate(1, 1);
  const running = [gate.run(start('runs')), gate.run(start('waits'))];

  await assert.rejects(gate.run(start('refused')), (error) => {
    assert.ok(error instanceof AppError);
    return error.code === 'busy' && error.retryAfterSeconds === 1;
  });

  end('runs');
  await settle();
  end('waits');
  await Promise.all(running);
  assert.deepEqual(begun, ['runs', 'waits']);
});

test('work that fails gives its place back', async () => {
  const { begun, start, end, fail } = createWork();
  const gate = new Gate(1, 1);
  const failing = gate.run(start('fails'));
  const next = gate.run(start('next'));
  fail('fails');
  await assert.rejects(failing, /fails/);
  await settle();
  end('next');
  assert.equal(await next, 'next');

  const last = gate.run(start('last'));
  assert.deepEqual(begun, ['fails', 'next', 'last']);
  end('last');
  await last;
});

test('work that throws at once gives its place back', async () => {
  const gate = new Gate(1, 0);
  const fail = (): Promise<never> => {
    throw new Error('at once');
  };
  await assert.rejects(gate.run(fail), /at once/);
  assert.equal(await gate.run(async () => 'fine'), 'fine');
});

test('a gate that was full takes work again when the work is done', async () => {
  const gate = new Gate(2, 1);
  for (let round = 0; round < 3; round += 1) {
    const outcomes = await Promise.allSettled(Array.from({ length: 5 }, () => gate.run(settle)));
    const refused = outcomes.filter(({ status }) => status === 'rejected').length;
    assert.equal(refused, 2, `round ${round}`);
  }
});
