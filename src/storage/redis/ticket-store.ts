import { addSeconds, type Clock } from '../../lib/clock.ts';
import { digest } from '../../lib/digest.ts';
import type { TicketStore, TicketType, TicketValue } from '../../tickets/ticket-store.ts';
import { readEntry, toTtl, writeEntry } from './entry.ts';
import { toKey } from './key.ts';
import type { RedisConnection } from './redis-connection.ts';

interface Deps {
  readonly connection: RedisConnection;
  readonly clock: Clock;
}

export class RedisTicketStore implements TicketStore {
  readonly #connection: RedisConnection;
  readonly #clock: Clock;

  constructor({ connection, clock }: Deps) {
    this.#connection = connection;
    this.#clock = clock;
  }

  async put(type: TicketType, id: string, value: TicketValue, ttlSeconds: number): Promise<boolean> {
    const now = this.#clock.now();
    const expiresAt = addSeconds(now, ttlSeconds).getTime();
    const text = writeEntry({ expiresAt, mark: 0, body: JSON.stringify(value) });
    const ttl = toTtl(expiresAt, now.getTime());
    const put = await this.#connection.run((redis) =>
      redis.putUnlessLive(nameTicket(type, id), text, ttl, now.getTime()),
    );
    return put === 1;
  }

  async find(type: TicketType, id: string): Promise<TicketValue | undefined> {
    return this.#toValue(await this.#connection.run((redis) => redis.get(nameTicket(type, id))));
  }

  async take(type: TicketType, id: string): Promise<TicketValue | undefined> {
    return this.#toValue(await this.#connection.run((redis) => redis.getdel(nameTicket(type, id))));
  }

  #toValue(text: string | null): TicketValue | undefined {
    const entry = readEntry(text, this.#clock.now().getTime());
    return entry && JSON.parse(entry.body);
  }
}

function nameTicket(type: TicketType, id: string): string {
  return toKey(`ticket:${type}:${digest(id)}`);
}
