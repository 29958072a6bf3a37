import type Router from '@koa/router';
import { z } from 'zod';
import type { AuditLog } from '../../audit/audit-log.ts';
import { AppError } from '../../lib/app-error.ts';
import { listResources } from '../../oidc/consent.ts';
import type { Interactions, PendingInteraction } from '../../oidc/interactions.ts';
import type { SignInAccounts } from '../../sign-in/sign-in-accounts.ts';
import type { AppContext, AppState } from '../app-context.ts';
import { readForm } from '../middleware/body.ts';
import type { Pages } from './pages.ts';
import { type SignInVisits, toBasePath } from './sign-in-visits.ts';

interface Deps {
  readonly visits: SignInVisits;
  readonly interactions: Interactions;
  readonly signInAccounts: SignInAccounts;
  readonly auditLog: AuditLog;
  readonly pages: Pages;
}

const decisionForm = z.strictObject({ decision: z.enum(['allow', 'deny']) });

/** Asks somebody who is signed in what an application may know and do. */
export class ConsentPages {
  readonly #deps: Deps;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  addTo(router: Router<AppState>): void {
    const { visits, interactions } = this.#deps;
    router.post('/consent', async (ctx) => {
      const pending = await visits.requirePending(ctx);
      const { decision } = await readForm(ctx, decisionForm);
      if (pending.prompt !== 'consent') throw new AppError('step_finished');
      visits.redirect(
        ctx,
        decision === 'allow' ? await this.#allow(ctx, pending) : await interactions.abort(ctx, 'access_denied'),
      );
    });
  }

  async #allow(ctx: AppContext, { accountId, clientId, clientName }: PendingInteraction): Promise<string> {
    const { interactions, signInAccounts, auditLog, visits } = this.#deps;
    const location = await interactions.allow(ctx);
    const found = accountId && (await signInAccounts.find(accountId));
    const about = { account: found?.stored, clientId, device: visits.sourceOf(ctx).description };
    await auditLog.record({ type: 'application-allowed', applicationName: clientName ?? clientId }, about);
    return location;
  }

  async show(ctx: AppContext, pending: PendingInteraction): Promise<void> {
    const person = pending.accountId && (await this.#deps.signInAccounts.find(pending.accountId));
    if (!person) throw new AppError('sign_in_expired');
    const { stored, organization } = person;
    const values: Readonly<Record<string, string | undefined>> = {
      profile: stored.profile.name,
      email: stored.email,
      phone: stored.profile.phoneNumber,
      organization: organization.name,
    };
    this.#deps.pages.send(ctx, 'consent', {
      base: toBasePath(pending.id),
      organizationName: organization.name,
      applicationName: pending.clientName,
      account: { email: stored.email, name: stored.profile.name },
      redirectHost: toHost(pending.redirectUri),
      items: pending.missing.scopes
        .filter((scope) => scope !== 'openid')
        .map((scope) => ({ scope, value: values[scope] })),
      resources: listResources(pending.missing),
    });
  }
}

/** Where the person will be sent; the whole address for an application on the device, whose scheme has no host. */
function toHost(redirectUri: string): string {
  return (URL.canParse(redirectUri) && new URL(redirectUri).host) || redirectUri;
}
