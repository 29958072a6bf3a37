import type { Clock } from '../../lib/clock.ts';
import { digest } from '../../lib/digest.ts';
import type { SignInId } from '../../lib/ids.ts';
import type { Proof, SignIn } from '../../sign-in/sign-in.ts';
import type { SignInStore } from '../../sign-in/sign-in-store.ts';
import { type Entry, readEntry, toTtl, writeEntry } from './entry.ts';
import { toKey } from './key.ts';
import type { RedisConnection } from './redis-connection.ts';

interface Deps {
  readonly connection: RedisConnection;
  readonly clock: Clock;
}

/** The mark of a sign-in is its version; its id, which is a bearer secret, is in neither key nor value. */
export class RedisSignInStore implements SignInStore {
  readonly #connection: RedisConnection;
  readonly #clock: Clock;

  constructor({ connection, clock }: Deps) {
    this.#connection = connection;
    this.#clock = clock;
  }

  async insert(signIn: SignIn): Promise<boolean> {
    const now = this.#now();
    const ttl = toTtl(signIn.expiresAt.getTime(), now);
    const inserted = await this.#connection.run((redis) =>
      redis.putUnlessLive(nameSignIn(signIn.id), writeSignIn(signIn), ttl, now),
    );
    return inserted === 1;
  }

  async find(id: SignInId): Promise<SignIn | undefined> {
    const entry = readEntry(await this.#connection.run((redis) => redis.get(nameSignIn(id))), this.#now());
    return entry && toSignIn(id, entry);
  }

  async update(signIn: SignIn): Promise<boolean> {
    const now = this.#now();
    const ttl = toTtl(signIn.expiresAt.getTime(), now);
    const updated = await this.#connection.run((redis) =>
      redis.putIfMarked(nameSignIn(signIn.id), writeSignIn(signIn), ttl, now, signIn.version - 1),
    );
    return updated === 1;
  }

  async delete(id: SignInId): Promise<boolean> {
    const text = await this.#connection.run((redis) => redis.getdel(nameSignIn(id)));
    return readEntry(text, this.#now()) !== undefined;
  }

  #now(): number {
    return this.#clock.now().getTime();
  }
}

function nameSignIn(id: SignInId): string {
  return toKey(`sign-in:${digest(id)}`);
}

function writeSignIn({ id: _, expiresAt, version, ...data }: SignIn): string {
  return writeEntry({ expiresAt: expiresAt.getTime(), mark: version, body: JSON.stringify(data) });
}

function toSignIn(id: SignInId, { expiresAt, mark, body }: Entry): SignIn {
  const data = JSON.parse(body);
  return {
    ...data,
    id,
    proofs: data.proofs.map((proof: Proof) => ({ ...proof, at: new Date(proof.at) })), // JSON made text of the moment
    startedAt: new Date(data.startedAt),
    expiresAt: new Date(expiresAt),
    version: mark,
  };
}
