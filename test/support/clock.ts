import type { Clock } from '../../src/lib/clock.ts';
import { addSeconds } from '../../src/lib/clock.ts';

/** Where test clocks start, and when every built thing was made. */
export const TEST_START = new Date('2026-01-01T12:00:00.123Z');

/** A clock that stands still until it is moved. */
export class TestClock implements Clock {
  #now: Date;

  constructor(start = TEST_START) {
    this.#now = start;
  }

  now(): Date {
    return this.#now;
  }

  /** Moves on by seconds; a thousandth is a millisecond. */
  advance(seconds: number): void {
    this.#now = addSeconds(this.#now, seconds);
  }
}
