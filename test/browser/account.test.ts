import assert from 'node:assert/strict';
import { test } from 'node:test';
import jsqr from 'jsqr';
import type { Locator, Page } from 'playwright-core';
import { addAccount } from '../support/app.ts';
import { computeCode } from '../support/authenticator-app.ts';
import { type BrowserStory, openStory, skipWithoutBrowser } from '../support/browser.ts';
import { confirmByPasskey, confirmByPassword, typeCode, typeEmail, typePassword } from '../support/browser-steps.ts';
import { nextCode } from '../support/enrol.ts';
import { assertNotice, assertPresentable } from '../support/page-checks.ts';

const skip = skipWithoutBrowser;
const policy = { enrolPasskey: 'manual' } as const;

test('a passkey is added, named, renamed and deleted, and the device hears of its end', { skip }, async (t) => {
  const story = await openStory(t, { policy });
  const { page, authenticator } = story;
  await addAccount(story.app, 'alex@example.com');
  await openAccount(story, page);
  await assertPresentable(page, 'Your security');

  await page.getByRole('link', { name: 'Add a passkey' }).click();
  await assertPresentable(page, 'Confirm that it is you');
  await typePassword(page);
  await assertPresentable(page, 'Where should the passkey live?');
  await page.getByRole('button', { name: 'Continue' }).click();
  await assertPresentable(page, 'Name your passkey');
  await page.getByLabel('Name').fill('Kitchen laptop');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByRole('link', { name: 'Rename “Kitchen laptop”' }).waitFor();
  await assertPresentable(page, 'Your security');

  await page.getByRole('link', { name: 'Rename “Kitchen laptop”' }).click(); // it was made a moment ago
  await assertPresentable(page, 'Rename the passkey');
  await page.getByLabel('Name').fill('Garden laptop');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByText('It is called “Garden laptop” now.').waitFor();

  await page.getByRole('link', { name: 'Delete “Garden laptop”' }).click();
  await page.getByText('You are about to delete the passkey Garden laptop.').waitFor();
  await assertPresentable(page, 'Confirm that it is you');
  await authenticator.setUserVerified(false);
  await page.getByRole('button', { name: 'Use your passkey' }).click();
  await assertNotice(page, 'No passkey was used');
  await authenticator.setUserVerified(true);
  await page.getByRole('button', { name: 'Use your passkey' }).click();
  await assertPresentable(page, 'Delete “Garden laptop”?');
  await page.getByRole('button', { name: 'Delete the passkey' }).click();
  await page.getByText('No passkey yet').waitFor();
  await authenticator.takeDropped();
  assert.equal(await authenticator.countPasskeys(), 0);
});

test('where names come first, the passkey is made under the name', { skip }, async (t) => {
  const story = await openStory(t, { policy: { ...policy, namePasskey: 'before' } });
  const { page } = story;
  await addAccount(story.app, 'alex@example.com');
  await openAccount(story, page);

  await page.getByRole('link', { name: 'Add a passkey' }).click();
  await confirmByPassword(page);
  await assertPresentable(page, 'Where should the passkey live?');
  await page.getByLabel('Name').fill('Kitchen laptop');
  await page.getByRole('button', { name: 'Continue' }).click();

  await page.getByText('“Kitchen laptop” was added.').waitFor();
  await page.getByRole('link', { name: 'Rename “Kitchen laptop”' }).waitFor();
});

test('a device that has a passkey of the account already says so', { skip }, async (t) => {
  const story = await openStory(t, { policy });
  const { app, page, authenticator } = story;
  await authenticator.addPasskey(app, await addAccount(app, 'alex@example.com'));
  await page.goto(`${story.issuer}/account/passkeys/add`); // the device answers the list by itself
  await confirmByPasskey(page);
  await page.getByRole('heading', { name: 'Where should the passkey live?' }).waitFor();

  await page.getByRole('button', { name: 'Continue' }).click();

  await assertNotice(page, 'That device has a passkey for this account already');
  await assertPresentable(page, 'Where should the passkey live?');
  assert.equal(await authenticator.countPasskeys(), 1);
});

