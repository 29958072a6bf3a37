import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addAccount, openTestApp, presetOf, TEST_PASSWORD } from '../support/app.ts';
import { openCardea } from '../support/command-line.ts';
import { addPasskey } from '../support/enrol.ts';
import { readMail } from '../support/mails.ts';
import { assertPage } from '../support/page.ts';
import { openSignIn } from '../support/sign-in-flow.ts';

const EMAIL = 'alex@example.com';

test('a password that a passkey has replaced is on again when the policy says so, and its owner is told', async (t) => {
  const site = await openTestApp(t, { policy: presetOf('passwordless') });
  const { app, issuer } = site;
  const account = await addAccount(app, EMAIL);
  const authenticator = await addPasskey(app, account);
  const byPasskey = await openSignIn({ app, issuer, authenticator });
  await byPasskey.usePasskey();
  await byPasskey.finish();
  const isOff = async () => (await app.accounts.find(account.id))?.password?.switchedOffAt !== undefined;
  assert.equal(await isOff(), true);

  const cardea = openCardea(t, site.environment);
  const { slug } = await app.organizations.requireOrFirst(undefined);
  assert.equal((await cardea(['organization', 'policy', slug, 'passwordless'])).code, 0);
  assert.equal(await isOff(), true, 'not by that policy');
  assert.match((await cardea(['organization', 'policy', slug, 'convenience'])).err, /that are on again: 1/);
  assert.equal(await isOff(), false);
  assert.doesNotMatch((await cardea(['organization', 'policy', slug, 'convenience'])).err, /on again/);

  site.advance(6); // the running server follows
  const flow = await openSignIn({ app, issuer, authenticator });
  await flow.identify(EMAIL);
  assertPage(await flow.typePassword(TEST_PASSWORD), 'passkey.title.second');
  await flow.usePasskey();
  assert.deepEqual((await flow.finish()).claims()?.amr, ['pwd', 'pop', 'user', 'mfa']);
  assert.equal(await isOff(), false);
  assert.match((await readMail(site, 'is switched on again')).text, /as before/);
});
