import { AppError, toAppError } from '../../lib/app-error.ts';
import type { AppContext, AppMiddleware } from '../app-context.ts';
import type { Pages } from '../pages/pages.ts';

/**
 * Turns whatever was thrown into an answer: a refusal of the catalogue, or an unexpected fault that is logged whole and told only by its
 * request id. Nothing is thrown on, because Koa would drop every header that was set.
 */
export function errors(pages: Pages): AppMiddleware {
  return async (ctx, next) => {
    try {
      await next();
      if (ctx.status === 404 && !ctx.body) throw new AppError('not_found');
    } catch (thrown) {
      const error = toAppError(thrown);
      if (error.status >= 500)
        ctx.state.logger.error({ requestId: ctx.state.requestId, error: thrown }, 'request failed');
      if (error.retryAfterSeconds !== undefined) ctx.set('Retry-After', String(error.retryAfterSeconds));
      try {
        answer(ctx, error, pages);
      } catch (fault) {
        // A page that cannot be made must not keep the refusal from being told.
        ctx.state.logger.error(
          { requestId: ctx.state.requestId, error: fault },
          'the page of a refusal could not be made',
        );
        ctx.status = error.status;
        ctx.body = { error: error.code, requestId: ctx.state.requestId };
      }
    }
  };
}

function answer(ctx: AppContext, error: AppError, pages: Pages): void {
  if (wantsPage(ctx)) {
    pages.sendError(ctx, error);
    return;
  }
  const { title, next } = pages.explain(ctx, error);
  const { code, field, reason } = error;
  ctx.status = error.status;
  ctx.body = { error: code, message: title, next, field, reason, requestId: ctx.state.requestId };
}

function wantsPage(ctx: AppContext): boolean {
  return !ctx.is('json') && ctx.accepts('json', 'html') === 'html';
}
