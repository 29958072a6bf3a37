import type Router from '@koa/router';
import type { AuditLog } from '../../audit/audit-log.ts';
import type { Clients } from '../../clients/clients.ts';
import { AppError } from '../../lib/app-error.ts';
import type { ClientId } from '../../lib/ids.ts';
import { listResources, listScopes } from '../../oidc/consent.ts';
import type { Consents } from '../../oidc/consents.ts';
import type { AppState } from '../app-context.ts';
import { readForm } from '../middleware/body.ts';
import { requireCsrf, type SignedIn } from '../session.ts';
import { describeNotice } from '../source.ts';
import type { ApplicationRow } from '../view-models.ts';
import { type AccountVisits, csrfForm, describeShell, finish } from './account-visits.ts';
import type { Pages } from './pages.ts';

interface Holders {
  readonly consents: Consents;
  readonly clients: Clients;
  readonly scopeClaims: { readonly [scope: string]: readonly string[] };
}

interface Deps extends Holders {
  readonly visits: AccountVisits;
  readonly auditLog: AuditLog;
  readonly pages: Pages;
}

/** The applications that a person has let in: what they may do, until that is taken back. */
export function addApplicationPages(router: Router<AppState>, deps: Deps): void {
  const { visits, consents, auditLog, pages } = deps;

  router.get(
    '/applications/:client/revoke',
    visits.signedIn(async (ctx, person) => {
      const application = await requireOwn(person, ctx.params.client);
      pages.send(ctx, 'application-revoke', { ...describeShell(person), application });
    }),
  );

  router.post(
    '/applications/:client/revoke',
    visits.signedIn(async (ctx, person) => {
      const { csrf } = await readForm(ctx, csrfForm);
      requireCsrf(person, csrf);
      const { id: clientId, name: applicationName } = await requireOwn(person, ctx.params.client);
      await consents.revoke({ accountId: person.stored.id, clientId });
      await auditLog.record(
        { type: 'application-revoked', applicationName },
        { ...describeNotice(ctx, person), clientId: clientId as ClientId }, // of one that is registered
      );
      finish(ctx, 'application-revoked');
    }),
  );

  async function requireOwn({ stored }: SignedIn, id: string | undefined): Promise<ApplicationRow> {
    const application = (await listApplications(stored.id, deps)).find((one) => one.id === id);
    if (!application) throw new AppError('application_not_found');
    return application;
  }
}

/** The applications that hold something of an account, as the pages list them; those that are no longer registered cannot use it. */
export async function listApplications(
  accountId: string,
  { consents, clients, scopeClaims }: Holders,
): Promise<readonly ApplicationRow[]> {
  const given = await consents.list(accountId);
  const rows = await Promise.all(
    given.map(async (consent) => {
      const client = await clients.recall(consent.clientId);
      if (!client) return undefined;
      return {
        id: client.id,
        name: client.name,
        scopes: listScopes(consent, scopeClaims).filter((scope) => scope !== 'openid'),
        resources: listResources(consent),
        since: consent.since,
      };
    }),
  );
  return rows.filter((row) => row !== undefined);
}
