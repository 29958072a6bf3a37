import type Router from '@koa/router';
import { z } from 'zod';
import { AppError } from '../../lib/app-error.ts';
import { type Notices, toTarget } from '../../notices/notices.ts';
import type { Confirmations, Intent } from '../../sign-in/confirmation.ts';
import type { Removals } from '../../sign-in/removals.ts';
import { hasWayIn } from '../../sign-in/ways-in.ts';
import type { Totps } from '../../totp/totp.ts';
import type { AppContext, AppState } from '../app-context.ts';
import { readForm } from '../middleware/body.ts';
import { requireCsrf, type SignedIn } from '../session.ts';
import { describeNotice } from '../source.ts';
import type { Notice } from '../view-models.ts';
import { type AccountVisits, csrfForm, describeShell, finish, text, toFormRefusal } from './account-visits.ts';
import type { Pages } from './pages.ts';
import type { SecurityPage } from './security-page.ts';

interface Deps {
  readonly visits: AccountVisits;
  readonly confirmations: Confirmations;
  readonly removals: Removals;
  readonly totps: Totps;
  readonly notices: Notices;
  readonly securityPage: SecurityPage;
  readonly pages: Pages;
}

const enrolmentForm = z.strictObject({ csrf: text, ticket: text, code: text });
const REMOVAL: Intent = { purpose: 'delete-totp' };
const WRONG_CODE: Notice = { tone: 'error', code: 'wrong_new_code' };

/** A person's own authenticator app: set up by a code of it, and removed. */
export function addTotpPages(router: Router<AppState>, deps: Deps): void {
  const { visits, confirmations, removals, totps, notices, securityPage, pages } = deps;

  router.get(
    '/totp/add',
    visits.confirmed(adding, async (ctx, person) => {
      const { stored, organization, sessionUid } = person;
      const enrolment = await totps.startEnrolment({
        accountId: stored.id,
        email: stored.email,
        organizationName: organization.name,
        binding: sessionUid,
      });
      pages.send(ctx, 'totp-add', { ...describeShell(person), ...enrolment });
    }),
  );

  router.post(
    '/totp',
    visits.confirmed(adding, async (ctx, person) => {
      const { csrf, ticket, code } = await readForm(ctx, enrolmentForm);
      requireCsrf(person, csrf);
      const answer = { ticket, code, accountId: person.stored.id, binding: person.sessionUid };
      const outcome = await totps.finishEnrolment(answer);
      if (outcome.type === 'expired') throw new AppError('link_used_or_expired');
      if (outcome.type === 'on') {
        await notices.tell({ type: 'totp-on' }, { ...describeNotice(ctx, person), target: toTarget(outcome.since) });
        finish(ctx, 'totp-on');
      } else pages.send(ctx, 'totp-add', { ...describeShell(person, WRONG_CODE), ...outcome.enrolment }, 400);
    }),
  );

  const showRemoval = visits.confirmed(removing, (ctx, person) =>
    pages.send(ctx, 'totp-delete', describeShell(person)),
  );
  router.get(
    '/totp/delete',
    visits.signedIn(async (ctx, person) => {
      // The only way in is refused before anything is to be confirmed.
      if (isOnlyWayIn(person)) await refuse(ctx, person, lastWayIn());
      else await showRemoval(ctx);
    }),
  );

  router.post(
    '/totp/delete',
    visits.confirmed(removing, async (ctx, person) => {
      const { csrf } = await readForm(ctx, csrfForm);
      requireCsrf(person, csrf);
      try {
        const isRemoved = await removals.inTurn(person.stored.id, async (found) => {
          if (isOnlyWayIn(found)) throw lastWayIn();
          await confirmations.spend(person, REMOVAL);
          return totps.remove(person.stored.id);
        });
        if (isRemoved) await notices.tell({ type: 'totp-off' }, describeNotice(ctx, person));
        finish(ctx, 'totp-off');
      } catch (error) {
        await refuse(ctx, person, error);
      }
    }),
  );

  function refuse(ctx: AppContext, person: SignedIn, error: unknown): Promise<void> {
    return securityPage.send(ctx, person, toFormRefusal(error));
  }
}

function lastWayIn(): AppError {
  return new AppError('last_way_in', { reason: 'totp' });
}

/** Whether nobody could get in without the app who gets in with it: where it is the second factor that must be. */
function isOnlyWayIn({ account, organization: { policy } }: Pick<SignedIn, 'account' | 'organization'>): boolean {
  return hasWayIn(account, policy) && !hasWayIn({ ...account, totpSince: undefined }, policy);
}

function adding(_ctx: AppContext, { organization }: SignedIn): Intent {
  if (!organization.policy.secondFactors.includes('totp')) throw new AppError('method_not_offered');
  return { purpose: 'add-totp' };
}

function removing(): Intent {
  return REMOVAL;
}
