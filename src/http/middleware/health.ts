import type { AppMiddleware } from '../app-context.ts';

interface Deps {
  /** Rejects when a store does not answer. */
  readonly ping: () => Promise<void>;
  /** True once the process has begun to end. */
  readonly isDraining: () => boolean;
}

/** For supervisors and load balancers: the process runs (`live`); it should be sent requests (`ready`). */
export function health({ ping, isDraining }: Deps): AppMiddleware {
  return async (ctx, next) => {
    if (ctx.path === '/health/live') {
      ctx.body = { status: 'live' };
    } else if (ctx.path === '/health/ready') {
      const answers = await ping().then(
        () => true,
        () => false,
      );
      const ready = answers && !isDraining();
      ctx.status = ready ? 200 : 503;
      ctx.body = { status: ready ? 'ready' : 'not ready' };
    } else {
      await next();
    }
  };
}
