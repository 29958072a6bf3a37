import { z } from 'zod';
import { digest } from '../lib/digest.ts';
import type { AccountId, Ids, PasskeyId } from '../lib/ids.ts';
import type { Signer } from '../lib/signer.ts';
import type { AppContext } from './app-context.ts';

/** With its name and its signature the cookie stays below 1 KB. */
const MAX_TEXT_LENGTH = 950;
const MAX_ACCOUNTS = 4;
/** Of the digest of a passkey's id: enough to tell those of one account apart. */
const PASSKEY_MARK_LENGTH = 12;
const KEPT_MS = 180 * 24 * 60 * 60 * 1000;

/** We signed it, so it is one. */
const accountIdSchema = z.custom<AccountId>((id) => typeof id === 'string');

const contentSchema = z.strictObject({
  id: z.string(),
  accounts: z
    .array(
      z.strictObject({
        id: accountIdSchema,
        email: z.string(),
        name: z.string().optional(),
        passkey: z.string().optional(),
      }),
    )
    .max(MAX_ACCOUNTS),
});

export interface RememberedAccount {
  readonly id: AccountId;
  readonly email: string;
  readonly name?: string | undefined;
  /** Tells the passkey that this very device was last seen to hold; see `isHere`. */
  readonly passkey?: string | undefined;
}

export interface KnownBrowser {
  readonly id: string;
  /** Latest first. */
  readonly accounts: readonly RememberedAccount[];
}

interface Deps {
  readonly signer: Signer;
  readonly ids: Ids;
  readonly secure: boolean;
}

/**
 * Which accounts have signed in with a browser: kept in a signed cookie on that device and nowhere else. It saves typing, and keeps the
 * wrong guesses of strangers apart from the owner's; it proves nothing.
 */
export class KnownBrowsers {
  readonly #deps: Deps;
  readonly #name: string;

  constructor(deps: Deps) {
    this.#deps = deps;
    this.#name = deps.secure ? '__Host-cardea.browser' : 'cardea.browser';
  }

  /** Undefined for a new browser, and for a cookie that we did not write. */
  read(ctx: AppContext): KnownBrowser | undefined {
    const [text, signature] = ctx.cookies.get(this.#name, { signed: false })?.split('.') ?? [];
    if (!text || !signature || !this.#deps.signer.verify('browser', text, signature)) return undefined;
    return contentSchema.safeParse(JSON.parse(Buffer.from(text, 'base64url').toString())).data; // another release may have written it
  }

  /** `passkey`: one that the device itself has answered with just now. */
  remember(ctx: AppContext, account: Omit<RememberedAccount, 'passkey'>, passkey?: PasskeyId): void {
    const known = this.read(ctx);
    const others = known?.accounts.filter(({ id }) => id !== account.id) ?? [];
    const former = known?.accounts.find(({ id }) => id === account.id);
    const mark = passkey === undefined ? former?.passkey : toMark(passkey);
    this.#write(ctx, {
      id: known?.id ?? this.#deps.ids.newId(),
      accounts: [{ ...account, passkey: mark }, ...others].slice(0, MAX_ACCOUNTS),
    });
  }

  /** Whether the device is known to hold that passkey of the account; false for want of knowing, too. */
  isHere(ctx: AppContext, accountId: AccountId, passkey: PasskeyId): boolean {
    const mark = this.read(ctx)?.accounts.find(({ id }) => id === accountId)?.passkey;
    return mark !== undefined && mark === toMark(passkey);
  }

  forget(ctx: AppContext, email: string): void {
    const known = this.read(ctx);
    if (known) this.#write(ctx, { ...known, accounts: known.accounts.filter((account) => account.email !== email) });
  }

  #write(ctx: AppContext, browser: KnownBrowser): void {
    const text = encode(browser);
    ctx.cookies.set(this.#name, `${text}.${this.#deps.signer.sign('browser', text)}`, {
      httpOnly: true,
      maxAge: KEPT_MS,
      path: '/',
      sameSite: 'lax',
      secure: this.#deps.secure,
      signed: false,
    });
  }
}

function encode(browser: KnownBrowser): string {
  const text = Buffer.from(JSON.stringify(browser)).toString('base64url');
  return text.length <= MAX_TEXT_LENGTH ? text : encode({ ...browser, accounts: shorten(browser.accounts) });
}

/** Leaves out the oldest name, or where there is none the oldest account. */
function shorten(accounts: readonly RememberedAccount[]): readonly RememberedAccount[] {
  const others = accounts.slice(0, -1);
  const oldest = accounts.at(-1);
  return oldest?.name === undefined ? others : [...others, { ...oldest, name: undefined }];
}

function toMark(passkey: PasskeyId): string {
  return digest(passkey).slice(0, PASSKEY_MARK_LENGTH);
}
