import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import type { Page } from 'playwright-core';
import { addAccount, TEST_PASSWORD } from '../support/app.ts';
import { openStory, skipWithoutBrowser } from '../support/browser.ts';
import { startSignIn, typeEmail, typePassword, waitUntilSignedIn } from '../support/browser-steps.ts';
import { addPasskey, addTotp } from '../support/enrol.ts';
import { assertNotice, assertPresentable } from '../support/page-checks.ts';
import { requireValue } from '../support/require-value.ts';

const skip = skipWithoutBrowser;
const policy = { enrolPasskey: 'manual' } as const;
const EMAIL = 'alex@example.com';

async function typeRecoveryCode(page: Page, code: string): Promise<void> {
  await page.getByLabel('Recovery code').fill(code);
  await page.getByRole('button', { name: 'Continue' }).click();
}

async function readCodes(page: Page): Promise<readonly string[]> {
  return page.locator('ol code').allTextContents();
}

test('recovery codes are made, copied, saved and printed, and counted', { skip }, async (t) => {
  const story = await openStory(t, { policy });
  const { app, page, issuer } = story;
  await addAccount(app, EMAIL);
  await page.goto(`${issuer}/account`);
  await typeEmail(page, EMAIL);
  await typePassword(page);
  await page.getByRole('link', { name: 'Make codes' }).click();
  await page.getByLabel('Password').fill(TEST_PASSWORD);
  await page.getByRole('button', { name: 'Continue' }).click();
  await assertPresentable(page, 'Make recovery codes');
  await page.getByRole('button', { name: 'Make ten codes' }).click();
  await assertPresentable(page, 'Your recovery codes');
  const codes = await readCodes(page);
  assert.equal(codes.length, 10);

  await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  await page.getByRole('button', { name: 'Copy' }).click();
  await page.getByRole('button', { name: 'Copied' }).waitFor();
  const copied = await page.evaluate(() => navigator.clipboard.readText());
  const saving = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Download' }).click();
  const download = await saving;
  assert.equal(download.suggestedFilename(), 'recovery-codes.txt');
  const saved = await readFile(await download.path(), 'utf8');
  for (const text of [copied, saved]) assert.ok([EMAIL, ...codes].every((part) => text.includes(part)));

  await page.emulateMedia({ media: 'print' });
  assert.equal(await page.getByRole('button').count(), 0, 'paper has no buttons');
  assert.ok(await page.getByText(requireValue(codes[9])).isVisible());
  assert.ok(await page.getByText(EMAIL).last().isVisible());
  await page.emulateMedia({ media: 'screen' });

  await page.getByRole('link', { name: 'I have kept them' }).click();
  await page.getByText('10 left').waitFor();
  await assertPresentable(page, 'Your security');
  await assert.rejects(page.goBack(), /ERR_CACHE_MISS/, 'nothing was kept, and the form is not sent again unasked');
});

test('without JavaScript a recovery code follows the password, and the last one is renewed', { skip }, async (t) => {
  const story = await openStory(t, { policy, javaScript: false });
  const { app, page } = story;
  const account = await addAccount(app, EMAIL);
  await addTotp(app, account);
  const { codes } = await app.recoveryCodes.make(account.id);
  for (const code of codes.slice(0, -1)) await app.recoveryCodes.spend(account.id, code);

  await startSignIn(story, page);
  await typeEmail(page, EMAIL);
  await typePassword(page);
  await page.getByRole('link', { name: 'Use a recovery code instead' }).click();
  await assertPresentable(page, 'Enter a recovery code');
  await typeRecoveryCode(page, requireValue(codes[0]));
  await assertNotice(page, 'That code did not work');
  await typeRecoveryCode(page, requireValue(codes[9]).toLowerCase());
  await assertPresentable(page, 'That was your last recovery code');
  await page.getByRole('button', { name: 'Make ten codes' }).click();
  await assertPresentable(page, 'Your recovery codes');
  assert.equal((await readCodes(page)).length, 10);
  await page.getByRole('link', { name: 'I have kept them' }).click();

  await waitUntilSignedIn(page);
});

test('whoever has lost their only passkey gets in with a recovery code and a new passkey', { skip }, async (t) => {
  const story = await openStory(t, { policy });
  const { app, page, authenticator } = story;
  const { id: organizationId } = await app.organizations.requireOrFirst(undefined);
  const account = await app.accounts.create({ organizationId, email: EMAIL, profile: { name: 'Alex Example' } });
  await addPasskey(app, account); // on a device that is not there
  const { codes } = await app.recoveryCodes.make(account.id);

  await startSignIn(story, page);
  await typeEmail(page, EMAIL);
  await page.getByRole('link', { name: 'Use a recovery code instead' }).click();
  await typeRecoveryCode(page, requireValue(codes[0]));
  await assertPresentable(page, 'Make a new passkey');
  await page.getByRole('button', { name: 'Make a passkey' }).click();

  await waitUntilSignedIn(page);
  assert.equal(await authenticator.countPasskeys(), 1);
});
