import type { Account } from '../accounts/account-store.ts';
import type { Clock } from '../lib/clock.ts';
import type { Page, PageRequest } from '../lib/cursor.ts';
import type { AccountId, AuditEventId, ClientId, Ids } from '../lib/ids.ts';
import type { Logger } from '../lib/logger.ts';
import type { Budget, RateStore } from '../rates/rate-store.ts';
import type { AuditActor, AuditDetails, AuditEvent, AuditStore } from './audit-store.ts';

interface Deps {
  readonly store: AuditStore;
  readonly rates: RateStore;
  readonly ids: Ids;
  readonly clock: Clock;
  readonly logger: Pick<Logger, 'error'>;
}

/** Whose account an event is about, who did it, and with what. */
export interface AuditAbout {
  readonly account?: Pick<Account, 'id' | 'organizationId'> | undefined;
  /** The account unless told otherwise. */
  readonly actor?: AuditActor;
  readonly clientId?: ClientId | undefined;
  /** Browser and system in plain words. */
  readonly device?: string | undefined;
}

type Uncounted<Details> = Details extends { readonly count: number } ? Omit<Details, 'count'> : never;
/** What strangers can make happen as often as they like. */
export type CountedDetails = Uncounted<AuditDetails>;

/** Counts and never pauses. */
const DAY: Budget = { free: 1_000_000_000, windowSeconds: 86_400, pauseSeconds: 1, maxPauseSeconds: 1 };

/**
 * Writes down what happened. It is told right after a change and before the answer. An event that cannot be stored fails no request: the
 * change is done, and whoever is told that it failed would do it again; an error in the log of the process says what is missing.
 */
export class AuditLog {
  readonly #deps: Deps;
  readonly #pending = new Set<Promise<void>>();

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /** Resolves when the event is stored, or when the log says that it is not. */
  record(details: AuditDetails, about: AuditAbout): Promise<void> {
    return this.#track(this.#append(details, about));
  }

  /**
   * Counts the event, for one account on one day (UTC), and stores the first, the tenth, the hundredth and so on, with that number: a
   * flood of them fills no log, and still shows how large it was. Nothing is stored of what was tried with the name of no account.
   *
   * It returns at once and begins when the answer is on its way, so that the time of an answer does not tell that there is an account.
   */
  recordCounted(details: CountedDetails, about: AuditAbout): void {
    void this.#track(new Promise((resolve) => setImmediate(resolve)).then(() => this.#count(details, about)));
  }

  /** What happened to an account, the latest first; throws `malformed_request` as every list does. */
  listByAccount(id: AccountId, page: PageRequest): Promise<Page<AuditEvent>> {
    return this.#deps.store.listByAccount(id, page);
  }

  /** What happened to anybody, the earliest first; throws as `listByAccount` does. */
  list(page: PageRequest): Promise<Page<AuditEvent>> {
    return this.#deps.store.list(page);
  }

  /** Resolves when nothing is on its way to the store. */
  async settle(): Promise<void> {
    await Promise.all(this.#pending);
  }

  async #append(details: AuditDetails, { account, actor = 'account', clientId, device }: AuditAbout): Promise<void> {
    const { store, ids, clock } = this.#deps;
    const id = ids.newId<AuditEventId>();
    const whose = { accountId: account?.id, organizationId: account?.organizationId };
    const event = { id, createdAt: clock.now(), actor, ...whose, clientId, device, details };
    await this.#attempt(details, account?.id, () => store.append(event));
  }

  async #count(details: CountedDetails, about: AuditAbout): Promise<void> {
    const { account } = about;
    if (!account) return;
    const { rates, clock } = this.#deps;
    const day = clock.now().toISOString().slice(0, 'yyyy-mm-dd'.length);
    const key = JSON.stringify(['audit', day, account.id, details]);
    const hit = await this.#attempt(details, account.id, () => rates.hit(key, DAY));
    if (hit?.allowed && /^10*$/.test(String(hit.count))) await this.#append({ ...details, count: hit.count }, about);
  }

  #track(work: Promise<void>): Promise<void> {
    const done = work.finally(() => this.#pending.delete(done));
    this.#pending.add(done);
    return done;
  }

  async #attempt<Result>(
    { type }: CountedDetails | AuditDetails,
    accountId: string | undefined,
    call: () => Promise<Result>,
  ): Promise<Result | undefined> {
    try {
      return await call();
    } catch (error) {
      this.#deps.logger.error({ error, type, accountId }, 'an event is missing in the audit log');
      return undefined;
    }
  }
}
