import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Policy } from '../../src/organizations/policy.ts';
import { AccountVisit } from '../support/account-visit.ts';
import { changePolicy, openTestApp, type TestApp } from '../support/app.ts';
import { addPasskey, addTotp } from '../support/enrol.ts';
import { assertRefused } from '../support/page.ts';
import { openSession } from '../support/session.ts';

/** A password signs in with a code, or a passkey alone: either of the two may go, and not both. */
const EITHER: Partial<Policy> = { secondFactor: 'required', secondFactors: ['totp'], confirmWith: ['password'] };
const ROUNDS = 5;

/** Somebody who has confirmed that their only passkey is to go, and their authenticator app. */
async function openRemover(site: TestApp, email: string) {
  const { account, visitor } = await openSession(site, email);
  const visit = new AccountVisit(site.issuer, visitor);
  await addTotp(site.app, account);
  await addPasskey(site.app, account);
  const [passkey] = await site.app.passkeys.list(account.id);
  assert.ok(passkey);
  await visit.confirm('delete-totp');
  await visit.confirm('delete-passkey', passkey.id);
  const form = { csrf: await visit.readCsrf() };
  const count = async () => ({
    passkeys: (await site.app.passkeys.list(account.id)).length,
    totp: (await site.app.storage.totps.find(account.id)) === undefined ? 0 : 1,
  });
  const removeTotp = () => visitor.postForm('/account/totp/delete', form);
  const removePasskey = () => visitor.postForm(`/account/passkeys/${passkey.id}/delete`, form);
  return { account, removeTotp, removePasskey, count };
}

test('of two things that stand in for each other one stays, however close together they are to go', async (t) => {
  const site = await openTestApp(t, { policy: { enrolPasskey: 'manual', confirmWith: ['password'] } });
  for (let round = 0; round < ROUNDS; round += 1) {
    const remover = await openRemover(site, `alex${round}@example.com`);
    await changePolicy(site.app, EITHER);

    const answers = await Promise.all([remover.removeTotp(), remover.removePasskey()]);

    assert.deepEqual(answers.map(({ status }) => status).toSorted(), [303, 409]);
    const { passkeys, totp } = await remover.count();
    assert.equal(passkeys + totp, 1);
    await changePolicy(site.app, { secondFactor: 'off' });
  }
});

test('while one thing is being removed another waits for its turn, and for a process that is gone ten seconds', async (t) => {
  const site = await openTestApp(t, { policy: { enrolPasskey: 'manual', confirmWith: ['password'] } });
  const { account, removeTotp, count } = await openRemover(site, 'alex@example.com');
  await site.app.storage.tickets.put('removal', account.id, {}, 10);

  assertRefused(await removeTotp(), 'changed_meanwhile');
  assert.deepEqual(await count(), { passkeys: 1, totp: 1 });
  site.advance(10);
  assert.equal((await removeTotp()).status, 303);
  assert.deepEqual(await count(), { passkeys: 1, totp: 0 });
});
