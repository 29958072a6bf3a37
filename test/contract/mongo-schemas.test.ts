import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Account } from '../../src/accounts/account-store.ts';
import type { Passkey } from '../../src/passkeys/passkey-store.ts';
import { COLLECTIONS } from '../../src/storage/mongo/migrate-mongo.ts';
import type { CollectionSchema } from '../../src/storage/mongo/mongo-collection.ts';
import { buildAccount, buildClient, buildOrganization, buildPasskey } from '../support/builders.ts';
import { TEST_START } from '../support/clock.ts';
import { FULL_ITEMS } from '../support/full-items.ts';
import { findTestServer, NO_SERVER, type TestServer } from '../support/mongodb.ts';
import { requireValue } from '../support/require-value.ts';

/** A value that says every type of a schema by example. */
type Sample = { readonly [name: string]: unknown };

const {
  organization,
  account,
  client,
  passkey,
  totp,
  recoveryCodes: codes,
  key,
  mailJob,
  record,
  auditEvent,
} = FULL_ITEMS;

/** What each collection holds, with every optional field. The ids are those of the documents; a client's metadata and an event's details stand there as text. */
const SAMPLES: { readonly [collection: string]: Sample } = {
  organizations: omit(organization, 'id'),
  accounts: omit(account, 'id'),
  failures: { accountId: account.id, factor: 'totp', count: 1 },
  passkeys: { passkeys: [omit(passkey, 'accountId')] },
  totps: omit(totp, 'accountId'),
  recovery_codes: omit(codes, 'accountId'),
  clients: { ...omit(client, 'id'), metadata: JSON.stringify(client.metadata) },
  signing_keys: omit(key, 'kid'),
  outbox: omit(mailJob, 'id'),
  audit_events: { ...omit(auditEvent, 'id'), type: 'signed-in', details: JSON.stringify(auditEvent.details) },
  consents: omit(record, 'id'),
  grants: omit(record, 'id'),
  refresh_tokens: omit(record, 'id'),
  spent_codes: { expiresAt: TEST_START },
};

test('the schemas have exactly the fields of what is stored, with their types', () => {
  assert.deepEqual(COLLECTIONS.map(({ name }) => name).sort(), Object.keys(SAMPLES).sort());
  for (const { name, schema } of COLLECTIONS) {
    const { _id, schemaVersion, ...types } = describeTypes(schema);
    assert.deepEqual({ _id, schemaVersion }, { _id: 'String', schemaVersion: 'Number' });
    assert.deepEqual(types, describeSample(requireValue(SAMPLES[name])), name);
  }
});

test('the schemas refuse what they do not name', () => {
  for (const { schema } of COLLECTIONS) {
    assert.equal(schema.get('strict'), 'throw');
    assert.equal(schema.get('strictQuery'), 'throw');
    assert.equal(schema.get('autoIndex'), false);
  }
});

const server = await findTestServer();
if (server) describe('what is stored with every optional field', () => defineTests(server));
else test('what is stored with every optional field', { skip: NO_SERVER });

