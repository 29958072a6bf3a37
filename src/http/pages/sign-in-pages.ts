import Router from '@koa/router';
import { z } from 'zod';
import type { AuditLog } from '../../audit/audit-log.ts';
import { AppError } from '../../lib/app-error.ts';
import type { BrowserSessions } from '../../oidc/browser-sessions.ts';
import type { InteractionError, Interactions, PendingInteraction } from '../../oidc/interactions.ts';
import type { PasskeyOwners } from '../../passkeys/passkey-owners.ts';
import type { Enrolling } from '../../sign-in/enrolling.ts';
import type { Finishing } from '../../sign-in/finishing.ts';
import type { MailedHelp } from '../../sign-in/mailed-help.ts';
import type { NewAddresses } from '../../sign-in/new-addresses.ts';
import type { SignInRefusal } from '../../sign-in/next-step.ts';
import type { OpenSignIns, Progress } from '../../sign-in/open-sign-ins.ts';
import type { Recovering } from '../../sign-in/recovering.ts';
import type { RenewingCodes } from '../../sign-in/renewing-codes.ts';
import type { SignInAccounts } from '../../sign-in/sign-in-accounts.ts';
import type { SigningIn } from '../../sign-in/signing-in.ts';
import type { SigningUp } from '../../sign-in/signing-up.ts';
import { findPasskeyHere } from '../answered-here.ts';
import type { AppContext, AppState } from '../app-context.ts';
import type { KnownBrowsers } from '../known-browser.ts';
import { readForm, readJson } from '../middleware/body.ts';
import type { RecoveryCookie } from '../recovery-cookie.ts';
import type { Notice } from '../view-models.ts';
import { ConsentPages } from './consent-pages.ts';
import type { Pages } from './pages.ts';
import { addHelpPages } from './sign-in-help-pages.ts';
import { describeStepPage } from './sign-in-step-page.ts';
import { SignInVisits, toBasePath } from './sign-in-visits.ts';
import { addSignUpPages } from './sign-up-pages.ts';

interface Deps {
  readonly interactions: Interactions;
  readonly browserSessions: BrowserSessions;
  readonly openSignIns: OpenSignIns;
  readonly enrolling: Enrolling;
  readonly finishing: Finishing;
  readonly signingIn: SigningIn;
  readonly signingUp: SigningUp;
  readonly newAddresses: NewAddresses;
  readonly renewingCodes: RenewingCodes;
  readonly recovering: Recovering;
  readonly mailedHelp: MailedHelp;
  readonly recoveryCookie: RecoveryCookie;
  readonly passkeyOwners: PasskeyOwners;
  readonly signInAccounts: SignInAccounts;
  readonly auditLog: AuditLog;
  readonly knownBrowsers: KnownBrowsers;
  readonly pages: Pages;
  /** In development: where mails can be read. */
  readonly mailsPath?: string | undefined;
}

/** A form that was refused: why, and what was typed into it. */
interface RefusedForm {
  readonly error: AppError;
  readonly form: unknown;
}

/** A text field of a form: longer than any value that could be right, so that its refusal is the field's own. */
const text = z.string().max(2000);
const emptyForm = z.strictObject({});
const emailForm = z.strictObject({ email: text, organization: text.optional() });
const organizationForm = z.strictObject({ organization: text });
const passwordForm = z.strictObject({ password: z.string().max(1024), username: text.optional() });
const codeForm = z.strictObject({ code: text });
const declineForm = z.strictObject({ never: z.literal('yes').optional() });
const forgetForm = z.strictObject({ email: text });
const enrolJson = z.strictObject({ silent: z.boolean().optional() });
const registrationJson = enrolJson.extend({ response: z.unknown() });

/** How the application learns of a sign-in that ends without one. What is not here the person is told on a page. */
const TOLD_TO_APPLICATION: Partial<Record<SignInRefusal, InteractionError>> = {
  unmet_demand: 'unmet_authentication_requirements',
  wrong_account: 'login_required',
};

