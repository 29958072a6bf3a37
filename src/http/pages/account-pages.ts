import Router from '@koa/router';
import { z } from 'zod';
import { AppError } from '../../lib/app-error.ts';
import type { PasskeyId } from '../../lib/ids.ts';
import type { BrowserSessions } from '../../oidc/browser-sessions.ts';
import { ACCOUNT_CLIENT_ID } from '../../oidc/provider-options.ts';
import type { RecordStore } from '../../oidc/record-store.ts';
import { findAuthenticatorName } from '../../passkeys/authenticator-names.ts';
import type { PasskeyOwners } from '../../passkeys/passkey-owners.ts';
import type { Passkey } from '../../passkeys/passkey-store.ts';
import type { Passkeys } from '../../passkeys/passkeys.ts';
import { minimumPasswordLength, type PasswordChange } from '../../sign-in/password-change.ts';
import type { Totps } from '../../totp/totp.ts';
import type { AppContext, AppState } from '../app-context.ts';
import { readForm, readJson } from '../middleware/body.ts';
import { requireCsrf, type Sessions, type SignedIn } from '../session.ts';
import type { Notice, PasskeyRow, SuccessEvent } from '../view-models.ts';
import type { Pages } from './pages.ts';

interface Deps {
  readonly sessions: Sessions;
  readonly passkeys: Passkeys;
  readonly passkeyOwners: PasskeyOwners;
  readonly passwordChange: PasswordChange;
  readonly totps: Totps;
  readonly records: RecordStore;
  readonly pages: Pages;
  readonly browserSessions: BrowserSessions;
}

const text = z.string().max(2000);
const csrfForm = z.strictObject({ csrf: text });
const placeSchema = z.enum(['this-device', 'phone', 'security-key']).optional();

/** Pages that a sign-in may return to; what else `state` says is ignored. */
const RETURN_PATHS: ReadonlySet<string> = new Set(['passkeys/add', 'totp/add', 'totp/delete', 'password']);
const PASSKEY_PATH = /^passkeys\/[A-Za-z0-9_-]+\/(rename|delete)$/;

/** What a redirect may say happened; the page has the words. */
const SUCCESS_EVENTS: ReadonlySet<string> = new Set<SuccessEvent>([
  'passkey-added',
  'passkey-renamed',
  'passkey-deleted',
  'totp-on',
  'totp-off',
  'password-set',
  'signed-out-elsewhere',
  'account-ready',
]);

