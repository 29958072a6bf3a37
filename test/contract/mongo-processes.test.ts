import assert from 'node:assert/strict';
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { describe, type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { addSeconds } from '../../src/lib/clock.ts';
import { digest } from '../../src/lib/digest.ts';
import { type MongoStores, openMongo } from '../../src/storage/mongo/open-mongo.ts';
import { buildMailJob, buildPasskey, buildRecoveryCodeSet, buildTotp } from '../support/builders.ts';
import { TEST_START, TestClock } from '../support/clock.ts';
import type { MongoRace } from '../support/mongo-racer.ts';
import { findTestServer, NO_SERVER, type TestServer } from '../support/mongodb.ts';
import { race } from '../support/race.ts';
import { requireValue } from '../support/require-value.ts';
import { insertAccount } from '../support/stored-account.ts';

const RACER = fileURLToPath(new URL('../support/mongo-racer.ts', import.meta.url));
const ROUNDS = 60;
const PASSKEYS = 10;
const SPENT_ONCE = ['consume', 'spend', 'advance', 'recordUse', 'spendRecoveryCode', 'claimEmail'] as const;

function startRacer(t: TestContext, url: string): ChildProcess {
  const racer = fork(RACER, [url]);
  t.after(() => racer.kill());
  return racer;
}

async function receive(racer: ChildProcess): Promise<unknown> {
  const end = new AbortController();
  const died = once(racer, 'exit', end).then(() => assert.fail('the racer died'));
  const [message] = await Promise.race([once(racer, 'message', end), died]);
  end.abort();
  return message;
}

/** Stores what the racers race for. */
async function prepare({ totps, passkeys, records, outbox, ...stores }: MongoStores): Promise<Omit<MongoRace, 'name'>> {
  const { id: accountId, organizationId } = await insertAccount(stores);
  const owned = Array.from({ length: PASSKEYS }, () => buildPasskey({ accountId }));
  const record = { payload: '{}', expiresAt: addSeconds(TEST_START, 60) };
  await totps.put(buildTotp({ accountId }));
  const codes = Array.from({ length: ROUNDS }, (_, round) => ({ digest: `${round}` }));
  await stores.recoveryCodes.replace(buildRecoveryCodeSet({ accountId, codes }));
  await race(PASSKEYS, (index) => passkeys.insert(requireValue(owned[index]), PASSKEYS));
  await race(ROUNDS, (round) => records.put('RefreshToken', digest(`${round}`), record, {}));
  await race(ROUNDS, () => outbox.insert(buildMailJob()));
  return { accountId, organizationId, passkeyIds: owned.map(({ id }) => id), rounds: ROUNDS };
}

const server = await findTestServer();
if (server) describe('two processes on one MongoDB', () => defineTests(server));
else test('two processes on one MongoDB', { skip: NO_SERVER });

function defineTests(server: TestServer): void {
  test('that open a new database at once share it, and nothing is done or counted twice', async (t) => {
    const { url } = server.addDatabase(t);
    const racers = [startRacer(t, url), startRacer(t, url)];
    assert.deepEqual(await Promise.all(racers.map(receive)), ['ready', 'ready']);
    const stores = await openMongo({ url, clock: new TestClock() });
    t.after(() => stores[Symbol.asyncDispose]());
    const prepared = await prepare(stores);
    const run = async (name: MongoRace['name'], theirs: Partial<MongoRace> = {}) => {
      const answers = Promise.all(racers.map(receive));
      racers.forEach((racer, index) => void racer.send({ ...prepared, name, ...(index > 0 && theirs) }));
      return (await answers) as unknown[][]; // what a racer sends
    };

    for (const name of SPENT_ONCE) {
      await t.test(`${name} succeeds once`, async () => {
        const [mine = [], theirs = []] = await run(name);
        for (let round = 0; round < ROUNDS; round += 1) {
          assert.deepEqual([mine[round], theirs[round]].filter(Boolean), [true], `round ${round}`);
        }
      });
    }
    await t.test('countTry counts exactly', async () => {
      const counts = (await run('countTry')).flat().map(Number);
      const expected = Array.from({ length: 2 * ROUNDS }, (_, index) => index + 1);
      assert.deepEqual(
        counts.toSorted((left, right) => left - right),
        expected,
      );
    });
    await t.test('claim gives each mail to one', async () => {
      const claimed = (await run('claim')).flat().filter((id) => typeof id === 'string');
      assert.equal(claimed.length, ROUNDS);
      assert.equal(new Set(claimed).size, ROUNDS);
    });
    await t.test('the last passkey stays', async () => {
      const outcomes = (await run('deletePasskey', { passkeyIds: prepared.passkeyIds.toReversed() })).flat();
      assert.equal(outcomes.filter((outcome) => outcome === 'deleted').length, PASSKEYS - 1);
      assert.equal((await stores.passkeys.listByAccount(prepared.accountId)).length, 1);
    });
    await t.test('passkeys are added up to the limit', async () => {
      const outcomes = (await run('addPasskey')).flat();
      const limit = ROUNDS + PASSKEYS;
      assert.equal(outcomes.filter((outcome) => outcome === 'inserted').length, limit - 1);
      assert.equal(outcomes.filter((outcome) => outcome === 'full').length, 2 * ROUNDS - limit + 1);
      assert.equal((await stores.passkeys.listByAccount(prepared.accountId)).length, limit);
    });
  });
}
