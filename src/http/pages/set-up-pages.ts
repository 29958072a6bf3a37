import Router from '@koa/router';
import { z } from 'zod';
import { describePassword } from '../../sign-in/password-change.ts';
import type { SetUp } from '../../sign-in/set-up.ts';
import type { AppState } from '../app-context.ts';
import { readJson } from '../middleware/body.ts';
import type { Pages } from './pages.ts';

interface Deps {
  readonly setUp: SetUp;
  readonly pages: Pages;
}

const text = z.string().max(2000);
const founderJson = z.strictObject({ email: text, name: text, password: text.optional() });
const registrationJson = founderJson.extend({ response: z.unknown() });

/** Where the printed set-up link leads: the first administrator makes an account and its passkey. Looking at it changes nothing. */
export function createSetUpPages({ setUp, pages }: Deps): Router<AppState> {
  const router = new Router<AppState>({ prefix: '/set-up' });

  router.get('/done', async (ctx) => {
    pages.send(ctx, 'set-up-done', { organizationName: pages.organizationName });
  });

  router.get('/:token', async (ctx) => {
    const { name, policy } = await setUp.requireOrganization(ctx.params.token ?? '');
    const password = describePassword(policy);
    pages.send(ctx, 'set-up', { organizationName: name, base: ctx.path, email: '', name: '', password });
  });

  router.post('/:token/options', async (ctx) => {
    ctx.body = await setUp.start(ctx.params.token ?? '', await readJson(ctx, founderJson));
  });

  router.post('/:token', async (ctx) => {
    const { response, ...founder } = await readJson(ctx, registrationJson);
    await setUp.finish(ctx.params.token ?? '', founder, { response, userAgent: ctx.get('user-agent') });
    ctx.body = { location: '/set-up/done' };
  });

  return router;
}
