import type Router from '@koa/router';
import { z } from 'zod';
import type { ConfirmationMethod } from '../../organizations/policy.ts';
import type { PasskeyOwners } from '../../passkeys/passkey-owners.ts';
import type { Passkeys } from '../../passkeys/passkeys.ts';
import type { Confirmations, Intent } from '../../sign-in/confirmation.ts';
import type { Confirming } from '../../sign-in/confirming.ts';
import type { Source } from '../../sign-in/source.ts';
import type { AppContext, AppState } from '../app-context.ts';
import type { KnownBrowsers } from '../known-browser.ts';
import { readForm, readJson } from '../middleware/body.ts';
import { requireCsrf, type SignedIn } from '../session.ts';
import { readSource } from '../source.ts';
import {
  type AccountVisits,
  csrfForm,
  describeShell,
  type FormRefusal,
  redirect,
  sendToSignIn,
  text,
  toFormRefusal,
} from './account-visits.ts';
import { readIntent, toConfirmPath, toIntentPage, toIntentQuery } from './intent-addresses.ts';
import type { Pages } from './pages.ts';

interface Deps {
  readonly visits: AccountVisits;
  readonly confirmations: Confirmations;
  readonly confirming: Confirming;
  readonly passkeys: Passkeys;
  readonly passkeyOwners: PasskeyOwners;
  readonly knownBrowsers: KnownBrowsers;
  readonly pages: Pages;
}

/** A form on the page for one method. */
interface MethodForm<Form> {
  readonly method: Exclude<ConfirmationMethod, 'passkey'>;
  readonly schema: z.ZodType<Form>;
  submit(person: SignedIn, intent: Intent, form: Form & { readonly source: Source }): Promise<void>;
  /** Where it leads when nothing was wrong; without it, to the page that wants the confirmation. */
  toNext?(intent: Intent): string;
}

const passwordForm = csrfForm.extend({ password: z.string().max(8192), username: text.optional() });
const codeForm = csrfForm.extend({ code: text });
const passkeyJson = csrfForm.extend({ response: z.unknown() });

/** Where a signed-in person confirms that it is they, before one of their credentials changes. It leads back to the page for that. */
export function addConfirmPages(router: Router<AppState>, deps: Deps): void {
  const { visits, confirmations, confirming, passkeys, passkeyOwners, knownBrowsers, pages } = deps;

  router.get(
    '/confirm',
    visits.signedIn(async (ctx, person) => {
      const intent = await requireIntent(ctx, person);
      if (await confirmations.find(person, intent)) redirect(ctx, toIntentPage(intent));
      else await ask(ctx, person, { method: ctx.query.method });
    }, findPath),
  );

  onSubmit('/confirm/password', {
    method: 'password',
    schema: passwordForm,
    submit: (person, intent, form) => confirming.byPassword(person, intent, form),
  });
  onSubmit('/confirm/totp', {
    method: 'totp',
    schema: codeForm,
    submit: (person, intent, form) => confirming.byTotp(person, intent, form),
  });
  onSubmit('/confirm/email-code', {
    method: 'email-code',
    schema: codeForm,
    submit: (person, intent, form) => confirming.byEmailCode(person, intent, form),
  });
  onSubmit('/confirm/email-link', {
    method: 'email-link',
    schema: csrfForm,
    submit: (person, intent) => confirming.byEmailLink(person, intent),
  });
  for (const method of ['email-code', 'email-link'] as const) {
    onSubmit(`/confirm/${method}/send`, {
      method,
      schema: csrfForm,
      submit: (person, intent, { source }) => confirming.sendEmail(person, intent, { method, source }),
      toNext: (intent) => `${toConfirmPath(intent)}&method=${method}&sent=yes`,
    });
  }

  router.post(
    '/confirm/passkey/options',
    visits.signedInScript(async (ctx, person) => {
      const { csrf } = await readJson(ctx, csrfForm);
      requireCsrf(person, csrf);
      ctx.body = await confirming.startPasskey(person, await requireIntent(ctx, person));
    }),
  );

  router.post(
    '/confirm/passkey',
    visits.signedInScript(async (ctx, person) => {
      const { csrf, response } = await readJson(ctx, passkeyJson);
      requireCsrf(person, csrf);
      const intent = await requireIntent(ctx, person);
      await confirming.byPasskey(person, intent, { response, source: readSource(ctx, knownBrowsers) });
      ctx.body = { location: toIntentPage(intent), signals: await passkeyOwners.signals(person.stored) };
    }),
  );

  /** A refusal is shown on the same page. */
  function onSubmit<Form extends { readonly csrf: string }>(path: string, form: MethodForm<Form>): void {
    const { method, schema, submit, toNext = toIntentPage } = form;
    // Whoever reloads or types the address of a form sees the page that the form is on.
    router.get(path, (ctx) => redirect(ctx, `${toConfirmPath(readIntent(ctx))}&method=${method}`));
    router.post(
      path,
      visits.signedIn(async (ctx, person) => {
        const fields = await readForm(ctx, schema);
        requireCsrf(person, fields.csrf);
        const intent = await requireIntent(ctx, person);
        try {
          await submit(person, intent, { ...fields, source: readSource(ctx, knownBrowsers) });
          redirect(ctx, toNext(intent));
        } catch (error) {
          await ask(ctx, person, { method, refusal: toFormRefusal(error) });
        }
      }, findPath),
    );
  }

  /** The page that asks for a method; where the person has none, they sign in once more. */
  async function ask(
    ctx: AppContext,
    person: SignedIn,
    { method, refusal }: { readonly method: unknown; readonly refusal?: FormRefusal },
  ): Promise<void> {
    const { name, ...intent } = await requireIntent(ctx, person);
    const methods = confirming.listMethods(person);
    const chosen = methods.find((one) => one === method) ?? methods[0];
    if (chosen) {
      const about = { purpose: intent.purpose, name, query: toIntentQuery(intent) };
      const otherMethods = methods.filter((one) => one !== chosen);
      const asked = { method: chosen, isSent: ctx.query.sent === 'yes', otherMethods };
      pages.send(ctx, 'confirm', { ...describeShell(person, refusal?.notice), ...about, ...asked }, refusal?.status);
    } else if (await confirming.bySignIn(person, intent)) redirect(ctx, toIntentPage(intent));
    else sendToSignIn(ctx, toIntentPage(intent), 'login');
  }

  /** What the address says is to be confirmed, with the name of the passkey that it is about. */
  async function requireIntent(ctx: AppContext, { stored }: SignedIn): Promise<Intent & { readonly name?: string }> {
    const intent = readIntent(ctx);
    if (intent.target === undefined) return intent;
    const { name } = await passkeys.requireOwn(stored.id, intent.target);
    return { ...intent, name };
  }
}

function findPath(ctx: AppContext): string {
  return toIntentPage(readIntent(ctx));
}
