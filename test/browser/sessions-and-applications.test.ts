import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addAccount } from '../support/app.ts';
import { openStory, skipWithoutBrowser } from '../support/browser.ts';
import { startSignIn, typeEmail, typePassword, waitUntilSignedIn } from '../support/browser-steps.ts';
import { assertPresentable } from '../support/page-checks.ts';

const policy = { enrolPasskey: 'manual' } as const;

for (const javaScript of [true, false]) {
  const how = javaScript ? 'with JavaScript' : 'without JavaScript';
  test(`${how} a person signs another browser out and takes an application’s access back`, {
    skip: skipWithoutBrowser,
  }, async (t) => {
    const story = await openStory(t, { javaScript, policy, client: { consent: 'ask' } });
    const { page, issuer } = story;
    await addAccount(story.app, 'alex@example.com');
    const other = await story.openBrowser();
    for (const tab of [other, page]) {
      await startSignIn(story, tab);
      await typeEmail(tab, 'alex@example.com');
      await typePassword(tab);
      if (tab === other) await tab.getByRole('button', { name: 'Allow', exact: true }).click();
      await waitUntilSignedIn(tab); // what was allowed in one browser is not asked for in the other
    }

    await page.goto(`${issuer}/account`);
    await assertPresentable(page, 'Your security');
    const sessions = page.getByRole('region', { name: 'Where you are signed in' });
    const rows = await sessions.getByRole('listitem').allTextContents();
    assert.equal(rows.length, 2);
    assert.match(rows[0] ?? '', /^\s*Chrome on \w+ this browser\s+Signed in with a password /);
    assert.match(
      rows[1] ?? '',
      javaScript ? /password today, \d\d:\d\d · last used today/ : /password .* at .* UTC · /,
    );
    await sessions.getByRole('button', { name: /^Sign out Chrome on/ }).click();
    await page.getByText('You are signed out there.').waitFor();
    assert.equal(await sessions.getByRole('listitem').count(), 1);
    await other.goto(`${issuer}/account`);
    await other.getByRole('heading', { name: 'Welcome back' }).waitFor();

    await page.getByRole('link', { name: 'Revoke the access of “Ledger”' }).click();
    await assertPresentable(page, 'Revoke the access of “Ledger”?');
    await page.getByRole('link', { name: 'Keep it' }).click();
    await page.getByRole('link', { name: 'Revoke the access of “Ledger”' }).click();
    await page.getByRole('button', { name: 'Revoke the access' }).click();
    await page.getByText('The access was revoked.').waitFor();
    await page.getByText('No application has access').waitFor();
    await assertPresentable(page, 'Your security');

    const third = await story.openBrowser();
    await startSignIn(story, third);
    await typeEmail(third, 'alex@example.com');
    await typePassword(third);
    await third.getByRole('heading', { name: 'Ledger wants to know' }).waitFor();
  });
}
