import { errors, Provider } from 'oidc-provider';
import { addSeconds, type Clock } from '../lib/clock.ts';
import { digest } from '../lib/digest.ts';
import { Memory } from '../lib/memory.ts';
import type { FloodLimit } from '../rates/flood-limit.ts';
import type { Budget, RateStore } from '../rates/rate-store.ts';
import type { RecordStore } from './record-store.ts';

interface Deps {
  /** Token requests of one client. */
  readonly tokens: FloodLimit;
  readonly rates: RateStore;
  readonly records: RecordStore;
  readonly clock: Clock;
}

/** A request as the limits see it: `oidc` is there once oidc-provider has taken it. */
interface EndpointContext {
  readonly path: string;
  readonly status: number;
  readonly oidc?: { readonly client?: { readonly clientId: string }; readonly params?: { readonly code?: unknown } };
}

/** Endpoints at which clients prove themselves. */
const CLIENT_ENDPOINTS: ReadonlySet<string> = new Set([
  '/token',
  '/token/introspection',
  '/token/revocation',
  '/request',
]);

/** Failed client authentications from one source in a minute, whichever processes answer them. */
const REFUSALS: Budget = { free: 20, windowSeconds: 60, pauseSeconds: 60, maxPauseSeconds: 60 };

/** A code dies with the third answer that does not fit it, so that a verifier cannot be guessed (RFC 7636 §7.1). */
const CODE_TRIES: Budget = { free: 2, windowSeconds: 60, pauseSeconds: 60, maxPauseSeconds: 60 };

class TooManyRequests extends errors.OIDCProviderError {
  constructor(retryAfterSeconds: number) {
    super(429, 'temporarily_unavailable');
    this.error_description = `too many requests, wait ${retryAfterSeconds} seconds`;
  }
}

/** Keeps single clients and sources from flooding the endpoints that sign and store. Only what was authenticated counts against a client. */
export class EndpointLimits {
  readonly #deps: Deps;
  /** Until when sources have to wait. Another process learns of it with the next refusal that it counts. */
  readonly #pauses: Memory<string, Date>;

  constructor(deps: Deps) {
    this.#deps = deps;
    this.#pauses = new Memory({ clock: deps.clock, seconds: REFUSALS.maxPauseSeconds, limit: 10_000 });
  }

  /** Throws an OAuth error when the client that is being looked up has had too many tokens of late. */
  async requireRoom(clientId: string): Promise<void> {
    if (Provider.ctx?.path !== '/token') return;
    const wait = await this.#deps.tokens.findWait(clientId);
    if (wait !== undefined) throw new TooManyRequests(wait);
  }

  /** Runs a request of a client endpoint; others pass through. Answers the seconds to wait when the source must stop. */
  async guard(ctx: EndpointContext, source: string, next: () => Promise<unknown>): Promise<number | undefined> {
    if (!CLIENT_ENDPOINTS.has(ctx.path)) {
      await next();
      return undefined;
    }
    const wait = this.#findWait(source);
    if (wait > 0) return wait;
    await next();
    await this.#count(ctx, source);
    return undefined;
  }

  async #count(ctx: EndpointContext, source: string): Promise<void> {
    const { client, params } = ctx.oidc ?? {};
    if (ctx.status === 401) await this.#countRefusal(source);
    else if (ctx.status === 200 && ctx.path === '/token' && client) await this.#deps.tokens.hit(client.clientId);
    else if (ctx.status === 400 && ctx.path === '/token' && typeof params?.code === 'string')
      await this.#countCodeTry(params.code);
  }

  /** In seconds. */
  #findWait(source: string): number {
    const until = this.#pauses.find(source)?.getTime() ?? 0;
    return Math.ceil((until - this.#deps.clock.now().getTime()) / 1000);
  }

  async #countRefusal(source: string): Promise<void> {
    const { rates, clock } = this.#deps;
    const now = clock.now();
    const minute = Math.floor(now.getTime() / 60_000);
    const hit = await rates.hit(digest(`refusals:${minute}:${source}`), REFUSALS);
    if (!hit.allowed) this.#pauses.keep(source, addSeconds(now, hit.retryAfterSeconds));
    else if (hit.count > REFUSALS.free) this.#pauses.keep(source, addSeconds(now, REFUSALS.pauseSeconds));
  }

  async #countCodeTry(code: string): Promise<void> {
    const { rates, records } = this.#deps;
    const id = digest(code);
    const hit = await rates.hit(`code:${id}`, CODE_TRIES);
    if (!hit.allowed || hit.count > CODE_TRIES.free) await records.delete('AuthorizationCode', id);
  }
}
