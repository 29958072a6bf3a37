import { addSeconds, type Clock } from './clock.ts';

interface Deps {
  readonly clock: Clock;
  /** What another process changes is seen after this time at the latest. */
  readonly seconds: number;
  /** More than so many are not kept: the oldest go. */
  readonly limit: number;
}

/** Remembers, for some seconds, values that are read often and changed seldom. Whoever changes one keeps or forgets it here. */
export class Memory<Key, Value> {
  readonly #deps: Deps;
  readonly #kept = new Map<Key, { readonly value: Value; readonly until: Date }>();

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  find(key: Key): Value | undefined {
    const kept = this.#kept.get(key);
    return kept && kept.until > this.#deps.clock.now() ? kept.value : undefined;
  }

  /** Answers the value. */
  keep(key: Key, value: Value): Value {
    const { clock, seconds, limit } = this.#deps;
    this.#kept.delete(key);
    const [oldest] = this.#kept.keys();
    if (oldest !== undefined && this.#kept.size >= limit) this.#kept.delete(oldest);
    this.#kept.set(key, { value, until: addSeconds(clock.now(), seconds) });
    return value;
  }

  forget(key: Key): void {
    this.#kept.delete(key);
  }
}
