import { test } from 'node:test';
import { addAccount } from '../support/app.ts';
import { openStory, skipWithoutBrowser } from '../support/browser.ts';
import { signIn, startSignIn, typeEmail, typePassword, waitUntilSignedIn } from '../support/browser-steps.ts';
import { addTotp, nextCode } from '../support/enrol.ts';
import { assertNotice, assertPresentable } from '../support/page-checks.ts';

const skip = skipWithoutBrowser;

test('back, forward and reload always show the step that is next', { skip }, async (t) => {
  const story = await openStory(t);
  const { page } = story;
  await addAccount(story.app, 'alex@example.com');
  const wander = async (heading: string) => {
    for (const go of ['goBack', 'goForward', 'reload'] as const) {
      await page[go]();
      await page.getByRole('heading', { name: heading }).waitFor();
    }
  };

  await startSignIn(story, page);
  await page.getByLabel('E-mail').waitFor();
  await page.reload();
  await typeEmail(page, 'alex@example.com');
  await page.getByRole('heading', { name: 'Enter your password' }).waitFor();
  await wander('Enter your password');
  await typePassword(page, 'not the right password');
  await assertNotice(page, 'That did not match');
  await page.goBack();
  await typePassword(page);
  await page.getByRole('heading', { name: 'Sign in faster next time' }).waitFor();
  await wander('Sign in faster next time');
  await page.getByRole('button', { name: 'Not now' }).click();

  await waitUntilSignedIn(page);
});

test('whoever goes back after signing in is told that it is done, and goes forward again', { skip }, async (t) => {
  const story = await openStory(t, { policy: { enrolPasskey: 'manual' } });
  const { page } = story;
  await addAccount(story.app, 'alex@example.com');
  await signIn(story, page);

  await page.goBack();
  await assertPresentable(page, 'This step is done already');
  await page.goForward();

  await waitUntilSignedIn(page);
});

test('in two tabs of one sign-in a password counts for the address that it was typed under', { skip }, async (t) => {
  const story = await openStory(t, { policy: { enrolPasskey: 'manual' } });
  const { page } = story;
  await addAccount(story.app, 'alex@example.com');

  await startSignIn(story, page);
  await page.getByLabel('E-mail').waitFor();
  const other = await story.openTab();
  await other.goto(page.url());
  await typeEmail(page, 'somebody@example.com');
  await page.getByLabel('Password').waitFor();
  await typeEmail(other, 'alex@example.com');
  await other.getByLabel('Password').waitFor();
  await typePassword(page);
  await assertNotice(page, 'That did not match');
  await typePassword(other);
  await waitUntilSignedIn(other);
  await typePassword(page);

  await assertPresentable(page, 'This step is done already');
});

test('two sign-ins in two tabs both arrive', { skip }, async (t) => {
  const story = await openStory(t, { policy: { enrolPasskey: 'manual' } });
  const { page } = story;
  await addAccount(story.app, 'alex@example.com');

  await startSignIn(story, page);
  await page.getByLabel('E-mail').waitFor();
  const other = await story.openTab();
  await signIn(story, other);
  await typeEmail(page, 'alex@example.com');
  await typePassword(page);

  await waitUntilSignedIn(page);
});

test('a page that was left open past the life of its challenge fetches a new one when somebody comes back', {
  skip,
}, async (t) => {
  const story = await openStory(t);
  const { app, page, authenticator, advance } = story;
  await authenticator.addPasskey(app, await addAccount(app, 'alex@example.com'));
  await authenticator.setPresence(false);
  await page.clock.install();

  const listed = page.waitForResponse('**/passkey/options');
  await startSignIn(story, page);
  await listed;
  advance(600);
  await page.clock.setSystemTime(Date.now());
  await authenticator.setPresence(true); // for ceremonies that begin from now on
  await page.keyboard.press('Tab');

  await waitUntilSignedIn(page);
});

test('the button still works on a page that was left open past the life of its challenge', { skip }, async (t) => {
  const story = await openStory(t, { autofill: false });
  const { app, page, authenticator, advance } = story;
  await authenticator.addPasskey(app, await addAccount(app, 'alex@example.com'));

  await startSignIn(story, page);
  await page.getByLabel('E-mail').waitFor();
  advance(600);
  await page.getByRole('button', { name: 'Sign in with a passkey' }).click();

  await waitUntilSignedIn(page);
});

test('a page that was left open for an hour goes on, and a code that came too late begins again', {
  skip,
}, async (t) => {
  const story = await openStory(t, { policy: { enrolPasskey: 'manual' } });
  const { page, advance } = story;
  const account = await addAccount(story.app, 'alex@example.com');
  const secret = await addTotp(story.app, account);

  await startSignIn(story, page);
  await page.getByLabel('E-mail').waitFor();
  advance(3600);
  await typeEmail(page, 'alex@example.com');
  await typePassword(page);
  await page.getByLabel('Code').waitFor();
  advance(900);
  await page.getByLabel('Code').fill(nextCode(secret));
  await page.getByRole('button', { name: 'Continue' }).click();
  await assertNotice(page, 'This sign-in has run out of time');
  await assertPresentable(page, 'Sign in');

  await typeEmail(page, 'alex@example.com');
  await typePassword(page);
  await page.getByLabel('Code').fill(nextCode(secret));
  await page.getByRole('button', { name: 'Continue' }).click();
  await waitUntilSignedIn(page);
});

test('a sign-in that ran out of time says so and what to do', { skip }, async (t) => {
  const story = await openStory(t);
  const { page, advance } = story;

  await startSignIn(story, page);
  await page.getByLabel('E-mail').waitFor();
  advance(5401);
  await typeEmail(page, 'alex@example.com');

  await assertPresentable(page, 'This sign-in has run out of time');
});

test('the address of a sign-in is worth nothing in another browser', { skip }, async (t) => {
  const story = await openStory(t);
  const { page } = story;

  await startSignIn(story, page);
  await page.getByLabel('E-mail').waitFor();
  const stranger = await story.openBrowser();
  await stranger.goto(page.url());

  await assertPresentable(stranger, 'This sign-in was not started in this browser');
});
