import type Router from '@koa/router';
import { z } from 'zod';
import { AppError } from '../../lib/app-error.ts';
import type { Notices } from '../../notices/notices.ts';
import type { PasskeyOwners } from '../../passkeys/passkey-owners.ts';
import type { Passkeys } from '../../passkeys/passkeys.ts';
import type { ConfirmationPurpose, Confirmations, Intent } from '../../sign-in/confirmation.ts';
import type { InvitingDevice } from '../../sign-in/inviting-device.ts';
import type { PasskeyOffers } from '../../sign-in/passkey-offers.ts';
import type { Removals } from '../../sign-in/removals.ts';
import { hasWayIn } from '../../sign-in/ways-in.ts';
import { findPasskeyHere } from '../answered-here.ts';
import type { AppContext, AppState } from '../app-context.ts';
import type { KnownBrowsers } from '../known-browser.ts';
import { readForm, readJson } from '../middleware/body.ts';
import { requireCsrf, type SignedIn } from '../session.ts';
import { describeNotice } from '../source.ts';
import {
  type AccountVisits,
  csrfForm,
  describeShell,
  finish,
  redirect,
  text,
  toDonePath,
  toFormRefusal,
} from './account-visits.ts';
import type { Pages } from './pages.ts';
import { type SecurityPage, toRow } from './security-page.ts';

interface Deps {
  readonly visits: AccountVisits;
  readonly securityPage: SecurityPage;
  readonly confirmations: Confirmations;
  readonly removals: Removals;
  readonly invitingDevice: InvitingDevice;
  readonly passkeys: Passkeys;
  readonly passkeyOwners: PasskeyOwners;
  readonly passkeyOffers: PasskeyOffers;
  readonly knownBrowsers: KnownBrowsers;
  readonly notices: Notices;
  readonly pages: Pages;
}

const place = z.enum(['this-device', 'phone', 'security-key', 'not-sure']).optional();
const optionsJson = z.strictObject({ csrf: text, where: place, name: text.optional() });
const registrationJson = optionsJson.extend({ response: z.unknown() });
const declineForm = csrfForm.extend({ never: z.literal('yes').optional() });
const renameForm = z.strictObject({ csrf: text, name: text });

