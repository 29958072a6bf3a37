import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Page } from 'playwright-core';
import { addAccount } from '../support/app.ts';
import { type BrowserStory, openStory, skipWithoutBrowser } from '../support/browser.ts';
import {
  confirmByPassword,
  signIn,
  startSignIn,
  typeEmail,
  typePassword,
  waitUntilSignedIn,
} from '../support/browser-steps.ts';
import { assertPresentable } from '../support/page-checks.ts';

const skip = skipWithoutBrowser;
const EMAIL = 'nova@example.com';

/** Opens the mail with that subject where mails are kept in development. */
async function openMail(story: BrowserStory, page: Page, subject: string): Promise<void> {
  await story.mails(); // by now all that was asked for is there
  await page.goto(`${story.issuer}/dev/mail`);
  await page.getByRole('link', { name: subject }).click();
  await page.getByRole('heading', { name: subject }).waitFor();
}

async function readCode(page: Page): Promise<string> {
  const text = await page.getByText(/^Your code: /).textContent();
  return /\d{8}/.exec(text ?? '')?.[0] ?? assert.fail(`no code in ${text}`);
}

async function typeMailedCode(page: Page, code: string): Promise<void> {
  await page.getByLabel('Code').fill(code);
  await page.getByRole('button', { name: 'Continue' }).click();
}

test('a newcomer reads the mail that was sent to them, and then makes the account', { skip }, async (t) => {
  const story = await openStory(t, { autofill: false, policy: { signUp: 'open' } });
  const { page, authenticator } = story;
  const mailbox = await story.openBrowser();

  await startSignIn(story, page);
  await page.getByRole('link', { name: 'Make an account' }).click();
  await assertPresentable(page, 'Make an account');
  await typeEmail(page, EMAIL);
  await assertPresentable(page, 'Check your e-mail');
  await openMail(story, mailbox, 'Your code to make an account at Northwind');
  await assertPresentable(mailbox, 'Your code to make an account at Northwind');
  await typeMailedCode(page, await readCode(mailbox));
  await assertPresentable(page, 'Make an account');
  await page.getByLabel('Name').fill('Nova Example');
  await page.getByRole('button', { name: 'Continue' }).click();
  await waitUntilSignedIn(page, 'Nova Example');
  assert.equal(await authenticator.countPasskeys(), 1);
});

test('without JavaScript a mailed code is the second step, and a mailed link throws a stranger out', {
  skip,
}, async (t) => {
  const story = await openStory(t, {
    javaScript: false,
    policy: { enrolPasskey: 'manual', secondFactor: 'required', secondFactors: ['email-code'] },
  });
  const { app, page, issuer } = story;
  await addAccount(app, 'alex@example.com', { emailVerified: true });
  const mailbox = await story.openBrowser();

  await startSignIn(story, page);
  await typeEmail(page, 'alex@example.com');
  await typePassword(page);
  await assertPresentable(page, 'One more step');
  await page.getByRole('button', { name: 'Send me a code' }).click();
  await assertPresentable(page, 'Enter the code');
  await openMail(story, mailbox, 'Your code to sign in to Northwind');
  await typeMailedCode(page, await readCode(mailbox));
  await waitUntilSignedIn(page);

  await openMail(story, mailbox, 'A new sign-in to your account at Northwind');
  await mailbox.getByRole('link', { name: '/not-me/' }).click();
  await assertPresentable(mailbox, 'Wasn’t that you?');
  await page.goto(`${issuer}/account`);
  await assertPresentable(page, 'Your security');
  await mailbox.getByRole('button', { name: 'This wasn’t me' }).click();
  await assertPresentable(mailbox, 'Everybody is signed out');
  await page.reload();
  await assertPresentable(page, 'Welcome back');
});

test('an address is verified by the link of the mail, where its person is signed in', { skip }, async (t) => {
  const story = await openStory(t, { javaScript: false, policy: { enrolPasskey: 'manual' } });
  const { page, issuer } = story;
  await addAccount(story.app, 'alex@example.com');
  const mailbox = await story.openBrowser();

  await startSignIn(story, page);
  await typeEmail(page, 'alex@example.com');
  await typePassword(page);
  await waitUntilSignedIn(page);
  await page.goto(`${issuer}/account`);
  await page.getByRole('link', { name: 'Confirm it' }).click();
  await assertPresentable(page, 'Confirm your e-mail address');
  await page.getByRole('button', { name: 'Send me the mail' }).click();
  await assertPresentable(page, 'Confirm your e-mail address');
  await openMail(story, mailbox, 'Confirm your e-mail address');
  await mailbox.getByRole('link', { name: '/verify/' }).click();
  await assertPresentable(mailbox, 'Is this your e-mail address?');
  await page.goto(mailbox.url());
  await assertPresentable(page, 'Is this your e-mail address?');
  await page.getByRole('button', { name: 'Confirm the address' }).click();
  await page.getByText('Your e-mail address is confirmed.').waitFor();
});

test('without JavaScript an address is changed by a mailed code, and the one of before is taken back by a mailed link', {
  skip,
}, async (t) => {
  const story = await openStory(t, { javaScript: false, policy: { enrolPasskey: 'manual' } });
  const { app, page, issuer } = story;
  await addAccount(app, 'alex@example.com', { emailVerified: true });
  const mailbox = await story.openBrowser();

  await signIn(story, page);
  await page.goto(`${issuer}/account`);
  await page.getByRole('link', { name: 'Change the e-mail address' }).click();
  await confirmByPassword(page);
  await assertPresentable(page, 'Change your e-mail address');
  await page.getByLabel('New e-mail address').fill('alex@new.example');
  await page.getByRole('button', { name: 'Send me a code' }).click();
  await assertPresentable(page, 'Check your e-mail');
  await openMail(story, mailbox, 'Your code to use this address at Northwind');
  await page.getByLabel('Code').fill(await readCode(mailbox));
  await page.getByRole('button', { name: 'Change the address' }).click();
  await page.getByText('Your e-mail address was changed.').waitFor();
  await assertPresentable(page, 'Your security');

  await openMail(story, mailbox, 'The e-mail address of your account at Northwind was changed');
  await mailbox.getByRole('link', { name: '/not-me/' }).click();
  await assertPresentable(mailbox, 'Wasn’t that you?');
  await mailbox.getByRole('button', { name: 'This wasn’t me' }).click();
  await assertPresentable(mailbox, 'Everybody is signed out');
  await mailbox.getByText('The account has this address again.').waitFor();
  await page.reload();
  await page.getByRole('heading', { name: 'Welcome back' }).waitFor();
  await page.getByText('Use another account').click();
  await typeEmail(page, 'alex@example.com');
  await typePassword(page);
  await assertPresentable(page, 'Your security');
});
