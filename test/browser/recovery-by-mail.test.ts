import { test } from 'node:test';
import type { Page } from 'playwright-core';
import { addAccount, TEST_PASSWORD } from '../support/app.ts';
import { openStory, skipWithoutBrowser } from '../support/browser.ts';
import { startSignIn, typeEmail, typePassword } from '../support/browser-steps.ts';
import { addPasskey, addTotp } from '../support/enrol.ts';
import { readLink, readMail } from '../support/mails.ts';
import { assertNotice, assertPresentable } from '../support/page-checks.ts';

const skip = skipWithoutBrowser;
const policy = { enrolPasskey: 'manual', recoveryByEmail: { waitingHours: 48 } } as const;
const EMAIL = 'alex@example.com';
const WAITING_SECONDS = 48 * 3600;

async function askForHelp(page: Page, what: string): Promise<void> {
  await page.getByRole('link', { name: 'I can’t get in' }).click();
  await assertPresentable(page, 'Get back in');
  await page.getByLabel('E-mail').fill(EMAIL);
  await page.getByRole('button', { name: what }).click();
  await assertPresentable(page, 'Check your e-mail');
}

test('whoever has lost their passkey asks for help, waits, makes another one, and looks through those of before', {
  skip,
}, async (t) => {
  const story = await openStory(t, { policy });
  const { app, page, issuer, advance } = story;
  const account = await addAccount(app, EMAIL, { emailVerified: true });
  await addPasskey(app, account);
  await addTotp(app, account);

  await startSignIn(story, page);
  await askForHelp(page, 'I lost my passkey or device');
  const stop = readLink(await readMail(story, 'Somebody wants to recover'), '/recover/stop/');
  await page.goto(`${issuer}${stop}`);
  await assertPresentable(page, 'Stop the recovery?');

  advance(WAITING_SECONDS);
  await app.recoveryClock.openDue();
  const link = readLink(await readMail(story, 'You can recover'), '/recover/');
  await page.goto(`${issuer}${link}`);
  await assertPresentable(page, 'Recover your account');
  await page.getByRole('button', { name: 'Continue' }).click();
  await assertPresentable(page, 'Make a new passkey');
  await page.getByRole('button', { name: 'Make a passkey' }).click();
  await page.getByText('Your account is recovered').waitFor();
  await assertPresentable(page, 'Your security');
  await page
    .getByRole('link', { name: /^Delete “/ })
    .nth(1)
    .waitFor();
  await readMail(story, 'was recovered');
});

test('without JavaScript a recovery is asked for and stopped, and a password is reset', { skip }, async (t) => {
  const story = await openStory(t, { policy, javaScript: false });
  const { app, page, issuer } = story;
  await addAccount(app, EMAIL, { emailVerified: true });

  await startSignIn(story, page);
  await askForHelp(page, 'I lost my passkey or device');
  await page.goto(`${issuer}/account`);
  await typeEmail(page, EMAIL);
  await typePassword(page);
  await page.getByText('Somebody asked to recover this account').waitFor();
  await page.getByRole('button', { name: 'Stop the recovery' }).click();
  await page.getByText('The recovery is stopped').waitFor();
  await readMail(story, 'was stopped');

  await page.context().clearCookies();
  await startSignIn(story, page);
  await askForHelp(page, 'I forgot my password');
  await page.goto(`${issuer}${readLink(await readMail(story, 'Set a new password'), '/reset-password/')}`);
  await assertPresentable(page, 'Choose a new password');
  await page.getByLabel('New password').fill('password1234567');
  await page.getByRole('button', { name: 'Save the password' }).click();
  await assertNotice(page, 'That password cannot be used');
  await page.getByLabel('New password').fill(`${TEST_PASSWORD} twice`);
  await page.getByRole('button', { name: 'Save the password' }).click();
  await assertPresentable(page, 'Your password was reset');
  await page.getByRole('link', { name: 'Sign in' }).click();
  await typeEmail(page, EMAIL);
  await typePassword(page, `${TEST_PASSWORD} twice`);
  await assertPresentable(page, 'Your security');
});
