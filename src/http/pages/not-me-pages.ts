import Router from '@koa/router';
import { z } from 'zod';
import { describeBrowser } from '../../passkeys/describe-browser.ts';
import type { NotMe } from '../../sign-in/not-me.ts';
import type { AppState } from '../app-context.ts';
import { readForm } from '../middleware/body.ts';
import type { Pages } from './pages.ts';

interface Deps {
  readonly notMe: NotMe;
  readonly pages: Pages;
}

const emptyForm = z.strictObject({});

/** Where the links of notices lead, for whoever reads the mail, signed in or not. Looking changes nothing: mail programs look at links too. */
export function createNotMePages({ notMe, pages }: Deps): Router<AppState> {
  const router = new Router<AppState>({ prefix: '/not-me' });

  router.get('/:token', async (ctx) => {
    const { organization, ...disputed } = await notMe.require(ctx.params.token ?? '');
    pages.send(ctx, 'not-me', { ...disputed, organizationName: organization.name, path: ctx.path });
  });

  router.post('/:token', async (ctx) => {
    const token = ctx.params.token ?? '';
    await readForm(ctx, emptyForm);
    const { email, organization } = await notMe.require(token);
    const outcome = await notMe.undo(token, describeBrowser(ctx.get('user-agent')));
    pages.send(ctx, 'not-me-done', { email, organizationName: organization.name, outcome });
  });

  return router;
}
