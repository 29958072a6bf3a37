import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FaultSite, skipFaults } from '../support/fault-site.ts';
import { ANSWER_LIMIT_MS, Load } from '../support/load.ts';
import { readTokens } from '../support/raw-client.ts';

const skip = skipFaults;
const PEOPLE = 8;
const CUTS = 5;

for (const fault of ['refusing', 'frozen', 'gone'] as const) {
  test(`while MongoDB is ${fault} what needs it is refused in time, and all else is there`, { skip }, async (t) => {
    const site = await FaultSite.open(t);
    const { client, ledger, installation } = site;
    const requests = await site.prepareDurableRequests();
    const { person, code } = await site.admitPerson();
    const { idToken } = await ledger.exchange(client, code);
    const { person: guest } = await site.admitPerson(); // of a grant that no spent code will be tried on
    const { refreshToken: first } = readTokens(await client.exchange(await guest.allowToStay()));
    const { refreshToken: second } = await ledger.refresh(client, first);
    const unspent = await person.comeBack();

    installation.mongo.setFault(fault);
    await Promise.all([site.assertRefused(requests, ANSWER_LIMIT_MS), site.assertPublicPartsUp(idToken)]);
    await site.assertRefused(requests, ANSWER_LIMIT_MS);
    await site.assertPublicPartsUp(idToken);
    installation.mongo.restore();

    await site.waitForRecovery();
    await ledger.exchange(client, unspent);
    ledger.addFamily(client, second, first);
    await ledger.verify();
  });
}

test('connections to MongoDB that break under load cost nobody what they were promised', { skip }, async (t) => {
  const site = await FaultSite.open(t);
  const { client, ledger, installation } = site;
  const load = new Load(PEOPLE, async () => {
    const { person, code } = await site.admitPerson();
    await ledger.exchange(client, code);
    const { person: guest } = await site.admitPerson();
    const { refreshToken: first } = readTokens(await client.exchange(await guest.comeBack()));
    const { refreshToken: second } = await ledger.refresh(client, first);
    ledger.addFamily(client, second, first);
    await person.signOut();
    ledger.addSignOut(person);
  });
  for (let cut = 1; cut <= CUTS; cut += 1) {
    await load.waitForMore(1);
    installation.mongo.cut();
  }
  await load.waitForMore(PEOPLE);
  await load.stop();
  assert.ok(ledger.size > 5 * PEOPLE);
  await site.waitForRecovery();
  await ledger.verify();
});
