import { AppError } from '../../lib/app-error.ts';
import type { AppMiddleware } from '../app-context.ts';

const SAFE_METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);

/**
 * Refuses changes that another site's page sends. Browsers tell by `Sec-Fetch-Site`, older ones by `Origin`; a program that sends neither
 * has no cookies of a person to abuse.
 */
export function onlySameOrigin(issuer: string): AppMiddleware {
  const { origin } = new URL(issuer);
  return async (ctx, next) => {
    const site = ctx.get('sec-fetch-site');
    const caller = ctx.get('origin');
    const isOurs = site === '' ? caller === '' || caller === origin : site === 'same-origin' || site === 'none';
    if (!SAFE_METHODS.has(ctx.method) && !isOurs) throw new AppError('cross_site_request');
    await next();
  };
}
