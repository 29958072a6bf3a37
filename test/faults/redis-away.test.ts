import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { addAccount, TEST_PASSWORD } from '../support/app.ts';
import { computeCode } from '../support/authenticator-app.ts';
import { addTotp, nextCode } from '../support/enrol.ts';
import { FaultSite, skipFaults } from '../support/fault-site.ts';
import { Load } from '../support/load.ts';
import { assertRefused } from '../support/page.ts';
import { outcomeOf, readTokens } from '../support/raw-client.ts';
import type { ServerProcess } from '../support/server-process.ts';

const skip = skipFaults;
/** A call is given 800 ms; the rest is for a busy machine. */
const REFUSED_WITHIN_MS = 1500;
const WRONG_PASSWORD = 'not the password of anybody';
/** More than fits in it, if what is refused stayed. */
const SMALL_HEAP = { NODE_OPTIONS: '--max-old-space-size=80' };
const PEOPLE = 20;

for (const fault of ['dead', 'frozen'] as const) {
  test(`while Redis is ${fault} what needs it is refused in time, and all else is there`, { skip }, async (t) => {
    const site = await FaultSite.open(t);
    const { redisServer } = site.installation;
    const requests = await site.prepareRequests();
    const { code } = await site.admitPerson();
    const { idToken } = await site.ledger.exchange(site.client, code);
    const { person: guest } = await site.admitPerson(); // of a grant that no spent code will be tried on
    const { refreshToken: first } = readTokens(await site.client.exchange(await guest.allowToStay()));
    const { refreshToken: second } = await site.ledger.refresh(site.client, first);

    if (fault === 'dead') await redisServer.kill();
    else redisServer.freeze();
    const all = { ...requests, 'a refresh token for good': () => site.client.refresh(second) };
    await site.assertRefused(all, REFUSED_WITHIN_MS);
    await site.assertRefused(all, REFUSED_WITHIN_MS);
    await site.assertPublicPartsUp(idToken);
    if (fault === 'dead') await redisServer.start();
    else redisServer.thaw();

    await site.waitForRecovery();
    site.ledger.addFamily(site.client, second, first); // to be told to come back later has cost nothing
    await site.ledger.verify();
  });
}

test('a slow Redis makes answers slow, a very slow one is as good as none, and neither piles anything up', {
  skip,
}, async (t) => {
  const site = await FaultSite.open(t, { environment: SMALL_HEAP });
  const { redis } = site.installation;
  const { person } = await site.admitPerson();
  const connections = redis.open;

  await t.test('half a second late, people get in', async () => {
    redis.delayAnswers(500);
    await site.beginPassword(person.email);
    await site.client.obtainCode(person.visitor, { prompt: 'none' });
    assert.equal(redis.open, connections);
  });

  await t.test(
    'five seconds late, everybody is told to come back, and memory and connections stay as they are',
    async () => {
      redis.delayAnswers(5000);
      const load = new Load(PEOPLE, async () => void (await site.newPerson().signUp()));
      await load.waitForMissed(10 * PEOPLE);
      const megabytes = readMegabytes(site.server);
      const accepted = redis.accepted;
      await load.waitForMissed(20 * PEOPLE);
      await load.stop();
      assert.equal(load.done, 0);
      assert.ok(redis.open <= connections, `${redis.open} connections`);
      assert.ok(redis.accepted - accepted < 20, `connected ${redis.accepted - accepted} times`);
      const more = readMegabytes(site.server) - megabytes;
      assert.ok(more < 60, `${more} MB more`);
    },
  );

  redis.restore();
  await site.waitForRecovery();
  await site.ledger.verify();
});

test('a Redis that comes back empty signs everybody out, revives nothing, and limits count from the start', {
  skip,
}, async (t) => {
  const site = await FaultSite.open(t);
  const { client, ledger, installation } = site;
  const { operator, redisServer } = installation;
  const { person, code } = await site.admitPerson();
  const { accessToken } = await ledger.exchange(client, code);
  const { person: guest } = await site.admitPerson();
  const { refreshToken: first } = readTokens(await client.exchange(await guest.allowToStay()));
  const { refreshToken: second } = await ledger.refresh(client, first);
  ledger.addFamily(client, second, first);
  const unspent = await person.comeBack();

  const guarded = await addAccount(operator, 'guarded@example.com');
  const secret = await addTotp(operator, guarded);
  const usedCode = computeCode(secret, new Date());
  const victim = await addAccount(operator, 'victim@example.com');
  const guessUntilStopped = async () => {
    const { typePassword } = await site.beginPassword(victim.email);
    for (let tries = 1; tries <= 6; tries += 1) assert.equal((await typePassword(WRONG_PASSWORD)).status, 401);
    assertRefused(await typePassword(TEST_PASSWORD), 'too_many_tries');
  };
  await guessUntilStopped();

  await redisServer.kill();
  await redisServer.start();
  await site.waitForRecovery();

  assert.equal((await client.userinfo(accessToken)).status, 401);
  assert.equal(outcomeOf(await client.exchange(unspent)), 'invalid_grant');
  await assert.rejects(person.comeBack(), /error=login_required/);
  await guessUntilStopped();
  const failures = await operator.storage.failures.countTry(victim.id, 'password', 'stranger');
  assert.equal(failures, 13, 'failures in a row are not forgotten');
  const again = await site.beginPassword(guarded.email);
  assert.equal((await again.typePassword(TEST_PASSWORD)).status, 303);
  assertRefused(await again.typeCode(usedCode), 'code_refused');
  assert.equal((await again.typeCode(nextCode(secret))).status, 303);
  await ledger.verify();
});

/** What a process holds of the memory (VmRSS of proc_pid_status(5)). */
function readMegabytes({ pid }: ServerProcess): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) / 1024;
}
