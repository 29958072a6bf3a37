import type { AppMiddleware } from '../app-context.ts';

const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  // No form-action: Chromium applies it to the redirects after a submit too, and those lead to relying applications.
].join('; ');

/** The headers of every answer, whatever its route or status. */
export function listSecurityHeaders(issuer: string): Readonly<Record<string, string>> {
  return {
    'Content-Security-Policy': CONTENT_SECURITY_POLICY,
    'X-Content-Type-Options': 'nosniff',
    'X-Frame-Options': 'DENY',
    'Referrer-Policy': 'no-referrer',
    'Cross-Origin-Resource-Policy': 'same-origin',
    'Permissions-Policy':
      'camera=(), geolocation=(), microphone=(), payment=(), usb=(), publickey-credentials-create=(self), publickey-credentials-get=(self)',
    'Cache-Control': 'no-store',
    ...(issuer.startsWith('https:') && { 'Strict-Transport-Security': 'max-age=31536000; includeSubDomains' }),
  };
}

/** Sets them before anything else may answer; routes that may be cached say so themselves. */
export function securityHeaders(issuer: string): AppMiddleware {
  const headers = Object.entries(listSecurityHeaders(issuer));
  return async ({ res }, next) => {
    for (const [name, value] of headers) res.setHeader(name, value);
    await next();
  };
}
