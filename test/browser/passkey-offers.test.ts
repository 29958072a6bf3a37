import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addAccount } from '../support/app.ts';
import { openStory, skipWithoutBrowser } from '../support/browser.ts';
import { signOut, startSignIn, typeEmail, typePassword, waitUntilSignedIn } from '../support/browser-steps.ts';
import { assertPresentable } from '../support/page-checks.ts';
import { VirtualAuthenticator } from '../support/virtual-authenticator.ts';

const skip = skipWithoutBrowser;

test('after a password the password manager makes a passkey without a word, which counts once it has signed in', {
  skip,
}, async (t) => {
  const story = await openStory(t, { autofill: false });
  const { app, page, authenticator } = story;
  const account = await addAccount(app, 'alex@example.com');
  await page.addInitScript(createAtOnce);
  await authenticator.setUnattended(true);

  await startSignIn(story, page);
  await typeEmail(page, 'alex@example.com');
  await typePassword(page);
  await waitUntilSignedIn(page);
  const [made] = await app.passkeys.list(account.id);
  assert.equal(made?.verifiedAt, undefined);
  await page.goto(`${story.issuer}/account`);
  await page.getByText('not proved yet').waitFor();
  await assertPresentable(page, 'Your security');

  await authenticator.setUnattended(false);
  await story.openApplication(page);
  await signOut(page);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByText('Use another account').click();
  await page.getByRole('button', { name: 'Sign in with a passkey' }).click();
  await waitUntilSignedIn(page);
  assert.ok((await app.passkeys.list(account.id))[0]?.verifiedAt);
});

test('where nothing can be made without a word the offer stays, and can be declined', { skip }, async (t) => {
  const story = await openStory(t, { autofill: false });
  const { app, page } = story;
  await addAccount(app, 'alex@example.com');
  await page.addInitScript(() => {
    navigator.credentials.create = () => Promise.reject(new DOMException('', 'NotAllowedError'));
  });

  await startSignIn(story, page);
  await typeEmail(page, 'alex@example.com');
  await typePassword(page);
  await assertPresentable(page, 'Sign in faster next time');
  assert.equal(await page.locator('#notice').isVisible(), false);
  await page.getByRole('button', { name: 'Not now' }).click();

  await waitUntilSignedIn(page);
});

test('whoever signs in with a phone is offered a passkey of the device at hand', { skip }, async (t) => {
  const story = await openStory(t, { autofill: false, policy: { secondFactor: 'off' } });
  const { app, page, authenticator } = story;
  const account = await addAccount(app, 'alex@example.com');
  const phone = await VirtualAuthenticator.attach(page, 'hybrid');
  await phone.addPasskey(app, account, { transports: ['hybrid', 'internal'] });

  await startSignIn(story, page);
  await page.getByRole('button', { name: 'Sign in with a passkey' }).click();
  await assertPresentable(page, 'Next time without the phone');
  await page.getByRole('button', { name: 'Make a passkey' }).click();

  await waitUntilSignedIn(page);
  assert.equal(await authenticator.countPasskeys(), 1);
  assert.equal((await app.passkeys.list(account.id)).length, 2);
});

test('to who has one passkey on one key a second one is suggested, until they say no', { skip }, async (t) => {
  const story = await openStory(t, { autofill: false, policy: { secondFactor: 'off' } });
  const { app, page, authenticator } = story;
  await authenticator.addPasskey(app, await addAccount(app, 'alex@example.com'), {
    backupEligible: false,
    backedUp: false,
  });

  await page.goto(`${story.issuer}/account`);
  await page.getByRole('button', { name: 'Sign in with a passkey' }).click();
  await page.getByText('Your only passkey is on one device.').waitFor();
  await assertPresentable(page, 'Your security');
  await page.getByRole('button', { name: 'Don’t ask again' }).click();

  await page.getByText('Your only passkey is on one device.').waitFor({ state: 'detached' });
});

/** In the page: Chromium's emulated devices never answer a conditional create, so that it becomes an ordinary one. */
function createAtOnce(): void {
  const create = navigator.credentials.create.bind(navigator.credentials);
  navigator.credentials.create = (options) => {
    const { mediation, ...rest } = { mediation: undefined, ...options };
    return mediation === 'conditional' ? create(rest) : Promise.reject(new DOMException('', 'NotAllowedError'));
  };
}
