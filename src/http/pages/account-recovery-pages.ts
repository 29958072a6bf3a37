import type Router from '@koa/router';
import { AppError } from '../../lib/app-error.ts';
import { type Notices, toTarget } from '../../notices/notices.ts';
import type { RecoveryCodes } from '../../recovery/recovery-codes.ts';
import type { Confirmations, Intent } from '../../sign-in/confirmation.ts';
import type { Recovering } from '../../sign-in/recovering.ts';
import type { AppContext, AppState } from '../app-context.ts';
import { readForm } from '../middleware/body.ts';
import { requireCsrf, type SignedIn } from '../session.ts';
import { describeNotice } from '../source.ts';
import { type AccountVisits, csrfForm, describeShell, finish } from './account-visits.ts';
import type { Pages } from './pages.ts';

interface Deps {
  readonly visits: AccountVisits;
  readonly confirmations: Confirmations;
  readonly recoveryCodes: RecoveryCodes;
  readonly recovering: Recovering;
  readonly notices: Notices;
  readonly pages: Pages;
}

const MAKING: Intent = { purpose: 'make-recovery-codes' };

/** A person's own recovery codes, made, and shown in the answer to that and nowhere else; and a recovery that somebody asked for, stopped. */
export function addRecoveryPages(router: Router<AppState>, deps: Deps): void {
  const { visits, confirmations, recoveryCodes, recovering, notices, pages } = deps;

  // Nothing is confirmed: it takes nothing from the account, and who stops it may be in a hurry.
  router.post(
    '/recovery/stop',
    visits.signedIn(async (ctx, person) => {
      const { csrf } = await readForm(ctx, csrfForm);
      requireCsrf(person, csrf);
      const about = describeNotice(ctx, person);
      await recovering.stop(person.stored, { organization: person.organization, device: about.device });
      finish(ctx, 'recovery-stopped');
    }),
  );

  router.get(
    '/recovery-codes',
    visits.confirmed(making, (ctx, person) => {
      const left = person.account.recoveryCodes?.left ?? 0;
      pages.send(ctx, 'recovery-codes-make', { ...describeShell(person), left });
    }),
  );

  router.post(
    '/recovery-codes',
    visits.confirmed(making, async (ctx, person) => {
      const { csrf } = await readForm(ctx, csrfForm);
      requireCsrf(person, csrf);
      // Who loads the answer once more has to confirm once more, and so keeps the codes that they have just written down.
      await confirmations.spend(person, MAKING);
      const made = await recoveryCodes.make(person.stored.id);
      const target = toTarget(made.madeAt);
      await notices.tell({ type: 'recovery-codes-made' }, { ...describeNotice(ctx, person), target });
      pages.send(ctx, 'recovery-codes-made', { ...describeShell(person), ...made });
    }),
  );
}

function making(_ctx: AppContext, { organization }: SignedIn): Intent {
  if (!organization.policy.secondFactors.includes('recovery-code')) throw new AppError('method_not_offered');
  return MAKING;
}
