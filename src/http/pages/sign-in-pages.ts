import Router from '@koa/router';
import { z } from 'zod';
import { AppError } from '../../lib/app-error.ts';
import { digest } from '../../lib/digest.ts';
import type { BrowserSessions } from '../../oidc/browser-sessions.ts';
import type { InteractionError, Interactions, PendingInteraction } from '../../oidc/interactions.ts';
import { describeBrowser } from '../../passkeys/describe-browser.ts';
import type { PasskeyOwners } from '../../passkeys/passkey-owners.ts';
import type { SignInRefusal } from '../../sign-in/next-step.ts';
import { describePassword } from '../../sign-in/password-change.ts';
import type { SignInAccounts } from '../../sign-in/sign-in-accounts.ts';
import type { Progress, SigningIn, Source } from '../../sign-in/signing-in.ts';
import type { SigningUp } from '../../sign-in/signing-up.ts';
import type { AppContext, AppState } from '../app-context.ts';
import type { KnownBrowsers } from '../known-browser.ts';
import { readForm, readJson } from '../middleware/body.ts';
import type { Notice } from '../view-models.ts';
import type { Pages } from './pages.ts';

interface Deps {
  readonly interactions: Interactions;
  readonly browserSessions: BrowserSessions;
  readonly signingIn: SigningIn;
  readonly signingUp: SigningUp;
  readonly passkeyOwners: PasskeyOwners;
  readonly signInAccounts: SignInAccounts;
  readonly knownBrowsers: KnownBrowsers;
  readonly pages: Pages;
}

/** A text field of a form: longer than any value that could be right, so that its refusal is the field's own. */
const text = z.string().max(2000);
const emptyForm = z.strictObject({});
const emailForm = z.strictObject({ email: text, organization: text.optional() });
const newcomerJson = z.strictObject({ email: text, name: text, password: text.optional() });
const registrationJson = z.strictObject({ response: z.unknown() });

/** How the application learns of a sign-in that ends without one. What is not here the person is told on a page. */
const TOLD_TO_APPLICATION: Partial<Record<SignInRefusal, InteractionError>> = {
  unmet_demand: 'unmet_authentication_requirements',
  wrong_account: 'login_required',
};

