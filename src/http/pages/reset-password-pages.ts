import Router from '@koa/router';
import { z } from 'zod';
import { describeBrowser } from '../../passkeys/describe-browser.ts';
import type { PasswordReset } from '../../sign-in/password-reset.ts';
import type { AppState } from '../app-context.ts';
import { readForm } from '../middleware/body.ts';
import { type FormRefusal, toFormRefusal } from './account-visits.ts';
import type { Pages } from './pages.ts';

interface Deps {
  readonly passwordReset: PasswordReset;
  readonly pages: Pages;
}

const passwordForm = z.strictObject({ password: z.string().max(1024), username: z.string().max(2000).optional() });

/** Where the link of a mail leads by which somebody chooses another password. Nobody is signed in by it. */
export function createResetPasswordPages({ passwordReset, pages }: Deps): Router<AppState> {
  const router = new Router<AppState>({ prefix: '/reset-password' });

  router.get('/:token', async (ctx) => {
    const { token = '' } = ctx.params;
    pages.send(ctx, 'password-reset', await describe(token, ctx.path));
  });

  router.post('/:token', async (ctx) => {
    const { token = '' } = ctx.params;
    const { password } = await readForm(ctx, passwordForm);
    const model = await describe(token, ctx.path);
    try {
      await passwordReset.reset(token, password, describeBrowser(ctx.get('user-agent')));
    } catch (error) {
      const { notice, status } = toFieldRefusal(error);
      return pages.send(ctx, 'password-reset', { ...model, notice }, status);
    }
    pages.send(ctx, 'password-reset-done', { organizationName: model.organizationName, email: model.email });
  });

  async function describe(token: string, path: string) {
    const { account, organization, minimumLength } = await passwordReset.require(token);
    return { organizationName: organization.name, email: account.email, path, minimumLength };
  }

  return router;
}

/** A link that somebody else was faster with has no page any more to be refused on. */
function toFieldRefusal(error: unknown): FormRefusal {
  const refusal = toFormRefusal(error);
  if (refusal.status >= 409) throw error;
  return refusal;
}
