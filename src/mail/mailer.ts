import { setTimeout as wait } from 'node:timers/promises';
import { addSeconds, type Clock } from '../lib/clock.ts';
import type { Ids } from '../lib/ids.ts';
import type { Logger } from '../lib/logger.ts';
import type { Sealer } from '../lib/seal.ts';
import type { MailTransport, OutgoingMail, SendOutcome } from './mail-transport.ts';
import type { ClaimedMailJob, OutboxStore } from './outbox-store.ts';
import type { RenderMail } from './render-mail.ts';
import { findRetryPause } from './retry-pause.ts';
import { openLetter } from './sealed-letter.ts';

interface Deps {
  readonly store: OutboxStore;
  readonly sealer: Sealer;
  readonly render: RenderMail;
  readonly transport: MailTransport;
  /** The address that mails come from; the organization's name stands beside it. */
  readonly fromAddress: string;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly logger: Pick<Logger, 'info' | 'warn' | 'error'>;
  /** How long mails under way may take when the mailer is stopped, in milliseconds. */
  readonly stopMs?: number | undefined;
}

/** How many mails one process sends at once. */
export const MAIL_CONCURRENCY = 4;

const LOOK_EVERY_MS = 5000;
/** A server that keeps a mail alive by trickles is left after this time. */
const SEND_LIMIT_MS = 30_000;
/** Longer than a mail can take, by more than the clocks of two machines differ. */
const LEASE_SECONDS = 120;
const STOP_MS = 10_000;
const FIRST_RECORD_PAUSE_MS = 100;
const SWEEP_EVERY_SECONDS = 3600;
/** For so long a deduplication key of a mail that was sent is remembered. */
const SENT_KEPT_SECONDS = 7 * 86_400;
const DEAD_KEPT_SECONDS = 30 * 86_400;

/**
 * Sends what is in the outbox. Any number of processes may run one each. A mail goes out twice only if whoever sent it dies, or cannot
 * reach the store until the lease ends, between the server's taking it over and the record of that; both have the same Message-ID then.
 */
export class Mailer {
  readonly #deps: Deps;
  readonly #workers = new Set<Promise<void>>();
  readonly #end = new AbortController();
  #stopped = false;
  #timer: NodeJS.Timeout | undefined;
  #sweptAt: Date | undefined;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /** Sends from now on; it does not keep the process alive. */
  start(): void {
    this.#timer = setInterval(() => {
      this.wake();
      void this.#sweep();
    }, LOOK_EVERY_MS).unref();
    this.wake();
  }

  /** Looks for mails that are due now, unless enough are under way. */
  wake(): void {
    if (this.#stopped || this.#workers.size >= MAIL_CONCURRENCY) return;
    const worker = this.#work().finally(() => this.#workers.delete(worker));
    this.#workers.add(worker);
  }

  /** Resolves when nothing is under way. */
  async settle(): Promise<void> {
    while (this.#workers.size > 0) await Promise.all(this.#workers);
  }

  /** Begins nothing new, gives mails under way their time to finish, and hands back the others for another process to send. */
  async stop(): Promise<void> {
    const { transport, stopMs = STOP_MS } = this.#deps;
    this.#stopped = true;
    clearInterval(this.#timer);
    const end = setTimeout(() => this.#end.abort(), stopMs);
    await this.settle();
    clearTimeout(end);
    transport.close();
  }

  async #work(): Promise<void> {
    const { store, logger } = this.#deps;
    try {
      while (!this.#stopped) {
        const job = await store.claim(LEASE_SECONDS);
        if (!job) return;
        this.wake(); // there may be more
        await this.#deliver(job);
      }
    } catch (error) {
      logger.warn({ error }, 'the outbox does not answer'); // what is claimed is due again when its lease ends
    }
  }

  async #deliver(job: ClaimedMailJob): Promise<void> {
    const { store, clock, logger } = this.#deps;
    const fields = { mail: job.id, kind: job.kind, attempt: job.attempt };
    if (job.expiresAt <= clock.now()) {
      await store.finish(job, 'dead');
      logger.warn(fields, 'a mail was given up: its time is over');
      return;
    }
    const outcome = await this.#send(job);
    if (outcome.type === 'sent') {
      await this.#record(job, () => store.finish(job, 'sent'));
      logger.info(fields, 'a mail was sent');
    } else if (outcome.type === 'never') {
      await this.#record(job, () => store.finish(job, 'dead', outcome.failure));
      logger.warn({ ...fields, failure: outcome.failure }, 'a mail was given up: the server refuses it');
    } else {
      await store.putBack(job, this.#findNextAttempt(job), outcome.failure);
      logger.warn({ ...fields, failure: outcome.failure }, 'a mail could not be sent yet');
    }
  }

  async #send(job: ClaimedMailJob): Promise<SendOutcome> {
    const { transport, logger } = this.#deps;
    const signal = AbortSignal.any([this.#end.signal, AbortSignal.timeout(SEND_LIMIT_MS)]);
    try {
      return await transport.send(this.#write(job), signal);
    } catch (error) {
      logger.error({ mail: job.id, kind: job.kind, error }, 'a mail could not be made or handed over');
      return { type: 'later', failure: 'fault' };
    }
  }

  #write({ id, sealedLetter, createdAt }: ClaimedMailJob): OutgoingMail {
    const { sealer, render, fromAddress } = this.#deps;
    const letter = openLetter(sealer, id, sealedLetter);
    const from = { name: letter.organizationName, address: fromAddress };
    return { ...render(letter), id, from, to: letter.to, date: createdAt };
  }

  /** At once where it was we who gave up, and at the end of its time at the latest, when it is given up. */
  #findNextAttempt({ attempt, expiresAt }: ClaimedMailJob): Date {
    const { clock, ids } = this.#deps;
    const now = clock.now();
    if (this.#end.signal.aborted) return now;
    const chance = Buffer.from(ids.newBytes(4)).readUInt32BE() / 2 ** 32;
    const next = addSeconds(now, findRetryPause(attempt, chance));
    return next < expiresAt ? next : expiresAt;
  }

  /** Tries for as long as the lease lasts: a mail of which nobody knows that it was sent is sent again. */
  async #record(job: ClaimedMailJob, write: () => Promise<boolean>): Promise<void> {
    const { clock, logger } = this.#deps;
    const leaseEnd = addSeconds(clock.now(), LEASE_SECONDS - SEND_LIMIT_MS / 1000);
    for (let pauseMs = FIRST_RECORD_PAUSE_MS; ; pauseMs *= 2) {
      try {
        const isOurs = await write();
        if (!isOurs) logger.warn({ mail: job.id, kind: job.kind }, 'a mail may have been sent twice');
        return;
      } catch (error) {
        if (this.#end.signal.aborted || addSeconds(clock.now(), pauseMs / 1000) > leaseEnd) throw error;
        await wait(pauseMs);
      }
    }
  }

  async #sweep(): Promise<void> {
    const { store, clock, logger } = this.#deps;
    const now = clock.now();
    if (this.#sweptAt && addSeconds(this.#sweptAt, SWEEP_EVERY_SECONDS) > now) return;
    this.#sweptAt = now;
    try {
      await store.sweep('sent', addSeconds(now, -SENT_KEPT_SECONDS));
      await store.sweep('dead', addSeconds(now, -DEAD_KEPT_SECONDS));
    } catch (error) {
      logger.warn({ error }, 'old mails could not be removed');
    }
  }
}
