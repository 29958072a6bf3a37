import type { FailureStore, GuessableFactor } from '../accounts/failure-store.ts';
import { AppError } from '../lib/app-error.ts';
import { digest } from '../lib/digest.ts';
import type { AccountId } from '../lib/ids.ts';
import { toNetwork } from './network.ts';
import type { Budget, RateStore } from './rate-store.ts';

const TYPED_FROM_MEMORY: Budget = { free: 5, windowSeconds: 900, pauseSeconds: 30, maxPauseSeconds: 900 };

/** Of one factor of one account, for each source of tries. Recovery codes: five tries, then an hour's pause. */
const ACCOUNT_BUDGETS: { readonly [Factor in GuessableFactor]: Budget } = {
  password: TYPED_FROM_MEMORY,
  totp: TYPED_FROM_MEMORY,
  'recovery-code': { free: 4, windowSeconds: 3600, pauseSeconds: 3600, maxPauseSeconds: 3600 },
};

/** So many tries in a row and the factor is off for that source, until something else proves the person. */
const FAILURES_ALLOWED: { readonly [Factor in GuessableFactor]: number } = {
  password: 100,
  totp: 20,
  'recovery-code': 10,
};

/** Stands for everyone who does not exist: their tries are counted too, since a durable write takes time that could be told. */
const NOBODY = 'nobody' as AccountId; // no id that `Ids` makes is so short

/**
 * Who tries: strangers share one budget, those who have proved another factor already share another, and a browser that the account has
 * signed in with before has its own.
 */
export type TrySource = 'stranger' | 'proved' | `known:${string}`;

export interface Try {
  /** Names the account as it was named: the same text for a known and for an unknown one, so that both are slowed alike. */
  readonly accountKey: string;
  /** Absent where nobody has that name. */
  readonly accountId?: AccountId | undefined;
  readonly factor: GuessableFactor;
  readonly source: TrySource;
  /** The caller's IP address. */
  readonly sourceAddress: string;
}

interface Deps {
  readonly rates: RateStore;
  readonly failures: FailureStore;
  readonly budgets: {
    /** Tries of guessable factors from one address. */
    readonly source: Budget;
    /** Answers with passkeys from one address. */
    readonly passkey: Budget;
  };
}

/**
 * How often things that can be guessed may be tried. Every try is counted before it is checked, and a store that cannot count lets
 * nothing through. Passkeys are never off, and strangers never use up what a known browser may try.
 */
export class Limits {
  readonly #deps: Deps;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /**
   * Counts a try that is about to be checked. Throws `too_many_tries` when it may not be. `off`: it must be answered like a wrong one,
   * after the same work, whatever it is.
   */
  async requireTry(attempt: Try): Promise<'on' | 'off'> {
    const { accountId = NOBODY, factor, source } = attempt;
    await this.#requireHit(`source:${toNetwork(attempt.sourceAddress)}`, this.#deps.budgets.source);
    await this.#requireHit(nameAccount(attempt), ACCOUNT_BUDGETS[factor]);
    const failures = await this.#deps.failures.countTry(accountId, factor, source);
    return failures > FAILURES_ALLOWED[factor] ? 'off' : 'on';
  }

  /** Forgets the tries of a factor that proved right, or was replaced. What is more than a password proves the person, as `restore` says. */
  async succeeded(attempt: Omit<Try, 'sourceAddress'> & { readonly accountId: AccountId }): Promise<void> {
    const { accountId, factor } = attempt;
    await this.#deps.rates.clear(toKey(nameAccount(attempt)));
    if (factor === 'password') await this.#deps.failures.clear(accountId, factor);
    else await this.restore(accountId);
  }

  /** Switches on again what guessing had switched off: for when something else than what was guessed at proved the person. */
  async restore(accountId: AccountId): Promise<void> {
    await this.#deps.failures.clear(accountId);
  }

  /** Counts a mail that a stranger asks for. Throws `too_many_tries` for a flood from one address, whoever they are for. */
  async requireMailTry(sourceAddress: string): Promise<void> {
    await this.#requireHit(`source:${toNetwork(sourceAddress)}`, this.#deps.budgets.source);
  }

  /** Counts an answer with a passkey. Throws `too_many_tries` for a flood from one address, whoever it is about. */
  async requirePasskeyTry(sourceAddress: string): Promise<void> {
    await this.#requireHit(`passkey:${toNetwork(sourceAddress)}`, this.#deps.budgets.passkey);
  }

  async #requireHit(name: string, budget: Budget): Promise<void> {
    const hit = await this.#deps.rates.hit(toKey(name), budget);
    if (!hit.allowed) throw new AppError('too_many_tries', { retryAfterSeconds: hit.retryAfterSeconds });
  }
}

function nameAccount({ factor, source, accountKey }: Pick<Try, 'factor' | 'source' | 'accountKey'>): string {
  return `account:${JSON.stringify([factor, source, accountKey])}`;
}

/** Of one size whatever was typed, and without anybody's address in it. */
function toKey(name: string): string {
  return digest(name);
}
