import { z } from 'zod';
import { AppError } from '../lib/app-error.ts';
import type { Clock } from '../lib/clock.ts';
import type { Page, PageRequest } from '../lib/cursor.ts';
import { displayNameSchema } from '../lib/display-name.ts';
import type { Ids, OrganizationId } from '../lib/ids.ts';
import { InputError, parseInput } from '../lib/input-error.ts';
import { Memory } from '../lib/memory.ts';
import type { Organization, OrganizationStore } from './organization-store.ts';
import { type Policy, policySchema } from './policy.ts';

const MAX_NAME_LENGTH = 100;
const MAX_SLUG_LENGTH = 63;
const MEMORY = { seconds: 5, limit: 1000 };

const inputSchema = z.strictObject({
  name: displayNameSchema(MAX_NAME_LENGTH),
  slug: z
    .string()
    .max(MAX_SLUG_LENGTH, `must not be longer than ${MAX_SLUG_LENGTH} characters`)
    .regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, 'must be lower-case letters and digits, with single hyphens between them')
    .optional(),
  policy: policySchema,
});

interface Deps {
  readonly store: OrganizationStore;
  readonly ids: Ids;
  readonly clock: Clock;
}

export interface NewOrganization {
  readonly name: string;
  /** Made of the name unless given. */
  readonly slug?: string | undefined;
  readonly policy: Policy;
}

/** The organizations of the installation and their policies. Each step of a sign-in reads one, so they are remembered for some seconds. */
export class Organizations {
  readonly #deps: Deps;
  readonly #memory: Memory<OrganizationId, Organization>;
  readonly #oldest: Memory<'oldest', readonly OrganizationId[]>;

  constructor(deps: Deps) {
    this.#deps = deps;
    this.#memory = new Memory({ clock: deps.clock, ...MEMORY });
    this.#oldest = new Memory({ clock: deps.clock, ...MEMORY });
  }

  /** Throws `InputError` with every problem; a slug that is taken is one. */
  async create(input: NewOrganization): Promise<Organization> {
    const { name, policy, slug } = parseInput(inputSchema, input);
    const organization: Organization = {
      id: this.#deps.ids.newId(),
      slug: slug ?? makeSlug(name),
      name,
      policy,
      createdAt: this.#deps.clock.now(),
      version: 1,
    };
    if (organization.slug === '') refuseSlug('must be given, since none can be made of this name');
    if (!(await this.#deps.store.insert(organization))) refuseSlug('is taken');
    this.#oldest.forget('oldest');
    return this.#remember(organization);
  }

  /** May answer what it was up to 5 seconds ago. */
  async find(id: OrganizationId): Promise<Organization | undefined> {
    const known = this.#memory.find(id);
    if (known) return known;
    const organization = await this.#deps.store.find(id);
    return organization && this.#remember(organization);
  }

  /** By what people type: capitals and spaces around it do not matter. */
  async findBySlug(slug: string): Promise<Organization | undefined> {
    const organization = await this.#deps.store.findBySlug(slug.trim().toLowerCase());
    return organization && this.#remember(organization);
  }

  /** The one organization of an installation that has no other; undefined when there are several, or none. */
  async findOnly(): Promise<Organization | undefined> {
    const [only, another] = await this.#listOldest();
    return only !== undefined && another === undefined ? this.find(only) : undefined;
  }

  /** The organization with that id; the oldest one where a page needs a policy before anybody has said where they belong. */
  async requireOrFirst(id: OrganizationId | undefined): Promise<Organization> {
    const wanted = id ?? (await this.#listOldest())[0];
    const organization = wanted === undefined ? undefined : await this.find(wanted);
    if (!organization) throw new Error('the installation has no such organization');
    return organization;
  }

  /** Ordered by creation. */
  async list(page: PageRequest): Promise<Page<Organization>> {
    return this.#deps.store.list(page);
  }

  /** Throws `InputError` with every problem, `not_found`, and `changed_meanwhile` when somebody else changed the organization just now. */
  async setPolicy(id: OrganizationId, policy: unknown): Promise<Organization> {
    const parsed = parseInput(policySchema, policy);
    const before = await this.#deps.store.find(id);
    if (!before) throw new AppError('not_found');
    const after = { ...before, policy: parsed, version: before.version + 1 };
    if (!(await this.#deps.store.update(after))) throw new AppError('changed_meanwhile');
    return this.#remember(after);
  }

  #remember(organization: Organization): Organization {
    return this.#memory.keep(organization.id, organization);
  }

  /** The oldest two: they tell whether there is one, several or none. */
  async #listOldest(): Promise<readonly OrganizationId[]> {
    const known = this.#oldest.find('oldest');
    if (known) return known;
    const { items } = await this.#deps.store.list({ limit: 2 });
    return this.#oldest.keep(
      'oldest',
      items.map(({ id }) => id),
    );
  }
}

function makeSlug(name: string): string {
  const words = name
    .normalize('NFKD')
    .replaceAll(/\p{M}/gu, '')
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter(Boolean);
  return words.join('-').slice(0, MAX_SLUG_LENGTH).replace(/-$/, '');
}

function refuseSlug(message: string): never {
  throw new InputError([{ field: 'slug', message }]);
}
