import type Router from '@koa/router';
import { z } from 'zod';
import { AppError } from '../../lib/app-error.ts';
import { minimumPasswordLength, type PasswordChange } from '../../sign-in/password-change.ts';
import type { AppContext, AppState } from '../app-context.ts';
import { readForm } from '../middleware/body.ts';
import { requireCsrf, type SignedIn } from '../session.ts';
import { type AccountVisits, describeShell, finish, text, toFormRefusal } from './account-visits.ts';
import type { Pages } from './pages.ts';

interface Deps {
  readonly visits: AccountVisits;
  readonly passwordChange: PasswordChange;
  readonly pages: Pages;
}

/** More than any password, so that one that is too long is told so. */
const secret = z.string().max(8192);
const passwordForm = z.strictObject({
  csrf: text,
  current: secret.optional(),
  password: secret,
  username: text.optional(),
});

/** A person's own password: set and changed. */
export function addPasswordPages(router: Router<AppState>, { visits, passwordChange, pages }: Deps): void {
  router.get(
    '/password',
    visits.confirmed((ctx, person) => {
      requireOffered(person);
      send(ctx, person);
    }),
  );

  router.post(
    '/password',
    visits.confirmed(async (ctx, person) => {
      requireOffered(person);
      const { csrf, current, password } = await readForm(ctx, passwordForm);
      requireCsrf(person, csrf);
      const { stored: account, organization, sessionUid } = person;
      const sourceAddress = ctx.state.clientAddress;
      try {
        await passwordChange.change({ account, organization, current, password, sessionUid, sourceAddress });
        finish(ctx, 'password-set');
      } catch (error) {
        send(ctx, person, toFormRefusal(error));
      }
    }),
  );

  function send(ctx: AppContext, person: SignedIn, refusal?: ReturnType<typeof toFormRefusal>): void {
    const askCurrent = person.account.passwordSetAt !== undefined;
    const minimumLength = minimumPasswordLength(person.organization.policy);
    const model = { ...describeShell(person, refusal?.notice), askCurrent, minimumLength };
    pages.send(ctx, 'password-change', model, refusal?.status);
  }
}

/** A password that a passkey has replaced comes back by policy only. */
function requireOffered({ organization, stored }: SignedIn): void {
  const isOff = organization.policy.password === 'off' || stored.password?.switchedOffAt !== undefined;
  if (isOff) throw new AppError('method_not_offered');
}
