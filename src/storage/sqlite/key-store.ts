import type { KeyStore, SigningAlgorithm, SigningKey } from '../../keys/key-store.ts';
import type { Database, Statement } from './database.ts';

interface SigningKeyRow {
  readonly kid: string;
  readonly algorithm: SigningAlgorithm;
  readonly generation: number;
  readonly sealed_private_jwk: Uint8Array;
  readonly created_at: number;
  readonly active_from: number;
  readonly retired_at: number | null;
}

export class SqliteKeyStore implements KeyStore {
  readonly #database: Database;
  readonly #insert: Statement<never>;
  readonly #list: Statement<SigningKeyRow>;

  constructor({ database }: { readonly database: Database }) {
    this.#database = database;
    this.#insert = database.prepare(
      `INSERT INTO signing_keys (kid, algorithm, generation, sealed_private_jwk, created_at, active_from, retired_at)
       VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
    );
    this.#list = database.prepare('SELECT * FROM signing_keys ORDER BY created_at DESC, kid');
  }

  insert({ kid, algorithm, generation, sealedPrivateJwk, ...times }: SigningKey): Promise<boolean> {
    const { createdAt, activeFrom, retiredAt } = times;
    return this.#database.write('durable', () => {
      const row = [kid, algorithm, generation, sealedPrivateJwk, createdAt.getTime(), activeFrom.getTime()];
      return this.#insert.run(...row, retiredAt?.getTime() ?? null).changes === 1;
    });
  }

  list(): Promise<readonly SigningKey[]> {
    return this.#database.read(() => this.#list.all().map(toSigningKey));
  }
}

function toSigningKey(row: SigningKeyRow): SigningKey {
  return {
    kid: row.kid,
    algorithm: row.algorithm,
    generation: row.generation,
    sealedPrivateJwk: row.sealed_private_jwk,
    createdAt: new Date(row.created_at),
    activeFrom: new Date(row.active_from),
    ...(row.retired_at !== null && { retiredAt: new Date(row.retired_at) }),
  };
}
