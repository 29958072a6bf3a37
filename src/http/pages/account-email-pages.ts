import type Router from '@koa/router';
import type { VerifyingAddress } from '../../sign-in/verifying-address.ts';
import type { AppContext, AppState } from '../app-context.ts';
import type { KnownBrowsers } from '../known-browser.ts';
import { readForm } from '../middleware/body.ts';
import { requireCsrf, type SignedIn } from '../session.ts';
import { readSource } from '../source.ts';
import {
  type AccountVisits,
  csrfForm,
  describeShell,
  type FormRefusal,
  finish,
  redirect,
  text,
  toFormRefusal,
} from './account-visits.ts';
import type { Pages } from './pages.ts';

interface Deps {
  readonly visits: AccountVisits;
  readonly verifyingAddress: VerifyingAddress;
  readonly knownBrowsers: KnownBrowsers;
  readonly pages: Pages;
}

const codeForm = csrfForm.extend({ code: text });

/** Where a person shows that the address of their account is theirs. */
export function addEmailPages(router: Router<AppState>, deps: Deps): void {
  const { visits, verifyingAddress, knownBrowsers, pages } = deps;

  router.get(
    '/email',
    visits.signedIn((ctx, person) => show(ctx, person, { isSent: ctx.query.sent === 'yes' })),
  );

  router.post(
    '/email/send',
    visits.signedIn(async (ctx, person) => {
      const { csrf } = await readForm(ctx, csrfForm);
      requireCsrf(person, csrf);
      if (!person.stored.emailVerified) await verifyingAddress.send(person, readSource(ctx, knownBrowsers));
      redirect(ctx, '/account/email?sent=yes');
    }),
  );

  router.post(
    '/email',
    visits.signedIn(async (ctx, person) => {
      const { csrf, code } = await readForm(ctx, codeForm);
      requireCsrf(person, csrf);
      try {
        await verifyingAddress.byCode(person, { code, device: readSource(ctx, knownBrowsers).description });
        finish(ctx, 'email-verified');
      } catch (error) {
        show(ctx, person, { isSent: true, refusal: toFormRefusal(error) });
      }
    }),
  );

  function show(
    ctx: AppContext,
    person: SignedIn,
    { isSent, refusal }: { readonly isSent: boolean; readonly refusal?: FormRefusal },
  ): void {
    if (person.stored.emailVerified) redirect(ctx, '/account');
    else pages.send(ctx, 'email', { ...describeShell(person, refusal?.notice), isSent }, refusal?.status);
  }
}
