import type { TestContext } from 'node:test';
import Router from '@koa/router';

/**
 * The routes of every application that is opened from now on, as their routers have them: `GET /account/passkeys/:passkey/rename`. Each
 * router says its own when it is put to use, so nobody can forget one.
 */
export function watchRoutes(t: TestContext): ReadonlySet<string> {
  const seen = new Set<string>();
  const { routes } = Router.prototype;
  function tell(this: Router) {
    for (const { path, methods } of this.stack)
      for (const method of methods) if (method !== 'HEAD') seen.add(`${method} ${path}`);
    return routes.call(this);
  }
  Object.defineProperty(Router.prototype, 'routes', { value: tell });
  t.after(() => Object.defineProperty(Router.prototype, 'routes', { value: routes }));
  return seen;
}
