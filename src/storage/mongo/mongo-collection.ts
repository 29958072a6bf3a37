import { type Model, type Schema, trusted } from 'mongoose';
import type { Fields } from './fields.ts';
import type { MongoDatabase } from './mongo-database.ts';
import { isDuplicate, refuse } from './refusal.ts';

/** A collection by its name, and what its documents may hold. */
export interface CollectionSchema {
  readonly name: string;
  /** With the indexes, which only `migrateMongo` makes. */
  readonly schema: Schema;
}

export interface Listing {
  readonly sort: Readonly<Record<string, 1 | -1>>;
  readonly limit?: number | undefined;
  /** `majority` leaves out what a new primary could still take back. */
  readonly readConcern?: 'local' | 'majority';
}

/** Of every call. Without the second one mongoose would make new documents with empty lists of its own. */
const OPTIONS = { maxTimeMS: 2000, setDefaultsOnInsert: false };
const MAX_ATTEMPTS = 10;

/** Operators in a filter; an object that does not come from here is taken for a value, so that input can never be an operator. */
export function where(operators: Fields): Fields {
  return trusted({ ...operators });
}

/** Takes a step again for as long as it answers undefined: another call has come in between, and so has gone on. */
export async function repeat<Result>(step: () => Promise<Result | undefined>): Promise<Result> {
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
    const result = await step();
    if (result !== undefined) return result;
  }
  throw refuse(new Error('other calls kept coming in between'));
}

/** The calls that the stores make to one collection. Each is one atomic operation, except `deleteMany`. */
export class MongoCollection<Document extends object> {
  readonly schema: Schema;
  readonly #database: MongoDatabase;
  readonly #model: Model<Fields>;

  constructor(database: MongoDatabase, { name, schema }: CollectionSchema) {
    this.schema = schema;
    this.#database = database;
    this.#model = database.connection.model<Fields>(name, schema, name);
  }

  findOne(filter: Fields): Promise<Document | undefined> {
    return this.#run(filter, async () => {
      const document = await this.#model.findOne({ ...filter }, null, OPTIONS).lean();
      return (document ?? undefined) as Document | undefined; // what a strict schema let in
    });
  }

  find(filter: Fields, { sort, limit, readConcern = 'local' }: Listing): Promise<readonly Document[]> {
    return this.#run(filter, async () => {
      const query = this.#model
        .find({ ...filter }, null, OPTIONS)
        .sort(sort)
        .readConcern(readConcern)
        .lean();
      const documents: unknown = await (limit === undefined ? query : query.limit(limit));
      return documents as readonly Document[]; // what a strict schema let in
    });
  }

  /** True when a document fits the filter and was changed; false when none does, or the change wants a unique value that is taken. */
  update(filter: Fields, change: Fields): Promise<boolean> {
    return this.#run(filter, async () => {
      const result = await this.#model.updateOne({ ...filter }, { ...change }, OPTIONS).catch(answerDuplicate);
      return result !== 'taken' && result.matchedCount === 1;
    });
  }

  /** Changes the first document that fits in that order, and answers it as it is then; undefined when none fits. */
  updateFirst(filter: Fields, change: Fields, sort: Listing['sort']): Promise<Document | undefined> {
    return this.#run(filter, async () => {
      const options = { ...OPTIONS, sort: { ...sort }, returnDocument: 'after' } as const;
      const document = await this.#model.findOneAndUpdate({ ...filter }, { ...change }, options).lean();
      return (document ?? undefined) as Document | undefined; // what a strict schema let in
    });
  }

  /** Changes the document that fits, or makes one; `taken` when that wants an id or another unique value that is taken. */
  upsert(filter: Fields, change: Fields): Promise<'inserted' | 'changed' | 'taken'> {
    return this.#run(filter, async () => {
      const options = { ...OPTIONS, upsert: true };
      const result = await this.#model.updateOne({ ...filter }, { ...change }, options).catch(answerDuplicate);
      if (result === 'taken') return result;
      return result.upsertedCount === 1 ? 'inserted' : 'changed';
    });
  }

  /** Puts a whole document in place of whichever has the id. */
  async replace(id: string, document: Fields): Promise<void> {
    await this.#put(id, () => this.#model.replaceOne({ _id: id }, { ...document }, { ...OPTIONS, upsert: true }));
  }

  /** Changes the document with the id, or makes one of the change. */
  async put(id: string, change: Fields): Promise<void> {
    await this.#put(id, () => this.#model.updateOne({ _id: id }, { ...change }, { ...OPTIONS, upsert: true }));
  }

  /** As `put`, and answers the document before the change; undefined when it made one. */
  putAndReadBefore(id: string, change: Fields): Promise<Document | undefined> {
    const options = { ...OPTIONS, upsert: true, returnDocument: 'before' } as const;
    return this.#put(id, async () => {
      const document = await this.#model.findOneAndUpdate({ _id: id }, { ...change }, options).lean();
      return (document ?? undefined) as Document | undefined; // what a strict schema let in
    });
  }

  /** False when none fits. */
  deleteOne(filter: Fields): Promise<boolean> {
    return this.#run(filter, async () => (await this.#model.deleteOne({ ...filter }, OPTIONS)).deletedCount === 1);
  }

  /** Not atomic, and the driver does not try it again; to be told that it failed is to do it again. */
  async deleteMany(filter: Fields): Promise<void> {
    await this.#run(filter, () => this.#model.deleteMany({ ...filter }, OPTIONS));
  }

  /** Of two upserts that find no document with their id, the later is told that it is taken: now there is one. */
  async #put<Result>(id: string, put: () => Promise<Result>): Promise<Result> {
    const { result } = await repeat(async () => {
      try {
        return { result: await this.#run({ id }, put) };
      } catch (error) {
        if (!isDuplicate(error)) throw error;
        return undefined;
      }
    });
    return result;
  }

  /** In a filter undefined would stand for "has no such field", and so for other documents than the caller means. */
  async #run<Result>(filter: Fields, call: () => Promise<Result>): Promise<Result> {
    if (Object.values(filter).includes(undefined)) throw new TypeError('a filter lacks a value');
    return this.#database.run(call);
  }
}

function answerDuplicate(error: unknown): 'taken' {
  if (isDuplicate(error)) return 'taken';
  throw error;
}
