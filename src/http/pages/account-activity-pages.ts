import type Router from '@koa/router';
import { z } from 'zod';
import type { AuditLog } from '../../audit/audit-log.ts';
import { AppError } from '../../lib/app-error.ts';
import type { Cursor } from '../../lib/cursor.ts';
import { describeActivity } from '../activity.ts';
import type { AppState } from '../app-context.ts';
import { type AccountVisits, describeShell } from './account-visits.ts';
import type { Pages } from './pages.ts';

interface Deps {
  readonly visits: AccountVisits;
  readonly auditLog: AuditLog;
  readonly pages: Pages;
}

const PAGE_SIZE = 25;
const pageQuery = z.strictObject({ after: z.string().max(200).optional() });

/** What happened to a person's account, page by page, the latest first. */
export function addActivityPages(router: Router<AppState>, { visits, auditLog, pages }: Deps): void {
  router.get(
    '/activity',
    visits.signedIn(async (ctx, person) => {
      const query = pageQuery.safeParse(ctx.query);
      if (!query.success) throw new AppError('malformed_request', { field: 'after' });
      const after = query.data.after as Cursor | undefined; // the list refuses what it has not given
      const { items, next } = await auditLog.listByAccount(person.stored.id, { limit: PAGE_SIZE, after });
      const isLatest = after === undefined;
      pages.send(ctx, 'activity', { ...describeShell(person), events: items.map(describeActivity), isLatest, next });
    }),
  );
}
