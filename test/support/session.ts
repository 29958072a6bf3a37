import type { Account } from '../../src/accounts/account-store.ts';
import { addAccount, TEST_PASSWORD, type TestApp } from './app.ts';
import { openSignIn } from './sign-in-flow.ts';
import type { Visitor } from './visitor.ts';

type Site = Pick<TestApp, 'app' | 'issuer'>;

/** Somebody new who has just signed in with a password, and the browser. Needs a policy that asks for nothing more. */
export async function openSession(
  site: Site,
  email = 'alex@example.com',
): Promise<{ readonly account: Account; readonly visitor: Visitor }> {
  const account = await addAccount(site.app, email);
  return { account, visitor: await signInByPassword(site, email) };
}

/** A new browser in which somebody has just signed in with `TEST_PASSWORD`. */
export async function signInByPassword({ app, issuer }: Site, email: string): Promise<Visitor> {
  const flow = await openSignIn({ app, issuer });
  await flow.identify(email);
  await flow.typePassword(TEST_PASSWORD);
  await flow.finish();
  return flow.visitor;
}
