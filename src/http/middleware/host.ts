import { AppError } from '../../lib/app-error.ts';
import type { AppMiddleware } from '../app-context.ts';

/** Refuses requests for another host than the issuer's: nothing here serves a second name. */
export function onlyIssuerHost(issuer: string): AppMiddleware {
  const { host } = new URL(issuer);
  return async ({ req }, next) => {
    const hosts = req.headersDistinct.host ?? [];
    // A target that does not begin with a slash would name a host of its own (RFC 9112 §3.2.2).
    const isOurs = hosts.length === 1 && hosts[0] === host && req.url?.startsWith('/') === true;
    if (!isOurs) throw new AppError('wrong_host');
    await next();
  };
}
