import { addSeconds, type Clock } from '../lib/clock.ts';
import type { Logger } from '../lib/logger.ts';
import type { AuditStore } from './audit-store.ts';

interface Deps {
  readonly store: AuditStore;
  readonly clock: Clock;
  readonly logger: Pick<Logger, 'warn'>;
}

/** For how long an event is kept: a year. */
const RETENTION_SECONDS = 365 * 86_400;
const PAUSE_MS = 600_000;

/** Takes events away whose time is over. Any number of processes may do so at once. */
export class AuditSweeper {
  readonly #deps: Deps;
  #timer: NodeJS.Timeout | undefined;
  #sweeping: Promise<void> | undefined;
  #isStopped = false;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /** Takes all of them, in small steps, between which others have their turn. */
  async sweep(): Promise<void> {
    const { store, clock } = this.#deps;
    const createdBefore = addSeconds(clock.now(), -RETENTION_SECONDS);
    let isMore = true;
    while (isMore && !this.#isStopped) isMore = await store.sweep(createdBefore);
  }

  /** Sweeps from now on, first after a pause; it does not keep the process alive. */
  start(): void {
    this.#timer = setInterval(() => {
      this.#sweeping = this.sweep().catch((error) =>
        this.#deps.logger.warn({ error }, 'old events could not be removed from the audit log'),
      );
    }, PAUSE_MS).unref();
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#isStopped = true;
    await this.#sweeping;
  }
}
