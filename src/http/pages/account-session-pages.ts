import type Router from '@koa/router';
import type { AuditLog } from '../../audit/audit-log.ts';
import { AppError } from '../../lib/app-error.ts';
import type { AccountSession, AccountSessions } from '../../oidc/account-sessions.ts';
import type { BrowserSessions } from '../../oidc/browser-sessions.ts';
import { isHandheld } from '../../passkeys/describe-browser.ts';
import { findSignInWay } from '../../sign-in/sign-in-way.ts';
import type { AppState } from '../app-context.ts';
import { readForm } from '../middleware/body.ts';
import { requireCsrf, type SignedIn } from '../session.ts';
import { describeNotice } from '../source.ts';
import type { SessionRow } from '../view-models.ts';
import { type AccountVisits, csrfForm, describeShell, finish } from './account-visits.ts';
import type { Pages } from './pages.ts';

interface Deps {
  readonly visits: AccountVisits;
  readonly accountSessions: AccountSessions;
  readonly browserSessions: BrowserSessions;
  readonly auditLog: AuditLog;
  readonly pages: Pages;
}

/** Where a person is signed in: signed out here, there, or everywhere else. */
export function addSessionPages(router: Router<AppState>, deps: Deps): void {
  const { visits, accountSessions, browserSessions, auditLog, pages } = deps;

  router.post(
    '/sign-out',
    visits.signedIn(async (ctx, person) => {
      const { csrf } = await readForm(ctx, csrfForm);
      requireCsrf(person, csrf);
      await browserSessions.end(ctx);
      await auditLog.record({ type: 'signed-out' }, describeNotice(ctx, person));
      pages.send(ctx, 'signed-out', { organizationName: person.organization.name });
    }),
  );

  router.post(
    '/sessions/:session/sign-out',
    visits.signedIn(async (ctx, person) => {
      const { csrf } = await readForm(ctx, csrfForm);
      requireCsrf(person, csrf);
      const { session: id = '' } = ctx.params;
      const sessionDevice = (await accountSessions.list(person.stored.id)).find((one) => one.id === id)?.browser;
      const isEnded = await accountSessions.end(person.stored.id, id);
      if (!isEnded) throw new AppError('session_not_found');
      await auditLog.record({ type: 'session-ended', sessionDevice }, describeNotice(ctx, person));
      finish(ctx, 'session-ended');
    }),
  );

  router.get(
    '/sign-out-everywhere',
    visits.signedIn((ctx, person) => pages.send(ctx, 'sign-out-everywhere', describeShell(person))),
  );

  router.post(
    '/sign-out-everywhere',
    visits.signedIn(async (ctx, person) => {
      const { csrf } = await readForm(ctx, csrfForm);
      requireCsrf(person, csrf);
      await accountSessions.endAll(person.stored.id, person.sessionUid);
      await auditLog.record({ type: 'signed-out-elsewhere' }, describeNotice(ctx, person));
      finish(ctx, 'signed-out-elsewhere');
    }),
  );
}

/** The sessions as the security page lists them: the one of this request first. */
export function toSessionRows(sessions: readonly AccountSession[], { sessionUid }: SignedIn): readonly SessionRow[] {
  const rows = sessions.map(({ id, uid, browser, amr, signedInAt, lastUsedAt }) => ({
    id,
    browser,
    handheld: browser !== undefined && isHandheld(browser),
    way: findSignInWay(amr),
    signedInAt,
    lastUsedAt,
    here: uid === sessionUid,
  }));
  return rows.toSorted((one, other) => Number(other.here) - Number(one.here));
}
