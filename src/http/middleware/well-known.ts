import type { AppMiddleware } from '../app-context.ts';

interface Deps {
  readonly issuer: string;
  /** Other sites that may use our passkeys. */
  readonly relatedOrigins: readonly string[];
}

/**
 * Where password managers and browsers find the pages of an account: to change a password (W3C, A Well-Known URL for Changing Passwords),
 * to make and to look after passkeys (W3C, A Well-Known URL for Relying Party Passkey Endpoints), and the sites that share them (WebAuthn
 * Level 3 §5.11.1). What they say is a setting; nothing of it comes from the request.
 */
export function wellKnown({ issuer, relatedOrigins }: Deps): AppMiddleware {
  const documents = new Map<string, object>([
    ['/.well-known/passkey-endpoints', { enroll: `${issuer}/account/passkeys/add`, manage: `${issuer}/account` }],
  ]);
  if (relatedOrigins.length > 0)
    documents.set('/.well-known/webauthn', { origins: [new URL(issuer).origin, ...relatedOrigins] });
  return async (ctx, next) => {
    const isReading = ctx.method === 'GET' || ctx.method === 'HEAD';
    const document = documents.get(ctx.path);
    if (isReading && ctx.path === '/.well-known/change-password') {
      ctx.status = 303;
      ctx.redirect('/account/password');
    } else if (isReading && document) {
      ctx.body = document;
    } else {
      await next();
    }
  };
}
