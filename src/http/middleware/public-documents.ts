import { hash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AppMiddleware } from '../app-context.ts';

interface Deps {
  readonly paths: readonly string[];
  readonly issuer: string;
  readonly securityHeaders: Readonly<Record<string, string>>;
  /** What changes with the signing keys. */
  readonly keysVersion: () => string;
}

interface PublicDocument {
  /** Of the keys that it was rendered with. */
  readonly keysVersion: string;
  readonly body: Buffer;
  readonly etag: string;
  readonly headers: Readonly<Record<string, string | number>>;
}

/** How long others may keep discovery and keys without asking again, in seconds. */
const MAX_AGE_SECONDS = 300;

/**
 * Discovery and the public keys. oidc-provider renders them anew for each request; they change only with a restart or with the keys, so
 * they are rendered once for each set of keys and answered from memory, before Koa, with an entity tag.
 */
export class PublicDocuments {
  readonly #paths: ReadonlySet<string>;
  readonly #host: string;
  readonly #deps: Deps;
  readonly #documents = new Map<string, PublicDocument>();

  constructor(deps: Deps) {
    this.#paths = new Set(deps.paths);
    this.#host = new URL(deps.issuer).host;
    this.#deps = deps;
  }

  /** Keeps what the route answered. */
  remember(): AppMiddleware {
    const { keysVersion: readVersion, securityHeaders } = this.#deps;
    return async (ctx, next) => {
      const keysVersion = readVersion();
      await next();
      if (ctx.method !== 'GET' || ctx.status !== 200 || !this.#paths.has(ctx.path)) return;
      const body = Buffer.from(JSON.stringify(ctx.body));
      const etag = `"${hash('sha256', body, 'base64url').slice(0, 22)}"`;
      const headers = {
        ...securityHeaders,
        'Content-Type': String(ctx.response.get('content-type')),
        'Access-Control-Allow-Origin': '*',
        'Cache-Control': `public, max-age=${MAX_AGE_SECONDS}`,
        ETag: etag,
      };
      this.#documents.set(ctx.path, { keysVersion, body, etag, headers });
      ctx.set(headers);
      ctx.body = body;
    };
  }

  /** Answers from memory; false when there is nothing there yet or the request is not plain. */
  serve(request: IncomingMessage, response: ServerResponse): boolean {
    const document =
      request.method === 'GET' && request.headers.host === this.#host && this.#documents.get(request.url ?? '');
    if (!document || document.keysVersion !== this.#deps.keysVersion()) return false;
    if (request.headers['if-none-match'] === document.etag) {
      response.writeHead(304, document.headers).end();
    } else {
      response.writeHead(200, { ...document.headers, 'Content-Length': document.body.length }).end(document.body);
    }
    return true;
  }
}
