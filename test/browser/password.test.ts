import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Page } from 'playwright-core';
import { addAccount, TEST_PASSWORD } from '../support/app.ts';
import { openStory, skipWithoutBrowser } from '../support/browser.ts';
import {
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
const DAY_SECONDS = 86_400;

test('after a password sign-in a passkey is offered, and made with one press', { skip }, async (t) => {
  const story = await openStory(t);
  const { page, authenticator } = story;
  await addAccount(story.app, 'alex@example.com');

  await startSignIn(story, page);
  await typeEmail(page, 'alex@example.com');
  await typePassword(page);
  await assertPresentable(page, 'Sign in faster next time');
  await page.getByRole('button', { name: 'Make a passkey' }).click();
  await waitUntilSignedIn(page);
  assert.equal(await authenticator.countPasskeys(), 1);
  await signOut(page);

  await page.getByRole('button', { name: 'Sign in' }).click(); // the device answers the list by itself
  await waitUntilSignedIn(page);
});

test('whoever cancels the offered passkey is told so calmly and goes on without', { skip }, async (t) => {
  const story = await openStory(t);
  const { page, authenticator } = story;
  await addAccount(story.app, 'alex@example.com');
  await authenticator.setUserVerified(false);

  await startSignIn(story, page);
  await typeEmail(page, 'alex@example.com');
  await typePassword(page);
  await page.getByRole('button', { name: 'Make a passkey' }).click();
  await assertNotice(page, 'No passkey was made');
  await assertPresentable(page, 'Sign in faster next time');
  await page.getByRole('button', { name: 'Not now' }).click();

  await waitUntilSignedIn(page);
});

test('“Not now” is heard for a while, “Don’t ask again” for good', { skip }, async (t) => {
  const story = await openStory(t);
  const { page, advance } = story;
  await addAccount(story.app, 'alex@example.com');
  const comeBackAfter = async (days: number) => {
    await signOut(page);
    advance(days * DAY_SECONDS);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('button', { name: 'Alex Example' }).click();
    await typePassword(page);
  };

  await startSignIn(story, page);
  await typeEmail(page, 'alex@example.com');
  await typePassword(page);
  await page.getByRole('button', { name: 'Not now' }).click();
  await waitUntilSignedIn(page);
  await comeBackAfter(6);
  await waitUntilSignedIn(page);
  await comeBackAfter(2);
  await page.getByRole('button', { name: 'Don’t ask again' }).click();
  await waitUntilSignedIn(page);
  await comeBackAfter(365);
  await waitUntilSignedIn(page);
});

test('a wrong password is said first on the page and does not have to be the last', { skip }, async (t) => {
  const story = await openStory(t, { policy: { enrolPasskey: 'manual' } });
  const { page } = story;
  await addAccount(story.app, 'alex@example.com');

  await startSignIn(story, page);
  await typeEmail(page, 'alex@example.com');
  await typePassword(page, 'not the right password');
  await assertNotice(page, 'That did not match');
  assert.match(await page.title(), /^Error: /);
  await assertPresentable(page, 'Enter your password');
  await typePassword(page);

  await waitUntilSignedIn(page);
});

test('whoever has an authenticator app is asked for its code after the password', { skip }, async (t) => {
  const story = await openStory(t, { policy: { enrolPasskey: 'manual' } });
  const { app, page } = story;
  const secret = await addTotp(app, await addAccount(app, 'alex@example.com'));

  await startSignIn(story, page);
  await typeEmail(page, 'alex@example.com');
  await typePassword(page);
  await assertPresentable(page, 'Enter the code');
  await typeCode(page, '000000');
  await assertNotice(page, 'That code did not work');
  await assertPresentable(page, 'Enter the code');
  await typeCode(page, nextCode(secret));

  await waitUntilSignedIn(page);
});

test('the keyboard alone signs in, and always shows where it is', { skip }, async (t) => {
  const story = await openStory(t, { policy: { enrolPasskey: 'manual' } });
  const { page } = story;
  await addAccount(story.app, 'alex@example.com');

  await story.openApplication(page);
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'Sign in with a passkey' }).waitFor();
  assert.equal(await describeFocus(page), 'E-mail');
  for (const next of ['Continue', 'Sign in with a passkey', 'Make an account']) {
    await page.keyboard.press('Tab');
    assert.equal(await describeFocus(page), next);
  }
  for (let back = 0; back < 3; back += 1) await page.keyboard.press('Shift+Tab');
  await page.keyboard.type('alex@example.com');
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'Enter your password' }).waitFor();
  assert.equal(await describeFocus(page), 'Password');
  await page.keyboard.type(TEST_PASSWORD);
  await page.keyboard.press('Tab');
  assert.equal(await describeFocus(page), 'Continue');
  await page.keyboard.press('Space');

  await waitUntilSignedIn(page);
});

/** The words of what has the focus, whose ring can be seen. */
async function describeFocus(page: Page): Promise<string> {
  const focused = page.locator(':focus-visible');
  const { words, ring } = await focused.evaluate((element) => {
    const { outlineStyle, outlineWidth } = getComputedStyle(element);
    const label = element instanceof HTMLInputElement ? element.labels?.[0] : element;
    return { words: label?.textContent?.trim() ?? '', ring: outlineStyle === 'none' ? '0px' : outlineWidth };
  });
  assert.equal(ring, '3px', words);
  return words;
}
