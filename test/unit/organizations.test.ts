import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { Ids } from '../../src/lib/ids.ts';
import { Organizations } from '../../src/organizations/organizations.ts';
import { buildPolicy } from '../support/builders.ts';
import { openTestStorage } from '../support/storages.ts';

const policy = buildPolicy();

const SLUGS: readonly (readonly [name: string, slug: string])[] = [
  ['Northwind Traders, Inc.', 'northwind-traders-inc'],
  ['  Crème & Brûlée  ', 'creme-brulee'],
  [`${'A'.repeat(62)} B`, 'a'.repeat(62)],
];
for (const [name, slug] of SLUGS) {
  test(`the slug of ${JSON.stringify(name.slice(0, 30))} is ${slug.slice(0, 30)}`, async (t) => {
    const { organizations } = await openOrganizations(t);
    assert.equal((await organizations.create({ name, policy })).slug, slug);
  });
}

test('a name that no slug can be made of needs one beside it', async (t) => {
  const { organizations } = await openOrganizations(t);
  await assert.rejects(organizations.create({ name: '東京', policy }), {
    problems: [{ field: 'slug', message: 'must be given, since none can be made of this name' }],
  });
  assert.equal((await organizations.create({ name: '東京', slug: 'tokyo', policy })).name, '東京');
});

test('a slug belongs to one organization', async (t) => {
  const { organizations } = await openOrganizations(t);
  const { id } = await organizations.create({ name: 'Northwind', policy });
  await assert.rejects(organizations.create({ name: 'northwind!', policy }), {
    problems: [{ field: 'slug', message: 'is taken' }],
  });
  assert.equal((await organizations.findBySlug(' NorthWind '))?.id, id);
});

test('every problem of a new organization is named at once', async (t) => {
  const { organizations } = await openOrganizations(t);
  const input = { name: '', slug: 'Not a slug', policy: buildPolicy({ passkey: 'off', password: 'off' }) };
  await assert.rejects(organizations.create(input), (error: { problems: readonly { field: string }[] }) => {
    const fields = error.problems.map(({ field }) => field);
    assert.deepEqual(fields, ['name', 'slug', 'policy.password', 'policy.passkey', 'policy.secondFactors']);
    return true;
  });
});

test('the only organization is found as long as it is the only one', async (t) => {
  const { organizations } = await openOrganizations(t);
  assert.equal(await organizations.findOnly(), undefined);
  const { id } = await organizations.create({ name: 'Northwind', policy });
  assert.equal((await organizations.findOnly())?.id, id);
  await organizations.create({ name: 'Southwind', policy });
  assert.equal(await organizations.findOnly(), undefined);
});

test('where nobody named an organization the oldest one answers', async (t) => {
  const { organizations, clock } = await openOrganizations(t);
  await assert.rejects(organizations.requireOrFirst(undefined));
  const first = await organizations.create({ name: 'Northwind', policy });
  clock.advance(1);
  const second = await organizations.create({ name: 'Southwind', policy });
  assert.equal((await organizations.requireOrFirst(undefined)).id, first.id);
  assert.equal((await organizations.requireOrFirst(second.id)).id, second.id);
});

test('a new policy holds at once here, and elsewhere after five seconds', async (t) => {
  const { organizations, clock, inOtherProcess } = await openOrganizations(t);
  const { id } = await organizations.create({ name: 'Northwind', policy });
  const readTotp = async (where: Organizations) => (await where.find(id))?.policy.secondFactor;
  assert.equal(await readTotp(inOtherProcess), 'when-enrolled');

  await organizations.setPolicy(id, buildPolicy({ secondFactor: 'required' }));
  assert.equal(await readTotp(organizations), 'required');
  assert.equal(await readTotp(inOtherProcess), 'when-enrolled');
  clock.advance(5);
  assert.equal(await readTotp(inOtherProcess), 'required');
});

test('a policy that contradicts itself is refused, and the old one stays', async (t) => {
  const { organizations } = await openOrganizations(t);
  const { id } = await organizations.create({ name: 'Northwind', policy });
  await assert.rejects(organizations.setPolicy(id, { ...policy, secondFactors: [] }), {
    problems: [{ field: 'secondFactors', message: 'is empty' }],
  });
  await assert.rejects(organizations.setPolicy(id, { ...policy, colour: 'green' }), {
    problems: [{ field: 'colour', message: 'is not known' }],
  });
  assert.deepEqual((await organizations.find(id))?.policy, policy);
});

test('of two policies set at once, one is refused', async (t) => {
  const { organizations, inOtherProcess } = await openOrganizations(t);
  const { id } = await organizations.create({ name: 'Northwind', policy });
  const outcomes = await Promise.allSettled([
    organizations.setPolicy(id, policy),
    inOtherProcess.setPolicy(id, policy),
  ]);
  assert.deepEqual(outcomes.map(({ status }) => status).sort(), ['fulfilled', 'rejected']);
  assert.equal((await organizations.findBySlug('northwind'))?.version, 2);
});

async function openOrganizations(t: TestContext) {
  const { storage, clock } = await openTestStorage(t);
  const open = () => new Organizations({ store: storage.organizations, ids: new Ids(), clock });
  return { organizations: open(), inOtherProcess: open(), clock };
}
