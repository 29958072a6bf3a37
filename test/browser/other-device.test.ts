import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Page } from 'playwright-core';
import { addAccount } from '../support/app.ts';
import { type BrowserStory, openStory, skipWithoutBrowser } from '../support/browser.ts';
import { confirmByPassword, typeEmail, typePassword } from '../support/browser-steps.ts';
import { assertNotice, assertPresentable, switchScriptsOff } from '../support/page-checks.ts';
import { VirtualAuthenticator } from '../support/virtual-authenticator.ts';

const skip = skipWithoutBrowser;
const policy = { enrolPasskey: 'manual', namePasskey: 'after' } as const;

test('a passkey for another device: link, proof, passkey, number, and both screens follow', { skip }, async (t) => {
  const story = await openStory(t, { policy });
  const { app, page } = story;
  const account = await addAccount(app, 'alex@example.com');
  const link = await invite(story);
  await assertPresentable(page, 'Open this on your other device');
  await page.getByRole('button', { name: 'Send me the link by e-mail' }).click();
  await page.getByText('The link is on its way').waitFor();

  const other = await story.openBrowser();
  const phone = await VirtualAuthenticator.attach(other);
  await other.goto(link);
  await assertPresentable(other, 'Make a passkey on this device?');
  await other.getByRole('button', { name: 'Continue' }).click();
  await assertPresentable(page, 'Go on with your other device');
  await assertPresentable(other, 'Confirm that it is you');
  await typePassword(other, 'not the right password');
  await assertNotice(other, 'That is not your current password');
  await typePassword(other);
  await assertPresentable(other, 'Make a passkey on this device');
  await phone.setUserVerified(false);
  await other.getByRole('button', { name: 'Make a passkey' }).click();
  await assertNotice(other, 'No passkey was made');
  await phone.setUserVerified(true);
  await other.getByRole('button', { name: 'Make a passkey' }).click();
  await assertPresentable(other, 'Now approve it');
  await assertPresentable(page, 'Which number does your other device show?');
  assert.deepEqual(await app.passkeys.list(account.id), []);

  await page.getByRole('button', { name: await readNumber(other), exact: true }).click();
  await assertPresentable(page, 'Your passkey was added');
  await assertPresentable(other, 'Your passkey is ready');
  await other.getByRole('link', { name: 'Sign in' }).click();
  await other.getByRole('heading', { name: 'Your security' }).waitFor(); // the device answers the list by itself
  assert.equal(await phone.countPasskeys(), 1);
});

test('another number throws the passkey away, on the device too', { skip }, async (t) => {
  const story = await openStory(t, { policy });
  const { app, page } = story;
  const account = await addAccount(app, 'alex@example.com');
  const link = await invite(story);
  const other = await story.openBrowser();
  const phone = await VirtualAuthenticator.attach(other);
  await other.goto(link);
  await other.getByRole('button', { name: 'Continue' }).click();
  await typePassword(other);
  await other.getByRole('button', { name: 'Make a passkey' }).click();
  await other.getByRole('heading', { name: 'Now approve it' }).waitFor();
  assert.equal(await phone.countPasskeys(), 1);

  await assertPresentable(page, 'Which number does your other device show?');
  await page.getByRole('button', { name: 'None of them' }).click();
  await assertPresentable(page, 'Nothing was added');
  await assertPresentable(other, 'The passkey was not approved');
  await phone.takeDropped();
  assert.equal(await phone.countPasskeys(), 0);
  assert.deepEqual(await app.passkeys.list(account.id), []);
});

test('whoever leaves it lying sees on both screens that it is over', { skip }, async (t) => {
  const story = await openStory(t, { policy });
  const { app, page, advance } = story;
  await addAccount(app, 'alex@example.com');
  const link = await invite(story);
  const other = await story.openBrowser();
  await VirtualAuthenticator.attach(other);
  await other.goto(link);
  await other.getByRole('button', { name: 'Continue' }).click();
  await typePassword(other);
  await other.getByRole('button', { name: 'Make a passkey' }).click();
  await other.getByRole('heading', { name: 'Now approve it' }).waitFor();

  advance(601);
  await assertPresentable(page, 'That took too long');
  await assertPresentable(other, 'That took too long, or was called off');
});

test('another tab that begins anew takes the first one along', { skip }, async (t) => {
  const story = await openStory(t, { policy });
  const { app, page } = story;
  await addAccount(app, 'alex@example.com');
  const first = await invite(story);
  const tab = await story.openTab();
  await tab.goto(`${story.issuer}/account`);
  const second = await startIn(tab);
  await page.locator('code', { hasText: second }).waitFor();
  assert.notEqual(first, second);
});

test('without JavaScript the person who began looks for themselves, and approves', { skip }, async (t) => {
  const story = await openStory(t, { policy });
  const { app, page } = story;
  const account = await addAccount(app, 'alex@example.com');
  await switchScriptsOff(page);
  const link = await invite(story);
  await assertPresentable(page, 'Open this on your other device');
  await page.getByRole('img', { name: 'QR code with the link for your other device' }).waitFor();
  const other = await story.openBrowser();
  await VirtualAuthenticator.attach(other);
  await other.goto(link);
  await other.getByRole('button', { name: 'Continue' }).click();
  await other.getByRole('heading', { name: 'Confirm that it is you' }).waitFor();
  await page.getByRole('link', { name: 'See how far it is' }).click();
  await assertPresentable(page, 'Go on with your other device');
  await typePassword(other);
  await other.getByRole('button', { name: 'Make a passkey' }).click();
  await other.getByRole('heading', { name: 'Now approve it' }).waitFor();

  await page.getByRole('link', { name: 'See how far it is' }).click();
  await assertPresentable(page, 'Which number does your other device show?');
  await page.getByRole('button', { name: await readNumber(other), exact: true }).click();
  await assertPresentable(page, 'Your passkey was added');
  await other.getByRole('heading', { name: 'Your passkey is ready' }).waitFor();
  assert.equal((await app.passkeys.list(account.id)).length, 1);
});

test('without JavaScript the other device gets as far as it can, and says what is missing', { skip }, async (t) => {
  const story = await openStory(t, { policy });
  const { app, page } = story;
  await addAccount(app, 'alex@example.com');
  const link = await invite(story);
  const other = await story.openBrowser();
  await switchScriptsOff(other);
  await other.goto(link);
  await other.getByRole('button', { name: 'Continue' }).click();
  await typePassword(other);
  await assertPresentable(other, 'Make a passkey on this device');
  await other.locator('noscript > .notice:visible').waitFor();
  assert.equal(await other.getByRole('button', { name: 'Make a passkey' }).count(), 0);

  await page.getByRole('button', { name: 'Call it off' }).click();
  await page.getByRole('heading', { name: 'Your security' }).waitFor();
  await other.reload();
  await assertPresentable(other, 'That took too long, or was called off');
});

/** Signs in, and begins a passkey for another device; answers the link. */
async function invite({ issuer, page }: BrowserStory): Promise<string> {
  await page.goto(`${issuer}/account`);
  await typeEmail(page, 'alex@example.com');
  await typePassword(page);
  return startIn(page);
}

/** The same for who is signed in. */
async function startIn(page: Page): Promise<string> {
  await page.getByRole('link', { name: 'Add a passkey' }).click();
  await confirmByPassword(page);
  await page.getByRole('button', { name: 'Make it on another device' }).click();
  await page.getByRole('heading', { name: 'Open this on your other device' }).waitFor();
  return (await page.locator('code').textContent()) ?? '';
}

async function readNumber(page: Page): Promise<string> {
  return (await page.locator('p.compared').textContent()) ?? '';
}
