import { toAppError } from '../../lib/app-error.ts';
import type { ProviderPages } from '../../oidc/provider-options.ts';
import type { AppContext } from '../app-context.ts';
import type { Pages } from './pages.ts';

/** The pages that oidc-provider asks for in the middle of its own routes, made by ours. */
export function createProviderPages(pages: Pages): ProviderPages {
  return {
    confirmSignOut(ctx, action, xsrf) {
      const applicationName = ctx.oidc.client?.clientName;
      pages.send(ours(ctx), 'sign-out', { organizationName: pages.organizationName, applicationName, action, xsrf });
    },
    signedOut(ctx) {
      const applicationName = ctx.oidc.client?.clientName;
      pages.send(ours(ctx), 'signed-out', { organizationName: pages.organizationName, applicationName });
    },
    protocolError(ctx, { error, error_description }, cause) {
      if (error === 'server_error') return pages.sendError(ours(ctx), toAppError(cause));
      const detail = 'error_detail' in cause && typeof cause.error_detail === 'string' ? cause.error_detail : undefined;
      const exact = pages.development ? { error_detail: detail } : {};
      pages.sendProtocolError(ours(ctx), { error, error_description, ...exact }, ctx.oidc.client?.clientName);
    },
  };
}

/** The provider is the application that our middleware runs in, so its contexts carry our state; its types cannot know that. */
function ours(ctx: unknown): AppContext {
  return ctx as AppContext;
}
