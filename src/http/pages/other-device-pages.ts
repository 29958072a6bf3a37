import Router from '@koa/router';
import { z } from 'zod';
import { maskEmail } from '../../accounts/mask-email.ts';
import { AppError } from '../../lib/app-error.ts';
import { describeBrowser } from '../../passkeys/describe-browser.ts';
import type { PasskeyOwners } from '../../passkeys/passkey-owners.ts';
import { ADDING_PASSKEY, type Confirmer } from '../../sign-in/confirmation.ts';
import type { Confirming } from '../../sign-in/confirming.ts';
import type { JoiningDevice } from '../../sign-in/joining-device.ts';
import type { OtherDeviceFlow } from '../../sign-in/other-device-flows.ts';
import type { Source } from '../../sign-in/source.ts';
import type { AppContext, AppState } from '../app-context.ts';
import type { DeviceBinding, DeviceBindings } from '../device-bindings.ts';
import type { KnownBrowsers } from '../known-browser.ts';
import { readForm, readJson } from '../middleware/body.ts';
import { requireCsrf } from '../session.ts';
import { readSource } from '../source.ts';
import { csrfForm, type FormRefusal, redirect, text, toFormRefusal } from './account-visits.ts';
import { toIntentQuery } from './intent-addresses.ts';
import type { Pages } from './pages.ts';

interface Deps {
  readonly joiningDevice: JoiningDevice;
  readonly confirming: Confirming;
  readonly passkeyOwners: PasskeyOwners;
  readonly deviceBindings: DeviceBindings;
  readonly knownBrowsers: KnownBrowsers;
  readonly pages: Pages;
}

/** A browser that went on from the link, and how far it is. */
interface Joined {
  readonly binding: DeviceBinding;
  readonly flow: OtherDeviceFlow;
}

interface Answer {
  readonly code: string;
  readonly password: string;
  readonly source: Source;
}

type Submit = (person: Confirmer, answer: Answer) => Promise<void>;

const emptyForm = z.strictObject({});
const answerForm = csrfForm.extend({ code: text.default(''), password: z.string().max(8192).default('') });
const passkeyJson = csrfForm.extend({ response: z.unknown() });
const registrationJson = csrfForm.extend({ response: z.unknown(), name: text.optional() });
const optionsJson = csrfForm.extend({ name: text.optional() });
const QUERY = toIntentQuery(ADDING_PASSKEY);

/**
 * Where the link for another device leads: whose account it is, proof that it is they, the passkey, and the number to compare. Nobody is
 * signed in by it, and whoever is signed in to this browser already plays no part.
 */
