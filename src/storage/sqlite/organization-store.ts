import type { PageRequest } from '../../lib/cursor.ts';
import type { OrganizationId } from '../../lib/ids.ts';
import type { Organization, OrganizationStore } from '../../organizations/organization-store.ts';
import type { Database, Statement } from './database.ts';
import { VersionedTable } from './versioned-table.ts';

type OrganizationRow = {
  readonly id: OrganizationId;
  readonly slug: string;
  readonly name: string;
  readonly policy: string;
  readonly created_at: number;
  readonly version: number;
};

export class SqliteOrganizationStore implements OrganizationStore {
  readonly #table: VersionedTable<OrganizationRow, Organization>;
  readonly #byId: Statement<OrganizationRow>;
  readonly #bySlug: Statement<OrganizationRow>;

  constructor({ database }: { readonly database: Database }) {
    this.#table = new VersionedTable({
      database,
      table: 'organizations',
      columns: ['id', 'slug', 'name', 'policy', 'created_at', 'version'],
      toRow,
      toItem: toOrganization,
    });
    this.#byId = database.prepare('SELECT * FROM organizations WHERE id = ?');
    this.#bySlug = database.prepare('SELECT * FROM organizations WHERE slug = ?');
  }

  insert(organization: Organization) {
    return this.#table.insert(organization);
  }

  find(id: OrganizationId) {
    return this.#table.find(this.#byId, id);
  }

  findBySlug(slug: string) {
    return this.#table.find(this.#bySlug, slug);
  }

  update(organization: Organization) {
    return this.#table.update(organization);
  }

  list(page: PageRequest) {
    return this.#table.list(page);
  }
}

function toRow({ id, slug, name, policy, createdAt, version }: Organization): OrganizationRow {
  return { id, slug, name, policy: JSON.stringify(policy), created_at: createdAt.getTime(), version };
}

function toOrganization({ id, slug, name, policy, created_at, version }: OrganizationRow): Organization {
  return { id, slug, name, policy: JSON.parse(policy), createdAt: new Date(created_at), version };
}