/** The pages of one sign-in, under `/interaction/<id>`. What is shown is always what `nextStep` says; a form only brings proofs. */
export function createSignInPages(deps: Deps): Router<AppState> {
  const { signingIn, interactions, pages, knownBrowsers } = deps;
  const router = new Router<AppState>({ prefix: '/interaction/:id' });

  /** The request that the address is about. One that is over was done, where its person is signed in, and ran out of time otherwise. */
  async function requirePending(ctx: AppContext): Promise<PendingInteraction> {
    try {
      return await interactions.require(ctx, ctx.params.id ?? '');
    } catch (error) {
      const over = error instanceof AppError && error.code === 'sign_in_expired';
      if (over && (await deps.browserSessions.find(ctx))) throw new AppError('step_finished', { cause: error });
      throw error;
    }
  }

  /** A form that changes the sign-in: what follows is shown at the page's own address; a refusal is shown at once. */
  function onSubmit<Form>(
    path: string,
    schema: z.ZodType<Form>,
    handle: (pending: PendingInteraction, form: Form, ctx: AppContext) => Promise<Progress>,
  ) {
    router.post(path, async (ctx) => {
      const pending = await requirePending(ctx);
      const form = await readForm(ctx, schema);
      try {
        await goOn(ctx, await handle(pending, form, ctx));
      } catch (error) {
        if (!(error instanceof AppError) || !isShownOnStep(error)) throw error;
        await showStep(ctx, pending, await open(pending), { error, form });
      }
    });
  }

  function open(pending: PendingInteraction): Promise<Progress> {
    return signingIn.open(pending.id, pending);
  }

  async function goOn(ctx: AppContext, progress: Progress): Promise<void> {
    ctx.status = 303;
    ctx.redirect(await whereTo(ctx, progress));
  }

  /** The next address of this browser: the same page again with what is missing, or on to the application. */
  async function whereTo(ctx: AppContext, progress: Progress): Promise<string> {
    if (progress.step.type !== 'done') return basePath(progress.signIn.id);
    const done = await signingIn.finish(progress);
    const { stored } = progress;
    if (stored) knownBrowsers.remember(ctx, { id: stored.id, email: stored.email, name: stored.profile.name });
    return interactions.finishLogin(ctx, done);
  }

  router.get('/', async (ctx) => {
    const pending = await requirePending(ctx);
    if (pending.prompt === 'consent') return showConsent(ctx, pending);
    const progress = await begin(pending);
    if (progress.step.type === 'done') return goOn(ctx, progress);
    await showStep(ctx, pending, progress, {});
  });

  /** Whoever is named already, by the session or by the application, need not say it again. */
  async function begin(pending: PendingInteraction): Promise<Progress> {
    const progress = await open(pending);
    const untouched = progress.signIn.version === 1 && progress.signIn.identifier === undefined;
    if (!untouched) return progress;
    const email = pending.accountId ? await signingIn.findEmail(pending.accountId) : pending.loginHint;
    if (email === undefined) return progress;
    return signingIn.identify(pending.id, email).catch((error) => {
      if (error instanceof AppError && error.field === 'email') return progress; // a hint that is no e-mail
      throw error;
    });
  }

  async function showStep(
    ctx: AppContext,
    pending: PendingInteraction,
    progress: Progress,
    submitted: { readonly error?: AppError; readonly form?: unknown },
  ): Promise<void> {
    const { signIn, step, organization, policy, stored } = progress;
    const { error } = submitted;
    const shell = {
      base: basePath(signIn.id),
      organizationName: organization.name,
      applicationName: pending.clientName,
      notice: error && toNotice(error),
    };
    const status = error?.status ?? 200;
    // Before the first proof the card shows what was typed; after it, whose account it is.
    const account = {
      email: signIn.identifier ?? stored?.email ?? '',
      ...(signIn.proofs.length > 0 && { name: stored?.profile.name }),
    };
    switch (step.type) {
      case 'identify': {
        const remembered = knownBrowsers.read(ctx)?.accounts ?? [];
        const signUp = policy.signUp === 'open' && policy.passkey !== 'off' && signIn.organizationId !== undefined;
        return pages.send(
          ctx,
          'sign-in',
          {
            ...shell,
            email: typedEmail(submitted.form) ?? pending.loginHint ?? '',
            passkey: step.passkey,
            askOrganization: step.organization,
            remembered: remembered.map(({ email, name }) => ({ email, name })),
            signUp,
          },
          status,
        );
      }
      case 'organization':
        return pages.send(ctx, 'organization', { ...shell, organization: pending.organization ?? '' }, status);
      case 'password':
        return pages.send(ctx, 'password', { ...shell, account, passkey: step.passkey }, status);
      case 'passkey':
        return pages.send(ctx, 'passkey', { ...shell, account, second: false, otherMethods: [] }, status);
      case 'second-factor': {
        const passkey = step.methods.includes('passkey');
        const totp = step.methods.includes('totp');
        const wanted = ctx.query.method ?? (ctx.path.endsWith('/totp') ? 'totp' : step.first);
        if (totp && (wanted === 'totp' || !passkey)) {
          return pages.send(ctx, 'totp', { ...shell, account, otherMethods: passkey ? ['passkey'] : [] }, status);
        }
        return pages.send(
          ctx,
          'passkey',
          { ...shell, account, second: true, otherMethods: totp ? ['totp'] : [] },
          status,
        );
      }
      case 'enrol-passkey':
        return pages.send(ctx, 'enrol-passkey', { ...shell, must: step.must, account }, status);
      case 'done':
        return goOn(ctx, progress);
      case 'refused': {
        const told = TOLD_TO_APPLICATION[step.code];
        if (told === undefined) throw new AppError(step.code);
        ctx.status = 303;
        return ctx.redirect(await interactions.abort(ctx, told));
      }
    }
  }

  onSubmit('/identify', emailForm, ({ id }, { email, organization }) => signingIn.identify(id, email, organization));
  onSubmit('/organization', z.strictObject({ organization: text }), ({ id }, { organization }) =>
    signingIn.nameOrganization(id, organization),
  );
  onSubmit(
    '/password',
    z.strictObject({ password: z.string().max(1024), username: text.optional() }),
    ({ id }, { password }, ctx) => signingIn.provePassword(id, password, sourceOf(ctx)),
  );
  onSubmit('/totp', z.strictObject({ code: text }), ({ id }, { code }, ctx) =>
    signingIn.proveTotp(id, code, sourceOf(ctx)),
  );
  onSubmit('/restart', emptyForm, ({ id }) => signingIn.restart(id));
  onSubmit('/enrol/decline', z.strictObject({ never: z.literal('yes').optional() }), ({ id }, { never }) =>
    signingIn.declineEnrolment(id, never === 'yes'),
  );
  onSubmit('/forget', z.strictObject({ email: text }), async (pending, { email }, ctx) => {
    knownBrowsers.forget(ctx, email);
    return open(pending);
  });

  router.post('/cancel', async (ctx) => {
    await requirePending(ctx);
    await readForm(ctx, emptyForm);
    ctx.status = 303;
    ctx.redirect(await interactions.abort(ctx, 'access_denied'));
  });

  router.post('/passkey/options', async (ctx) => {
    const pending = await requirePending(ctx);
    await readJson(ctx, emptyForm);
    await open(pending);
    ctx.body = await signingIn.startPasskey(pending.id);
  });

  router.post('/passkey', async (ctx) => {
    const { id } = await requirePending(ctx);
    const response = await readJson(ctx, z.unknown());
    const progress = await signingIn.provePasskey(id, response, sourceOf(ctx));
    ctx.body = { location: await whereTo(ctx, progress), signals: await signalsFor(progress) };
  });

  router.post('/enrol/options', async (ctx) => {
    const { id } = await requirePending(ctx);
    await readJson(ctx, emptyForm);
    ctx.body = await signingIn.startEnrolment(id);
  });

  router.post('/enrol', async (ctx) => {
    const { id } = await requirePending(ctx);
    const { response } = await readJson(ctx, registrationJson);
    const progress = await signingIn.finishEnrolment(id, response, ctx.get('user-agent'));
    ctx.body = { location: await whereTo(ctx, progress), signals: await signalsFor(progress) };
  });

  router.get('/sign-up', async (ctx) => {
    const pending = await requirePending(ctx);
    const { organization, policy, signIn } = requireSignUp(await open(pending));
    const shell = {
      base: basePath(pending.id),
      organizationName: organization.name,
      applicationName: pending.clientName,
    };
    pages.send(ctx, 'sign-up', {
      ...shell,
      email: signIn.identifier ?? pending.loginHint ?? '',
      name: '',
      password: describePassword(policy),
    });
  });

  router.post('/sign-up/options', async (ctx) => {
    const pending = await requirePending(ctx);
    const newcomer = await readJson(ctx, newcomerJson);
    const { organization } = requireSignUp(await open(pending));
    ctx.body = await deps.signingUp.start({ ...newcomer, binding: digest(pending.id), organization, role: 'member' });
  });

  router.post('/sign-up', async (ctx) => {
    const pending = await requirePending(ctx);
    const { response, ...newcomer } = await readJson(ctx, newcomerJson.extend(registrationJson.shape));
    const { organization } = requireSignUp(await open(pending));
    const made = await deps.signingUp.finish(
      { ...newcomer, binding: digest(pending.id), organization, role: 'member' },
      response,
      ctx.get('user-agent'),
    );
    ctx.body = { location: await whereTo(ctx, await signingIn.acceptNewcomer(pending.id, made)) };
  });

  async function signalsFor({ stored }: Progress) {
    return stored && deps.passkeyOwners.signals(stored);
  }

  async function showConsent(ctx: AppContext, pending: PendingInteraction): Promise<void> {
    const person = pending.accountId && (await deps.signInAccounts.find(pending.accountId));
    if (!person) throw new AppError('sign_in_expired');
    const { stored, organization } = person;
    const values: Readonly<Record<string, string | undefined>> = {
      profile: stored.profile.name,
      email: stored.email,
      phone: stored.profile.phoneNumber,
      organization: organization.name,
    };
    pages.send(ctx, 'consent', {
      base: basePath(pending.id),
      organizationName: organization.name,
      applicationName: pending.clientName,
      account: { email: stored.email, name: stored.profile.name },
      redirectHost: URL.canParse(pending.redirectUri)
        ? new URL(pending.redirectUri).host || pending.redirectUri
        : pending.redirectUri,
      items: pending.missing.scopes
        .filter((scope) => scope !== 'openid')
        .map((scope) => ({ scope, value: values[scope] })),
      resources: Object.entries(pending.missing.resourceScopes).map(([indicator, scopes]) => ({ indicator, scopes })),
    });
  }

  router.post('/consent', async (ctx) => {
    const pending = await requirePending(ctx);
    const { decision } = await readForm(ctx, z.strictObject({ decision: z.enum(['allow', 'deny']) }));
    if (pending.prompt !== 'consent') throw new AppError('step_finished');
    ctx.status = 303;
    ctx.redirect(decision === 'allow' ? await interactions.allow(ctx) : await interactions.abort(ctx, 'access_denied'));
  });

  function sourceOf(ctx: AppContext): Source {
    const browser = knownBrowsers.read(ctx);
    return {
      address: ctx.state.clientAddress,
      description: describeBrowser(ctx.get('user-agent')),
      browser: browser && { id: browser.id, accountIds: browser.accounts.map(({ id }) => id) },
    };
  }

  return router;
}

function basePath(id: string): string {
  return `/interaction/${id}`;
}

/** Refusals after which the person tries again on the same page. */
function isShownOnStep({ status, code }: AppError): boolean {
  return code !== 'sign_in_not_started_here' && [400, 401, 429, 503].includes(status);
}

function toNotice({ code, reason, retryAfterSeconds }: AppError): Notice {
  return { tone: 'error', code, reason, retryAfterSeconds };
}

function typedEmail(form: unknown): string | undefined {
  const parsed = emailForm.safeParse(form);
  return parsed.success ? parsed.data.email : undefined;
}

function requireSignUp(progress: Progress): Progress {
  const { policy, signIn } = progress;
  if (policy.signUp !== 'open' || policy.passkey === 'off' || signIn.organizationId === undefined)
    throw new AppError('sign_up_closed');
  return progress;
}
