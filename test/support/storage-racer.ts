/**
 * A process of its own that uses one storage file together with others: `storage-racer.ts <path>`. It opens the file, says that it is
 * ready, runs the race it is sent, and sends back what its calls answered.
 */
import { digest } from '../../src/lib/digest.ts';
import type { AccountId, PasskeyId } from '../../src/lib/ids.ts';
import { openSqliteStorage } from '../../src/storage/sqlite/sqlite-storage.ts';
import type { Storage } from '../../src/storage/storage.ts';
import { buildPasskey } from './builders.ts';
import { TEST_START, TestClock } from './clock.ts';

/** What is raced for: `rounds` calls, one after another, for the things that the test has stored under the same numbers. */
export interface Race {
  readonly name: keyof typeof RACES;
  readonly rounds: number;
  readonly accountId: AccountId;
  readonly passkeyId: PasskeyId;
}

type Call = (storage: Storage, round: number, race: Race) => Promise<unknown>;

const RACES = {
  take: ({ tickets }, round) => tickets.take('sign-up', `${round}`),
  consume: ({ records }, round) => records.consume('RefreshToken', digest(`${round}`), TEST_START),
  putIfAbsent: ({ records }, round) =>
    records.putIfAbsent('ReplayDetection', digest(`${round}`), { payload: '{}', expiresAt: new Date(8.64e15) }),
  advance: ({ totps }, round, { accountId }) => totps.advance(accountId, round + 1),
  recordUse: ({ passkeys }, round, { passkeyId }) =>
    passkeys.recordUse(passkeyId, { counter: round + 1, backedUp: true, usedAt: TEST_START, usedWith: 'a racer' }),
  insert: ({ passkeys }, _, { accountId, rounds }) => passkeys.insert(buildPasskey({ accountId }), rounds),
  spend: ({ recoveryCodes }, round, { accountId }) => recoveryCodes.spend(accountId, `${round}`, TEST_START),
  countTry: ({ failures }, _, { accountId }) => failures.countTry(accountId, 'totp', 'stranger'),
  hit: async ({ rates }, _, { rounds }) => {
    const hit = await rates.hit('key', { free: 2 * rounds, windowSeconds: 60, pauseSeconds: 1, maxPauseSeconds: 1 });
    return hit.allowed && hit.count;
  },
  claim: async ({ outbox }) => (await outbox.claim(60))?.id,
} as const satisfies Record<string, Call>;

async function run(path: string): Promise<void> {
  const storage = await openSqliteStorage({ path, clock: new TestClock() });
  process.on('message', async (race: Race) => {
    const call: Call = RACES[race.name];
    const answers: unknown[] = [];
    for (let round = 0; round < race.rounds; round += 1) answers.push((await call(storage, round, race)) ?? false);
    process.send?.(answers);
  });
  process.once('disconnect', () => storage[Symbol.asyncDispose]());
  process.send?.('ready');
}

const [path] = process.argv.slice(2);
if (path !== undefined && process.send) await run(path);