test('whoever cancels the new passkey may try again', { skip }, async (t) => {
  const story = await openStory(t, { policy });
  const { page, authenticator } = story;
  await addAccount(story.app, 'alex@example.com');
  await openAccount(story, page);

  await page.getByRole('link', { name: 'Add a passkey' }).click();
  await confirmByPassword(page);
  await authenticator.setUserVerified(false);
  await page.getByRole('button', { name: 'Continue' }).click();
  await assertNotice(page, 'No passkey was made');
  await authenticator.setUserVerified(true);
  await page.getByRole('button', { name: 'Continue' }).click();

  await page.getByRole('heading', { name: 'Name your passkey' }).waitFor();
});

test('the last way into an account stays', { skip }, async (t) => {
  const story = await openStory(t, { policy });
  const { app, page, authenticator } = story;
  const { id: organizationId } = await app.organizations.requireOrFirst(undefined);
  const account = await app.accounts.create({ organizationId, email: 'alex@example.com', profile: {} });
  await authenticator.addPasskey(app, account);
  await page.goto(`${story.issuer}/account`); // the device answers the list by itself

  await page.getByRole('link', { name: /^Delete/ }).click();

  await assertNotice(page, 'This is your only way in');
  await assertPresentable(page, 'Your security');
  assert.equal(await authenticator.countPasskeys(), 1);
});

test('an authenticator app is set up by key or picture, asked for, and removed', { skip }, async (t) => {
  const story = await openStory(t, { policy });
  const { page } = story;
  await addAccount(story.app, 'alex@example.com');
  await openAccount(story, page);

  await page.getByRole('link', { name: 'Set up' }).click();
  await confirmByPassword(page);
  await assertPresentable(page, 'Set up your authenticator app');
  const shown = await page.locator('code').textContent();
  const secret = (shown ?? '').replaceAll(' ', '');
  const uri = await page.getByRole('link', { name: 'Open in an app on this device' }).getAttribute('href');
  assert.equal(new URL(uri ?? '').searchParams.get('secret'), secret);
  assert.equal(await readQrCode(page.getByRole('img', { name: 'QR code' })), uri);
  await page.getByLabel('Six-digit code').fill('000000');
  await page.getByRole('button', { name: 'Switch it on' }).click();
  await assertNotice(page, 'That code did not work');
  await assertPresentable(page, 'Set up your authenticator app');
  await page.getByLabel('Six-digit code').fill(computeCode(secret, new Date()));
  await page.getByRole('button', { name: 'Switch it on' }).click();
  await page.getByText('The authenticator app is set up.').waitFor();
  await assertPresentable(page, 'Your security');

  const other = await story.openBrowser();
  await other.goto(`${story.issuer}/account`);
  await typeEmail(other, 'alex@example.com');
  await typePassword(other);
  await typeCode(other, nextCode(secret));
  await other.getByRole('link', { name: 'Remove the authenticator app' }).click();
  await other.getByRole('link', { name: 'Use your authenticator app instead' }).click();
  await assertPresentable(other, 'Confirm that it is you');
  await typeCode(other, '000000');
  await assertNotice(other, 'That code did not work');
  await other.getByRole('link', { name: 'Use your password instead' }).click();
  await confirmByPassword(other);
  await assertPresentable(other, 'Remove the authenticator app?');
  await other.getByRole('button', { name: 'Remove the app' }).click();
  await other.getByText('The authenticator app was removed.').waitFor();
});

