import Router from '@koa/router';
import { z } from 'zod';
import type { BrowserSessions } from '../../oidc/browser-sessions.ts';
import { describeBrowser } from '../../passkeys/describe-browser.ts';
import type { Recovering, RecoveringAccount } from '../../sign-in/recovering.ts';
import type { AppState } from '../app-context.ts';
import { readForm } from '../middleware/body.ts';
import type { RecoveryCookie } from '../recovery-cookie.ts';
import { RECOVERED_PATH, sendToSignIn } from './account-visits.ts';
import type { Pages } from './pages.ts';

interface Deps {
  readonly recovering: Recovering;
  readonly recoveryCookie: RecoveryCookie;
  readonly browserSessions: BrowserSessions;
  readonly pages: Pages;
}

const emptyForm = z.strictObject({});

/** Where the links of a recovery lead, in whatever browser they are opened. Looking changes nothing: mail programs look at links too. */
export function createRecoverPages({ recovering, recoveryCookie, browserSessions, pages }: Deps): Router<AppState> {
  const router = new Router<AppState>({ prefix: '/recover' });

  router.get('/stop/:token', async (ctx) => {
    const found = await recovering.requireStoppable(ctx.params.token ?? '');
    pages.send(ctx, 'recover-stop', describe(found, ctx.path));
  });

  router.post('/stop/:token', async (ctx) => {
    await readForm(ctx, emptyForm);
    const { account, organization } = await recovering.requireStoppable(ctx.params.token ?? '');
    await recovering.stop(account, { organization, device: describeBrowser(ctx.get('user-agent')) });
    pages.send(ctx, 'recover-stopped', { organizationName: organization.name, email: account.email });
  });

  router.get('/:token', async (ctx) => {
    const found = await recovering.require(ctx.params.token ?? '');
    pages.send(ctx, 'recover', { ...describe(found, ctx.path), stopLink: found.stopLink });
  });

  // Whoever was signed in here is so no more: the session would be replaced by the sign-in that follows.
  router.post('/:token', async (ctx) => {
    await readForm(ctx, emptyForm);
    const ticket = await recovering.open(ctx.params.token ?? '');
    await browserSessions.end(ctx);
    recoveryCookie.put(ctx, ticket);
    sendToSignIn(ctx, RECOVERED_PATH, 'login');
  });

  return router;
}

function describe({ account, organization, recovery }: RecoveringAccount, path: string) {
  const { startedAt, device } = recovery;
  return { organizationName: organization.name, email: account.email, path, startedAt, device };
}
