import type { Client, ClientSecret, ClientStore } from '../../clients/client-store.ts';
import type { PageRequest } from '../../lib/cursor.ts';
import type { ClientId } from '../../lib/ids.ts';
import type { Database, Statement } from './database.ts';
import type { Stored } from './stored.ts';
import { VersionedTable } from './versioned-table.ts';

type ClientRow = {
  readonly id: ClientId;
  readonly name: string;
  readonly metadata: string;
  readonly settings: string;
  readonly secrets: string;
  readonly disabled_at: number | null;
  readonly created_at: number;
  readonly updated_at: number;
  readonly version: number;
};

export class SqliteClientStore implements ClientStore {
  readonly #database: Database;
  readonly #table: VersionedTable<ClientRow, Client>;
  readonly #byId: Statement<ClientRow>;
  readonly #delete: Statement<never>;

  constructor({ database }: { readonly database: Database }) {
    this.#database = database;
    this.#table = new VersionedTable({
      database,
      table: 'clients',
      columns: ['id', 'name', 'metadata', 'settings', 'secrets', 'disabled_at', 'created_at', 'updated_at', 'version'],
      toRow,
      toItem: toClient,
    });
    this.#byId = database.prepare('SELECT * FROM clients WHERE id = ?');
    this.#delete = database.prepare('DELETE FROM clients WHERE id = ?');
  }

  insert(client: Client) {
    return this.#table.insert(client);
  }

  find(id: ClientId) {
    return this.#table.find(this.#byId, id);
  }

  update(client: Client) {
    return this.#table.update(client);
  }

  delete(id: ClientId) {
    return this.#database.write('durable', () => this.#delete.run(id).changes === 1);
  }

  list(page: PageRequest) {
    return this.#table.list(page);
  }
}

function toRow(client: Client): ClientRow {
  return {
    id: client.id,
    name: client.name,
    metadata: JSON.stringify(client.metadata),
    settings: JSON.stringify(client.settings),
    secrets: JSON.stringify(client.secrets.map(toStoredSecret)),
    disabled_at: client.disabledAt?.getTime() ?? null,
    created_at: client.createdAt.getTime(),
    updated_at: client.updatedAt.getTime(),
    version: client.version,
  };
}

function toClient(row: ClientRow): Client {
  const secrets: Stored<ClientSecret>[] = JSON.parse(row.secrets);
  return {
    id: row.id,
    name: row.name,
    metadata: JSON.parse(row.metadata),
    settings: JSON.parse(row.settings),
    secrets: secrets.map(toSecret),
    ...(row.disabled_at !== null && { disabledAt: new Date(row.disabled_at) }),
    createdAt: new Date(row.created_at),
    updatedAt: new Date(row.updated_at),
    version: row.version,
  };
}

function toStoredSecret(secret: ClientSecret): Stored<ClientSecret> {
  return { ...secret, createdAt: secret.createdAt.getTime(), expiresAt: secret.expiresAt?.getTime() };
}

function toSecret({ expiresAt, ...secret }: Stored<ClientSecret>): ClientSecret {
  return {
    ...secret,
    createdAt: new Date(secret.createdAt),
    ...(expiresAt !== undefined && { expiresAt: new Date(expiresAt) }),
  };
}
