import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Page } from 'playwright-core';
import { addAccount, presetOf } from '../support/app.ts';
import { openStory, skipWithoutBrowser } from '../support/browser.ts';
import {
  confirmByPassword,
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
const javaScript = false;
const policy = { enrolPasskey: 'manual' } as const;

test('without JavaScript a password and a code sign in, consent is given, and signing out works', {
  skip,
}, async (t) => {
  const story = await openStory(t, { javaScript, policy, client: { consent: 'ask' } });
  const { app, page } = story;
  const secret = await addTotp(app, await addAccount(app, 'alex@example.com'));

  await startSignIn(story, page);
  await assertPresentable(page, 'Sign in');
  await typeEmail(page, 'alex@example.com');
  await typePassword(page, 'not the right password');
  await assertNotice(page, 'That did not match');
  await typePassword(page);
  await page.getByRole('heading', { name: 'Enter the code' }).waitFor();
  await typeCode(page, '000000');
  await assertNotice(page, 'That code did not work');
  await typeCode(page, nextCode(secret));
  await page.getByRole('button', { name: 'Allow', exact: true }).click();
  await waitUntilSignedIn(page);
  await signOut(page);

  await page.getByRole('button', { name: 'Sign in' }).click();
  await assertPresentable(page, 'Welcome back');
  await page.getByText('Use another account').click();
  await typeEmail(page, 'alex@example.com');
  await page.getByRole('heading', { name: 'Enter your password' }).waitFor();
});

test('without JavaScript the offer of a passkey says that it needs it, and is declined', { skip }, async (t) => {
  const story = await openStory(t, { javaScript });
  const { page } = story;
  await addAccount(story.app, 'alex@example.com');

  await startSignIn(story, page);
  await typeEmail(page, 'alex@example.com');
  await typePassword(page);
  await waitForNeedsScript(page);
  await assertPresentable(page, 'Sign in faster next time');
  await page.getByRole('button', { name: 'Not now' }).click();

  await waitUntilSignedIn(page);
});

test('without JavaScript a passkey that is asked for second says that it needs it, and the app does instead', {
  skip,
}, async (t) => {
  const story = await openStory(t, { javaScript, policy: presetOf('two-factor') });
  const { app, page, authenticator } = story;
  const account = await addAccount(app, 'alex@example.com');
  await authenticator.addPasskey(app, account);
  const secret = await addTotp(app, account);

  await startSignIn(story, page);
  await typeEmail(page, 'alex@example.com');
  await typePassword(page);
  await waitForNeedsScript(page);
  await assertPresentable(page, 'One more step');
  await page.getByRole('link', { name: 'Use your authenticator app instead' }).click();
  await typeCode(page, nextCode(secret));

  await waitUntilSignedIn(page);
});

test('without JavaScript a passkey that is demanded says that it needs it, and can be left', { skip }, async (t) => {
  const story = await openStory(t, { javaScript, policy: presetOf('two-factor') });
  const { page } = story;
  await addAccount(story.app, 'alex@example.com');

  await startSignIn(story, page);
  await typeEmail(page, 'alex@example.com');
  await typePassword(page);
  await waitForNeedsScript(page);
  await assertPresentable(page, 'Make a passkey to go on');
  await page.getByRole('button', { name: 'Cancel' }).click();

  await page.getByText('You did not sign in.').waitFor();
});

test('without JavaScript the pages that make an account or add a passkey say that they need it', {
  skip,
}, async (t) => {
  const story = await openStory(t, { javaScript, policy });
  const { app, page } = story;
  await addAccount(app, 'alex@example.com');

  await startSignIn(story, page);
  await page.getByRole('link', { name: 'Make an account' }).click();
  await waitForNeedsScript(page);
  await assertPresentable(page, 'Make an account');
  await page.goto(await app.setUp.createLink());
  await waitForNeedsScript(page);
  await assertPresentable(page, 'Make the first account');
  await signIn(story, page);
  await page.goto(`${story.issuer}/account/passkeys/add`);
  await confirmByPassword(page);
  await waitForNeedsScript(page);
  await assertPresentable(page, 'Where should the passkey live?');
});

test('without JavaScript the password is changed and every other session ended', { skip }, async (t) => {
  const story = await openStory(t, { javaScript, policy });
  const { page, issuer } = story;
  await addAccount(story.app, 'alex@example.com');
  await signIn(story, page);

  await page.goto(`${issuer}/account`);
  await assertPresentable(page, 'Your security');
  await page.getByRole('link', { name: 'Change the password' }).click();
  await confirmByPassword(page);
  await page.getByLabel('New password').fill('several words in a row');
  await page.getByRole('button', { name: 'Save the password' }).click();
  await page.getByText('Your password was saved.').waitFor();

  await page.getByRole('link', { name: 'Sign out everywhere else' }).click();
  await page.getByRole('button', { name: 'Sign out everywhere else' }).click();
  await page.getByText('You are signed out everywhere else.').waitFor();

  await page.getByRole('button', { name: 'Sign out', exact: true }).click();
  await page.getByRole('heading', { name: 'You are signed out' }).waitFor();
});

test('without JavaScript a passkey is deleted by who confirms it with the password', { skip }, async (t) => {
  const story = await openStory(t, { javaScript, policy: { ...policy, secondFactor: 'off' } });
  const { app, page, issuer, authenticator } = story;
  const { id } = await authenticator.addPasskey(app, await addAccount(app, 'alex@example.com'));
  await signIn(story, page);

  await page.goto(`${issuer}/account/passkeys/${id}/delete`);
  await waitForNeedsScript(page);
  await assertPresentable(page, 'Confirm that it is you');
  await page.getByRole('link', { name: 'Use your password instead' }).click();
  await assertPresentable(page, 'Confirm that it is you');
  await typePassword(page, 'not the right password');
  await assertNotice(page, 'That is not your current password');
  await typePassword(page);
  await page.getByRole('button', { name: 'Delete the passkey' }).click();

  await page.getByText('The passkey was deleted.').waitFor();
  await page.getByText('No passkey yet').waitFor();
});

/** Searches for text leave out what stands in `noscript`. */
async function waitForNeedsScript(page: Page): Promise<void> {
  const notice = page.locator('noscript > .notice:visible');
  await notice.waitFor();
  assert.match((await notice.textContent()) ?? '', /^Passkeys need JavaScript\./);
}
