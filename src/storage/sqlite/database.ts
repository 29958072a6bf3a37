import type { DatabaseSync, SQLInputValue } from 'node:sqlite';
import { AppError } from '../../lib/app-error.ts';
import { findResultCode, RESULT } from './result-code.ts';

type Values = readonly SQLInputValue[] | readonly [Readonly<Record<string, SQLInputValue>>];

/** A prepared statement whose result rows have the shape `Row`; values are given by position, or as one object by name. */
export interface Statement<Row> {
  get(...values: Values): Row | undefined;
  all(...values: Values): Row[];
  run(...values: Values): { readonly changes: number };
}

/** Durable writes survive a power cut once acknowledged; short-lived ones survive the end of the process only. */
export type Durability = 'durable' | 'short-lived';

interface PendingWrite {
  /** Does the work and answers what tells its caller so once the commit is done. */
  readonly run: () => () => void;
  readonly reject: (error: unknown) => void;
}

const UNAVAILABLE: ReadonlySet<number | undefined> = new Set(Object.values(RESULT));
const CLOSED = 'the storage is closed';

/**
 * Owns the connection. Reads run at once; the writes of one turn of the event loop share one transaction, since committing is what
 * costs, and so do its reads, since each by itself would lock the file and let it go. A transaction never spans turns, so reads see
 * committed data only, and of other processes whatever was committed before the turn.
 */
export class Database {
  readonly #connection: DatabaseSync;
  #queue: PendingWrite[] = [];
  #queueIsDurable = false;
  #synchronous: 'FULL' | 'NORMAL' | undefined;
  #closed = false;

  constructor(connection: DatabaseSync) {
    this.#connection = connection;
  }

  prepare<Row = never>(sql: string): Statement<Row> {
    const statement = this.#connection.prepare(sql);
    const names = statement.columns().map(({ name }) => name);
    statement.setReturnArrays(true);
    // The casts: node:sqlite types no rows that are arrays, and strict tables hold the types that the migrations say, as `Row` does.
    const raw = statement as unknown as Statement<readonly unknown[]>;
    const toRow = (values: readonly unknown[]) => zip(names, values) as Row;
    return {
      get(...values) {
        const found = raw.get(...values);
        return found && toRow(found);
      },
      all: (...values) => raw.all(...values).map(toRow),
      run: (...values) => raw.run(...values),
    };
  }

  /** Rejects with `store_unavailable` when SQLite cannot answer now, or not any more after `close`. */
  async read<Result>(work: () => Result): Promise<Result> {
    if (this.#closed) throw refuse(CLOSED);
    try {
      this.#beginReads();
      return work();
    } catch (error) {
      throw toRefusal(error);
    }
  }

  /**
   * Resolves once the work is committed; rejects as `read` does. The work runs while no other process can write; it may read as much as
   * it needs and then change rows with at most one statement, or with several by `changeTogether`, so that its failure undoes it wholly
   * and touches no other caller.
   */
  write<Result>(durability: Durability, work: () => Result): Promise<Result> {
    if (this.#closed) return Promise.reject(refuse(CLOSED));
    if (durability === 'durable') this.#queueIsDurable = true;
    return new Promise((resolve, reject) => {
      const run = () => {
        const result = work();
        return () => resolve(result);
      };
      if (this.#queue.push({ run, reject }) === 1) setImmediate(() => this.#flush());
    });
  }

  /** Part of a write: when one of several changes fails, none of them is made. */
  changeTogether<Result>(change: () => Result): Result {
    const connection = this.#connection;
    connection.exec('SAVEPOINT together');
    try {
      return change();
    } catch (error) {
      if (connection.isTransaction) connection.exec('ROLLBACK TO together');
      throw error;
    } finally {
      if (connection.isTransaction) connection.exec('RELEASE together');
    }
  }

  /** Commits what is pending and closes the file; idempotent. The last connection to a file also empties its write-ahead log. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#endReads();
    this.#flush();
    this.#connection.close();
  }

  #beginReads(): void {
    if (this.#connection.isTransaction) return;
    this.#connection.exec('BEGIN');
    setImmediate(() => {
      if (!this.#closed) this.#endReads();
    });
  }

  #endReads(): void {
    if (this.#connection.isTransaction) this.#connection.exec('COMMIT');
  }

  #flush(): void {
    const batch = this.#queue;
    if (batch.length === 0) return;
    const synchronous = this.#queueIsDurable ? 'FULL' : 'NORMAL';
    this.#queue = [];
    this.#queueIsDurable = false;
    try {
      const acknowledgements = this.#commit(batch, synchronous);
      for (const acknowledge of acknowledgements) acknowledge();
    } catch (error) {
      const refusal = toRefusal(error);
      for (const write of batch) write.reject(refusal);
    }
  }

  #commit(batch: readonly PendingWrite[], synchronous: 'FULL' | 'NORMAL'): (() => void)[] {
    const connection = this.#connection;
    this.#endReads();
    if (this.#synchronous !== synchronous) connection.exec(`PRAGMA synchronous = ${synchronous}`);
    this.#synchronous = synchronous;
    connection.exec('BEGIN IMMEDIATE');
    try {
      const acknowledgements = batch.map((write) => this.#run(write));
      connection.exec('COMMIT');
      return acknowledgements;
    } catch (error) {
      if (connection.isTransaction) connection.exec('ROLLBACK');
      throw error;
    }
  }

  #run(write: PendingWrite): () => void {
    try {
      return write.run();
    } catch (error) {
      // Some faults, such as a full disk, end the whole transaction: then nobody's work is done.
      if (!this.#connection.isTransaction) throw error;
      return () => write.reject(toRefusal(error));
    }
  }
}

/** The rows that `node:sqlite` makes itself are objects without a prototype, which cost twice as much to make and to read. */
function zip(names: readonly string[], values: readonly unknown[]): object {
  const row: Record<string, unknown> = {};
  for (let index = 0; index < names.length; index += 1) row[names[index] ?? ''] = values[index];
  return row;
}

function toRefusal(error: unknown): unknown {
  return UNAVAILABLE.has(findResultCode(error)) ? refuse(error) : error;
}

function refuse(cause: unknown): AppError {
  return new AppError('store_unavailable', { cause, retryAfterSeconds: 1 });
}
