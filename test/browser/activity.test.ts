import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addSeconds } from '../../src/lib/clock.ts';
import { addAccount } from '../support/app.ts';
import { openStory, skipWithoutBrowser } from '../support/browser.ts';
import { startSignIn, typeEmail, typePassword, waitUntilSignedIn } from '../support/browser-steps.ts';
import { buildAuditEvent } from '../support/builders.ts';
import { assertPresentable } from '../support/page-checks.ts';

const policy = { enrolPasskey: 'manual' } as const;

for (const javaScript of [true, false]) {
  const how = javaScript ? 'with JavaScript' : 'without JavaScript';
  test(`${how} a person reads what happened to their account, page by page`, {
    skip: skipWithoutBrowser,
  }, async (t) => {
    const story = await openStory(t, { javaScript, policy });
    const { page, issuer, app } = story;
    const { id: accountId } = await addAccount(app, 'alex@example.com');
    const yesterday = new Date(Date.now() - 86_400_000);
    for (let index = 0; index < 30; index += 1) {
      const details = { type: 'passkey-added', passkeyName: `Number ${index}` } as const;
      const createdAt = addSeconds(yesterday, index / 1000);
      await app.storage.audit.append(buildAuditEvent({ accountId, details, createdAt, device: 'Chrome on Windows' }));
    }
    await startSignIn(story, page);
    await typeEmail(page, 'alex@example.com');
    await typePassword(page);
    await waitUntilSignedIn(page);

    await page.goto(`${issuer}/account`);
    const recent = page.getByRole('region', { name: 'Recent activity' });
    const rows = await recent.getByRole('listitem').allTextContents();
    assert.equal(rows.length, 10);
    assert.match(
      rows[0] ?? '',
      javaScript
        ? /^\s*Signed in with a password\s+Chrome on \w+ · first time with this browser · today, \d\d:\d\d\s*$/
        : /^\s*Signed in with a password\s+Chrome on \w+ · first time with this browser · \d+ \w+ \d{4} at \d\d:\d\d UTC\s*$/,
    );
    assert.match(rows[1] ?? '', /Added the passkey Number 29\s+Chrome on Windows · /);

    await recent.getByRole('link', { name: 'Show all' }).click();
    await assertPresentable(page, 'Activity');
    assert.equal(await page.getByRole('listitem').count(), 25);
    await page.getByRole('link', { name: 'Earlier' }).click();
    await page.getByText('Number 0', { exact: true }).waitFor();
    assert.equal(await page.getByRole('listitem').count(), 6);
    await page.getByRole('link', { name: 'Latest' }).click();
    await page.getByText('Signed in with a password').waitFor();
  });
}
