import { after, type TestContext } from 'node:test';
import { mongo } from 'mongoose';
import { Ids } from '../../src/lib/ids.ts';
import { type MongoStores, openMongo } from '../../src/storage/mongo/open-mongo.ts';
import { TestClock } from './clock.ts';
import { findMongod, startMongod } from './mongod.ts';

/** Empty stores in a database of one test's own. */
export interface TestMongo {
  readonly storage: MongoStores;
  readonly clock: TestClock;
  /** Names the server and the database. */
  readonly url: string;
  /** The database itself, past the stores. */
  readonly db: mongo.Db;
}

/** For `test(name, { skip })`: why tests that need any MongoDB are not run. */
export const NO_SERVER = 'there is no MongoDB: name one in CARDEA_TEST_MONGODB_URL, or put mongod on the PATH';
/** Of tests with a clock that stands in the past: the server's own tidying would remove what they have just stored. */
const WITHOUT_TIDYING = ['--setParameter', 'ttlMonitorEnabled=false'];

const ids = new Ids();

/** The server that CARDEA_TEST_MONGODB_URL names, or a mongod that is started for this file; undefined where there is neither. */
export async function findTestServer(): Promise<TestServer | undefined> {
  const url = process.env.CARDEA_TEST_MONGODB_URL || (await startServer());
  return url === undefined ? undefined : new TestServer(url);
}

async function startServer(): Promise<string | undefined> {
  const binary = await findMongod();
  if (binary === undefined) return undefined;
  const mongod = await startMongod(binary, WITHOUT_TIDYING);
  after(() => mongod[Symbol.asyncDispose]());
  return `mongodb://${mongod.address}`;
}

/** A server on which each test has a database of its own, by a random name, which is dropped after the test. */
export class TestServer {
  readonly #url: string;
  readonly #client: mongo.MongoClient;

  constructor(url: string) {
    this.#url = url;
    this.#client = new mongo.MongoClient(url);
    after(() => this.#client.close());
  }

  /** The address of a database that is not there yet, and the database. */
  addDatabase(t: TestContext): Pick<TestMongo, 'url' | 'db'> {
    const db = this.#client.db(`cardea_test_${Buffer.from(ids.newBytes(8)).toString('hex')}`);
    t.after(() => db.dropDatabase());
    return { url: nameDatabase(this.#url, db.databaseName), db };
  }

  /** Opens stores; they are closed after the test. */
  open = async (t: TestContext): Promise<TestMongo> => {
    const { url, db } = this.addDatabase(t);
    const clock = new TestClock();
    const storage = await openMongo({ url, clock });
    t.after(() => storage[Symbol.asyncDispose]());
    const expiring = ['consents', 'grants', 'refresh_tokens', 'spent_codes'];
    await Promise.all(expiring.map((name) => db.collection(name).dropIndex('expiry'))); // see WITHOUT_TIDYING
    return { storage, clock, url, db };
  };
}

function nameDatabase(url: string, database: string): string {
  const { start = url, options = '' } =
    /^(?<start>[^/]+:\/\/[^/?]+)(?:\/[^?]*)?(?<options>\?.*)?$/.exec(url)?.groups ?? {};
  return `${start}/${database}${options}`;
}
