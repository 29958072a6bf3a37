import assert from 'node:assert/strict';
import type { Authenticator } from './authenticator.ts';
import { NotNow, type Timekeeper } from './load.ts';
import type { Person } from './person.ts';
import { race } from './race.ts';
import { outcomeOf, type RawClient, readTokens, type Tokens } from './raw-client.ts';

/** A promise that the server has made to somebody, and how to see that it is kept. */
interface Entry {
  readonly promise: string;
  readonly check: () => Promise<void>;
}

/** How many promises are looked at together. */
const CHECKS_AT_ONCE = 4;

/**
 * A record, outside of the server, of everything that it has acknowledged: what it has said is done, and which values it has taken. While
 * the server is in trouble it is only written; afterwards everything is held against the running installation.
 */
export class Ledger {
  readonly #timekeeper: Timekeeper;
  readonly #entries: Entry[] = [];
  readonly #spent = new Set<string>();

  constructor(timekeeper: Timekeeper) {
    this.#timekeeper = timekeeper;
  }

  /** How many promises there are to keep. */
  get size(): number {
    return this.#entries.length;
  }

  /** Somebody has an account, or one more passkey on that device. */
  addPasskey(person: Person, device: Authenticator = person.device): void {
    this.#add(`${person.email} signs in with a passkey`, async () => {
      await person.signIn(device);
    });
  }

  /** Somebody has signed out. */
  addSignOut(person: Person): void {
    const { visitor } = person;
    this.#add(`a browser of ${person.email} is signed out`, async () => {
      await assert.rejects(person.comeBack(visitor), /no code: .*error=login_required/);
    });
  }

  /** An application may send people. */
  addClient(client: RawClient): void {
    this.#add(`client ${client.id} is known`, async () => {
      const page = await this.#timekeeper.time(() => fetch(client.authorizationUrl(), { redirect: 'manual' }));
      await page.arrayBuffer();
      assert.equal(page.status, 303);
    });
  }

  /** Exchanges a code, by so many callers at once. Answers the tokens of the one that got some; throws `NotNow` when none did. */
  async exchange(client: RawClient, code: string, callers = 1): Promise<Tokens> {
    const tokens = await this.#spend(code, callers, () => client.exchange(code));
    this.#add(`a code of ${client.id} is spent`, async () => {
      assert.equal(outcomeOf(await this.#timekeeper.time(() => client.exchange(code))), 'invalid_grant');
    });
    return tokens;
  }

  /** Rotates a refresh token. Throws `NotNow` when that failed, after which nobody knows whether the token is spent. */
  async refresh(client: RawClient, refreshToken: string): Promise<Tokens> {
    return this.#spend(refreshToken, 1, () => client.refresh(refreshToken));
  }

  /** The newest refresh token of a family works, and `spent`, which came before it, does not. */
  addFamily(client: RawClient, newest: string, spent: string): void {
    this.#add(`of a family of ${client.id} the newest refresh token works only`, async () => {
      readTokens(await this.#timekeeper.time(() => client.refresh(newest)));
      assert.equal(outcomeOf(await this.#timekeeper.time(() => client.refresh(spent))), 'invalid_grant');
    });
  }

  /** Sees that every promise is kept. */
  async verify(): Promise<void> {
    const waiting = [...this.#entries];
    const broken: string[] = [];
    await race(CHECKS_AT_ONCE, async () => {
      for (let entry = waiting.shift(); entry; entry = waiting.shift()) {
        await entry.check().catch((error: unknown) => broken.push(`${entry?.promise}: ${error}`));
      }
    });
    assert.deepEqual(broken, [], `of ${this.size} promises`);
  }

  #add(promise: string, check: Entry['check']): void {
    this.#entries.push({ promise, check });
  }

  /** Presents a value that is good for one success, ever. */
  async #spend(value: string, callers: number, present: () => ReturnType<RawClient['exchange']>): Promise<Tokens> {
    const outcomes = await race(callers, () =>
      this.#timekeeper.time(present).catch((error: unknown) => {
        if (error instanceof NotNow) return error;
        throw error;
      }),
    );
    const successes = outcomes.filter((outcome) => !(outcome instanceof NotNow) && outcome.status === 200);
    assert.ok(successes.length <= (this.#spent.has(value) ? 0 : 1), 'a value was spent twice');
    const [success] = successes;
    if (success && !(success instanceof NotNow)) {
      this.#spent.add(value);
      return readTokens(success);
    }
    const refusal = outcomes.find((outcome) => outcome instanceof NotNow);
    throw refusal ?? assert.fail(`nobody could spend it: ${JSON.stringify(outcomes)}`);
  }
}
