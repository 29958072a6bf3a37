import type Router from '@koa/router';
import { z } from 'zod';
import { AppError } from '../../lib/app-error.ts';
import type { Confirmation, Intent } from '../../sign-in/confirmation.ts';
import { minimumPasswordLength, needsCurrentPassword, type PasswordChange } from '../../sign-in/password-change.ts';
import type { AppContext, AppState } from '../app-context.ts';
import type { KnownBrowsers } from '../known-browser.ts';
import { readForm } from '../middleware/body.ts';
import { requireCsrf, type SignedIn } from '../session.ts';
import { readSource } from '../source.ts';
import { type AccountVisits, describeShell, type FormRefusal, finish, text, toFormRefusal } from './account-visits.ts';
import type { Pages } from './pages.ts';

interface Deps {
  readonly visits: AccountVisits;
  readonly passwordChange: PasswordChange;
  readonly knownBrowsers: KnownBrowsers;
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
export function addPasswordPages(router: Router<AppState>, deps: Deps): void {
  const { visits, passwordChange, knownBrowsers, pages } = deps;

  router.get(
    '/password',
    visits.confirmed(setting, (ctx, person, confirmation) => send(ctx, person, { confirmation })),
  );

  router.post(
    '/password',
    visits.confirmed(setting, async (ctx, person, confirmation) => {
      const { csrf, current, password } = await readForm(ctx, passwordForm);
      requireCsrf(person, csrf);
      const { stored: account, organization, sessionUid } = person;
      const source = readSource(ctx, knownBrowsers);
      try {
        await passwordChange.change({ account, organization, confirmation, current, password, sessionUid, source });
        finish(ctx, 'password-set');
      } catch (error) {
        send(ctx, person, { confirmation, refusal: toFormRefusal(error) });
      }
    }),
  );

  function send(
    ctx: AppContext,
    person: SignedIn,
    { confirmation, refusal }: { readonly confirmation: Confirmation; readonly refusal?: FormRefusal },
  ): void {
    const model = {
      ...describeShell(person, refusal?.notice),
      isNew: person.stored.password === undefined,
      askCurrent: needsCurrentPassword(person.stored, confirmation),
      minimumLength: minimumPasswordLength(person.organization.policy),
    };
    pages.send(ctx, 'password-change', model, refusal?.status);
  }
}

/** A password that a passkey has replaced comes back by policy only. */
function setting(_ctx: AppContext, { organization, stored }: SignedIn): Intent {
  const isOff = organization.policy.password === 'off' || stored.password?.switchedOffAt !== undefined;
  if (isOff) throw new AppError('method_not_offered');
  return { purpose: stored.password ? 'change-password' : 'set-password' };
}
