import type Router from '@koa/router';
import { z } from 'zod';
import { AppError } from '../../lib/app-error.ts';
import type { PasskeyId } from '../../lib/ids.ts';
import type { PasskeyOwners } from '../../passkeys/passkey-owners.ts';
import type { Passkey } from '../../passkeys/passkey-store.ts';
import type { Passkeys } from '../../passkeys/passkeys.ts';
import type { AppState } from '../app-context.ts';
import { readForm, readJson } from '../middleware/body.ts';
import { requireCsrf, type SignedIn } from '../session.ts';
import { type AccountVisits, csrfForm, describeShell, finish, text, toFormRefusal } from './account-visits.ts';
import type { Pages } from './pages.ts';
import { type SecurityPage, toRow } from './security-page.ts';

interface Deps {
  readonly visits: AccountVisits;
  readonly securityPage: SecurityPage;
  readonly passkeys: Passkeys;
  readonly passkeyOwners: PasskeyOwners;
  readonly pages: Pages;
}

const place = z.enum(['this-device', 'phone', 'security-key']).optional();
const optionsJson = z.strictObject({ csrf: text, where: place, name: text.optional() });
const registrationJson = optionsJson.extend({ response: z.unknown() });
const renameForm = z.strictObject({ csrf: text, name: text });

/** A person's own passkeys: added, named, deleted. */
export function addPasskeyPages(router: Router<AppState>, deps: Deps): void {
  const { visits, securityPage, passkeys, passkeyOwners, pages } = deps;

  router.get(
    '/passkeys/add',
    visits.confirmed((ctx, person) => {
      requireOffered(person);
      const naming = person.organization.policy.namePasskey;
      pages.send(ctx, 'passkey-add', { ...describeShell(person), naming, name: '' });
    }),
  );

  router.post(
    '/passkeys/options',
    visits.confirmedScript(async (ctx, person) => {
      requireOffered(person);
      const { csrf, where } = await readJson(ctx, optionsJson);
      requireCsrf(person, csrf);
      const { options } = await passkeys.startRegistration({
        binding: person.sessionUid,
        account: await passkeyOwners.describe(person.stored),
        organizationName: person.organization.name,
        where,
      });
      ctx.body = options;
    }),
  );

  router.post(
    '/passkeys',
    visits.confirmedScript(async (ctx, person) => {
      requireOffered(person);
      const { csrf, name, response } = await readJson(ctx, registrationJson);
      requireCsrf(person, csrf);
      const { id } = await passkeys.finishRegistration({
        binding: person.sessionUid,
        accountId: person.stored.id,
        response,
        name,
        userAgent: ctx.get('user-agent'),
      });
      const location = name === undefined ? `/account/passkeys/${id}/rename?fresh=yes` : '/account?done=passkey-added';
      ctx.body = { location, signals: await passkeyOwners.signals(person.stored) };
    }),
  );

  router.get(
    '/passkeys/:passkey/rename',
    visits.confirmed(async (ctx, person) => {
      const passkey = toRow(await requireOwn(person, ctx.params.passkey));
      pages.send(ctx, 'passkey-rename', { ...describeShell(person), passkey, fresh: ctx.query.fresh === 'yes' });
    }),
  );

  router.post(
    '/passkeys/:passkey/rename',
    visits.confirmed(async (ctx, person) => {
      const { csrf, name } = await readForm(ctx, renameForm);
      requireCsrf(person, csrf);
      const passkey = await requireOwn(person, ctx.params.passkey);
      try {
        await passkeys.rename(person.stored.id, passkey.id, name);
        finish(ctx, 'passkey-renamed');
      } catch (error) {
        const { notice, status } = toFormRefusal(error);
        const model = { ...describeShell(person, notice), passkey: toRow(passkey), fresh: false };
        pages.send(ctx, 'passkey-rename', model, status);
      }
    }),
  );

  router.get(
    '/passkeys/:passkey/delete',
    visits.confirmed(async (ctx, person) => {
      const passkey = toRow(await requireOwn(person, ctx.params.passkey));
      pages.send(ctx, 'passkey-delete', { ...describeShell(person), passkey });
    }),
  );

  router.post(
    '/passkeys/:passkey/delete',
    visits.confirmed(async (ctx, person) => {
      const { csrf } = await readForm(ctx, csrfForm);
      requireCsrf(person, csrf);
      const { id } = await requireOwn(person, ctx.params.passkey);
      const { policy } = person.organization;
      const hasPassword = policy.password !== 'off' && person.account.passwordSetAt !== undefined;
      try {
        await passkeys.remove(person.stored.id, id, { keepOne: !hasPassword });
        finish(ctx, 'passkey-deleted');
      } catch (error) {
        await securityPage.send(ctx, person, toFormRefusal(error));
      }
    }),
  );

  async function requireOwn(person: SignedIn, id: string | undefined): Promise<Passkey> {
    const own = await passkeys.list(person.stored.id);
    const passkey = own.find((one) => one.id === (id as PasskeyId)); // compared with real ids only
    if (!passkey) throw new AppError('passkey_not_found');
    return passkey;
  }
}

function requireOffered({ organization }: SignedIn): void {
  if (organization.policy.passkey === 'off') throw new AppError('method_not_offered');
}
