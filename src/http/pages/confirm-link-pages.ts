import Router from '@koa/router';
import { z } from 'zod';
import type { Passkeys } from '../../passkeys/passkeys.ts';
import { nameIntent } from '../../sign-in/confirmation.ts';
import type { ConfirmationMails } from '../../sign-in/confirmation-mails.ts';
import type { Confirming } from '../../sign-in/confirming.ts';
import type { AppState } from '../app-context.ts';
import { readForm } from '../middleware/body.ts';
import type { Sessions } from '../session.ts';
import { redirect } from './account-visits.ts';
import { toIntentPage } from './intent-addresses.ts';
import type { Pages } from './pages.ts';

interface Deps {
  readonly confirmationMails: ConfirmationMails;
  readonly confirming: Confirming;
  readonly passkeys: Passkeys;
  readonly sessions: Sessions;
  readonly pages: Pages;
}

const emptyForm = z.strictObject({});

/**
 * Where a mailed link leads that confirms a change. It may be opened in any browser, and nobody is signed in by it: what it confirms counts
 * in the session that asked for it.
 */
export function createConfirmLinkPages(deps: Deps): Router<AppState> {
  const { confirmationMails, confirming, passkeys, sessions, pages } = deps;
  const router = new Router<AppState>({ prefix: '/confirm' });

  router.get('/:token', async (ctx) => {
    const { account, organization, intent, at, device } = await confirmationMails.require(ctx.params.token ?? '');
    const { purpose, target } = intent;
    const name = target === undefined ? undefined : (await passkeys.requireOwn(account.id, target)).name;
    const about = { email: account.email, purpose, name, at, device };
    pages.send(ctx, 'confirm-link', { organizationName: organization.name, path: ctx.path, ...about });
  });

  router.post('/:token', async (ctx) => {
    await readForm(ctx, emptyForm);
    const { organization, intent, binding } = await confirmationMails.press(ctx.params.token ?? '');
    const person = await sessions.find(ctx);
    if (!person || nameIntent(person, intent) !== binding)
      return pages.send(ctx, 'confirm-link-done', { organizationName: organization.name });
    await confirming.byEmailLink(person, intent);
    redirect(ctx, toIntentPage(intent));
  });

  return router;
}