/** A person's own passkeys: added, named, deleted. */
export function addPasskeyPages(router: Router<AppState>, deps: Deps): void {
  const { visits, securityPage, confirmations, removals, invitingDevice, knownBrowsers, notices, pages } = deps;
  const { passkeys, passkeyOwners, passkeyOffers } = deps;
  const renaming = onOwn('rename-passkey');
  const deleting = onOwn('delete-passkey');

  /** Of the passkey that the address names. */
  function onOwn(purpose: ConfirmationPurpose) {
    return async (ctx: AppContext, { stored }: SignedIn): Promise<Intent> => {
      const { id } = await passkeys.requireOwn(stored.id, ctx.params.passkey);
      return { purpose, target: id };
    };
  }

  router.get(
    '/passkeys/add',
    visits.confirmed(adding, (ctx, person) => {
      const { namePasskey: naming } = person.organization.policy;
      const otherDevice = invitingDevice.isOffered(person);
      pages.send(ctx, 'passkey-add', { ...describeShell(person), naming, name: '', otherDevice });
    }),
  );

  router.post(
    '/passkeys/options',
    visits.confirmedScript(adding, async (ctx, person) => {
      const { csrf, where } = await readJson(ctx, optionsJson);
      requireCsrf(person, csrf);
      ctx.body = await passkeys.startRegistration({
        binding: person.sessionUid,
        account: await passkeyOwners.describe(person.stored),
        organizationName: person.organization.name,
        where: where === 'not-sure' ? undefined : where,
      });
    }),
  );

  router.post(
    '/passkeys',
    visits.confirmedScript(adding, async (ctx, person, confirmation) => {
      const { csrf, name, response } = await readJson(ctx, registrationJson);
      requireCsrf(person, csrf);
      const { id, name: passkeyName } = await passkeys.finishRegistration({
        binding: person.sessionUid,
        accountId: person.stored.id,
        response,
        name,
        userAgent: ctx.get('user-agent'),
      });
      await notices.tell({ type: 'passkey-added', passkeyName }, { ...describeNotice(ctx, person), target: id });
      await confirmations.extend(person, confirmation, { purpose: 'rename-passkey', target: id });
      const { id: accountId, email, profile } = person.stored;
      knownBrowsers.remember(ctx, { id: accountId, email, name: profile.name }, findPasskeyHere(response));
      const location =
        name === undefined ? `/account/passkeys/${id}/rename?fresh=yes` : toDonePath('passkey-added', id);
      ctx.body = { location, signals: await passkeyOwners.signals(person.stored) };
    }),
  );

  router.post(
    '/passkeys/offer',
    visits.signedIn(async (ctx, person) => {
      const { csrf, never } = await readForm(ctx, declineForm);
      requireCsrf(person, csrf);
      await passkeyOffers.decline(person.stored, never === 'yes');
      redirect(ctx, '/account');
    }),
  );

  router.get(
    '/passkeys/:passkey/rename',
    visits.confirmed(renaming, async (ctx, person) => {
      const passkey = toRow(await passkeys.requireOwn(person.stored.id, ctx.params.passkey));
      const fresh = ctx.query.fresh === 'yes';
      const notice = fresh ? ({ tone: 'success', event: 'passkey-added' } as const) : undefined;
      pages.send(ctx, 'passkey-rename', { ...describeShell(person, notice), passkey, fresh });
    }),
  );

  router.post(
    '/passkeys/:passkey/rename',
    visits.confirmed(renaming, async (ctx, person) => {
      const { csrf, name } = await readForm(ctx, renameForm);
      requireCsrf(person, csrf);
      const passkey = await passkeys.requireOwn(person.stored.id, ctx.params.passkey);
      try {
        const passkeyName = await passkeys.rename(person.stored.id, passkey.id, name);
        const renamed = { type: 'passkey-renamed', passkeyName, formerName: passkey.name } as const;
        if (passkeyName !== passkey.name) await notices.tell(renamed, describeNotice(ctx, person));
        finish(ctx, 'passkey-renamed', passkey.id);
      } catch (error) {
        const { notice, status } = toFormRefusal(error);
        const model = { ...describeShell(person, notice), passkey: toRow(passkey), fresh: false };
        pages.send(ctx, 'passkey-rename', model, status);
      }
    }),
  );

  const showDeletion = visits.confirmed(deleting, async (ctx, person) => {
    const passkey = toRow(await passkeys.requireOwn(person.stored.id, ctx.params.passkey));
    const last = (await passkeys.list(person.stored.id)).length === 1;
    pages.send(ctx, 'passkey-delete', { ...describeShell(person), passkey, last });
  });
  router.get(
    '/passkeys/:passkey/delete',
    visits.signedIn(async (ctx, person) => {
      // The only way in is refused before anything is to be confirmed.
      if (!isOnlyWayIn(person, ctx.params.passkey)) await showDeletion(ctx);
      else await securityPage.send(ctx, person, toFormRefusal(new AppError('last_way_in')));
    }),
  );

  router.post(
    '/passkeys/:passkey/delete',
    visits.confirmed(deleting, async (ctx, person) => {
      const { csrf } = await readForm(ctx, csrfForm);
      requireCsrf(person, csrf);
      const { id, name: passkeyName } = await passkeys.requireOwn(person.stored.id, ctx.params.passkey);
      try {
        await removals.inTurn(person.stored.id, async (found) => {
          await confirmations.spend(person, { purpose: 'delete-passkey', target: id });
          if (isOnlyWayIn(found, id)) throw new AppError('last_way_in');
          const keepOne = !hasWayIn({ ...found.account, passkeys: [] }, found.policy); // should this outlast its turn
          await passkeys.remove(person.stored.id, id, { keepOne });
        });
        await notices.tell({ type: 'passkey-removed', passkeyName }, { ...describeNotice(ctx, person), target: id });
        finish(ctx, 'passkey-deleted');
      } catch (error) {
        await securityPage.send(ctx, person, toFormRefusal(error));
      }
    }),
  );
}

/** Whether nobody could get in without that passkey who gets in now. */
function isOnlyWayIn(
  { account, organization }: Pick<SignedIn, 'account' | 'organization'>,
  passkey: string | undefined,
): boolean {
  const passkeys = account.passkeys.filter(({ id }) => id !== passkey);
  return passkeys.length < account.passkeys.length && !hasWayIn({ ...account, passkeys }, organization.policy);
}

/** Refuses whoever's organization uses no passkeys. */
export function adding(_ctx: AppContext, { organization }: SignedIn): Intent {
  if (organization.policy.passkey === 'off') throw new AppError('method_not_offered');
  return { purpose: 'add-passkey' };
}
