import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addAccount } from '../support/app.ts';
import { openStory, skipWithoutBrowser } from '../support/browser.ts';
import {
  signIn,
  signOut,
  startSignIn,
  typeCode,
  typeEmail,
  typePassword,
  waitUntilSignedIn,
} from '../support/browser-steps.ts';
import { addTotp, nextCode } from '../support/enrol.ts';
import { assertNotice, assertPresentable } from '../support/page-checks.ts';

const skip = skipWithoutBrowser;

test('a newcomer makes an account with a passkey, signs out, and signs in again with one touch', {
  skip,
}, async (t) => {
  const story = await openStory(t, { autofill: false });
  const { page, authenticator } = story;

  await startSignIn(story, page);
  await page.getByRole('link', { name: 'Make an account' }).click();
  await assertPresentable(page, 'Make an account');
  await page.getByLabel('E-mail').fill('nova@example.com');
  await page.getByLabel('Name').fill('Nova Example');
  await page.getByRole('button', { name: 'Continue' }).click();
  await waitUntilSignedIn(page, 'Nova Example');
  assert.equal(await authenticator.countPasskeys(), 1);

  await page.getByRole('button', { name: 'Sign out' }).click();
  await assertPresentable(page, 'Do you want to sign out?');
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('button', { name: 'Sign in with a passkey' }).click();
  await waitUntilSignedIn(page, 'Nova Example');
});

test('a passkey from the list under the e-mail field signs its person in', { skip }, async (t) => {
  const story = await openStory(t);
  const { page, authenticator } = story;
  await authenticator.addPasskey(story.app, await addAccount(story.app, 'alex@example.com'));

  await startSignIn(story, page); // the device answers the list by itself

  await waitUntilSignedIn(page);
});

test('a passkey signs in by the button, while the list waits for its person', { skip }, async (t) => {
  const story = await openStory(t);
  const { page, authenticator } = story;
  await authenticator.addPasskey(story.app, await addAccount(story.app, 'alex@example.com'));
  await authenticator.setPresence(false);

  const listed = page.waitForResponse('**/passkey/options');
  await startSignIn(story, page);
  await listed;
  await assertPresentable(page, 'Sign in');
  await authenticator.setPresence(true);
  await page.getByRole('button', { name: 'Sign in with a passkey' }).click();

  await waitUntilSignedIn(page);
});

test('a cancelled passkey is no error: the notice has the focus, and trying again works', { skip }, async (t) => {
  const story = await openStory(t, { autofill: false });
  const { page, authenticator } = story;
  await authenticator.addPasskey(story.app, await addAccount(story.app, 'alex@example.com'));
  await authenticator.setUserVerified(false);

  await startSignIn(story, page);
  await page.getByRole('button', { name: 'Sign in with a passkey' }).click();
  await assertNotice(page, 'No passkey was used');
  await assertPresentable(page, 'Sign in');
  await authenticator.setUserVerified(true);
  await page.getByRole('button', { name: 'Try again' }).click();

  await waitUntilSignedIn(page);
});

test('after a cancelled passkey the other ways still sign in', { skip }, async (t) => {
  const story = await openStory(t, { autofill: false });
  const { app, page, authenticator } = story;
  const account = await addAccount(app, 'alex@example.com');
  const secret = await addTotp(app, account);
  await authenticator.addPasskey(app, account);
  await authenticator.setUserVerified(false);

  await startSignIn(story, page);
  await page.getByRole('button', { name: 'Sign in with a passkey' }).click();
  await assertNotice(page, 'No passkey was used');
  await typeEmail(page, 'alex@example.com');
  await typePassword(page);
  await typeCode(page, nextCode(secret));

  await waitUntilSignedIn(page);
});

