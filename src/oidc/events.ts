import type { KoaContextWithOIDC, Provider } from 'oidc-provider';
import type { AccountStore } from '../accounts/account-store.ts';
import type { AuditLog } from '../audit/audit-log.ts';
import type { AccountId } from '../lib/ids.ts';
import type { Logger } from '../lib/logger.ts';
import { describeBrowser } from '../passkeys/describe-browser.ts';

/** Events of oidc-provider that mean a refusal; the public error says little, its detail says why. */
const REFUSALS = [
  'authorization.error',
  'grant.error',
  'introspection.error',
  'revocation.error',
  'userinfo.error',
  'end_session.error',
  'pushed_authorization_request.error',
] as const;

interface SignOutDeps {
  readonly accounts: AccountStore;
  readonly auditLog: AuditLog;
}

/** Keeps in the audit log who signed out by way of an application (OpenID Connect RP-Initiated Logout 1.0). */
export function recordSignOuts(provider: Provider, { accounts, auditLog }: SignOutDeps): void {
  provider.on('end_session.success', async (ctx: KoaContextWithOIDC) => {
    const { session, params } = ctx.oidc;
    if (!session?.accountId || !params?.logout) return; // signed out of the application only
    const account = await accounts.find(session.accountId as AccountId).catch(() => undefined); // sessions hold our ids
    const device = describeBrowser(ctx.get('user-agent'));
    await auditLog.record({ type: 'signed-out' }, { account, device });
  });
}

/** Writes down what oidc-provider did and refused, with the reason that is never sent to anybody. */
export function logProviderEvents(provider: Provider, logger: Logger): void {
  const listen = provider.on.bind(provider) as (event: string, listener: (...values: never[]) => void) => void; // its typed list lacks some
  for (const event of REFUSALS) {
    listen(event, (ctx: KoaContextWithOIDC, error: Error & { error?: string; error_detail?: string }) => {
      const { client, account } = ctx.oidc.entities.Client
        ? { client: ctx.oidc.client, account: ctx.oidc.account }
        : {};
      logger.info(
        {
          event,
          clientId: client?.clientId,
          accountId: account?.accountId,
          error: error.error,
          detail: error.error_detail,
        },
        'protocol refusal',
      );
    });
  }
  listen('server_error', (_ctx: KoaContextWithOIDC, error: Error) => logger.error({ error }, 'oidc-provider failed'));
  listen('grant.revoked', (ctx: KoaContextWithOIDC) =>
    logger.info({ clientId: ctx.oidc.client?.clientId }, 'grant revoked'),
  );
}
