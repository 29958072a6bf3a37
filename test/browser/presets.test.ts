import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PRESETS } from '../../config/presets.ts';
import { addAccount, presetOf } from '../support/app.ts';
import { openStory, skipWithoutBrowser } from '../support/browser.ts';
import {
  confirmByPasskey,
  confirmByPassword,
  signOut,
  startSignIn,
  typeCode,
  typeEmail,
  typePassword,
  waitUntilSignedIn,
} from '../support/browser-steps.ts';
import { addMember, addTotp, nextCode } from '../support/enrol.ts';
import { assertNotice, assertPresentable } from '../support/page-checks.ts';

const skip = skipWithoutBrowser;

test('portal: organization, password, then the passkey or a code, until the passkey is deleted', {
  skip,
}, async (t) => {
  const story = await openStory(t, { policy: presetOf('portal') });
  const { app, page, authenticator } = story;
  await app.organizations.create({ name: 'Fabrikam', policy: PRESETS.portal });
  const secret = await addTotp(app, await addAccount(app, 'alex@example.com'));
  const nameOrganization = async (name: string) => {
    await page.getByLabel('Organization').fill(name);
    await page.getByRole('button', { name: 'Continue' }).click();
  };

  await startSignIn(story, page);
  await assertPresentable(page, 'Your organization');
  await nameOrganization('nowhere');
  await assertNotice(page, 'There is no organization of that name here');
  await assertPresentable(page, 'Your organization');
  await nameOrganization('northwind');
  await typeEmail(page, 'alex@example.com');
  await typePassword(page);
  await typeCode(page, nextCode(secret));
  await waitUntilSignedIn(page);

  await page.goto(`${story.issuer}/account/passkeys/add`);
  await confirmByPassword(page);
  await page.getByRole('button', { name: 'Continue' }).click();
  await page.getByRole('link', { name: 'Keep this name' }).click();
  await page.getByRole('link', { name: 'Delete “Passkey on Linux”' }).waitFor();

  await story.openApplication(page);
  await signOut(page);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await nameOrganization('northwind');
  await page.getByRole('button', { name: 'Alex Example' }).click();
  await typePassword(page);
  await assertPresentable(page, 'One more step');
  await page.getByRole('link', { name: 'Use your authenticator app instead' }).click();
  await page.getByRole('link', { name: 'Use your passkey instead' }).click();
  await page.getByRole('button', { name: 'Use your passkey' }).click();
  await waitUntilSignedIn(page);

  await page.goto(`${story.issuer}/account`);
  await page.getByRole('link', { name: 'Delete “Passkey on Linux”' }).click();
  await confirmByPasskey(page);
  await page.getByRole('button', { name: 'Delete the passkey' }).click();
  await page.getByText('No passkey yet').waitFor();
  assert.equal(await authenticator.countPasskeys(), 0);
});

test('two-factor: a second step is demanded, named before it is made, and asked for with the app as the other way', {
  skip,
}, async (t) => {
  const story = await openStory(t, { policy: presetOf('two-factor') });
  const { app, page, authenticator } = story;
  const account = await addAccount(app, 'alex@example.com');

  await startSignIn(story, page);
  await typeEmail(page, 'alex@example.com');
  await typePassword(page);
  await assertPresentable(page, 'Make a passkey to go on');
  await page.getByRole('button', { name: 'Cancel' }).click();
  await page.getByText('You did not sign in.').waitFor();

  await startSignIn(story, page);
  await typeEmail(page, 'alex@example.com');
  await typePassword(page);
  await page.getByRole('button', { name: 'Make a passkey' }).click();
  await page.getByRole('button', { name: 'Use your passkey' }).click();
  await waitUntilSignedIn(page);
  await signOut(page);

  const secret = await addTotp(app, account);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('button', { name: 'Alex Example' }).click();
  await typePassword(page);
  await authenticator.setUserVerified(false);
  await page.getByRole('button', { name: 'Use your passkey' }).click();
  await assertNotice(page, 'No passkey was used');
  await assertPresentable(page, 'One more step');
  await page.getByRole('link', { name: 'Use your authenticator app instead' }).click();
  await typeCode(page, nextCode(secret));
  await waitUntilSignedIn(page);
});

test('workspace: one passkey for each organization, and the button signs in to the one it is for', {
  skip,
}, async (t) => {
  const story = await openStory(t, { autofill: false, policy: presetOf('workspace') });
  const { app, page, authenticator } = story;
  const fabrikam = await app.organizations.create({ name: 'Fabrikam', policy: PRESETS.workspace });
  await addAccount(app, 'alex@example.com');
  const member = await addMember(app, fabrikam, 'alex@example.com');

  await startSignIn(story, page);
  await page.getByRole('button', { name: 'Sign in with a passkey' }).waitFor();
  await assertPresentable(page, 'Sign in');
  await page.getByLabel('E-mail').fill('alex@example.com');
  await page.getByLabel('Organization').fill('fabrikam');
  await page.getByRole('button', { name: 'Continue' }).click();
  await typePassword(page);
  await waitUntilSignedIn(page);
  await page.goto(`${story.issuer}/account/passkeys/add`);
  await page.getByText('Fabrikam').waitFor();
  await confirmByPassword(page);
  await page.getByRole('button', { name: 'Continue' }).click();
  await page.getByRole('link', { name: 'Keep this name' }).click();
  assert.deepEqual(await authenticator.listNames(), ['alex@example.com (Fabrikam)']);

  await story.openApplication(page);
  await signOut(page);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('button', { name: 'Sign in with a passkey' }).waitFor();
  await page.getByRole('button', { name: 'Sign in with a passkey' }).click();
  await waitUntilSignedIn(page);
  await page.getByText(member.id).waitFor();
});

test('passwordless: the first sign-in with a passkey switches the password off', { skip }, async (t) => {
  const story = await openStory(t, { policy: presetOf('passwordless') });
  const { app, page, authenticator } = story;
  await addAccount(app, 'alex@example.com');

  await startSignIn(story, page);
  await typeEmail(page, 'alex@example.com');
  await typePassword(page);
  await page.getByRole('button', { name: 'Make a passkey' }).click();
  await waitUntilSignedIn(page);
  await signOut(page);
  await page.getByRole('button', { name: 'Sign in' }).click(); // the device answers the list by itself
  await waitUntilSignedIn(page);

  await page.goto(`${story.issuer}/account`);
  await page.getByText('Switched off since').waitFor();
  await assertPresentable(page, 'Your security');
  await page.getByRole('link', { name: 'Add a passkey' }).click();
  await confirmByPasskey(page);
  await page.getByRole('heading', { name: 'Where should the passkey live?' }).waitFor();
  await authenticator.setPresence(false);
  await story.openApplication(page);
  await signOut(page);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('button', { name: 'Alex Example' }).click();
  await typePassword(page);
  await assertNotice(page, 'That did not match');
});
