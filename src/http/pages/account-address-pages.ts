import type Router from '@koa/router';
import { AppError } from '../../lib/app-error.ts';
import { CHANGING_ADDRESS, type ChangingAddress } from '../../sign-in/changing-address.ts';
import type { Intent } from '../../sign-in/confirmation.ts';
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
import { toIntentPage } from './intent-addresses.ts';
import type { Pages } from './pages.ts';

interface Deps {
  readonly visits: AccountVisits;
  readonly changingAddress: ChangingAddress;
  readonly knownBrowsers: KnownBrowsers;
  readonly pages: Pages;
}

const PATH = toIntentPage(CHANGING_ADDRESS);
const addressForm = csrfForm.extend({ email: text });
const codeForm = csrfForm.extend({ code: text });

/** Where a person gives their account another e-mail address. */
export function addAddressPages(router: Router<AppState>, deps: Deps): void {
  const { visits, changingAddress, knownBrowsers, pages } = deps;

  router.get(
    '/email/change',
    visits.confirmed(changing, (ctx, person) => show(ctx, person)),
  );

  router.post(
    '/email/change',
    visits.confirmed(changing, async (ctx, person) => {
      const { csrf, email } = await readForm(ctx, addressForm);
      requireCsrf(person, csrf);
      try {
        await changingAddress.sendCode(person, email, readSource(ctx, knownBrowsers));
        redirect(ctx, PATH);
      } catch (error) {
        await show(ctx, person, toFormRefusal(error));
      }
    }),
  );

  // Whoever reloads or types the address of this form sees the page that it is on.
  router.get('/email/change/code', (ctx) => redirect(ctx, PATH));
  router.post(
    '/email/change/code',
    visits.confirmed(changing, async (ctx, person) => {
      const { csrf, code } = await readForm(ctx, codeForm);
      requireCsrf(person, csrf);
      try {
        const device = readSource(ctx, knownBrowsers).description;
        const { id, email, profile } = await changingAddress.byCode(person, { code, device });
        knownBrowsers.remember(ctx, { id, email, name: profile.name });
        finish(ctx, 'address-changed');
      } catch (error) {
        await show(ctx, person, toFormRefusal(error));
      }
    }),
  );

  /** The page that asks for what is missing: the address, then the code that was sent there. */
  async function show(ctx: AppContext, person: SignedIn, refusal?: FormRefusal): Promise<void> {
    const shell = describeShell(person, refusal?.notice);
    const pending = ctx.query.other === 'yes' ? undefined : await changingAddress.findPending(person);
    if (pending) pages.send(ctx, 'address-code', { ...shell, newEmail: pending.email }, refusal?.status);
    else pages.send(ctx, 'address-change', shell, refusal?.status);
  }
}

/** Whose sign-in is another provider's has the address from there. */
function changing(_ctx: AppContext, { organization }: SignedIn): Intent {
  if (organization.policy.sso?.required) throw new AppError('method_not_offered');
  return CHANGING_ADDRESS;
}
