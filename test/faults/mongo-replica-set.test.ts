import { test } from 'node:test';
import { AppError } from '../../src/lib/app-error.ts';
import { FaultSite, skipFaults } from '../support/fault-site.ts';
import { ANSWER_LIMIT_MS, Load, NotNow } from '../support/load.ts';
import { findMongod, NO_MONGOD } from '../support/mongod.ts';
import { readTokens } from '../support/raw-client.ts';
import { ReplicaSet } from '../support/replica-set.ts';

const skip = skipFaults || ((await findMongod()) === undefined && NO_MONGOD);
const PEOPLE = 8;
const ELECTED_WITHIN_MS = 20_000;

/** Everything that can be promised, over and over. */
function startLoad(site: FaultSite): Load {
  const { client, ledger, installation } = site;
  return new Load(PEOPLE, async () => {
    const { person, code } = await site.admitPerson();
    await ledger.exchange(client, code, 2);
    await person.signOut();
    ledger.addSignOut(person);
    const { person: guest } = await site.admitPerson();
    const { refreshToken: first } = readTokens(await client.exchange(await guest.comeBack()));
    const { refreshToken: second } = await ledger.refresh(client, first);
    ledger.addFamily(client, second, first);
    ledger.addClient(await installation.registerClient().catch(refuseAsServer));
  });
}

/** The operator of a store that cannot answer is told in their own way. */
function refuseAsServer(error: unknown): never {
  throw error instanceof AppError && error.code === 'store_unavailable' ? new NotNow('refused') : error;
}

test('a replica set loses its primary under load in every way, and nobody loses what they were promised', {
  skip,
  timeout: 120_000,
}, async (t) => {
  const set = await ReplicaSet.start(t);
  const site = await FaultSite.open(t, { mongodbUrl: set.url.replace('/?', '/cardea?') });
  const requests = await site.prepareDurableRequests();
  const { code } = await site.admitPerson();
  const { idToken } = readTokens(await site.client.exchange(code));
  const load = startLoad(site);

  await t.test('by stepping down', async () => {
    await load.waitForMore(PEOPLE);
    await set.stepDown();
    await load.waitForMore(PEOPLE, ELECTED_WITHIN_MS);
  });
  await t.test('by freezing', async () => {
    const primary = await set.requirePrimary();
    primary.process.kill('SIGSTOP');
    await load.waitForMore(PEOPLE, ELECTED_WITHIN_MS);
    primary.process.kill('SIGCONT');
  });
  await t.test('by dying', async () => {
    (await set.requirePrimary()).process.kill('SIGKILL');
    await load.waitForMore(PEOPLE, ELECTED_WITHIN_MS);
  });
  await load.stop();
  await site.ledger.verify();

  await t.test('and without a majority it lets nobody in and promises nothing', async () => {
    (await set.requirePrimary()).process.kill('SIGKILL');
    await site.assertRefused(requests, ANSWER_LIMIT_MS);
    await site.assertRefused(requests, ANSWER_LIMIT_MS);
    await site.assertPublicPartsUp(idToken);
  });
});
