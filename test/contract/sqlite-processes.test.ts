import assert from 'node:assert/strict';
import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { addSeconds } from '../../src/lib/clock.ts';
import { digest } from '../../src/lib/digest.ts';
import type { ClientId } from '../../src/lib/ids.ts';
import { openSqliteStorage } from '../../src/storage/sqlite/sqlite-storage.ts';
import type { Storage } from '../../src/storage/storage.ts';
import { buildMailJob, buildPasskey, buildRecoveryCodeSet, buildTotp } from '../support/builders.ts';
import { TEST_START, TestClock } from '../support/clock.ts';
import { race } from '../support/race.ts';
import type { Race } from '../support/storage-racer.ts';
import { insertAccount } from '../support/stored-account.ts';
import { makeTempFolder } from '../support/temp-folder.ts';

const RACER = fileURLToPath(new URL('../support/storage-racer.ts', import.meta.url));
const WRITER = fileURLToPath(new URL('../support/storage-writer.ts', import.meta.url));
const ROUNDS = 60;
const SPENT_ONCE = ['take', 'consume', 'putIfAbsent', 'advance', 'recordUse', 'spend'] as const;
const COUNTED = ['countTry', 'hit'] as const;

async function openStorage(t: TestContext, path: string): Promise<Storage> {
  const storage = await openSqliteStorage({ path, clock: new TestClock() });
  t.after(() => storage[Symbol.asyncDispose]());
  return storage;
}

function startRacer(t: TestContext, path: string): ChildProcess {
  const racer = fork(RACER, [path]);
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
async function prepare(storage: Storage): Promise<Omit<Race, 'name'>> {
  const { id: accountId } = await insertAccount(storage);
  const { id: passkeyAccountId } = await insertAccount(storage);
  const passkey = buildPasskey({ accountId: passkeyAccountId });
  const record = { payload: '{}', expiresAt: addSeconds(TEST_START, 60) };
  await storage.totps.put(buildTotp({ accountId }));
  await storage.passkeys.insert(passkey, 1);
  const codes = Array.from({ length: ROUNDS }, (_, round) => ({ digest: `${round}` }));
  await storage.recoveryCodes.replace(buildRecoveryCodeSet({ accountId, codes }));
  await race(ROUNDS, async (round) => {
    await storage.tickets.put('sign-up', `${round}`, {}, 60);
    await storage.outbox.insert(buildMailJob());
    await storage.records.put('RefreshToken', digest(`${round}`), record, {});
  });
  return { accountId, passkeyId: passkey.id, rounds: ROUNDS };
}

test('two processes that open a new file at once share it, and nothing is done or counted twice', async (t) => {
  const path = join(makeTempFolder(t), 'shared.sqlite');
  const racers = [startRacer(t, path), startRacer(t, path)];
  assert.deepEqual(await Promise.all(racers.map(receive)), ['ready', 'ready']);
  const storage = await openStorage(t, path);
  const prepared = await prepare(storage);
  const run = async (name: Race['name']) => {
    const answers = Promise.all(racers.map(receive));
    for (const racer of racers) racer.send({ ...prepared, name });
    return (await answers) as unknown[][]; // what a racer sends
  };

  for (const name of SPENT_ONCE) {
    await t.test(`${name} succeeds once`, async () => {
      const [mine = [], theirs = []] = await run(name);
      for (let round = 0; round < ROUNDS; round += 1) {
        assert.equal([mine[round], theirs[round]].filter((answer) => answer !== false).length, 1, `round ${round}`);
      }
    });
  }
  for (const name of COUNTED) {
    await t.test(`${name} counts exactly`, async () => {
      const counts = (await run(name)).flat().map(Number);
      assert.deepEqual(
        counts.toSorted((left, right) => left - right),
        Array.from({ length: 2 * ROUNDS }, (_, index) => index + 1),
      );
    });
  }
  await t.test('claim gives each mail to one', async () => {
    const claimed = (await run('claim')).flat().filter((id) => id !== false);
    assert.equal(claimed.length, ROUNDS);
    assert.equal(new Set(claimed).size, ROUNDS);
  });
  await t.test('insert keeps to the limit', async () => {
    const outcomes = (await run('insert')).flat();
    assert.equal(outcomes.filter((outcome) => outcome === 'inserted').length, ROUNDS);
    assert.equal((await storage.passkeys.listByAccount(prepared.accountId)).length, ROUNDS);
  });
});

test('a process that is killed loses nothing that it has acknowledged', async (t) => {
  const path = join(makeTempFolder(t), 'killed.sqlite');
  const writer = spawn(process.execPath, [WRITER, path], { stdio: ['ignore', 'pipe', 'inherit'] });
  t.after(() => writer.kill('SIGKILL'));

  const acknowledged: string[] = [];
  for await (const line of createInterface(writer.stdout)) {
    acknowledged.push(line);
    if (acknowledged.length === 200) writer.kill('SIGKILL');
  }

  const { clients } = await openStorage(t, path);
  assert.ok(acknowledged.length >= 200);
  for (const id of acknowledged) assert.ok(await clients.find(id as ClientId), id); // what the writer prints
});
