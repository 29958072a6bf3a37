import type Router from '@koa/router';
import { describeBrowser } from '../../passkeys/describe-browser.ts';
import type { InvitingDevice } from '../../sign-in/inviting-device.ts';
import { drawQrCode } from '../../totp/qr-code.ts';
import type { AppContext, AppState } from '../app-context.ts';
import { readForm } from '../middleware/body.ts';
import { requireCsrf, type SignedIn } from '../session.ts';
import { adding } from './account-passkey-pages.ts';
import {
  type AccountVisits,
  csrfForm,
  describeShell,
  type FormRefusal,
  redirect,
  text,
  toFormRefusal,
} from './account-visits.ts';
import type { Pages } from './pages.ts';

interface Deps {
  readonly visits: AccountVisits;
  readonly invitingDevice: InvitingDevice;
  readonly pages: Pages;
}

const PAGE = '/account/passkeys/other-device';
/** Each of these forms names the flow that its page showed. */
const flowForm = csrfForm.extend({ flow: text });
const numberForm = flowForm.extend({ number: text.default('') });

/** Where a person begins a passkey on another device, sees how far it is, and has the last word. */
export function addOtherDevicePages(router: Router<AppState>, { visits, invitingDevice, pages }: Deps): void {
  router.get(
    '/passkeys/other-device',
    visits.signedIn((ctx, person) => show(ctx, person)),
  );

  router.get(
    '/passkeys/other-device/state',
    visits.signedInScript(async (ctx, person) => {
      const flow = await invitingDevice.find(person);
      ctx.body = { flow: flow?.id, state: flow?.state };
    }),
  );

  router.post(
    '/passkeys/other-device',
    visits.confirmed(adding, async (ctx, person) => {
      await requireOwnForm(ctx, person);
      await invitingDevice.start(person, describeBrowser(ctx.get('user-agent')));
      redirect(ctx, PAGE);
    }),
  );

  onSubmit('/send', async (ctx, person) => {
    await requireOwnForm(ctx, person);
    await invitingDevice.sendLink(person, describeBrowser(ctx.get('user-agent')));
    redirect(ctx, `${PAGE}?sent=yes`);
  });

  onSubmit('/number', async (ctx, person) => {
    const { csrf, flow, number } = await readForm(ctx, numberForm);
    requireCsrf(person, csrf);
    try {
      await invitingDevice.choose(person, flow, number);
      redirect(ctx, PAGE);
    } catch (error) {
      await show(ctx, person, toFormRefusal(error));
    }
  });

  onSubmit('/withdraw', async (ctx, person) => {
    const { csrf, flow } = await readForm(ctx, flowForm);
    requireCsrf(person, csrf);
    await invitingDevice.withdraw(person, flow);
    redirect(ctx, '/account');
  });

  async function show(ctx: AppContext, person: SignedIn, refusal?: FormRefusal): Promise<void> {
    const flow = await invitingDevice.find(person);
    if (!flow) return redirect(ctx, '/account/passkeys/add');
    const link = invitingDevice.toLink(flow);
    const model = {
      ...describeShell(person, refusal?.notice),
      flow: flow.id,
      state: flow.state,
      link,
      qrCode: drawQrCode(link),
      isSent: ctx.query.sent === 'yes',
      device: flow.joined?.device,
      choices: flow.made?.choices ?? [],
    };
    pages.send(ctx, 'other-device-invite', model, refusal?.status);
  }

  /** Whoever reloads the address of a form sees the page that the form is on. */
  function onSubmit(path: string, submit: (ctx: AppContext, person: SignedIn) => Promise<void>): void {
    router.get(`/passkeys/other-device${path}`, (ctx) => redirect(ctx, PAGE));
    router.post(`/passkeys/other-device${path}`, visits.signedIn(submit));
  }
}

async function requireOwnForm(ctx: AppContext, person: SignedIn): Promise<void> {
  const { csrf } = await readForm(ctx, csrfForm);
  requireCsrf(person, csrf);
}
