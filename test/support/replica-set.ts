import type { TestContext } from 'node:test';
import { mongo } from 'mongoose';
import { findMongod, type Mongod, startMongod } from './mongod.ts';
import { race } from './race.ts';
import { requireValue } from './require-value.ts';

const MEMBERS = 3;
const SELECTION_LIMIT_MS = 30_000;

/** A mongod that goes with the test. */
export async function startOwnMongod(t: TestContext, args: readonly string[]): Promise<Mongod> {
  const mongod = await startMongod(requireValue(await findMongod()), args);
  t.after(() => mongod[Symbol.asyncDispose]());
  return mongod;
}

/** A client beside the stores, which is closed with the test. */
export async function connectClient(t: TestContext, url: string): Promise<mongo.MongoClient> {
  const client = new mongo.MongoClient(url, { serverSelectionTimeoutMS: SELECTION_LIMIT_MS });
  t.after(() => client.close());
  return client.connect();
}

/** Three mongod of the test's own. A primary that is silent for two seconds is given up by the others. */
export class ReplicaSet {
  readonly members: readonly Mongod[];
  readonly client: mongo.MongoClient;
  /** Without a database. */
  readonly url: string;

  private constructor(members: readonly Mongod[], client: mongo.MongoClient, url: string) {
    this.members = members;
    this.client = client;
    this.url = url;
  }

  static async start(t: TestContext): Promise<ReplicaSet> {
    const members = await race(MEMBERS, () => startOwnMongod(t, ['--replSet', 'set']));
    const first = await connectClient(t, `mongodb://${members[0]?.address}/?directConnection=true`);
    await first.db('admin').command({
      replSetInitiate: {
        _id: 'set',
        members: members.map(({ address }, index) => ({ _id: index, host: address })),
        settings: { electionTimeoutMillis: 2000 },
      },
    });
    const url = `mongodb://${members.map(({ address }) => address).join()}/?replicaSet=set`;
    const client = await connectClient(t, url);
    await client.db('admin').command({ ping: 1 }); // waits for the first primary
    return new ReplicaSet(members, client, url);
  }

  async requirePrimary(): Promise<Mongod> {
    const { primary } = await this.client.db('admin').command({ hello: 1 });
    return requireValue(this.members.find(({ address }) => address === primary));
  }

  /** Has it choose a primary anew. */
  async stepDown(): Promise<void> {
    await this.client.db('admin').command({ replSetStepDown: 10, force: true });
  }
}
