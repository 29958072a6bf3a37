import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { type Consent, NOTHING } from '../../src/oidc/consent.ts';
import { Consents, toConsentId } from '../../src/oidc/consents.ts';
import { race } from '../support/race.ts';
import { openTestStorage } from '../support/storages.ts';

const HOLDING = { accountId: 'account', clientId: 'client' };
const GRANT_SECONDS = 100;
const ASKED = { asked: true };
const DECIDED = { asked: false };

async function openConsents(t: TestContext) {
  const { storage, clock } = await openTestStorage(t);
  const consents = new Consents({ records: storage.records, clock, grantSeconds: GRANT_SECONDS });
  const readScopes = async () => (await consents.find(HOLDING))?.scopes;
  return { consents, records: storage.records, clock, readScopes };
}

function scopes(...names: string[]): Consent {
  return { ...NOTHING, scopes: names };
}

test('a consent grows by what is allowed and keeps its beginning', async (t) => {
  const { consents, clock } = await openConsents(t);
  const since = clock.now();
  await consents.add(HOLDING, scopes('openid', 'email'), ASKED);
  clock.advance(1);
  await consents.add(HOLDING, scopes('openid', 'profile'), ASKED);
  const { scopes: allowed, since: kept, clientId } = (await consents.find(HOLDING)) ?? assert.fail();
  assert.deepEqual([allowed, kept, clientId], [['openid', 'email', 'profile'], since, 'client']);
  assert.equal((await consents.list('account')).length, 1);
  assert.deepEqual(await consents.list('other'), []);
});

test('what nobody was asked for is never taken for what a person has allowed', async (t) => {
  const { consents } = await openConsents(t);
  const isAsked = async () => (await consents.find(HOLDING))?.asked;
  await consents.add(HOLDING, scopes('openid', 'email'), DECIDED);
  assert.equal(await isAsked(), false);
  await consents.add(HOLDING, scopes('openid'), ASKED);
  assert.deepEqual((await consents.find(HOLDING))?.scopes, ['openid']);
  assert.equal(await isAsked(), true);
  await consents.add(HOLDING, scopes('openid'), DECIDED);
  assert.equal(await isAsked(), true, 'nothing was decided beyond it');
  await consents.add(HOLDING, scopes('openid', 'email'), DECIDED);
  assert.equal(await isAsked(), false);
});

test('it outlives every grant that has begun while it was renewed, and ends when it was not', async (t) => {
  const { consents, clock, records } = await openConsents(t);
  await consents.add(HOLDING, scopes('openid'), ASKED);
  for (let round = 0; round < 6; round += 1) {
    assert.equal(await consents.renew(HOLDING), true);
    const stored = await records.find('Consent', toConsentId(HOLDING));
    const grantEndsAt = clock.now().getTime() + GRANT_SECONDS * 1000;
    assert.ok(stored && stored.expiresAt.getTime() >= grantEndsAt);
    clock.advance(GRANT_SECONDS * 0.75);
  }
  clock.advance(2 * GRANT_SECONDS);
  assert.equal(await consents.find(HOLDING), undefined);
  assert.equal(await consents.renew(HOLDING), false);
});

test('taken back it stays so, whoever renews it or adds to it meanwhile', async (t) => {
  const { consents, clock, readScopes } = await openConsents(t);
  for (let round = 0; round < 20; round += 1) {
    await consents.add(HOLDING, scopes('openid', 'email'), ASKED);
    clock.advance(1.5 * GRANT_SECONDS); // so that each renewal writes
    await race(9, async (index) => {
      if (index === 4) await consents.revoke(HOLDING);
      else if (index % 2 === 0) await consents.renew(HOLDING);
      else await consents.add(HOLDING, scopes('openid', 'profile'), ASKED);
    });
    assert.ok(!(await readScopes())?.includes('email'), `round ${round}`);
    await consents.revoke(HOLDING);
    await consents.revoke(HOLDING);
    assert.equal(await consents.renew(HOLDING), false);
    assert.equal(await readScopes(), undefined);
  }
});
