import { createServer, type Server } from 'node:http';
import type Router from '@koa/router';
import type Koa from 'koa';
import { AppError, toAppError } from '../lib/app-error.ts';
import type { Ids } from '../lib/ids.ts';
import type { Logger } from '../lib/logger.ts';
import type { EndpointLimits } from '../oidc/endpoint-limits.ts';
import type { FloodLimit } from '../rates/flood-limit.ts';
import { toNetwork } from '../rates/network.ts';
import type { AppContext, AppMiddleware, AppState, RequestHandler } from './app-context.ts';
import { errors } from './middleware/errors.ts';
import { onlyIssuerHost } from './middleware/host.ts';
import { PublicDocuments } from './middleware/public-documents.ts';
import { requestContext } from './middleware/request-context.ts';
import { onlySameOrigin } from './middleware/same-origin.ts';
import { listSecurityHeaders, securityHeaders } from './middleware/security-headers.ts';
import { timeLimit } from './middleware/time-limit.ts';
import { wellKnown } from './middleware/well-known.ts';
import type { Pages } from './pages/pages.ts';

interface Deps {
  readonly issuer: string;
  /** oidc-provider, which is itself the Koa application. */
  readonly application: Koa<AppState>;
  readonly pages: Pages;
  readonly assets: AppMiddleware;
  /** Requests to pages from one source. */
  readonly pageLimit: FloodLimit;
  readonly endpointLimits: EndpointLimits;
  /** Other sites that may use our passkeys. */
  readonly relatedOrigins: readonly string[];
  /** By the first segment of the path. */
  readonly routers: Readonly<Record<string, Router<AppState>>>;
  readonly health: AppMiddleware;
  /** What changes with the signing keys. */
  readonly keysVersion: () => string;
  readonly logger: Logger;
  readonly ids: Ids;
  readonly trustedProxies: readonly string[];
}

/** Everybody is answered within 5 s. */
const REQUEST_LIMIT_MS = 4500;

const PUBLIC_DOCUMENTS = ['/.well-known/openid-configuration', '/.well-known/oauth-authorization-server', '/jwks'];

/**
 * The order in which a request meets the house. oidc-provider is itself the Koa application; what is used here runs before its own routes,
 * and within one context.
 */
export function createRequestHandler(deps: Deps): RequestHandler {
  const { issuer, application, pages, keysVersion } = deps;
  const documents = new PublicDocuments({
    paths: PUBLIC_DOCUMENTS,
    issuer,
    securityHeaders: listSecurityHeaders(issuer),
    keysVersion,
  });
  const steps: readonly AppMiddleware[] = [
    requestContext(deps),
    securityHeaders(issuer),
    errors(pages),
    deps.health, // before the host is looked at: probes come by any name
    timeLimit(REQUEST_LIMIT_MS),
    onlyIssuerHost(issuer),
    deps.assets,
    wellKnown(deps),
    documents.remember(),
    ownPages(deps),
    limitEndpoints(deps),
  ];
  for (const step of steps) application.use(step);
  // oidc-provider answers faults in its own routes itself, all alike, and tells of them.
  application.on('server_error', (ctx: AppContext, fault: unknown) => sayWhen(ctx, toAppError(fault)));
  application.on('error', (error: Error) => deps.logger.warn({ error }, 'a connection failed'));
  const handle = application.callback();
  return (request, response) => {
    if (!documents.serve(request, response)) void handle(request, response);
  };
}

/** A store that does not answer now is no fault for good. */
function sayWhen(ctx: AppContext, { status, retryAfterSeconds }: AppError): void {
  ctx.status = status;
  if (retryAfterSeconds !== undefined) ctx.set('Retry-After', String(retryAfterSeconds));
}

/** Leads to the pages that are ours, by the first segment; everything else is the provider's. */
function ownPages({ issuer, routers, pageLimit }: Deps): AppMiddleware {
  const guard = onlySameOrigin(issuer);
  const routes = new Map(Object.entries(routers).map(([segment, router]) => [segment, toMiddleware(router)]));
  return async (ctx, next) => {
    const run = routes.get(ctx.path.split('/', 2)[1] ?? '');
    if (!run) return next();
    const retryAfterSeconds = await pageLimit.hit(toNetwork(ctx.state.clientAddress));
    if (retryAfterSeconds !== undefined) throw new AppError('too_many_tries', { retryAfterSeconds });
    await guard(ctx, () => run(ctx, async () => undefined));
  };
}

function limitEndpoints({ endpointLimits }: Deps): AppMiddleware {
  return async (ctx, next) => {
    const retryAfterSeconds = await endpointLimits.guard(ctx, toNetwork(ctx.state.clientAddress), next);
    if (retryAfterSeconds !== undefined) throw new AppError('too_many_tries', { retryAfterSeconds });
  };
}

function toMiddleware(router: Router<AppState>): AppMiddleware {
  // The router's own context type adds what it sets itself.
  const run = router.routes() as unknown as AppMiddleware;
  const nameMethods = router.allowedMethods() as unknown as AppMiddleware;
  return async (ctx, next) => {
    await nameMethods(ctx, () => run(ctx, next));
    // The router has set `Allow` by now, and says 501 to methods that none of its routes has.
    if (ctx.status === 405 || ctx.status === 501) throw new AppError('method_not_allowed');
  };
}

/** A server with limits on what a slow or greedy peer may hold; it does not listen yet. */
export function createHttpServer(handle: RequestHandler): Server {
  const server = createServer(
    {
      connectionsCheckingInterval: 5000,
      headersTimeout: 10_000,
      keepAliveTimeout: 5000,
      maxHeaderSize: 16_384,
      requestTimeout: 30_000,
    },
    handle,
  );
  server.maxConnections = 4096;
  server.maxRequestsPerSocket = 1000;
  return server;
}