/** The security page: how a person signs in, and what they may change about it. Only ever their own. */
export function createAccountPages(deps: Deps): Router<AppState> {
  const { sessions, passkeys, totps, pages } = deps;
  const router = new Router<AppState>({ prefix: '/account' });

  /** The person of the session; whoever has none is sent to sign in and comes back. */
  async function requirePerson(ctx: AppContext): Promise<SignedIn | undefined> {
    const person = await sessions.find(ctx);
    if (!person) sendToSignIn(ctx, returnPath(ctx), false);
    return person;
  }

  /** The person of the session, who has signed in within the last minutes: a credential is about to change. */
  async function requireConfirmed(ctx: AppContext): Promise<SignedIn | undefined> {
    const person = await sessions.find(ctx);
    if (person && sessions.isFresh(person)) return person;
    sendToSignIn(ctx, returnPath(ctx), person !== undefined);
    return undefined;
  }

  /** For scripts, which cannot be sent elsewhere. */
  async function requireConfirmedJson(ctx: AppContext): Promise<SignedIn> {
    const person = await sessions.find(ctx);
    if (!person || !sessions.isFresh(person)) throw new AppError('confirmation_required');
    return person;
  }

  router.get('/', async (ctx) => {
    const state = ctx.query.state;
    if (typeof state === 'string') return redirect(ctx, isReturnPath(state) ? `/account/${state}` : '/account');
    const person = await requirePerson(ctx);
    if (person) await showSecurity(ctx, person, readDone(ctx));
  });

  async function showSecurity(ctx: AppContext, person: SignedIn, notice?: Notice, status = 200): Promise<void> {
    const { stored, account, organization } = person;
    const { policy } = organization;
    const own = await passkeys.list(stored.id);
    const { password } = stored;
    const model = {
      ...shellOf(person, notice),
      passkeys: own.map(toRow),
      signals: await deps.passkeyOwners.signals(stored),
      passkeysOffered: policy.passkey !== 'off',
      totp: policy.secondFactors.includes('totp')
        ? { on: account.totpSince !== undefined, since: account.totpSince }
        : undefined,
      password:
        policy.password === 'off'
          ? undefined
          : { set: password !== undefined, setAt: password?.setAt, switchedOffAt: password?.switchedOffAt },
    };
    pages.send(ctx, 'security', model, status);
  }

  router.get('/passkeys/add', async (ctx) => {
    const person = await requireConfirmed(ctx);
    if (!person) return;
    requirePasskeys(person);
    pages.send(ctx, 'passkey-add', { ...shellOf(person), naming: person.organization.policy.namePasskey, name: '' });
  });

  router.post('/passkeys/options', async (ctx) => {
    const person = await requireConfirmedJson(ctx);
    requirePasskeys(person);
    const { csrf, where } = await readJson(
      ctx,
      z.strictObject({ csrf: text, where: placeSchema, name: text.optional() }),
    );
    requireCsrf(person, csrf);
    const { options } = await passkeys.startRegistration({
      binding: person.sessionUid,
      account: await deps.passkeyOwners.describe(person.stored),
      organizationName: person.organization.name,
      where,
    });
    ctx.body = options;
  });

  router.post('/passkeys', async (ctx) => {
    const person = await requireConfirmedJson(ctx);
    requirePasskeys(person);
    const schema = z.strictObject({ csrf: text, where: placeSchema, name: text.optional(), response: z.unknown() });
    const { csrf, name, response } = await readJson(ctx, schema);
    requireCsrf(person, csrf);
    const made = await passkeys.finishRegistration({
      binding: person.sessionUid,
      accountId: person.stored.id,
      response,
      name,
      userAgent: ctx.get('user-agent'),
    });
    const location =
      name === undefined ? `/account/passkeys/${made.id}/rename?fresh=yes` : '/account?done=passkey-added';
    ctx.body = { location, signals: await deps.passkeyOwners.signals(person.stored) };
  });

  router.get('/passkeys/:passkey/rename', async (ctx) => {
    const person = await requireConfirmed(ctx);
    if (!person) return;
    const passkey = toRow(await requirePasskey(person, ctx.params.passkey));
    pages.send(ctx, 'passkey-rename', { ...shellOf(person), passkey, fresh: ctx.query.fresh === 'yes' });
  });

  router.post('/passkeys/:passkey/rename', async (ctx) => {
    const person = await requireConfirmed(ctx);
    if (!person) return;
    const { csrf, name } = await readForm(ctx, z.strictObject({ csrf: text, name: text }));
    requireCsrf(person, csrf);
    const passkey = await requirePasskey(person, ctx.params.passkey);
    try {
      await passkeys.rename(person.stored.id, passkey.id, name);
    } catch (error) {
      const notice = toFormNotice(error);
      return pages.send(
        ctx,
        'passkey-rename',
        { ...shellOf(person, notice), passkey: toRow(passkey), fresh: false },
        400,
      );
    }
    redirect(ctx, '/account?done=passkey-renamed');
  });

  router.get('/passkeys/:passkey/delete', async (ctx) => {
    const person = await requireConfirmed(ctx);
    if (!person) return;
    const passkey = toRow(await requirePasskey(person, ctx.params.passkey));
    pages.send(ctx, 'passkey-delete', { ...shellOf(person), passkey });
  });

  router.post('/passkeys/:passkey/delete', async (ctx) => {
    const person = await requireConfirmed(ctx);
    if (!person) return;
    const { csrf } = await readForm(ctx, csrfForm);
    requireCsrf(person, csrf);
    const passkey = await requirePasskey(person, ctx.params.passkey);
    const { policy } = person.organization;
    const hasPassword = policy.password !== 'off' && person.account.passwordSetAt !== undefined;
    try {
      await passkeys.remove(person.stored.id, passkey.id, { keepOne: !hasPassword });
    } catch (error) {
      return showSecurity(ctx, person, toFormNotice(error), error instanceof AppError ? error.status : 500);
    }
    redirect(ctx, '/account?done=passkey-deleted');
  });

  router.get('/totp/add', async (ctx) => {
    const person = await requireConfirmed(ctx);
    if (!person) return;
    requireTotp(person);
    const enrolment = await totps.startEnrolment({
      accountId: person.stored.id,
      email: person.stored.email,
      organizationName: person.organization.name,
      binding: person.sessionUid,
    });
    pages.send(ctx, 'totp-add', { ...shellOf(person), ...enrolment });
  });

  router.post('/totp', async (ctx) => {
    const person = await requireConfirmed(ctx);
    if (!person) return;
    requireTotp(person);
    const { csrf, ticket, code } = await readForm(ctx, z.strictObject({ csrf: text, ticket: text, code: text }));
    requireCsrf(person, csrf);
    const outcome = await totps.finishEnrolment({
      ticket,
      code,
      accountId: person.stored.id,
      binding: person.sessionUid,
    });
    if (outcome.type === 'on') return redirect(ctx, '/account?done=totp-on');
    if (outcome.type === 'expired') throw new AppError('link_used_or_expired');
    const notice: Notice = { tone: 'error', code: 'wrong_new_code' };
    pages.send(ctx, 'totp-add', { ...shellOf(person, notice), ...outcome.enrolment }, 400);
  });

  router.get('/totp/delete', async (ctx) => {
    const person = await requireConfirmed(ctx);
    if (person) pages.send(ctx, 'totp-delete', shellOf(person));
  });

  router.post('/totp/delete', async (ctx) => {
    const person = await requireConfirmed(ctx);
    if (!person) return;
    const { csrf } = await readForm(ctx, csrfForm);
    requireCsrf(person, csrf);
    await totps.remove(person.stored.id);
    redirect(ctx, '/account?done=totp-off');
  });

  router.get('/password', async (ctx) => {
    const person = await requireConfirmed(ctx);
    if (person) showPasswordChange(ctx, person);
  });

  function showPasswordChange(ctx: AppContext, person: SignedIn, notice?: Notice, status = 200): void {
    requirePassword(person);
    const askCurrent = person.account.passwordSetAt !== undefined;
    const minimumLength = minimumPasswordLength(person.organization.policy);
    pages.send(ctx, 'password-change', { ...shellOf(person, notice), askCurrent, minimumLength }, status);
  }

  router.post('/password', async (ctx) => {
    const person = await requireConfirmed(ctx);
    if (!person) return;
    requirePassword(person);
    const secret = z.string().max(8192);
    const form = z.strictObject({
      csrf: text,
      current: secret.optional(),
      password: secret,
      username: text.optional(),
    });
    const { csrf, current, password } = await readForm(ctx, form);
    requireCsrf(person, csrf);
    try {
      await deps.passwordChange.change({
        account: person.stored,
        organization: person.organization,
        current,
        password,
        sessionUid: person.sessionUid,
        sourceAddress: ctx.state.clientAddress,
      });
    } catch (error) {
      return showPasswordChange(ctx, person, toFormNotice(error), error instanceof AppError ? error.status : 500);
    }
    redirect(ctx, '/account?done=password-set');
  });

  router.get('/sign-out-everywhere', async (ctx) => {
    const person = await requirePerson(ctx);
    if (person) pages.send(ctx, 'sign-out-everywhere', shellOf(person));
  });

  router.post('/sign-out-everywhere', async (ctx) => {
    const person = await requirePerson(ctx);
    if (!person) return;
    const { csrf } = await readForm(ctx, csrfForm);
    requireCsrf(person, csrf);
    await deps.records.deleteByAccount(person.stored.id, person.sessionUid);
    redirect(ctx, '/account?done=signed-out-elsewhere');
  });

  router.post('/sign-out', async (ctx) => {
    const person = await requirePerson(ctx);
    if (!person) return;
    const { csrf } = await readForm(ctx, csrfForm);
    requireCsrf(person, csrf);
    await deps.browserSessions.end(ctx);
    pages.send(ctx, 'signed-out', { organizationName: person.organization.name });
  });

  async function requirePasskey(person: SignedIn, id: string | undefined): Promise<Passkey> {
    const passkey = (await passkeys.list(person.stored.id)).find((own) => own.id === (id as PasskeyId)); // compared with real ids only
    if (!passkey) throw new AppError('passkey_not_found');
    return passkey;
  }

  return router;
}

