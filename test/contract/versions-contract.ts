import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { race } from '../support/race.ts';

interface Versioned<Item> {
  readonly insert: (item: Item) => Promise<boolean>;
  readonly find: (item: Item) => Promise<Item | undefined>;
  readonly update: (item: Item) => Promise<boolean>;
  /** Builds one of version 1. */
  readonly build: () => Item;
  /** Makes a copy that differs in what `mark` says. */
  readonly change: (item: Item, mark: string) => Item;
}

const CALLERS = 50;

/** What every store of things with a version has promised; `open` starts each test with empty stores. */
export function testVersions<Item extends { readonly version: number }>(
  open: (t: TestContext) => Promise<Versioned<Item>>,
): void {
  test('a change of the stored version replaces it', async (t) => {
    const { insert, find, update, build, change } = await open(t);
    const item = build();
    const changed = { ...change(item, 'changed'), version: 2 };
    await insert(item);

    assert.equal(await update(changed), true);
    assert.deepEqual(await find(item), changed);
  });

  test('a change based on any other version is refused and changes nothing', async (t) => {
    const { insert, find, update, build, change } = await open(t);
    const item = { ...build(), version: 5 };
    await insert(item);
    for (const version of [4, 5, 7]) assert.equal(await update({ ...change(item, 'lost'), version }), false);
    assert.deepEqual(await find(item), item);
  });

  test('a change of what was never stored is refused', async (t) => {
    const { find, update, build } = await open(t);
    const item = { ...build(), version: 2 };
    assert.equal(await update(item), false);
    assert.equal(await find(item), undefined);
  });

  test('of many changes of one version at once, one is made', async (t) => {
    const { insert, find, update, build, change } = await open(t);
    const item = build();
    await insert(item);
    const rivals = Array.from({ length: CALLERS }, (_, index) => ({ ...change(item, `rival-${index}`), version: 2 }));

    const outcomes = await Promise.all(rivals.map(update));

    assert.equal(outcomes.filter(Boolean).length, 1);
    assert.deepEqual(await find(item), rivals[outcomes.indexOf(true)]);
  });

  test('of many that are stored with one id at once, one is stored', async (t) => {
    const { insert, find, build, change } = await open(t);
    const item = build();
    const rivals = Array.from({ length: CALLERS }, (_, index) => change(item, `rival-${index}`));

    const outcomes = await race(CALLERS, (index) => insert(rivals[index] ?? item));

    assert.equal(outcomes.filter(Boolean).length, 1);
    assert.deepEqual(await find(item), rivals[outcomes.indexOf(true)]);
  });
}
