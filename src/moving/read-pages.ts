import type { Account } from '../accounts/account-store.ts';
import type { Page, PageRequest } from '../lib/cursor.ts';
import type { AccountId } from '../lib/ids.ts';
import type { LastingKind, LastingRecord, LastingRecordStore } from '../oidc/lasting-record-store.ts';

/** So little that a server answers all the calls for one page at once. */
const PAGE_SIZE = 100;

/** Every page of a list, in its order. */
export async function* readPages<Item>(
  readPage: (page: PageRequest) => Promise<Page<Item>>,
): AsyncGenerator<readonly Item[]> {
  let page: Page<Item> = await readPage({ limit: PAGE_SIZE });
  yield page.items;
  while (page.next) {
    page = await readPage({ limit: PAGE_SIZE, after: page.next });
    yield page.items;
  }
}

/** What the accounts of each page have, in the order of the accounts. */
export async function* readPagesOfAccounts<Item>(
  pages: AsyncIterable<readonly Account[]>,
  readAll: (id: AccountId) => Promise<readonly Item[]>,
): AsyncGenerator<readonly Item[]> {
  for await (const accounts of pages) yield (await Promise.all(accounts.map(({ id }) => readAll(id)))).flat();
}

/** Every page of the records of a kind, in the order of their ids. */
export async function* readPagesOfRecords(
  store: LastingRecordStore,
  kind: LastingKind,
): AsyncGenerator<readonly LastingRecord[]> {
  let page = await store.list(kind, PAGE_SIZE);
  while (page.length > 0) {
    yield page;
    page = await store.list(kind, PAGE_SIZE, page.at(-1)?.id);
  }
}
