import type Router from '@koa/router';
import { z } from 'zod';
import { AppError } from '../../lib/app-error.ts';
import type { PendingInteraction } from '../../oidc/interactions.ts';
import { listHelpWays, type MailedHelp } from '../../sign-in/mailed-help.ts';
import type { Progress } from '../../sign-in/open-sign-ins.ts';
import type { AppState } from '../app-context.ts';
import { readForm } from '../middleware/body.ts';
import { toFormRefusal } from './account-visits.ts';
import type { Pages } from './pages.ts';
import { type SignInVisits, toBasePath } from './sign-in-visits.ts';

interface Deps {
  readonly visits: SignInVisits;
  readonly mailedHelp: MailedHelp;
  readonly pages: Pages;
}

const helpForm = z.strictObject({ email: z.string().max(2000), way: z.enum(['password', 'passkey']) });

/** For whoever cannot get in: what was lost is said, and a mail is asked for. */
export function addHelpPages(router: Router<AppState>, { visits, mailedHelp, pages }: Deps): void {
  router.get('/help', async (ctx) => {
    const pending = await visits.requirePending(ctx);
    const progress = await visits.open(pending);
    pages.send(ctx, 'sign-in-help', describe(pending, progress, progress.signIn.identifier ?? ''));
  });

  router.post('/help', async (ctx) => {
    const pending = await visits.requirePending(ctx);
    const { email, way } = await readForm(ctx, helpForm);
    const progress = await visits.open(pending);
    const model = describe(pending, progress, email);
    try {
      await mailedHelp.ask({ organization: progress.organization, email, way, source: visits.sourceOf(ctx) });
    } catch (error) {
      const { notice, status } = toFormRefusal(error);
      return pages.send(ctx, 'sign-in-help', { ...model, notice }, status);
    }
    const { base, organizationName, applicationName } = model;
    const waitingHours = progress.policy.recoveryByEmail?.waitingHours;
    pages.send(ctx, 'sign-in-help-sent', {
      base,
      organizationName,
      applicationName,
      email: email.trim(),
      way,
      waitingHours,
    });
  });
}

/** Whether there is help, whoever it is for. */
export function hasHelp({ signIn, policy }: Progress): boolean {
  return signIn.organizationId !== undefined && listHelpWays(policy).length > 0;
}

function describe({ id, clientName }: PendingInteraction, progress: Progress, email: string) {
  if (!hasHelp(progress)) throw new AppError('method_not_offered');
  const { organization, policy } = progress;
  const shell = { base: toBasePath(id), organizationName: organization.name, applicationName: clientName };
  return { ...shell, email, ways: listHelpWays(policy) };
}
