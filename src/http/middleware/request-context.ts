import proxyAddr from 'proxy-addr';
import type { Ids } from '../../lib/ids.ts';
import type { Logger } from '../../lib/logger.ts';
import type { AppMiddleware } from '../app-context.ts';

interface Deps {
  readonly logger: Logger;
  readonly ids: Ids;
  /** Addresses and ranges of reverse proxies whose `X-Forwarded-For` is believed. */
  readonly trustedProxies: readonly string[];
}

/** Gives each request an id, an address and a line in the log. Paths of one sign-in hold its id, so the log names routes instead. */
export function requestContext({ logger, ids, trustedProxies }: Deps): AppMiddleware {
  const isTrusted = proxyAddr.compile([...trustedProxies]);
  return async (ctx, next) => {
    const startedAt = performance.now();
    const requestId = ids.newId();
    ctx.state.requestId = requestId;
    ctx.state.clientAddress = proxyAddr(ctx.req, isTrusted);
    ctx.state.logger = logger;
    ctx.set('X-Request-Id', requestId);
    await next();
    const milliseconds = Math.round((performance.now() - startedAt) * 10) / 10;
    logger.info(
      { requestId, method: ctx.method, route: ctx._matchedRoute ?? 'none', status: ctx.status, milliseconds },
      'request',
    );
  };
}
