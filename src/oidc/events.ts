import type { KoaContextWithOIDC, Provider } from 'oidc-provider';
import type { Logger } from '../lib/logger.ts';

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
