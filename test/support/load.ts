import assert from 'node:assert/strict';
import { setTimeout } from 'node:timers/promises';
import { race } from './race.ts';
import { waitFor } from './redis.ts';
import { type Answer, Visitor } from './visitor.ts';

/** The server said that it cannot now, or went away in the middle of a request: nothing was promised. */
export class NotNow extends Error {
  /** `refused` with a 503, or `broken` off without an answer. */
  readonly how: 'refused' | 'broken';

  constructor(how: NotNow['how'], options?: ErrorOptions) {
    super(`the server ${how} the request`, options);
    this.name = 'NotNow';
    this.how = how;
  }
}

/** As long as anybody waits for anything, whatever is down. */
export const ANSWER_LIMIT_MS = 5000;
/** How soon somebody who was told to come back does. */
const PATIENCE_MS = 50;

/**
 * Looks at each request from outside: it is answered in time, a fault is told as 503 with `Retry-After` or not at all, and never as a bug.
 */
export class Timekeeper {
  /** What the slowest request took so far. */
  longestMs = 0;
  /** What no request may take more than, in milliseconds. */
  limitMs = ANSWER_LIMIT_MS;

  /** Makes one request. Throws `NotNow` for a 503, and where the connection breaks. */
  async time<Reply extends Pick<Answer, 'status' | 'headers'>>(request: () => Promise<Reply>): Promise<Reply> {
    const start = performance.now();
    const reply = await request().catch((cause: unknown) => {
      if (cause instanceof TypeError) return new NotNow('broken', { cause }); // all that fetch says of connections
      throw cause;
    });
    const elapsed = performance.now() - start;
    this.longestMs = Math.max(this.longestMs, elapsed);
    assert.ok(elapsed <= this.limitMs, `there was no answer for ${Math.round(elapsed)} ms`);
    if (reply instanceof NotNow) throw reply;
    if (reply.status < 500) return reply;
    assert.equal(reply.status, 503);
    assert.match(reply.headers.get('retry-after') ?? 'none', /^\d+$/, 'a 503 says when to come back');
    throw new NotNow('refused');
  }
}

/** A browser each of whose requests a timekeeper looks at. */
export class TimedVisitor extends Visitor {
  readonly #timekeeper: Timekeeper;

  constructor(issuer: string, timekeeper: Timekeeper) {
    super(issuer);
    this.#timekeeper = timekeeper;
  }

  override send(...request: Parameters<Visitor['send']>): Promise<Answer> {
    return this.#timekeeper.time(() => super.send(...request));
  }
}

/** Several callers that do something over and over until told to stop. What fails but for `NotNow` fails the test. */
export class Load {
  /** How often it was done. */
  done = 0;
  /** How often it could not be done. */
  readonly missed: NotNow[] = [];
  readonly #running: Promise<unknown>;
  #failure: unknown;
  #isOver = false;

  constructor(callers: number, job: (caller: number) => Promise<void>) {
    this.#running = race(callers, async (caller) => {
      while (!this.#isOver) await this.#run(() => job(caller));
    });
  }

  /** Waits until it was done so many times more. */
  async waitForMore(count: number, limitMs = 20_000): Promise<void> {
    const goal = this.done + count;
    await this.#waitUntil(() => this.done >= goal, limitMs);
  }

  /** Waits until it could not be done so many times more. */
  async waitForMissed(count: number, limitMs = 20_000): Promise<void> {
    const goal = this.missed.length + count;
    await this.#waitUntil(() => this.missed.length >= goal, limitMs);
  }

  async stop(): Promise<void> {
    this.#isOver = true;
    await this.#running;
    if (this.#failure !== undefined) throw this.#failure;
  }

  async #waitUntil(isReached: () => boolean, limitMs: number): Promise<void> {
    await waitFor(async () => this.#isOver || isReached(), limitMs);
    if (this.#isOver) await this.stop();
  }

  async #run(job: () => Promise<void>): Promise<void> {
    try {
      await job();
      this.done += 1;
    } catch (error) {
      if (error instanceof NotNow) {
        this.missed.push(error);
        await setTimeout(PATIENCE_MS); // else those who are refused at once would leave no time for others
      } else {
        this.#failure ??= error;
        this.#isOver = true;
      }
    }
  }
}
