/**
 * A process of its own that uses one MongoDB together with others: `mongo-racer.ts <url>`. It opens the stores, says that it is ready,
 * runs the race it is sent, and sends back what its calls answered.
 */
import type { Account } from '../../src/accounts/account-store.ts';
import { addSeconds } from '../../src/lib/clock.ts';
import { digest } from '../../src/lib/digest.ts';
import type { PasskeyId } from '../../src/lib/ids.ts';
import { type MongoStores, openMongo } from '../../src/storage/mongo/open-mongo.ts';
import { buildAccount, buildPasskey } from './builders.ts';
import { TEST_START, TestClock } from './clock.ts';
import { requireValue } from './require-value.ts';

/** What is raced for: `rounds` calls, one after another, for the things that the test has stored under the same numbers. */
export interface MongoRace {
  readonly name: keyof typeof RACES;
  readonly rounds: number;
  readonly accountId: Account['id'];
  readonly organizationId: Account['organizationId'];
  /** Of that account. */
  readonly passkeyIds: readonly PasskeyId[];
}

type Call = (stores: MongoStores, round: number, race: MongoRace) => Promise<unknown>;

const RACES = {
  consume: ({ records }, round) => records.consume('RefreshToken', digest(`${round}`), TEST_START),
  spend: ({ spentCodes }, round) => spentCodes.spend(digest(`${round}`), addSeconds(TEST_START, 60)),
  advance: ({ totps }, round, { accountId }) => totps.advance(accountId, round + 1),
  recordUse: ({ passkeys }, round, { passkeyIds: [id] }) =>
    passkeys.recordUse(requireValue(id), {
      counter: round + 1,
      backedUp: true,
      usedAt: TEST_START,
      usedWith: 'a racer',
    }),
  claimEmail: ({ accounts }, round, { organizationId }) =>
    accounts.insert(buildAccount({ organizationId, email: `racer-${round}@example.com` })),
  spendRecoveryCode: ({ recoveryCodes }, round, { accountId }) =>
    recoveryCodes.spend(accountId, `${round}`, TEST_START),
  countTry: ({ failures }, _, { accountId }) => failures.countTry(accountId, 'totp', 'stranger'),
  addPasskey: ({ passkeys }, _, { accountId, rounds, passkeyIds }) =>
    passkeys.insert(buildPasskey({ accountId }), rounds + passkeyIds.length),
  deletePasskey: ({ passkeys }, round, { accountId, passkeyIds }) => {
    const id = passkeyIds[round];
    return id === undefined ? Promise.resolve('none') : passkeys.delete(accountId, id, true);
  },
  claim: async ({ outbox }) => (await outbox.claim(60))?.id,
} as const satisfies Record<string, Call>;

async function run(url: string): Promise<void> {
  const stores = await openMongo({ url, clock: new TestClock() });
  process.on('message', async (race: MongoRace) => {
    const call: Call = RACES[race.name];
    const answers: unknown[] = [];
    for (let round = 0; round < race.rounds; round += 1) answers.push(await call(stores, round, race));
    process.send?.(answers);
  });
  process.once('disconnect', () => stores[Symbol.asyncDispose]());
  process.send?.('ready');
}

const [url] = process.argv.slice(2);
if (url !== undefined && process.send) await run(url);