test('whoever typed their e-mail may use a passkey in place of the password', { skip }, async (t) => {
  const story = await openStory(t, { autofill: false });
  const { page, authenticator } = story;
  await authenticator.addPasskey(story.app, await addAccount(story.app, 'alex@example.com'));

  await startSignIn(story, page);
  await typeEmail(page, 'alex@example.com');
  await page.getByRole('heading', { name: 'Enter your password' }).waitFor();
  await page.getByRole('button', { name: 'Sign in with a passkey' }).click();

  await waitUntilSignedIn(page);
});

test('where passwords are not used, a passkey is all that is asked for', { skip }, async (t) => {
  const story = await openStory(t, { autofill: false, policy: { password: 'off' } });
  const { page, authenticator } = story;
  await authenticator.addPasskey(story.app, await addAccount(story.app, 'alex@example.com'));

  await startSignIn(story, page);
  await typeEmail(page, 'alex@example.com');
  await assertPresentable(page, 'Use your passkey');
  await page.getByRole('button', { name: 'Use your passkey' }).click();

  await waitUntilSignedIn(page);
});

test('a browser that knows a person welcomes them back, lets another in, and forgets when told to', {
  skip,
}, async (t) => {
  const story = await openStory(t, { policy: { enrolPasskey: 'manual' } });
  const { app, page } = story;
  await addAccount(app, 'alex@example.com');
  await addAccount(app, 'sam@example.com');
  await signIn(story, page, 'alex@example.com');
  await signOut(page);

  await page.getByRole('button', { name: 'Sign in' }).click();
  await assertPresentable(page, 'Welcome back');
  await page.getByText('Use another account').click();
  await typeEmail(page, 'sam@example.com');
  await typePassword(page);
  await waitUntilSignedIn(page);
  await signOut(page);

  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('button', { name: 'Forget alex@example.com on this device' }).click();
  await page.getByRole('button', { name: 'Forget sam@example.com on this device' }).click();
  await page.getByRole('heading', { name: 'Sign in' }).waitFor();
  await typeEmail(page, 'alex@example.com');
  await typePassword(page);
  await waitUntilSignedIn(page);
});

test('a remembered person signs in by the card and one touch', { skip }, async (t) => {
  const story = await openStory(t, { autofill: false, policy: { enrolPasskey: 'manual' } });
  const { app, page, authenticator } = story;
  const account = await addAccount(app, 'alex@example.com');
  await signIn(story, page);
  await signOut(page);
  await authenticator.addPasskey(app, account);

  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('button', { name: 'Alex Example' }).click();
  await page.getByRole('heading', { name: 'Enter your password' }).waitFor();
  await page.getByRole('button', { name: 'Sign in with a passkey' }).click();

  await waitUntilSignedIn(page);
});

test('a passkey that the server no longer has is refused, and the device is told to drop it', { skip }, async (t) => {
  const story = await openStory(t);
  const { app, page, authenticator } = story;
  const account = await addAccount(app, 'alex@example.com');
  const passkey = await authenticator.addPasskey(app, account);
  await app.storage.passkeys.delete(account.id, passkey.id, false);

  await startSignIn(story, page); // the device answers the list by itself

  await assertNotice(page, 'That passkey did not work here');
  await assertPresentable(page, 'Sign in');
  assert.equal(await authenticator.takeDropped(), passkey.id);
  await typeEmail(page, 'alex@example.com');
  await typePassword(page);
  await page.getByRole('heading', { name: 'Sign in faster next time' }).waitFor();
});

test('a passkey that was made for nothing is dropped by the device', { skip }, async (t) => {
  const story = await openStory(t);
  const { app, page, authenticator } = story;
  await addAccount(app, 'alex@example.com');

  await startSignIn(story, page);
  await page.getByRole('link', { name: 'Make an account' }).click();
  await page.getByLabel('E-mail').fill('alex@example.com');
  await page.getByLabel('Name').fill('Somebody Else');
  await page.getByRole('button', { name: 'Continue' }).click();

  await assertNotice(page, 'There is an account with that e-mail address already');
  await assertPresentable(page, 'Make an account');
  await authenticator.takeDropped();
  assert.equal(await authenticator.countPasskeys(), 0);
});
