import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Page } from 'playwright-core';
import { addAccount } from '../support/app.ts';
import { type BrowserStory, openStory, skipWithoutBrowser } from '../support/browser.ts';
import { confirmByPassword, typeEmail, typePassword } from '../support/browser-steps.ts';
import { assertPresentable } from '../support/page-checks.ts';
import { VirtualAuthenticator } from '../support/virtual-authenticator.ts';

const skip = skipWithoutBrowser;
const policy = { enrolPasskey: 'manual', secondFactor: 'off', confirmWith: ['password'] } as const;

test('a passkey is made where the person says: here, on a phone, on a key, or wherever it will do', {
  skip,
}, async (t) => {
  const story = await openStory(t, { autofill: false, policy });
  const { app, page, authenticator } = story;
  const account = await addAccount(app, 'alex@example.com');
  const phone = await VirtualAuthenticator.attach(page, 'hybrid');
  const key = await VirtualAuthenticator.attach(page, 'usb');
  const count = () => Promise.all([authenticator, phone, key].map((device) => device.countPasskeys()));
  await openAccount(story, page);

  await add(page, () => page.getByRole('button', { name: 'Continue' }).click());
  assert.deepEqual(await count(), [1, 0, 0]);
  await page.getByText('this device', { exact: true }).waitFor();

  await key.setPresence(false);
  await add(page, async () => {
    await page.getByLabel('A phone or tablet').check();
    await page.getByRole('button', { name: 'Continue' }).click();
  });
  assert.deepEqual(await count(), [1, 1, 0]);

  await key.setPresence(true);
  await phone.setPresence(false);
  await add(page, async () => {
    await page.getByLabel('A security key').check();
    await page.getByRole('button', { name: 'Continue' }).click();
  });
  assert.deepEqual(await count(), [1, 1, 1]);
  await page.getByText('only on this key').waitFor();

  for (const { id } of await app.passkeys.list(account.id)) await app.storage.passkeys.delete(account.id, id, false);
  await add(page, () => page.getByRole('button', { name: 'I’m not sure' }).click());
  assert.equal((await app.passkeys.list(account.id)).length, 1);
});

for (const javaScript of [true, false]) {
  const how = javaScript ? 'with' : 'without';
  test(`the tabs of the second factor work ${how} JavaScript`, { skip }, async (t) => {
    const config = { policy: 'two-factor' } as const;
    const story = await openStory(t, { javaScript, config, policy: { ...policy, confirmWith: ['password'] } });
    const { page } = story;
    await addAccount(story.app, 'alex@example.com');
    await openAccount(story, page);

    await page.getByText('No passkey yet').waitFor();
    await assertPresentable(page, 'Your security');
    await page.getByRole('link', { name: 'Authenticator app' }).click();
    await page.getByRole('link', { name: 'Set up' }).waitFor();
    await assertPresentable(page, 'Your security');
    await page.getByRole('link', { name: 'Passkey', exact: true }).click();
    await page.getByText('No passkey yet').waitFor();
  });
}

/** Makes a passkey in the way of `press` and keeps the name that is suggested. */
async function add(page: Page, press: () => Promise<void>): Promise<void> {
  await page.getByRole('link', { name: 'Add a passkey' }).click();
  const place = page.getByRole('heading', { name: 'Where should the passkey live?' });
  const confirmation = page.getByRole('heading', { name: 'Confirm that it is you' });
  await place.or(confirmation).waitFor();
  if (await confirmation.isVisible()) await confirmByPassword(page);
  await place.waitFor();
  await press();
  await page.getByRole('link', { name: 'Keep this name' }).click();
  await page.getByRole('heading', { name: 'Your security' }).waitFor();
}

async function openAccount({ issuer }: BrowserStory, page: Page): Promise<void> {
  await page.goto(`${issuer}/account`);
  await typeEmail(page, 'alex@example.com');
  await typePassword(page);
  await page.getByRole('heading', { name: 'Your security' }).waitFor();
}
