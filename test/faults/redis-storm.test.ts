import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { digest } from '../../src/lib/digest.ts';
import { FaultSite, skipFaults } from '../support/fault-site.ts';
import { NotNow } from '../support/load.ts';
import { race } from '../support/race.ts';
import { waitFor } from '../support/redis.ts';

const skip = skipFaults;
const RESTARTS = 10;
const AT_ONCE = 5;
const LOST_ANSWERS = 3;
const OUTAGE_MS = 3000;
/** A try to connect after 0.1 s, 0.2 s and so on up to one each second, and up to twice as long by chance. */
const MOST_CONNECTIONS = 7;
const RECOVERED_WITHIN_MS = 5000;
/** What it has answered it remembers, so that counts outlive restarts. */
const LASTING = ['--appendonly', 'yes', '--appendfsync', 'always'];
const BUDGET = { free: 1_000_000, windowSeconds: 900, pauseSeconds: 1, maxPauseSeconds: 1 };

/** Tries of passwords from one address, which the server counts in Redis, and what became of them. */
class Guesses {
  sent = 0;
  answered = 0;
  readonly #site: FaultSite;
  #asked = 0;

  constructor(site: FaultSite) {
    this.#site = site;
  }

  /** Gets so many people to where they are asked for a password. Answers what makes each of them try one, at once. */
  async prepare(people: number): Promise<() => Promise<void>> {
    const begun = await race(people, () => this.#site.beginPassword(`${randomUUID()}@example.com`));
    return async () => {
      await Promise.all(begun.map(({ typePassword }) => this.#try(() => typePassword('a guess'))));
    };
  }

  /** What the server has counted so far. */
  async readCount(): Promise<number> {
    const { rates } = this.#site.installation.operator.storage;
    const hit = await rates.hit(digest('source:127.0.0.1'), BUDGET);
    assert.ok(hit.allowed);
    this.#asked += 1;
    return hit.count - this.#asked;
  }

  async #try(typePassword: () => Promise<{ readonly status: number }>): Promise<void> {
    this.sent += 1;
    try {
      assert.equal((await typePassword()).status, 401);
      this.answered += 1;
    } catch (error) {
      if (!(error instanceof NotNow)) throw error;
    }
  }
}

test('a try whose answer is lost is counted once', { skip }, async (t) => {
  const site = await FaultSite.open(t);
  const { redis } = site.installation;
  const guesses = new Guesses(site);
  for (let round = 1; round <= LOST_ANSWERS; round += 1) {
    const tryAll = await guesses.prepare(1);
    redis.goDeafAt('cardea:rate:'); // Redis counts, and nobody hears of it
    await tryAll();
    redis.cut();
    redis.restore();
    await site.waitForRecovery();
    assert.deepEqual([guesses.answered, await guesses.readCount()], [0, round]);
  }
  await site.ledger.verify();
});

test('a Redis that restarts ten times is come back to each time, and what was counted is counted once', {
  skip,
}, async (t) => {
  const site = await FaultSite.open(t, { redis: LASTING });
  const { redisServer, operator } = site.installation;
  const guesses = new Guesses(site);
  for (let restart = 1; restart <= RESTARTS; restart += 1) {
    const tryAll = await guesses.prepare(AT_ONCE);
    await Promise.all([tryAll(), redisServer.kill()]);
    await redisServer.start();
    await site.waitForRecovery();
  }
  await waitFor(
    () =>
      operator.storage.ping().then(
        () => true,
        () => false,
      ),
    RECOVERED_WITHIN_MS,
  );
  const count = await guesses.readCount();
  assert.ok(guesses.answered <= count && count <= guesses.sent, `${count} of ${guesses.sent}`);
  await site.ledger.verify();
});

test('servers whose Redis refuses them ask seldom, and are back soon', { skip }, async (t) => {
  const site = await FaultSite.open(t);
  const { redis } = site.installation;
  await site.installation.startServer();
  const before = redis.accepted;
  redis.setFault('refusing');
  await setTimeout(OUTAGE_MS); // the outage itself
  const attempts = redis.accepted - before;
  assert.ok(attempts >= 2 && attempts <= 2 * MOST_CONNECTIONS, `${attempts} tries to connect`);
  redis.restore();
  await site.waitForRecovery();
  await site.ledger.verify();
});
