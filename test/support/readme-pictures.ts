/** Takes the pictures of the README from the running application: `CARDEA_TEST_CHROMIUM=… node test/support/readme-pictures.ts`. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { addAccount } from './app.ts';
import { openStory } from './browser.ts';
import { startSignIn } from './browser-steps.ts';
import { buildPasskey } from './builders.ts';

const FOLDER = join(import.meta.dirname, '../../docs/images');

test('the pictures of the README are taken', async (t) => {
  const story = await openStory(t);
  const { app, page, authenticator } = story;
  const account = await addAccount(app, 'alex@northwind.example', { emailVerified: true });
  await mkdir(FOLDER, { recursive: true });

  await page.setViewportSize({ width: 1280, height: 660 });
  await startSignIn(story, page);
  await page.getByRole('button', { name: 'Sign in with a passkey' }).waitFor();
  await page.screenshot({ path: join(FOLDER, 'sign-in.png') });

  await authenticator.addPasskey(app, account, {
    name: 'Laptop and phone',
    aaguid: 'ea9b8d66-4d01-1d21-3ce4-b6b48cb575d4',
    createdAt: new Date('2026-03-03T12:00:00Z'),
  });
  const key = buildPasskey({
    accountId: account.id,
    name: 'The blue one on my key ring',
    aaguid: 'cb69481e-8ff7-4039-93ec-0a2729a154a8',
    transports: ['usb', 'nfc'],
    backupEligible: false,
    backedUp: false,
    createdAt: new Date('2026-05-12T12:00:00Z'),
    verifiedAt: new Date('2026-05-12T12:00:00Z'),
    lastUsedAt: new Date('2026-11-02T12:00:00Z'),
    lastUsedWith: 'Firefox on Windows',
  });
  await app.storage.passkeys.insert(key, 2);
  await page.setViewportSize({ width: 1280, height: 744 });
  await page.goto(`${story.issuer}/account`); // the device answers the list by itself
  await page.getByRole('heading', { name: 'Your security' }).waitFor();
  await page.screenshot({ path: join(FOLDER, 'security.png') });
});