test('a new password is set for who knows the old one, and ends the other sessions', { skip }, async (t) => {
  const story = await openStory(t, { policy });
  const { page } = story;
  await addAccount(story.app, 'alex@example.com');
  const other = await story.openBrowser();
  await openAccount(story, other);
  await openAccount(story, page);

  await page.getByRole('link', { name: 'Change the password' }).click();
  await typePassword(page, 'not the right password');
  await assertNotice(page, 'That is not your current password');
  await assertPresentable(page, 'Confirm that it is you');
  await confirmByPassword(page);
  await assertPresentable(page, 'Change your password');
  await changePassword(page, 'alex@example.com');
  await assertNotice(page, 'That password cannot be used');
  await changePassword(page, 'several words in a row');
  await page.getByText('Your password was saved.').waitFor();

  await other.reload();
  await other.getByRole('button', { name: 'Alex Example' }).click();
  await typePassword(other, 'several words in a row');
  await other.getByRole('heading', { name: 'Your security' }).waitFor();
});

test('signing out everywhere leaves only this browser signed in', { skip }, async (t) => {
  const story = await openStory(t, { policy });
  const { page } = story;
  await addAccount(story.app, 'alex@example.com');
  const other = await story.openBrowser();
  await openAccount(story, other);
  await openAccount(story, page);

  await page.getByRole('link', { name: 'Sign out everywhere else' }).click();
  await assertPresentable(page, 'Sign out everywhere else?');
  await page.getByRole('button', { name: 'Sign out everywhere else' }).click();
  await page.getByText('You are signed out everywhere else.').waitFor();

  await other.reload();
  await other.getByRole('heading', { name: 'Welcome back' }).waitFor();
});

test('a page that was left open asks whoever comes back to confirm, and is there again afterwards', {
  skip,
}, async (t) => {
  const story = await openStory(t, { policy });
  const { page, advance } = story;
  await addAccount(story.app, 'alex@example.com');
  await openAccount(story, page);
  await page.getByRole('link', { name: 'Add a passkey' }).click();
  await confirmByPassword(page);
  await page.getByRole('heading', { name: 'Where should the passkey live?' }).waitFor();
  advance(601);

  await page.getByRole('button', { name: 'Continue' }).click();
  await confirmByPassword(page);
  await page.getByRole('heading', { name: 'Where should the passkey live?' }).waitFor();
  await page.getByRole('button', { name: 'Continue' }).click();

  await page.getByRole('heading', { name: 'Name your passkey' }).waitFor();
});

test('whoever signs out on the security page is told so', { skip }, async (t) => {
  const story = await openStory(t, { policy });
  const { page } = story;
  await addAccount(story.app, 'alex@example.com');
  await openAccount(story, page);

  await page.getByRole('button', { name: 'Sign out', exact: true }).click();
  await assertPresentable(page, 'You are signed out');
  await page.goto(`${story.issuer}/account`);

  await page.getByRole('heading', { name: 'Welcome back' }).waitFor();
});

async function openAccount({ issuer }: BrowserStory, page: Page): Promise<void> {
  await page.goto(`${issuer}/account`);
  await typeEmail(page, 'alex@example.com');
  await typePassword(page);
  await page.getByRole('heading', { name: 'Your security' }).waitFor();
}

async function changePassword(page: Page, next: string): Promise<void> {
  await page.getByLabel('New password').fill(next);
  await page.getByRole('button', { name: 'Save the password' }).click();
}

/** What a phone that looks at the screen reads. */
async function readQrCode(picture: Locator): Promise<string | undefined> {
  const png = (await picture.screenshot()).toString('base64');
  const tab = await picture.page().context().newPage(); // has no policy against decoding pictures
  const { width, height, pixels } = await tab.evaluate(async (base64) => {
    const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
    const bitmap = await createImageBitmap(new Blob([bytes]));
    const canvas = new OffscreenCanvas(bitmap.width, bitmap.height).getContext('2d');
    canvas?.drawImage(bitmap, 0, 0);
    const image = canvas?.getImageData(0, 0, bitmap.width, bitmap.height);
    return { width: bitmap.width, height: bitmap.height, pixels: [...(image?.data ?? [])] };
  }, png);
  await tab.close();
  return jsqr.default(Uint8ClampedArray.from(pixels), width, height)?.data;
}