/** Where an ordinary authorization request of our own client leads; it brings back a session and nothing else. */
function sendToSignIn(ctx: AppContext, state: string, again: boolean): void {
  const parameters = new URLSearchParams({
    client_id: ACCOUNT_CLIENT_ID,
    response_type: 'none',
    scope: 'openid',
    redirect_uri: new URL('/account', ctx.origin).href,
    state,
    ...(again && { prompt: 'login' }),
  });
  redirect(ctx, `/auth?${parameters}`);
}

function redirect(ctx: AppContext, path: string): void {
  ctx.status = 303;
  ctx.redirect(path);
}

/** The page a person was on or meant, without the `/account/` before it; forms lead back to their page. */
function returnPath(ctx: AppContext): string {
  const path = ctx.path.slice('/account/'.length);
  return isReturnPath(path) ? path : '-';
}

function isReturnPath(path: string): boolean {
  return RETURN_PATHS.has(path) || PASSKEY_PATH.test(path);
}

function shellOf({ stored, organization, csrf }: SignedIn, notice?: Notice) {
  const administrator = stored.role === 'administrator';
  return { organizationName: organization.name, email: stored.email, csrf, administrator, notice };
}

function readDone(ctx: AppContext): Notice | undefined {
  const { done } = ctx.query;
  if (typeof done !== 'string' || !SUCCESS_EVENTS.has(done)) return undefined;
  return { tone: 'success', event: done as SuccessEvent }; // the set holds nothing else
}

