import type { Clock } from '../../lib/clock.ts';
import { digest } from '../../lib/digest.ts';
import type { SignInId } from '../../lib/ids.ts';
import type { Proof, SignIn } from '../../sign-in/sign-in.ts';
import type { SignInStore } from '../../sign-in/sign-in-store.ts';
import type { Database, Statement } from './database.ts';
import type { Stored } from './stored.ts';

interface Deps {
  readonly database: Database;
  readonly clock: Clock;
}

interface SignInRow {
  readonly expires_at: number;
  readonly version: number;
  readonly data: string;
}

/** What the JSON column holds: never the id, which is a bearer secret, nor what has a column of its own. */
type SignInData = Omit<SignIn, 'id' | 'expiresAt' | 'version' | 'startedAt' | 'proofs'> & {
  readonly startedAt: number;
  readonly proofs: readonly Stored<Proof>[];
};

export class SqliteSignInStore implements SignInStore {
  readonly #database: Database;
  readonly #clock: Clock;
  readonly #insert: Statement<never>;
  readonly #find: Statement<SignInRow>;
  readonly #update: Statement<never>;
  readonly #delete: Statement<never>;

  constructor({ database, clock }: Deps) {
    this.#database = database;
    this.#clock = clock;
    this.#insert = database.prepare(
      `INSERT INTO sign_ins (id, expires_at, version, data) VALUES (:id, :expires_at, :version, :data)
       ON CONFLICT DO UPDATE SET expires_at = :expires_at, version = :version, data = :data WHERE expires_at <= :now`,
    );
    this.#find = database.prepare('SELECT expires_at, version, data FROM sign_ins WHERE id = ? AND expires_at > ?');
    this.#update = database.prepare(
      `UPDATE sign_ins SET expires_at = :expires_at, version = :version, data = :data
       WHERE id = :id AND version = :version - 1 AND expires_at > :now`,
    );
    this.#delete = database.prepare('DELETE FROM sign_ins WHERE id = ? AND expires_at > ?');
  }

  insert(signIn: SignIn): Promise<boolean> {
    return this.#database.write('short-lived', () => this.#insert.run(this.#toValues(signIn)).changes === 1);
  }

  find(id: SignInId): Promise<SignIn | undefined> {
    return this.#database.read(() => {
      const row = this.#find.get(digest(id), this.#now());
      return row && toSignIn(id, row);
    });
  }

  update(signIn: SignIn): Promise<boolean> {
    return this.#database.write('short-lived', () => this.#update.run(this.#toValues(signIn)).changes === 1);
  }

  delete(id: SignInId): Promise<boolean> {
    return this.#database.write('short-lived', () => this.#delete.run(digest(id), this.#now()).changes === 1);
  }

  #now(): number {
    return this.#clock.now().getTime();
  }

  #toValues({ id, expiresAt, version, ...rest }: SignIn) {
    const data: SignInData = { ...rest, startedAt: rest.startedAt.getTime(), proofs: rest.proofs.map(toStoredProof) };
    return { id: digest(id), expires_at: expiresAt.getTime(), version, data: JSON.stringify(data), now: this.#now() };
  }
}

function toSignIn(id: SignInId, row: SignInRow): SignIn {
  const data: SignInData = JSON.parse(row.data);
  return {
    ...data,
    id,
    proofs: data.proofs.map((proof) => ({ ...proof, at: new Date(proof.at) })),
    startedAt: new Date(data.startedAt),
    expiresAt: new Date(row.expires_at),
    version: row.version,
  };
}

function toStoredProof(proof: Proof): Stored<Proof> {
  return { ...proof, at: proof.at.getTime() };
}
