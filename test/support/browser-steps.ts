import type { Page } from 'playwright-core';
import { TEST_PASSWORD } from './app.ts';
import type { BrowserStory } from './browser.ts';

/** From the application to the first page of the sign-in. */
export async function startSignIn(story: BrowserStory, page: Page): Promise<void> {
  await story.openApplication(page);
  await page.getByRole('button', { name: 'Sign in' }).click();
}

export async function typeEmail(page: Page, email: string): Promise<void> {
  await page.getByLabel('E-mail').fill(email);
  await page.getByRole('button', { name: 'Continue' }).click();
}

export async function typePassword(page: Page, password = TEST_PASSWORD): Promise<void> {
  await page.getByLabel('Password', { exact: true }).fill(password);
  await page.getByRole('button', { name: 'Continue' }).click();
}

/** Confirms with the device that it is they. */
export async function confirmByPasskey(page: Page): Promise<void> {
  await page.getByRole('heading', { name: 'Confirm that it is you' }).waitFor();
  await page.getByRole('button', { name: 'Use your passkey' }).click();
}

/** The same with the password, where that is the first that is asked for. */
export async function confirmByPassword(page: Page): Promise<void> {
  await page.getByRole('heading', { name: 'Confirm that it is you' }).waitFor();
  await typePassword(page);
}

export async function typeCode(page: Page, code: string): Promise<void> {
  await page.getByLabel('Six-digit code').fill(code);
  await page.getByRole('button', { name: 'Continue' }).click();
}

/** Signs in with e-mail and password where nothing else is asked for. */
export async function signIn(story: BrowserStory, page: Page, email = 'alex@example.com'): Promise<void> {
  await startSignIn(story, page);
  await typeEmail(page, email);
  await typePassword(page);
  await waitUntilSignedIn(page);
}

/** The application knows the person. */
export async function waitUntilSignedIn(page: Page, name = 'Alex Example'): Promise<void> {
  await page.getByText(`You are signed in as ${name}`).waitFor();
}

/** Signs out of the application and of the provider, and is back at the application. */
export async function signOut(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByRole('heading', { name: 'Do you want to sign out?' }).waitFor();
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByText('A small application that leaves signing in').waitFor();
}
