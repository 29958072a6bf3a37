import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Page } from 'playwright-core';
import { addAccount } from '../support/app.ts';
import { openStory, skipWithoutBrowser } from '../support/browser.ts';
import { signIn, startSignIn, typeEmail, typePassword, waitUntilSignedIn } from '../support/browser-steps.ts';
import { assertPresentable } from '../support/page-checks.ts';

const skip = skipWithoutBrowser;
const policy = { enrolPasskey: 'manual' } as const;

test('an application that is not ours learns only what its person allows', { skip }, async (t) => {
  const story = await openStory(t, { policy, client: { consent: 'ask' } });
  const { page } = story;
  await addAccount(story.app, 'alex@example.com');

  await startSignIn(story, page);
  await typeEmail(page, 'alex@example.com');
  await typePassword(page);
  await assertPresentable(page, 'Ledger wants to know');
  await page.reload();
  await page.getByRole('button', { name: 'Don’t allow' }).click();
  await page.getByText('You did not sign in.').waitFor();

  await startSignIn(story, page);
  await page.getByRole('button', { name: 'Allow', exact: true }).click();
  await waitUntilSignedIn(page);
});

test('signing out is asked for and can be declined', { skip }, async (t) => {
  const story = await openStory(t, { policy });
  const { page } = story;
  await addAccount(story.app, 'alex@example.com');
  await signIn(story, page);

  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByRole('button', { name: 'Stay signed in' }).click();
  await page.getByRole('button', { name: 'Sign in' }).click(); // the application forgot, the provider did not

  await waitUntilSignedIn(page);
});

test('an application’s mistake is shown as its own, with what its developer needs folded below', {
  skip,
}, async (t) => {
  const { page, issuer } = await openStory(t);

  const answer = await page.goto(
    `${issuer}/auth?client_id=cardea-account&response_type=none&redirect_uri=http://x.test`,
  );
  assert.equal(answer?.status(), 400);
  await assertPresentable(page, 'There is a mistake in the request');
  await page.getByText('For the developer of').click();
  await page.getByText('invalid_redirect_uri').waitFor();
  await assertPresentable(page, 'There is a mistake in the request');
});

test('an address where there is nothing says so', { skip }, async (t) => {
  const { page, issuer } = await openStory(t);

  await page.goto(`${issuer}/nothing-here`);

  await assertPresentable(page, 'There is nothing at this address');
});

test('the set-up link makes the first administrator, once', { skip }, async (t) => {
  const { app, page } = await openStory(t);
  const link = await app.setUp.createLink();

  await page.goto(link);
  await assertPresentable(page, 'Make the first account');
  await page.getByLabel('E-mail').fill('ada@example.com');
  await page.getByLabel('Name').fill('Ada Example');
  await page.getByRole('button', { name: 'Continue' }).click();
  await assertPresentable(page, 'All set');
  assert.equal(await app.setUp.isNeeded(), false);
  await page.getByRole('link', { name: 'Go to your security page' }).click(); // the device answers the list by itself
  await page.getByRole('heading', { name: 'Your security' }).waitFor();

  await page.goto(link);
  await assertPresentable(page, 'That link has been used or is too old');
});

test('the sign-in page is light: at most 50 KB in all, less than 15 KB of it script', { skip }, async (t) => {
  const story = await openStory(t);
  const { page, issuer } = story;
  const sizes = collectSizes(page, issuer);
  const listed = page.waitForEvent('requestfinished', (request) => request.url().endsWith('/passkey/options'));

  await startSignIn(story, page);
  await listed; // the last thing that the page fetches

  const { all, script } = await sizes();
  assert.ok(script > 0 && script < 15_000, `${script} bytes of script`);
  assert.ok(all > script && all <= 50_000, `${all} bytes in all`);
  t.diagnostic(`${all} bytes in all, ${script} of script`);
});

/** Counts what crosses the network, headers of answers included. */
function collectSizes(page: Page, origin: string): () => Promise<{ readonly all: number; readonly script: number }> {
  const finished: Promise<{ readonly type: string; readonly bytes: number }>[] = [];
  page.on('requestfinished', (request) => {
    if (!request.url().startsWith(origin)) return;
    const sizes = request.sizes();
    finished.push(
      sizes.then((size) => ({ type: request.resourceType(), bytes: size.responseBodySize + size.responseHeadersSize })),
    );
  });
  return async () => {
    const answers = await Promise.all(finished);
    const sum = (of: typeof answers) => of.reduce((total, { bytes }) => total + bytes, 0);
    return { all: sum(answers), script: sum(answers.filter(({ type }) => type === 'script')) };
  };
}
