import { AppError } from './app-error.ts';

/** Lets at most `width` pieces of work run at once and at most `queueLength` wait; the rest is refused as `busy`. */
export class Gate {
  readonly #width: number;
  readonly #queueLength: number;
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  constructor(width: number, queueLength: number) {
    this.#width = width;
    this.#queueLength = queueLength;
  }

  async run<Result>(work: () => Promise<Result>): Promise<Result> {
    if (this.#running >= this.#width) await this.#wait();
    else this.#running += 1;
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#running -= 1;
    }
  }

  /** Resolves when a place is handed over; the count of running work stays the same then. */
  #wait(): Promise<void> {
    if (this.#waiting.length >= this.#queueLength) throw new AppError('busy', { retryAfterSeconds: 1 });
    return new Promise((resolve) => this.#waiting.push(resolve));
  }
}
