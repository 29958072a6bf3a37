import type Router from '@koa/router';
import { z } from 'zod';
import { AppError } from '../../lib/app-error.ts';
import { digest } from '../../lib/digest.ts';
import type { PendingInteraction } from '../../oidc/interactions.ts';
import type { Progress } from '../../sign-in/open-sign-ins.ts';
import { describePassword } from '../../sign-in/password-change.ts';
import type { SigningIn } from '../../sign-in/signing-in.ts';
import type { Newcomer, SigningUp } from '../../sign-in/signing-up.ts';
import type { AppState } from '../app-context.ts';
import { readJson } from '../middleware/body.ts';
import type { Pages } from './pages.ts';
import { maySignUp } from './sign-in-step-page.ts';
import { type SignInVisits, toBasePath } from './sign-in-visits.ts';

interface Deps {
  readonly visits: SignInVisits;
  readonly signingIn: SigningIn;
  readonly signingUp: SigningUp;
  readonly pages: Pages;
}

const text = z.string().max(2000);
const newcomerJson = z.strictObject({ email: text, name: text, password: text.optional() });
const registrationJson = newcomerJson.extend({ response: z.unknown() });

/** In the middle of a sign-in somebody new makes an account, and goes on signed in. */
export function addSignUpPages(router: Router<AppState>, { visits, signingIn, signingUp, pages }: Deps): void {
  async function requireSignUp(pending: PendingInteraction): Promise<Progress> {
    const progress = await visits.open(pending);
    if (!maySignUp(progress)) throw new AppError('sign_up_closed');
    return progress;
  }

  router.get('/sign-up', async (ctx) => {
    const pending = await visits.requirePending(ctx);
    const { organization, policy, signIn } = await requireSignUp(pending);
    pages.send(ctx, 'sign-up', {
      base: toBasePath(pending.id),
      organizationName: organization.name,
      applicationName: pending.clientName,
      email: signIn.identifier ?? pending.loginHint ?? '',
      name: '',
      password: describePassword(policy),
    });
  });

  router.post('/sign-up/options', async (ctx) => {
    const pending = await visits.requirePending(ctx);
    const typed = await readJson(ctx, newcomerJson);
    const { organization } = await requireSignUp(pending);
    ctx.body = await signingUp.start({ ...typed, ...newcomerOf(pending), organization });
  });

  router.post('/sign-up', async (ctx) => {
    const pending = await visits.requirePending(ctx);
    const { response, ...typed } = await readJson(ctx, registrationJson);
    const { organization } = await requireSignUp(pending);
    const newcomer: Newcomer = { ...typed, ...newcomerOf(pending), organization };
    const made = await signingUp.finish(newcomer, response, ctx.get('user-agent'));
    ctx.body = await visits.answer(ctx, await signingIn.acceptNewcomer(pending.id, made));
  });
}

function newcomerOf({ id }: PendingInteraction) {
  return { binding: digest(id), role: 'member' } as const;
}
