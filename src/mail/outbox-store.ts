import type { Page, PageRequest } from '../lib/cursor.ts';
import type { MailId } from '../lib/ids.ts';

/** Waiting, or being sent; handed to the mail server; given up. */
export type MailState = 'pending' | 'sent' | 'dead';

/** A mail that is to be sent. */
export interface NewMailJob {
  readonly id: MailId;
  /** Of any number of jobs with the same one, the first is kept; see `OutboxStore.insert`. */
  readonly dedupeKey?: string | undefined;
  /** Which message it is, never what it says. */
  readonly kind: string;
  /** Whom it goes to and what it says, codes and links included: sealed for the job's id. */
  readonly sealedLetter: Uint8Array;
  readonly createdAt: Date;
  /** What is not sent by then is given up. */
  readonly expiresAt: Date;
}

/** What a worker holds of a job until the lease ends. */
export interface ClaimedMailJob extends Omit<NewMailJob, 'dedupeKey'> {
  /** How often it was claimed, this time included; by this number the store knows the claim again. */
  readonly attempt: number;
}

export type MailClaim = Pick<ClaimedMailJob, 'id' | 'attempt'>;

/** A job as operators may see it. */
export interface MailJob extends Pick<NewMailJob, 'id' | 'kind' | 'createdAt' | 'expiresAt'> {
  readonly state: MailState;
  readonly attempts: number;
  /** From when on it can be claimed: after the pause of a failed attempt, or at the end of the lease. */
  readonly dueAt: Date;
  /** Why the last attempt failed, in codes. */
  readonly failure?: string | undefined;
  readonly finishedAt?: Date | undefined;
}

/**
 * Durable. Mails on their way, so that no crash loses one. Of any number of workers at once one holds a job, and no other while its
 * lease lasts; a lease that runs out is a worker that died.
 */
export interface OutboxStore {
  /** The job is due at once. False when the id is taken, or the deduplication key is, by a job in any state that was not swept yet. */
  insert(job: NewMailJob): Promise<boolean>;
  /**
   * Takes the job that is due for longest, in one step: nobody else gets it for `leaseSeconds`. Expired ones are claimed too, so that
   * the worker gives them up. Undefined when none is due.
   */
  claim(leaseSeconds: number): Promise<ClaimedMailJob | undefined>;
  /** Lets a claimed job be due again at that moment, and says in codes why. False when the claim is not the latest or the job is finished. */
  putBack(claim: MailClaim, dueAt: Date, failure?: string): Promise<boolean>;
  /**
   * Ends a claimed job and wipes its letter, in one step; `failure` says in codes why a dead one was given up.
   * False when the claim is not the latest or the job is finished.
   */
  finish(claim: MailClaim, state: 'sent' | 'dead', failure?: string): Promise<boolean>;
  /** Ordered by creation, then id; in one state, or in any. */
  list(page: PageRequest, state?: MailState): Promise<Page<MailJob>>;
  /** Removes jobs that ended in that state before the moment: a thousand or more of them, the rest the next time. */
  sweep(state: 'sent' | 'dead', finishedBefore: Date): Promise<void>;
}
