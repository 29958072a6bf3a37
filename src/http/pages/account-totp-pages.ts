import type Router from '@koa/router';
import { z } from 'zod';
import { AppError } from '../../lib/app-error.ts';
import type { Totps } from '../../totp/totp.ts';
import type { AppState } from '../app-context.ts';
import { readForm } from '../middleware/body.ts';
import { requireCsrf, type SignedIn } from '../session.ts';
import type { Notice } from '../view-models.ts';
import { type AccountVisits, csrfForm, describeShell, finish, text } from './account-visits.ts';
import type { Pages } from './pages.ts';

interface Deps {
  readonly visits: AccountVisits;
  readonly totps: Totps;
  readonly pages: Pages;
}

const enrolmentForm = z.strictObject({ csrf: text, ticket: text, code: text });
const WRONG_CODE: Notice = { tone: 'error', code: 'wrong_new_code' };

/** A person's own authenticator app: set up by a code of it, and removed. */
export function addTotpPages(router: Router<AppState>, { visits, totps, pages }: Deps): void {
  router.get(
    '/totp/add',
    visits.confirmed(async (ctx, person) => {
      requireOffered(person);
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
    visits.confirmed(async (ctx, person) => {
      requireOffered(person);
      const { csrf, ticket, code } = await readForm(ctx, enrolmentForm);
      requireCsrf(person, csrf);
      const answer = { ticket, code, accountId: person.stored.id, binding: person.sessionUid };
      const outcome = await totps.finishEnrolment(answer);
      if (outcome.type === 'expired') throw new AppError('link_used_or_expired');
      if (outcome.type === 'on') finish(ctx, 'totp-on');
      else pages.send(ctx, 'totp-add', { ...describeShell(person, WRONG_CODE), ...outcome.enrolment }, 400);
    }),
  );

  router.get(
    '/totp/delete',
    visits.confirmed((ctx, person) => pages.send(ctx, 'totp-delete', describeShell(person))),
  );

  router.post(
    '/totp/delete',
    visits.confirmed(async (ctx, person) => {
      const { csrf } = await readForm(ctx, csrfForm);
      requireCsrf(person, csrf);
      await totps.remove(person.stored.id);
      finish(ctx, 'totp-off');
    }),
  );
}

function requireOffered({ organization }: SignedIn): void {
  if (!organization.policy.secondFactors.includes('totp')) throw new AppError('method_not_offered');
}
