import Router from '@koa/router';
import type { BrowserSessions } from '../../oidc/browser-sessions.ts';
import type { RecordStore } from '../../oidc/record-store.ts';
import type { PasskeyOwners } from '../../passkeys/passkey-owners.ts';
import type { Passkeys } from '../../passkeys/passkeys.ts';
import type { PasswordChange } from '../../sign-in/password-change.ts';
import type { Totps } from '../../totp/totp.ts';
import type { AppState } from '../app-context.ts';
import { readForm } from '../middleware/body.ts';
import { requireCsrf, type Sessions } from '../session.ts';
import { addPasskeyPages } from './account-passkey-pages.ts';
import { addPasswordPages } from './account-password-pages.ts';
import { addTotpPages } from './account-totp-pages.ts';
import { AccountVisits, csrfForm, describeShell, finish, redirect, toReturnAddress } from './account-visits.ts';
import type { Pages } from './pages.ts';
import { SecurityPage } from './security-page.ts';

interface Deps {
  readonly sessions: Sessions;
  readonly browserSessions: BrowserSessions;
  readonly passkeys: Passkeys;
  readonly passkeyOwners: PasskeyOwners;
  readonly passwordChange: PasswordChange;
  readonly totps: Totps;
  readonly records: RecordStore;
  readonly pages: Pages;
}

/** A person's own account: how they sign in, what they may change about it, and where they are signed in. */
export function createAccountPages(deps: Deps): Router<AppState> {
  const { pages, records, browserSessions } = deps;
  const visits = new AccountVisits(deps.sessions);
  const securityPage = new SecurityPage(deps);
  const router = new Router<AppState>({ prefix: '/account' });

  const showSecurity = visits.signedIn((ctx, person) => securityPage.send(ctx, person));
  router.get('/', async (ctx) => {
    // A sign-in that was asked for by one of these pages comes back here and says by which.
    const { state } = ctx.query;
    if (typeof state === 'string') redirect(ctx, toReturnAddress(state));
    else await showSecurity(ctx);
  });

  addPasskeyPages(router, { ...deps, visits, securityPage });
  addTotpPages(router, { ...deps, visits });
  addPasswordPages(router, { ...deps, visits });

  router.get(
    '/sign-out-everywhere',
    visits.signedIn((ctx, person) => pages.send(ctx, 'sign-out-everywhere', describeShell(person))),
  );

  router.post(
    '/sign-out-everywhere',
    visits.signedIn(async (ctx, person) => {
      const { csrf } = await readForm(ctx, csrfForm);
      requireCsrf(person, csrf);
      await records.deleteByAccount(person.stored.id, person.sessionUid);
      finish(ctx, 'signed-out-elsewhere');
    }),
  );

  router.post(
    '/sign-out',
    visits.signedIn(async (ctx, person) => {
      const { csrf } = await readForm(ctx, csrfForm);
      requireCsrf(person, csrf);
      await browserSessions.end(ctx);
      pages.send(ctx, 'signed-out', { organizationName: person.organization.name });
    }),
  );

  return router;
}
