import { AppError } from '../../lib/app-error.ts';
import type { AppContext, AppMiddleware } from '../app-context.ts';

/** How finely time is measured. */
const TICKS = 9;

/**
 * Refuses with `store_unavailable` what is not answered within the limit, in milliseconds: each call of a store has a limit of its own,
 * and a request makes several. Time counts while the request is ours to answer, not while its body is still on its way. The work goes on
 * unseen and may yet be done, as with any call that was given up: what it still says comes too late for the answer.
 */
export function timeLimit(limitMs: number): AppMiddleware {
  return async (ctx, next) => {
    const { promise: end, reject } = Promise.withResolvers<never>();
    let ticks = 0;
    const timer = setInterval(() => {
      if (isOurs(ctx)) ticks += 1;
      if (ticks < TICKS) return;
      clearInterval(timer);
      const cause = new Error(`the request was not answered within ${limitMs} ms`);
      reject(new AppError('store_unavailable', { cause, retryAfterSeconds: 1 }));
    }, limitMs / TICKS).unref();
    try {
      await Promise.race([next(), end]);
    } finally {
      clearInterval(timer);
    }
  };
}

/** Whether all of the request is there, or some of it that nobody has read yet. */
function isOurs({ req }: AppContext): boolean {
  return req.complete || req.readableLength > 0;
}