/** The pages of one sign-in, under `/interaction/<id>`. What is shown is always what `nextStep` says; a form only brings proofs. */
export function createSignInPages(deps: Deps): Router<AppState> {
  const { signingIn, enrolling, renewingCodes, interactions, pages, knownBrowsers } = deps;
  const visits = new SignInVisits(deps);
  const consent = new ConsentPages({ ...deps, visits });
  const router = new Router<AppState>({ prefix: '/interaction/:id' });

  router.get('/', async (ctx) => {
    const pending = await visits.requirePending(ctx);
    if (pending.prompt === 'consent') return consent.show(ctx, pending);
    await showStep(ctx, pending, await visits.begin(ctx, pending));
  });

  async function showStep(ctx: AppContext, pending: PendingInteraction, progress: Progress, refused?: RefusedForm) {
    const { step } = progress;
    if (step.type === 'done') return visits.goOn(ctx, progress);
    if (step.type === 'refused') return endSignIn(ctx, step.code);
    const { name, model } = describeStepPage(step, {
      pending,
      progress,
      remembered: (knownBrowsers.read(ctx)?.accounts ?? []).map((account) => ({
        email: account.email,
        name: account.name,
      })),
      method: ctx.query.method ?? ctx.path.split('/').at(-1), // a form stands on the page of its way
      isSent: ctx.query.sent === 'yes' || refused !== undefined,
      email: refused && readTypedEmail(refused.form),
      notice: refused && toNotice(refused.error),
    });
    pages.send(ctx, name, model, refused?.error.status);
  }

  /** What was proved is of no use any more, but the application still waits: the first page is shown, and says so. */
  async function beginAnew(ctx: AppContext, pending: PendingInteraction): Promise<void> {
    const error = new AppError('sign_in_expired', { reason: 'begun-anew' });
    await showStep(ctx, pending, await visits.begin(ctx, pending), { error, form: {} });
  }

  async function endSignIn(ctx: AppContext, code: SignInRefusal): Promise<void> {
    const told = TOLD_TO_APPLICATION[code];
    if (told === undefined) throw new AppError(code);
    visits.redirect(ctx, await interactions.abort(ctx, told));
  }

  /** A form that changes the sign-in: what follows is shown at the page's own address; a refusal is shown at once. */
  function onSubmit<Form>(
    path: string,
    schema: z.ZodType<Form>,
    handle: (pending: PendingInteraction, form: Form, ctx: AppContext) => Promise<Progress>,
  ) {
    // Whoever reloads or types the address of a form sees the page that the form is on.
    router.get(path, (ctx) => visits.redirect(ctx, toBasePath(ctx.params.id ?? '')));
    router.post(path, async (ctx) => {
      const pending = await visits.requirePending(ctx);
      const form = await readForm(ctx, schema);
      try {
        await visits.goOn(ctx, await handle(pending, form, ctx));
      } catch (error) {
        if (!(error instanceof AppError)) throw error;
        if (error.code === 'sign_in_expired') return beginAnew(ctx, pending);
        if (!isShownOnStep(error)) throw error;
        await showStep(ctx, pending, await visits.open(pending), { error, form });
      }
    });
  }

  // These two say whom they are about: where the sign-in has run out of time it is begun anew with them.
  onSubmit('/identify', emailForm, async (pending, { email, organization }) => {
    await visits.open(pending);
    return signingIn.identify(pending.id, email, organization);
  });
  onSubmit('/organization', organizationForm, ({ id }, { organization }) =>
    signingIn.nameOrganization(id, organization),
  );
  onSubmit('/password', passwordForm, async (pending, { password, username: email }, ctx) => {
    await visits.open(pending);
    return signingIn.provePassword(pending.id, { password, email }, visits.sourceOf(ctx));
  });
  onSubmit('/totp', codeForm, ({ id }, { code }, ctx) => signingIn.proveTotp(id, code, visits.sourceOf(ctx)));
  onSubmit('/email-code', codeForm, ({ id }, { code }) => signingIn.proveEmailCode(id, code));
  router.post('/email-code/send', async (ctx) => {
    const { id } = await visits.requirePending(ctx);
    await readForm(ctx, emptyForm);
    await signingIn.sendEmailCode(id, visits.sourceOf(ctx));
    visits.redirect(ctx, `${toBasePath(id)}?method=email-code&sent=yes`);
  });
  onSubmit('/recovery-code', codeForm, ({ id }, { code }, ctx) =>
    signingIn.proveRecoveryCode(id, code, visits.sourceOf(ctx)),
  );
  onSubmit('/recovery-codes/decline', emptyForm, ({ id }) => renewingCodes.decline(id));
  onSubmit('/restart', emptyForm, ({ id }) => signingIn.restart(id));
  onSubmit('/enrol/decline', declineForm, ({ id }, { never }) => enrolling.decline(id, never === 'yes'));
  onSubmit('/forget', forgetForm, async (pending, { email }, ctx) => {
    knownBrowsers.forget(ctx, email);
    return visits.open(pending);
  });

  router.get('/recovery-codes', (ctx) => visits.redirect(ctx, toBasePath(ctx.params.id ?? '')));
  router.post('/recovery-codes', async (ctx) => {
    const { id, clientName: applicationName } = await visits.requirePending(ctx);
    await readForm(ctx, emptyForm);
    const { organization, ...sheet } = await renewingCodes.make(id, visits.sourceOf(ctx).description);
    const shell = { base: toBasePath(id), organizationName: organization.name, applicationName };
    pages.send(ctx, 'recovery-codes-renewed', { ...shell, ...sheet });
  });

  router.post('/cancel', async (ctx) => {
    await visits.requirePending(ctx);
    await readForm(ctx, emptyForm);
    visits.redirect(ctx, await interactions.abort(ctx, 'access_denied'));
  });

  router.post('/passkey/options', async (ctx) => {
    const pending = await visits.requirePending(ctx);
    await readJson(ctx, emptyForm);
    ctx.body = await signingIn.startPasskey(await visits.open(pending));
  });

  router.post('/passkey', async (ctx) => {
    const { id } = await visits.requirePending(ctx);
    const response = await readJson(ctx, z.unknown());
    const canBeLocal = ctx.query.local === 'yes';
    const progress = await signingIn.provePasskey(id, { response, canBeLocal }, visits.sourceOf(ctx));
    ctx.body = await visits.answer(ctx, progress, findPasskeyHere(response));
  });

  router.post('/enrol/options', async (ctx) => {
    const { id } = await visits.requirePending(ctx);
    const { silent } = await readJson(ctx, enrolJson);
    ctx.body = await enrolling.start(id, silent);
  });

  router.post('/enrol', async (ctx) => {
    const { id } = await visits.requirePending(ctx);
    const { response, silent } = await readJson(ctx, registrationJson);
    const progress = await enrolling.finish(id, { response, silent, userAgent: ctx.get('user-agent') });
    ctx.body = await visits.answer(ctx, progress, findPasskeyHere(response));
  });

  consent.addTo(router);
  addHelpPages(router, { ...deps, visits });
  addSignUpPages(router, { ...deps, visits });
  return router;
}

/** Refusals after which the person tries again on the same page. */
function isShownOnStep({ status, code }: AppError): boolean {
  return code !== 'sign_in_not_started_here' && [400, 401, 429, 503].includes(status);
}

function toNotice({ code, reason, retryAfterSeconds }: AppError): Notice {
  return { tone: 'error', code, reason, retryAfterSeconds };
}

function readTypedEmail(form: unknown): string | undefined {
  const parsed = emailForm.safeParse(form);
  return parsed.success ? parsed.data.email : undefined;
}
