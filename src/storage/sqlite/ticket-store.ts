import type { Clock } from '../../lib/clock.ts';
import { addSeconds } from '../../lib/clock.ts';
import { digest } from '../../lib/digest.ts';
import type { TicketStore, TicketType, TicketValue } from '../../tickets/ticket-store.ts';
import type { Database, Statement } from './database.ts';

interface Deps {
  readonly database: Database;
  readonly clock: Clock;
}

interface TicketRow {
  readonly value: string;
}

export class SqliteTicketStore implements TicketStore {
  readonly #database: Database;
  readonly #clock: Clock;
  readonly #put: Statement<never>;
  readonly #find: Statement<TicketRow>;
  readonly #take: Statement<TicketRow>;

  constructor({ database, clock }: Deps) {
    this.#database = database;
    this.#clock = clock;
    this.#put = database.prepare(
      `INSERT INTO tickets (id, expires_at, value) VALUES (:id, :expires_at, :value)
       ON CONFLICT DO UPDATE SET expires_at = :expires_at, value = :value WHERE expires_at <= :now`,
    );
    this.#find = database.prepare('SELECT value FROM tickets WHERE id = ? AND expires_at > ?');
    this.#take = database.prepare('DELETE FROM tickets WHERE id = ? AND expires_at > ? RETURNING value');
  }

  put(type: TicketType, id: string, value: TicketValue, ttlSeconds: number): Promise<boolean> {
    return this.#database.write('short-lived', () => {
      const now = this.#clock.now();
      const row = {
        id: toKey(type, id),
        expires_at: addSeconds(now, ttlSeconds).getTime(),
        value: JSON.stringify(value),
        now: now.getTime(),
      };
      return this.#put.run(row).changes === 1;
    });
  }

  find(type: TicketType, id: string): Promise<TicketValue | undefined> {
    return this.#database.read(() => toValue(this.#find.get(toKey(type, id), this.#clock.now().getTime())));
  }

  take(type: TicketType, id: string): Promise<TicketValue | undefined> {
    return this.#database.write('short-lived', () =>
      toValue(this.#take.get(toKey(type, id), this.#clock.now().getTime())),
    );
  }
}

function toKey(type: TicketType, id: string): string {
  return `${type}:${digest(id)}`;
}

function toValue(row: TicketRow | undefined): TicketValue | undefined {
  return row && JSON.parse(row.value);
}
