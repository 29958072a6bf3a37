import type { SQLInputValue } from 'node:sqlite';
import type { Page, PageRequest } from '../../lib/cursor.ts';
import type { Place } from '../../lib/page.ts';
import { buildInsert } from './build-insert.ts';
import type { Database, Statement } from './database.ts';
import { readPage } from './read-page.ts';

/** Rows are type aliases, not interfaces: only those count as objects of SQL values. */
type VersionedRow = { readonly id: string; readonly created_at: number; readonly version: number } & Readonly<
  Record<string, SQLInputValue>
>;

interface Options<Row, Item> {
  readonly database: Database;
  readonly table: string;
  readonly columns: readonly (keyof Row & string)[];
  readonly toRow: (item: Item) => Row;
  readonly toItem: (row: Row) => Item;
}

/** What the tables of organizations, accounts and clients have in common: a version that guards changes, and an order of creation. */
export class VersionedTable<Row extends VersionedRow, Item extends Place> {
  readonly #options: Options<Row, Item>;
  readonly #insert: Statement<never>;
  readonly #update: Statement<never>;
  readonly #page: Statement<Row>;

  constructor(options: Options<Row, Item>) {
    const { database, table, columns } = options;
    const changes = columns.filter((column) => column !== 'id').map((column) => `${column} = :${column}`);
    this.#options = options;
    this.#insert = database.prepare(`${buildInsert(table, columns)} ON CONFLICT DO NOTHING`);
    // `OR IGNORE` leaves the row as it was when a unique value is taken.
    this.#update = database.prepare(
      `UPDATE OR IGNORE ${table} SET ${changes} WHERE id = :id AND version = :version - 1`,
    );
    this.#page = this.preparePage('true');
  }

  /** A statement that reads the rows a condition selects behind a place, in order; its own values come first. */
  preparePage(condition: string): Statement<Row> {
    const { database, table } = this.#options;
    return database.prepare(
      `SELECT * FROM ${table} WHERE ${condition} AND (created_at, id) > (?, ?) ORDER BY created_at, id LIMIT ?`,
    );
  }

  /** False when a unique value is taken. */
  insert(item: Item): Promise<boolean> {
    return this.#options.database.write('durable', () => this.insertNow(item));
  }

  /** As `insert`, for what is part of a write already. */
  insertNow(item: Item): boolean {
    return this.#insert.run(this.#options.toRow(item)).changes === 1;
  }

  /** The one row that a prepared statement finds. */
  find(statement: Statement<Row>, value: SQLInputValue, ...more: SQLInputValue[]): Promise<Item | undefined> {
    const { database, toItem } = this.#options;
    return database.read(() => {
      const row = statement.get(value, ...more);
      return row && toItem(row);
    });
  }

  /** False when the stored version is not one less, or a unique value is taken. */
  update(item: Item): Promise<boolean> {
    const { database, toRow } = this.#options;
    return database.write('durable', () => this.#update.run(toRow(item)).changes === 1);
  }

  /** All rows, or those that a statement of `preparePage` selects. */
  list(request: PageRequest, statement: Statement<Row> = this.#page, ...values: SQLInputValue[]): Promise<Page<Item>> {
    const { database, toItem } = this.#options;
    return database.read(() =>
      readPage(request, { readRows: (...place) => statement.all(...values, ...place), toItem }),
    );
  }
}