/** A refusal that the form itself shows; anything else goes on to the error page. */
function toFormNotice(error: unknown): Notice {
  if (!(error instanceof AppError) || error.status >= 500) throw error;
  return { tone: 'error', code: error.code, reason: error.reason, retryAfterSeconds: error.retryAfterSeconds };
}

function toRow(passkey: Passkey): PasskeyRow {
  const { id, name, aaguid, backedUp, createdAt, lastUsedAt, lastUsedWith, transports } = passkey;
  // Keys that are carried along speak over a cable or by touch, and never from within the device.
  const isKey = transports.length > 0 && !transports.includes('internal') && !transports.includes('hybrid');
  return {
    id,
    name,
    provider: findAuthenticatorName(aaguid),
    kind: isKey ? 'security-key' : 'device',
    synced: backedUp,
    createdAt,
    lastUsedAt,
    lastUsedWith,
  };
}

function requirePasskeys({ organization }: SignedIn): void {
  if (organization.policy.passkey === 'off') throw new AppError('method_not_offered');
}

function requireTotp({ organization }: SignedIn): void {
  if (!organization.policy.secondFactors.includes('totp')) throw new AppError('method_not_offered');
}

function requirePassword({ organization, stored }: SignedIn): void {
  // A password that a passkey has replaced comes back by policy only.
  if (organization.policy.password === 'off' || stored.password?.switchedOffAt)
    throw new AppError('method_not_offered');
}
