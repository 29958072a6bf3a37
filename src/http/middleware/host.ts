import { AppError } from '../../lib/app-error.ts';
import type { AppMiddleware } from '../app-context.ts';

/** Refuses requests for another host than the issuer's: nothing here serves a second name. Probes may come by any name. */
export function onlyIssuerHost(issuer: string, exempt: ReadonlySet<string>): AppMiddleware {
  const { host } = new URL(issuer);
  return async (ctx, next) => {
    if (ctx.req.headers.host !== host && !exempt.has(ctx.path)) throw new AppError('wrong_host');
    await next();
  };
}
