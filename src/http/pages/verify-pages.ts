import Router from '@koa/router';
import { z } from 'zod';
import { describeBrowser } from '../../passkeys/describe-browser.ts';
import type { LinkedAddress, VerifyingAddress } from '../../sign-in/verifying-address.ts';
import type { AppContext, AppState } from '../app-context.ts';
import { readForm } from '../middleware/body.ts';
import type { Sessions } from '../session.ts';
import type { ViewModels } from '../view-models.ts';
import { finish } from './account-visits.ts';
import type { Pages } from './pages.ts';

interface Deps {
  readonly verifyingAddress: VerifyingAddress;
  readonly sessions: Sessions;
  readonly pages: Pages;
}

const verifyForm = z.strictObject({ takeOver: z.literal('yes').optional() });

/** Where the link of a mail leads that asks whether an address is somebody's. Looking changes nothing, and nobody is signed in by it. */
export function createVerifyPages({ verifyingAddress, sessions, pages }: Deps): Router<AppState> {
  const router = new Router<AppState>({ prefix: '/verify' });

  router.get('/:token', async (ctx) => {
    await show(ctx, await verifyingAddress.require(ctx.params.token ?? ''));
  });

  router.post('/:token', async (ctx) => {
    const token = ctx.params.token ?? '';
    const { takeOver } = await readForm(ctx, verifyForm);
    const linked = await verifyingAddress.require(token);
    const device = describeBrowser(ctx.get('user-agent'));
    if ((await findWay(ctx, linked)) === 'here') {
      await verifyingAddress.byLink(token, device);
      finish(ctx, 'email-verified');
    } else if (takeOver) {
      await verifyingAddress.takeOver(token, device);
      const { account, organization } = linked;
      pages.send(ctx, 'address-taken-over', { organizationName: organization.name, email: account.email });
    } else await show(ctx, linked);
  });

  async function show(ctx: AppContext, linked: LinkedAddress): Promise<void> {
    const { account, organization, at, device } = linked;
    const about = { organizationName: organization.name, path: ctx.path, email: account.email, at, device };
    pages.send(ctx, 'verify-address', { ...about, way: await findWay(ctx, linked) });
  }

  /** Whether this browser is signed in to the account that the address is of. */
  async function findWay(ctx: AppContext, { account }: LinkedAddress): Promise<ViewModels['verify-address']['way']> {
    const person = await sessions.find(ctx);
    if (person?.stored.id === account.id) return 'here';
    return account.role === 'administrator' ? 'only-there' : 'elsewhere';
  }

  return router;
}
