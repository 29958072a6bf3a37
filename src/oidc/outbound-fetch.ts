import type { Configuration } from 'oidc-provider';

type OutboundFetch = NonNullable<Configuration['fetch']>;

/**
 * The requests that oidc-provider makes, such as for the key sets of clients. It hands over a dispatcher that refuses private and loopback
 * addresses at the moment of connecting; only for origins that the operator has named is it left out. Redirects are never followed.
 */
export function createOutboundFetch(allowedOrigins: readonly string[]): OutboundFetch {
  const allowed = new Set(allowedOrigins);
  return (input, init = {}) => {
    const url = new URL(input instanceof Request ? input.url : input);
    const options: RequestInit & { dispatcher?: unknown } = { ...init, redirect: 'error' }; // the dispatcher is undici's own option
    if (allowed.has(url.origin)) delete options.dispatcher;
    return fetch(url, options);
  };
}
