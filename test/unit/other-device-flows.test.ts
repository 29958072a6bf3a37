import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { Ids } from '../../src/lib/ids.ts';
import { Sealer } from '../../src/lib/seal.ts';
import { Organizations } from '../../src/organizations/organizations.ts';
import { OtherDeviceFlows } from '../../src/sign-in/other-device-flows.ts';
import { SignInAccounts } from '../../src/sign-in/sign-in-accounts.ts';
import { buildAccount, buildOrganization, buildPasskey } from '../support/builders.ts';
import { race } from '../support/race.ts';
import { buildSignInAccount } from '../support/sign-ins.ts';
import { openTestStorage } from '../support/storages.ts';

const ids = new Ids();

/** A flow that somebody has just begun. */
async function startFlow(t: TestContext) {
  const { storage, clock } = await openTestStorage(t);
  const organization = buildOrganization();
  await storage.organizations.insert(organization);
  const stored = buildAccount({ organizationId: organization.id });
  await storage.accounts.insert(stored);
  const organizations = new Organizations({ store: storage.organizations, ids, clock });
  const signInAccounts = new SignInAccounts({ ...storage, organizations, clock });
  const flows = new OtherDeviceFlows({
    tickets: storage.tickets,
    sealer: new Sealer(ids.newBytes(32), ids),
    signInAccounts,
    isSignedIn: async () => true,
    ids,
    clock,
  });
  const person = {
    sessionUid: 'session',
    signedInAt: clock.now(),
    stored,
    account: buildSignInAccount(),
    organization,
  };
  await flows.start(person, 'Chrome on Linux');
  const read = async () => (await flows.find(stored.id)) ?? assert.fail();
  return { storage, flows, stored, read, flow: await read() };
}

test('each step is done by one of many callers at once', async (t) => {
  const { flows, stored, flow, read } = await startFlow(t);
  const passkey = buildPasskey({ accountId: stored.id });
  const steps = {
    opened: () => flows.join(flow, { browser: ids.newSecret(), device: 'Safari on iPhone' }),
    approval: () => flows.keep(flow, passkey),
    refused: () => flows.decide(flow, 'refused'),
  };
  assert.equal(flow.state, 'pending');
  for (const [state, step] of Object.entries(steps)) {
    const answers = await race(10, step);
    assert.equal(answers.filter(Boolean).length, 1, state);
    assert.equal((await read()).state, state);
  }
  for (const outcome of ['approved', 'withdrawn'] as const)
    assert.equal(await flows.decide(flow, outcome), false, 'what was decided stays so');
});

test('the passkey that waits is kept as it was made, beside three different numbers', async (t) => {
  const { flows, stored, flow, read } = await startFlow(t);
  const passkey = buildPasskey({ accountId: stored.id });
  await flows.keep(flow, passkey);
  const { made } = await read();
  assert.deepEqual(made?.passkey, passkey);
  assert.equal(new Set(made.choices).size, 3);
  assert.ok(made.choices.includes(made.number));
});

test('a disabled account ends it, though its session were still there', async (t) => {
  const { storage, stored, read } = await startFlow(t);
  await storage.accounts.update({ ...stored, disabledAt: new Date(0), version: stored.version + 1 });
  assert.equal((await read()).state, 'expired');
});
