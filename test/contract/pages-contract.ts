import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { addSeconds } from '../../src/lib/clock.ts';
import type { Cursor, Page, PageRequest } from '../../src/lib/cursor.ts';
import { TEST_START } from '../support/clock.ts';
import { race } from '../support/race.ts';
import { requireValue } from '../support/require-value.ts';

interface Listed<Item> {
  readonly insert: (item: Item) => Promise<boolean>;
  readonly list: (page: PageRequest) => Promise<Page<Item>>;
  readonly build: (createdAt: Date) => Item;
}

interface Identified {
  readonly id: string;
  readonly createdAt: Date;
}

/** What every list that comes in pages has promised; `open` starts each test with an empty one. */
export function testPages<Item extends Identified>(open: (t: TestContext) => Promise<Listed<Item>>): void {
  test('an empty list is one empty page', async (t) => {
    const { list } = await open(t);
    assert.deepEqual(await list({ limit: 10 }), { items: [] });
  });

  test('pages hold everything once, ordered by creation and then id, and the last names no next one', async (t) => {
    const { insert, list, build } = await open(t);
    const built = Array.from({ length: 7 }, (_, index) => build(addSeconds(TEST_START, -Math.floor(index / 3))));
    await race(built.length, (index) => insert(requireValue(built[index])));

    const pages = await readPages(list, 3);

    assert.deepEqual(
      pages.map((page) => page.length),
      [3, 3, 1],
    );
    assert.deepEqual(pages.flat(), built.toSorted(compare));
  });

  test('a list that ends with a full page names no next one', async (t) => {
    const { insert, list, build } = await open(t);
    await race(4, () => insert(build(TEST_START)));
    assert.deepEqual(
      (await readPages(list, 2)).map((page) => page.length),
      [2, 2],
    );
  });

  test('pages repeat nothing and leave nothing out while rows are added', async (t) => {
    const { insert, list, build } = await open(t);
    const early = Array.from({ length: 6 }, (_, index) => build(addSeconds(TEST_START, index)));
    await race(early.length, (index) => insert(requireValue(early[index])));

    const first = await list({ limit: 3 });
    const before = build(addSeconds(TEST_START, -1));
    const behind = build(addSeconds(TEST_START, 9));
    await insert(before);
    await insert(behind);
    const second = await list({ limit: 10, after: first.next });

    assert.deepEqual([...first.items, ...second.items], [...early, behind]);
  });

  test('a limit outside 1 to 1000 is refused', async (t) => {
    const { list } = await open(t);
    for (const limit of [0, -1, 1001, 1.5, Number.NaN]) {
      await assert.rejects(list({ limit }), { code: 'malformed_request', field: 'limit' });
    }
    await list({ limit: 1 });
    await list({ limit: 1000 });
  });

  test('a cursor that the list has not given is refused', async (t) => {
    const { list } = await open(t);
    const texts = ['', 'null', '[]', '[1]', '["1","id"]', '[1.5,"id"]', '[1,2]', '[1,"id",3]', '{"0":1,"1":"id"}'];
    for (const text of [...texts.map((json) => Buffer.from(json).toString('base64url')), '%%%', 'bad cursor']) {
      await assert.rejects(list({ limit: 1, after: text as Cursor }), { code: 'malformed_request', field: 'after' }); // what a caller may send
    }
  });
}

async function readPages<Item>(list: Listed<Item>['list'], limit: number): Promise<(readonly Item[])[]> {
  const pages: (readonly Item[])[] = [];
  for (let after: Cursor | undefined; pages.length === 0 || after !== undefined; ) {
    const page = await list({ limit, after });
    pages.push(page.items);
    after = page.next;
  }
  return pages;
}

function compare(left: Identified, right: Identified): number {
  return left.createdAt.getTime() - right.createdAt.getTime() || (left.id < right.id ? -1 : 1);
}
