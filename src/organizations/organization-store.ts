import type { Page, PageRequest } from '../lib/cursor.ts';
import type { OrganizationId } from '../lib/ids.ts';
import type { Policy } from './policy.ts';

/** A body of people with one sign-in policy. */
export interface Organization {
  readonly id: OrganizationId;
  /** What people type to name it: lower-case letters, digits and hyphens, unique. */
  readonly slug: string;
  readonly name: string;
  readonly policy: Policy;
  readonly createdAt: Date;
  /** Starts at 1 and grows by one with each change. */
  readonly version: number;
}

/** Durable. */
export interface OrganizationStore {
  /** False when the id or the slug is taken. */
  insert(organization: Organization): Promise<boolean>;
  find(id: OrganizationId): Promise<Organization | undefined>;
  findBySlug(slug: string): Promise<Organization | undefined>;
  /**
   * Replaces the organization whose stored version is one less than the given one, in one step.
   * False when that is not the stored version, or the slug is taken.
   */
  update(organization: Organization): Promise<boolean>;
  /** Ordered by creation, then id. */
  list(page: PageRequest): Promise<Page<Organization>>;
}
