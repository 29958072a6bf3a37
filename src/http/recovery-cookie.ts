import type { AppContext } from './app-context.ts';

const KEPT_MS = 15 * 60 * 1000;

/** Carries a recovery from the page of its link to the sign-in that begins in the same browser, and to no other. It is read once. */
export class RecoveryCookie {
  readonly #secure: boolean;
  readonly #name: string;

  constructor({ secure }: { readonly secure: boolean }) {
    this.#secure = secure;
    this.#name = secure ? '__Host-cardea.recovery' : 'cardea.recovery';
  }

  put(ctx: AppContext, ticket: string): void {
    ctx.cookies.set(this.#name, ticket, { ...this.#options(), maxAge: KEPT_MS });
  }

  take(ctx: AppContext): string | undefined {
    const ticket = ctx.cookies.get(this.#name, { signed: false });
    if (ticket === undefined) return undefined;
    ctx.cookies.set(this.#name, null, this.#options());
    return ticket;
  }

  #options() {
    return { httpOnly: true, path: '/', sameSite: 'lax', secure: this.#secure, signed: false } as const;
  }
}
