import type Router from '@koa/router';
import { z } from 'zod';
import { AppError } from '../../lib/app-error.ts';
import { digest } from '../../lib/digest.ts';
import type { PendingInteraction } from '../../oidc/interactions.ts';
import type { AddressPlace, NewAddresses } from '../../sign-in/new-addresses.ts';
import { describePassword } from '../../sign-in/password-change.ts';
import type { SigningIn } from '../../sign-in/signing-in.ts';
import type { Newcomer, SigningUp } from '../../sign-in/signing-up.ts';
import { findPasskeyHere } from '../answered-here.ts';
import type { AppContext, AppState } from '../app-context.ts';
import { readForm, readJson } from '../middleware/body.ts';
import { type FormRefusal, toFormRefusal } from './account-visits.ts';
import type { Pages } from './pages.ts';
import { maySignUp } from './sign-in-step-page.ts';
import { type SignInVisits, toBasePath } from './sign-in-visits.ts';

interface Deps {
  readonly visits: SignInVisits;
  readonly signingIn: SigningIn;
  readonly signingUp: SigningUp;
  readonly newAddresses: NewAddresses;
  readonly pages: Pages;
  /** In development: where mails can be read. */
  readonly mailsPath?: string | undefined;
}

const text = z.string().max(2000);
const emailForm = z.strictObject({ email: text });
const codeForm = z.strictObject({ code: text });
const newcomerJson = z.strictObject({ email: text, name: text, password: text.optional() });
const registrationJson = newcomerJson.extend({ response: z.unknown() });

/**
 * In the middle of a sign-in somebody new makes an account, and goes on signed in. Where the policy says so they show first that the
 * address is theirs; until then nobody learns whether there is an account with it.
 */
export function addSignUpPages(router: Router<AppState>, deps: Deps): void {
  const { visits, signingIn, signingUp, newAddresses, pages, mailsPath } = deps;

  async function requireSignUp(pending: PendingInteraction) {
    const progress = await visits.open(pending);
    if (!maySignUp(progress)) throw new AppError('sign_up_closed');
    const { organization, policy } = progress;
    const place: AddressPlace = { purpose: 'sign-up', binding: newcomerOf(pending).binding, organization };
    return { ...progress, place, isOpen: policy.signUp === 'open' };
  }

  router.get('/sign-up', async (ctx) => {
    const pending = await visits.requirePending(ctx);
    await show(ctx, pending);
  });

  onSubmit('/sign-up/email', emailForm, ({ place }, { email }, ctx) =>
    newAddresses.send(place, email, visits.sourceOf(ctx)),
  );
  onSubmit('/sign-up/code', codeForm, async ({ place }, { code }) => {
    await newAddresses.verify(place, code);
  });

  /** A form on the way to a verified address; a refusal is shown on its page. */
  function onSubmit<Form>(
    path: string,
    schema: z.ZodType<Form>,
    submit: (signUp: Awaited<ReturnType<typeof requireSignUp>>, form: Form, ctx: AppContext) => Promise<void>,
  ): void {
    router.get(path, (ctx) => visits.redirect(ctx, `${toBasePath(ctx.params.id ?? '')}/sign-up`));
    router.post(path, async (ctx) => {
      const pending = await visits.requirePending(ctx);
      const form = await readForm(ctx, schema);
      const signUp = await requireSignUp(pending);
      if (!signUp.isOpen) throw new AppError('method_not_offered');
      try {
        await submit(signUp, form, ctx);
        visits.redirect(ctx, `${toBasePath(pending.id)}/sign-up`);
      } catch (error) {
        await show(ctx, pending, toFormRefusal(error));
      }
    });
  }

  /** The page that asks for what is missing. */
  async function show(ctx: AppContext, pending: PendingInteraction, refusal?: FormRefusal): Promise<void> {
    const { organization, policy, signIn, place, isOpen } = await requireSignUp(pending);
    const shell = {
      base: toBasePath(pending.id),
      organizationName: organization.name,
      applicationName: pending.clientName,
      notice: refusal?.notice,
    };
    const typed = signIn.identifier ?? pending.loginHint ?? '';
    const address = isOpen && ctx.query.other !== 'yes' ? await newAddresses.find(place) : undefined;
    const email = address?.email ?? typed;
    if (isOpen && !address) pages.send(ctx, 'sign-up-email', { ...shell, email }, refusal?.status);
    else if (address && !address.isVerified)
      pages.send(ctx, 'sign-up-code', { ...shell, email, mailsPath }, refusal?.status);
    else {
      const fields = { email, isVerified: isOpen, name: '', password: describePassword(policy) };
      pages.send(ctx, 'sign-up', { ...shell, ...fields }, refusal?.status);
    }
  }

  /** Who may go on to make the account: with an address that was verified, where that is asked for. */
  async function requireVerified(pending: PendingInteraction, email: string) {
    const signUp = await requireSignUp(pending);
    if (signUp.isOpen) await newAddresses.requireVerified(signUp.place, email);
    return signUp;
  }

  router.post('/sign-up/options', async (ctx) => {
    const pending = await visits.requirePending(ctx);
    const typed = await readJson(ctx, newcomerJson);
    const { organization } = await requireVerified(pending, typed.email);
    ctx.body = await signingUp.start({ ...typed, ...newcomerOf(pending), organization });
  });

  router.post('/sign-up', async (ctx) => {
    const pending = await visits.requirePending(ctx);
    const { response, ...typed } = await readJson(ctx, registrationJson);
    const { organization, isOpen: emailVerified } = await requireVerified(pending, typed.email);
    const newcomer: Newcomer = { ...typed, ...newcomerOf(pending), organization, emailVerified };
    const made = await signingUp.finish(newcomer, response, ctx.get('user-agent'));
    ctx.body = await visits.answer(ctx, await signingIn.acceptNewcomer(pending.id, made), findPasskeyHere(response));
  });
}

function newcomerOf({ id }: PendingInteraction) {
  return { binding: digest(id), role: 'member' } as const;
}