function defineTests({ open }: TestServer): void {
  test('comes back as it was', async (t) => {
    const { organizations, accounts, clients, passkeys, totps, recoveryCodes, keys } = (await open(t)).storage;
    await organizations.insert(organization);
    await accounts.insert(account);
    await clients.insert(client);
    await passkeys.insert(passkey, 1);
    await totps.put(totp);
    await recoveryCodes.replace(codes);
    await keys.insert(key);

    assert.deepEqual(await organizations.find(organization.id), organization);
    assert.deepEqual(await accounts.find(account.id), account);
    assert.deepEqual(await clients.find(client.id), client);
    assert.deepEqual(await passkeys.find(passkey.id), passkey);
    assert.deepEqual(await totps.find(totp.accountId), totp);
    assert.deepEqual(await recoveryCodes.find(codes.accountId), codes);
    assert.deepEqual(await keys.list(), [key]);
  });

  test('and changed comes back as it was changed to', async (t) => {
    const { organizations, accounts, clients } = (await open(t)).storage;
    await organizations.insert(buildOrganization({ id: organization.id }));
    await accounts.insert(buildAccount({ id: account.id }));
    await clients.insert(buildClient({ id: client.id }));
    assert.equal(await organizations.update({ ...organization, version: 2 }), true);
    assert.equal(await accounts.update({ ...account, version: 2 }), true);
    assert.equal(await clients.update({ ...client, version: 2 }), true);
    assert.deepEqual(await organizations.find(organization.id), { ...organization, version: 2 });
    assert.deepEqual(await accounts.find(account.id), { ...account, version: 2 });
    assert.deepEqual(await clients.find(client.id), { ...client, version: 2 });
  });

  test('what no schema names is refused, not dropped', async (t) => {
    const { organizations, clients, passkeys } = (await open(t)).storage;
    const unknown = { surplus: 'value' };
    await assert.rejects(organizations.insert({ ...buildOrganization(), ...unknown }), { name: 'StrictModeError' });
    const inside = { ...organization.policy, sso: { ...requireValue(organization.policy.sso), ...unknown } };
    await assert.rejects(organizations.insert({ ...organization, policy: inside }), { name: 'StrictModeError' });
    await assert.rejects(
      clients.insert(buildClient({ secrets: [{ ...requireValue(client.secrets[0]), ...unknown }] })),
      /StrictModeError/,
    );
    await assert.rejects(passkeys.insert({ ...buildPasskey(), ...unknown }, 1), /StrictModeError/);
  });

  test('an operator in the place of a value is no operator', async (t) => {
    const { accounts, passkeys, totps, recoveryCodes, audit } = (await open(t)).storage;
    const use = { counter: 9, backedUp: true, usedAt: TEST_START, usedWith: 'a browser' };
    await accounts.insert(account);
    await totps.put(totp);
    await passkeys.insert(passkey, 1);
    await recoveryCodes.replace({ ...codes, codes: [{ digest: 'a digest' }] });
    for (const operator of [{ $ne: null }, { $gt: '' }, { $exists: true }, ['a'], undefined]) {
      const id = operator as unknown as Account['id']; // what no schema has let through
      await assert.rejects(accounts.find(id), /^(CastError|TypeError)/);
      await assert.rejects(accounts.findByEmail(account.organizationId, id), /^(CastError|TypeError)/);
      await assert.rejects(totps.delete(id), /^(CastError|TypeError)/);
      await assert.rejects(audit.listByAccount(id, { limit: 1 }), /^(CastError|TypeError)/);
      const codeDigest = operator as unknown as string; // the same
      assert.notEqual(await recoveryCodes.spend(codes.accountId, codeDigest, TEST_START).catch(() => false), true);
      const passkeyId = operator as unknown as Passkey['id']; // the same
      assert.notEqual(await passkeys.recordUse(passkeyId, use).catch(() => false), true);
      await assert.rejects(passkeys.delete(passkey.accountId, passkeyId, false), /^(CastError|TypeError)/);
    }
    assert.ok(await totps.find(totp.accountId));
    assert.deepEqual(await passkeys.find(passkey.id), passkey);
  });
}

/** The types of a schema's fields by their paths. */
function describeTypes(schema: CollectionSchema['schema'], parent = ''): { readonly [path: string]: string } {
  const paths = Object.values(schema.paths).map((type) => {
    const list = type.instance === 'Array' ? `[${type.getEmbeddedSchemaType()?.instance}]` : type.instance;
    return type.schema ? describeTypes(type.schema, `${parent}${type.path}[].`) : { [parent + type.path]: list };
  });
  return Object.assign({}, ...paths);
}

/** The same of a sample. */
function describeSample(value: unknown, path = ''): { readonly [path: string]: string } {
  if (value instanceof Date) return { [path]: 'Date' };
  if (value instanceof Uint8Array) return { [path]: 'Buffer' };
  if (Array.isArray(value)) {
    const [item] = value;
    return typeof item === 'object' ? describeSample(item, `${path}[]`) : { [path]: '[String]' };
  }
  if (typeof value !== 'object' || value === null) {
    const name = typeof value;
    return { [path]: `${name.charAt(0).toUpperCase()}${name.slice(1)}` };
  }
  const entries = Object.entries(value).map(([name, item]) => describeSample(item, path ? `${path}.${name}` : name));
  return Object.assign({}, ...entries);
}

function omit(item: object, name: string): Sample {
  return Object.fromEntries(Object.entries(item).filter(([key]) => key !== name));
}
