import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { openSqliteStorage } from '../../src/storage/sqlite/sqlite-storage.ts';
import type { Storage } from '../../src/storage/storage.ts';
import { TestClock } from './clock.ts';
import { makeTempFolder } from './temp-folder.ts';

export interface TestStorage<Stores extends Partial<Storage> = Storage> {
  readonly storage: Stores;
  readonly clock: TestClock;
}

/** Opens empty stores for one test: how a contract suite gets hold of the backend that it is held against. */
export type OpenStores<Name extends keyof Storage> = (t: TestContext) => Promise<TestStorage<Pick<Storage, Name>>>;

/** Opens an empty embedded storage in a folder of its own; both go after the test. */
export async function openTestStorage(
  t: TestContext,
  { clock = new TestClock() }: { readonly clock?: TestClock } = {},
): Promise<TestStorage & { readonly path: string }> {
  const path = join(makeTempFolder(t), 'cardea.sqlite');
  const storage = await openSqliteStorage({ path, clock });
  t.after(() => storage[Symbol.asyncDispose]());
  return { storage, clock, path };
}
