import { addSeconds, type Clock } from '../../lib/clock.ts';
import type { Page, PageRequest } from '../../lib/cursor.ts';
import type { MailId } from '../../lib/ids.ts';
import type {
  ClaimedMailJob,
  MailClaim,
  MailJob,
  MailState,
  NewMailJob,
  OutboxStore,
} from '../../mail/outbox-store.ts';
import { createReader, defineSchema, describeInsertion, type Fields } from './fields.ts';
import { type CollectionSchema, MongoCollection, where } from './mongo-collection.ts';
import type { MongoDatabase } from './mongo-database.ts';
import { readPage, type StoredDocument } from './read-page.ts';

interface Deps {
  readonly database: MongoDatabase;
  readonly clock: Clock;
}

/** What a document holds of a job: what is listed, and the letter until the job is finished. */
type JobDocument = Omit<MailJob, 'id'> & Pick<NewMailJob, 'dedupeKey'> & { readonly sealedLetter: Uint8Array };

const schema = defineSchema({
  dedupeKey: String,
  kind: String,
  state: String,
  attempts: Number,
  dueAt: Date,
  createdAt: Date,
  expiresAt: Date,
  finishedAt: Date,
  failure: String,
  sealedLetter: Buffer,
});
schema.index({ dedupeKey: 1 }, { name: 'dedupe_key', unique: true, sparse: true });
schema.index({ state: 1, dueAt: 1, _id: 1 }, { name: 'due' });
schema.index({ state: 1, finishedAt: 1 }, { name: 'finished' });
schema.index({ createdAt: 1, _id: 1 }, { name: 'creation' });

export const OUTBOX: CollectionSchema = { name: 'outbox', schema };

const readJob = createReader<JobDocument>(schema);

export class MongoOutboxStore implements OutboxStore {
  readonly #clock: Clock;
  readonly #jobs: MongoCollection<StoredDocument>;

  constructor({ database, clock }: Deps) {
    this.#clock = clock;
    this.#jobs = new MongoCollection(database, OUTBOX);
  }

  async insert({ id, ...rest }: NewMailJob): Promise<boolean> {
    const job = { ...rest, state: 'pending', attempts: 0, dueAt: rest.createdAt };
    return (await this.#jobs.upsert({ _id: id }, describeInsertion(schema, job))) === 'inserted';
  }

  async claim(leaseSeconds: number): Promise<ClaimedMailJob | undefined> {
    const now = this.#clock.now();
    const document = await this.#jobs.updateFirst(
      { state: 'pending', dueAt: where({ $lte: now }) },
      { $set: { dueAt: addSeconds(now, leaseSeconds) }, $inc: { attempts: 1 } },
      { dueAt: 1, _id: 1 },
    );
    return document && toClaimedJob(document);
  }

  putBack(claim: MailClaim, dueAt: Date, failure?: string): Promise<boolean> {
    return this.#jobs.update(selectClaimed(claim), { $set: { dueAt, ...(failure !== undefined && { failure }) } });
  }

  finish(claim: MailClaim, state: 'sent' | 'dead', failure?: string): Promise<boolean> {
    const finishedAt = this.#clock.now();
    return this.#jobs.update(selectClaimed(claim), {
      $set: { state, finishedAt, ...(failure !== undefined && { failure }) },
      $unset: { sealedLetter: 1 },
    });
  }

  list(page: PageRequest, state?: MailState): Promise<Page<MailJob>> {
    return readPage(this.#jobs, page, { filter: state === undefined ? {} : { state }, toItem: toJob });
  }

  async sweep(state: 'sent' | 'dead', finishedBefore: Date): Promise<void> {
    await this.#jobs.deleteMany({ state, finishedAt: where({ $lt: finishedBefore }) });
  }
}

function selectClaimed({ id, attempt }: MailClaim): Fields {
  return { _id: id, attempts: attempt, state: 'pending' };
}

function toClaimedJob(document: StoredDocument): ClaimedMailJob {
  const { kind, attempts, sealedLetter, createdAt, expiresAt } = readJob(document);
  return { id: toId(document), kind, attempt: attempts, sealedLetter, createdAt, expiresAt };
}

function toJob(document: StoredDocument): MailJob {
  const { dedupeKey: _, sealedLetter: __, ...job } = readJob(document);
  return { id: toId(document), ...job };
}

function toId({ _id }: StoredDocument): MailId {
  return _id as MailId; // the id it was stored with
}
