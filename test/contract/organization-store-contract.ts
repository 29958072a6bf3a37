import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import type { Organization } from '../../src/organizations/organization-store.ts';
import type { Policy } from '../../src/organizations/policy.ts';
import { buildOrganization, buildPolicy } from '../support/builders.ts';
import { race } from '../support/race.ts';
import type { OpenStores } from '../support/storages.ts';
import { testPages } from './pages-contract.ts';
import { testVersions } from './versions-contract.ts';

/** Holds a backend to what `OrganizationStore` promises. */
export function describeOrganizationStore(name: string, open: OpenStores<'organizations'>): void {
  describe(`${name}: organizations`, () => {
    const openSubject = async (t: TestContext) => {
      const { organizations } = (await open(t)).storage;
      return {
        insert: (organization: Organization) => organizations.insert(organization),
        find: ({ id }: Organization) => organizations.find(id),
        update: (organization: Organization) => organizations.update(organization),
        list: organizations.list.bind(organizations),
      };
    };
    testVersions<Organization>(async (t) => ({
      ...(await openSubject(t)),
      build: () => buildOrganization(),
      change: (organization, mark) => ({ ...organization, name: mark }),
    }));
    testPages<Organization>(async (t) => ({
      ...(await openSubject(t)),
      build: (createdAt) => buildOrganization({ createdAt }),
    }));

    test('every field survives', async (t) => {
      const { organizations } = (await open(t)).storage;
      const organization: Required<Organization> = {
        ...buildOrganization({ version: 3 }),
        policy: buildFullPolicy(),
      };
      assert.equal(await organizations.insert(organization), true);
      assert.deepEqual(await organizations.find(organization.id), organization);
      assert.deepEqual(await organizations.findBySlug(organization.slug), organization);
    });

    test('what is not there is undefined', async (t) => {
      const { organizations } = (await open(t)).storage;
      const { id, slug } = buildOrganization();
      assert.equal(await organizations.find(id), undefined);
      assert.equal(await organizations.findBySlug(slug), undefined);
    });

    test('a slug names one organization, even if many claim it at once', async (t) => {
      const { organizations } = (await open(t)).storage;
      const outcomes = await race(50, () => organizations.insert(buildOrganization({ slug: 'acme' })));
      assert.equal(outcomes.filter(Boolean).length, 1);
    });

    test('a change to a slug that is taken is refused and changes nothing', async (t) => {
      const { organizations } = (await open(t)).storage;
      const organization = buildOrganization();
      await organizations.insert(buildOrganization({ slug: 'acme' }));
      await organizations.insert(organization);

      assert.equal(await organizations.update({ ...organization, slug: 'acme', version: 2 }), false);
      assert.deepEqual(await organizations.find(organization.id), organization);
    });

    test('a changed slug finds it, and the old one is free', async (t) => {
      const { organizations } = (await open(t)).storage;
      const organization = buildOrganization({ slug: 'old' });
      const renamed = { ...organization, slug: 'new', version: 2 };
      await organizations.insert(organization);
      await organizations.update(renamed);

      assert.deepEqual(await organizations.findBySlug('new'), renamed);
      assert.equal(await organizations.findBySlug('old'), undefined);
      assert.equal(await organizations.insert(buildOrganization({ slug: 'old' })), true);
    });
  });
}

function buildFullPolicy(): Required<Policy> {
  return {
    ...buildPolicy(),
    sso: { issuer: 'https://login.example.com', clientId: 'cardea', required: true },
    recoveryByEmail: { waitingHours: 48 },
    attestation: {
      mode: 'verified',
      allow: ['00000000-0000-0000-0000-000000000001'],
      deny: [],
      synced: 'refuse',
    },
  };
}
