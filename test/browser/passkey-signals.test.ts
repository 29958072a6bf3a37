import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Page } from 'playwright-core';
import { addAccount, presetOf } from '../support/app.ts';
import { type BrowserStory, openStory, skipWithoutBrowser } from '../support/browser.ts';
import { confirmByPasskey, startSignIn, typeEmail, typePassword, waitUntilSignedIn } from '../support/browser-steps.ts';
import { addPasskey } from '../support/enrol.ts';
import { readCode, readMail } from '../support/mails.ts';

const skip = skipWithoutBrowser;
const policy = { enrolPasskey: 'manual', secondFactor: 'off' } as const;

test('after a passkey sign-in the device learns what its person is called now', { skip }, async (t) => {
  const story = await openStory(t, { autofill: false, policy });
  const { app, page, authenticator } = story;
  const account = await addAccount(app, 'alex@example.com');
  await authenticator.addPasskey(app, account);
  await app.organizations.create({ name: 'Southwind', policy: presetOf('workspace') });

  await startSignIn(story, page);
  await page.getByRole('button', { name: 'Sign in with a passkey' }).click();

  await waitUntilSignedIn(page);
  assert.equal(await authenticator.takeRenamed(), 'alex@example.com (Northwind)');
});

test('the security page tells the device what the account has', { skip }, async (t) => {
  const story = await openStory(t, { autofill: false, policy });
  const { app, page, authenticator } = story;
  const account = await addAccount(app, 'alex@example.com');
  const gone = await authenticator.addPasskey(app, account);
  await app.storage.passkeys.delete(account.id, gone.id, false);

  await openAccount(story, page);

  assert.equal(await authenticator.takeDropped(), gone.id);
  assert.equal(await authenticator.countPasskeys(), 0);
});

test('an account that was given another address is called by it on the device too', { skip }, async (t) => {
  const story = await openStory(t, { autofill: false, policy });
  const { app, page, authenticator } = story;
  const account = await addAccount(app, 'alex@example.com');
  await authenticator.addPasskey(app, account);
  await openAccount(story, page);
  await page.getByRole('link', { name: 'Change the e-mail address' }).click();
  await confirmByPasskey(page);
  await page.getByLabel('New e-mail address').fill('alex@new.example');
  await page.getByRole('button', { name: 'Send me a code' }).click();
  await page.getByLabel('Code').fill(readCode(await readMail(story, 'Your code to use this address')));
  await page.getByRole('button', { name: 'Change the address' }).click();
  await page.getByText('Your e-mail address was changed.').waitFor();

  let name = await authenticator.takeRenamed();
  while (name === 'alex@example.com') name = await authenticator.takeRenamed(); // the pages on the way said so
  assert.equal(name, 'alex@new.example');
});

test('a passkey that was there before is kept when the server says so once more', { skip }, async (t) => {
  const story = await openStory(t, { autofill: false, policy });
  const { app, page, authenticator } = story;
  const account = await addAccount(app, 'alex@example.com');
  await addPasskey(app, account);
  await authenticator.addPasskey(app, account);
  await page.goto(`${story.issuer}/account/passkeys/add`);
  await page.getByRole('button', { name: 'Sign in with a passkey' }).click();
  await confirmByPasskey(page);
  await page.getByRole('heading', { name: 'Where should the passkey live?' }).waitFor();
  // The server stores it and then fails to say so.
  await page.route('**/account/passkeys', async (route) => {
    await route.fetch();
    await route.fulfill({ status: 503, json: { error: 'busy', message: 'Too much to do.' } });
  });
  await authenticator.setPresence(true);
  const before = await authenticator.countPasskeys();

  await page.getByRole('button', { name: 'I’m not sure' }).click();
  await page.getByText('That device has a passkey for this account already').waitFor();

  assert.equal(await authenticator.countPasskeys(), before);
});

test('a browser without signals and capabilities signs in and shows the account, in silence', { skip }, async (t) => {
  const story = await openStory(t, { policy: { ...policy, enrolPasskey: 'offer' } });
  const { app, page, authenticator } = story;
  await page.addInitScript(() => {
    for (const name of [
      'signalUnknownCredential',
      'signalAllAcceptedCredentials',
      'signalCurrentUserDetails',
      'getClientCapabilities',
      'isConditionalMediationAvailable',
    ])
      Reflect.deleteProperty(PublicKeyCredential, name);
  });
  await addAccount(app, 'alex@example.com');

  await openAccount(story, page, 'Sign in faster next time');
  await page.getByRole('button', { name: 'Make a passkey' }).click();
  await page.getByRole('heading', { name: 'Your security' }).waitFor();
  await page.getByText('this device').waitFor();
  assert.equal(await authenticator.countPasskeys(), 1);
});

async function openAccount({ issuer }: BrowserStory, page: Page, heading = 'Your security'): Promise<void> {
  await page.goto(`${issuer}/account`);
  await typeEmail(page, 'alex@example.com');
  await typePassword(page);
  await page.getByRole('heading', { name: heading }).waitFor();
}