export function createOtherDevicePages(deps: Deps): Router<AppState> {
  const { joiningDevice, confirming, passkeyOwners, deviceBindings, knownBrowsers, pages } = deps;
  const router = new Router<AppState>({ prefix: '/other-device' });

  router.get('/:token', async (ctx) => {
    const { flow, binding } = await find(ctx);
    if (!flow.joined || !binding) return showLink(ctx, flow);
    if (flow.state !== 'opened') return showOutcome(ctx, flow);
    if (!(await joiningDevice.isConfirmed(flow))) return redirect(ctx, toPath(ctx, '/confirm'));
    const { stored, organization } = flow.found;
    const naming = organization.policy.namePasskey;
    const about = { path: toPath(ctx), csrf: binding.csrf, email: stored.email, naming };
    pages.send(ctx, 'other-device-passkey', { organizationName: organization.name, ...about });
  });

  router.get('/:token/state', async (ctx) => {
    ctx.body = { state: (await find(ctx)).flow.state };
  });

  router.post('/:token', async (ctx) => {
    await readForm(ctx, emptyForm);
    await find(ctx); // a browser that may not go on gets no cookie
    const { secret } = deviceBindings.give(ctx);
    await joiningDevice.join({ token: readToken(ctx), secret }, describeBrowser(ctx.get('user-agent')));
    redirect(ctx, toPath(ctx));
  });

  router.get('/:token/confirm', async (ctx) => ask(ctx, await requireJoined(ctx), { method: ctx.query.method }));

  onSubmit('password', (person, answer) => confirming.byPassword(person, ADDING_PASSKEY, answer));
  onSubmit('totp', (person, answer) => confirming.byTotp(person, ADDING_PASSKEY, answer));
  onSubmit('email-code', (person, answer) => confirming.byEmailCode(person, ADDING_PASSKEY, answer));
  onSubmit('email-link', (person) => confirming.byEmailLink(person, ADDING_PASSKEY));
  for (const method of ['email-code', 'email-link'] as const) {
    const next = `/confirm${QUERY}&method=${method}&sent=yes`;
    onSubmit(method, (person, { source }) => confirming.sendEmail(person, ADDING_PASSKEY, { method, source }), {
      step: '/send',
      next,
    });
  }

  router.post('/:token/confirm/passkey/options', async (ctx) => {
    const { csrf } = await readJson(ctx, csrfForm);
    const { flow } = await requireJoined(ctx, csrf);
    ctx.body = await confirming.startPasskey(joiningDevice.toConfirmer(flow), ADDING_PASSKEY);
  });

  router.post('/:token/confirm/passkey', async (ctx) => {
    const { csrf, response } = await readJson(ctx, passkeyJson);
    const { flow } = await requireJoined(ctx, csrf);
    const source = readSource(ctx, knownBrowsers);
    await confirming.byPasskey(joiningDevice.toConfirmer(flow), ADDING_PASSKEY, { response, source });
    ctx.body = { location: toPath(ctx) };
  });

  router.post('/:token/passkey/options', async (ctx) => {
    const { csrf } = await readJson(ctx, optionsJson);
    const { binding } = await requireJoined(ctx, csrf);
    ctx.body = await joiningDevice.startPasskey({ token: readToken(ctx), secret: binding.secret });
  });

  router.post('/:token/passkey', async (ctx) => {
    const { csrf, ...answer } = await readJson(ctx, registrationJson);
    const { binding } = await requireJoined(ctx, csrf);
    const visit = { token: readToken(ctx), secret: binding.secret };
    await joiningDevice.finishPasskey(visit, { ...answer, userAgent: ctx.get('user-agent') });
    ctx.body = { location: toPath(ctx) };
  });

  return router;

  async function find(ctx: AppContext) {
    const binding = deviceBindings.find(ctx);
    const flow = await joiningDevice.require({ token: readToken(ctx), secret: binding?.secret });
    return { binding, flow };
  }

  /** With what a form brought, where there is one. */
  async function requireJoined(ctx: AppContext, csrf?: string): Promise<Joined> {
    const { binding, flow } = await find(ctx);
    if (!binding || !flow.joined) throw new AppError('step_finished');
    if (csrf !== undefined) requireCsrf(binding, csrf);
    return { binding, flow };
  }

  /** A form on the page for one method; a refusal is shown on the same page. */
  function onSubmit(
    method: 'password' | 'totp' | 'email-code' | 'email-link',
    submit: Submit,
    { step = '', next = '' }: { readonly step?: string; readonly next?: string } = {},
  ): void {
    const path = `/:token/confirm/${method}${step}`;
    router.get(path, (ctx) => redirect(ctx, toPath(ctx, `/confirm${QUERY}&method=${method}`)));
    router.post(path, async (ctx) => {
      const { csrf, ...answer } = await readForm(ctx, answerForm);
      const joined = await requireJoined(ctx, csrf);
      const person = joiningDevice.toConfirmer(joined.flow);
      try {
        await submit(person, { ...answer, source: readSource(ctx, knownBrowsers) });
        redirect(ctx, toPath(ctx, next));
      } catch (error) {
        await ask(ctx, joined, { method, refusal: toFormRefusal(error) });
      }
    });
  }

  async function ask(
    ctx: AppContext,
    { binding, flow }: Joined,
    { method, refusal }: { readonly method: unknown; readonly refusal?: FormRefusal },
  ): Promise<void> {
    if (flow.state !== 'opened' || (await joiningDevice.isConfirmed(flow))) return redirect(ctx, toPath(ctx));
    const methods = confirming.listMethods(joiningDevice.toConfirmer(flow));
    const chosen = methods.find((one) => one === method) ?? methods[0];
    if (!chosen) throw new AppError('method_not_offered');
    const model = {
      ...describeLink(ctx, flow),
      notice: refusal?.notice,
      csrf: binding.csrf,
      query: QUERY,
      method: chosen,
      isSent: ctx.query.sent === 'yes',
      otherMethods: methods.filter((one) => one !== chosen),
    };
    pages.send(ctx, 'other-device-confirm', model, refusal?.status);
  }

  function showLink(ctx: AppContext, flow: OtherDeviceFlow): void {
    const { startedAt: at, device } = flow;
    pages.send(ctx, 'other-device', { ...describeLink(ctx, flow), at, device });
  }

  /** Password managers are told of the passkey when it counts, or when it never will. */
  async function showOutcome(ctx: AppContext, flow: OtherDeviceFlow): Promise<void> {
    const { state, made, found } = flow;
    const isOver = state === 'refused' || state === 'expired';
    pages.send(ctx, 'other-device-outcome', {
      ...describeLink(ctx, flow),
      state,
      number: made?.number,
      signals: state === 'done' ? await passkeyOwners.signals(found.stored) : undefined,
      dropped: isOver && made ? { rpId: made.passkey.rpId, id: made.passkey.id } : undefined,
    });
  }
}

/** Whose account it is, for who has not shown yet that it is theirs. */
function describeLink(ctx: AppContext, { found: { stored, organization } }: OtherDeviceFlow) {
  return { organizationName: organization.name, path: toPath(ctx), email: maskEmail(stored.email) };
}

function readToken(ctx: AppContext): string {
  return ctx.params.token ?? '';
}

function toPath(ctx: AppContext, rest = ''): string {
  return `/other-device/${encodeURIComponent(readToken(ctx))}${rest}`;
}
