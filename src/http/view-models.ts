import type { ErrorCode } from '../lib/error-codes.ts';
import type { PasskeySignals } from '../wire/passkey-answers.ts';

/** What happened, said first on the page: a refusal of the catalogue, or something that went well. */
export type Notice =
  | {
      readonly tone: 'error';
      readonly code: ErrorCode;
      readonly reason?: string | undefined;
      readonly retryAfterSeconds?: number | undefined;
    }
  | { readonly tone: 'success'; readonly event: SuccessEvent; readonly name?: string | undefined };

export type SuccessEvent =
  | 'passkey-added'
  | 'passkey-renamed'
  | 'passkey-deleted'
  | 'totp-on'
  | 'totp-off'
  | 'password-set'
  | 'signed-out-elsewhere'
  | 'account-ready';

/** What every page knows. `action` values of forms are paths on this server. */
export interface Shell {
  readonly organizationName: string;
  /** The relying application the person is on the way to. */
  readonly applicationName?: string | undefined;
  readonly notice?: Notice | undefined;
}

/** Pages of one sign-in live under `base`, such as `/interaction/<uid>`. */
export interface SignInShell extends Shell {
  readonly base: string;
}

/** An account as a card on the page: only what this browser or this person said. */
export interface AccountCard {
  readonly email: string;
  readonly name?: string | undefined;
}

/** What somebody new is asked for; the password only where a passkey alone signs nobody in. */
export interface NewcomerFields {
  readonly email: string;
  readonly name: string;
  readonly password?: { readonly minimumLength: number } | undefined;
}

export interface PasskeyRow {
  readonly id: string;
  readonly name: string;
  /** Provider by AAGUID, where known. */
  readonly provider?: string | undefined;
  readonly synced: boolean;
  /** From the transports, where they tell: what to call the place of a passkey that is not synced. */
  readonly kind?: 'device' | 'security-key' | undefined;
  readonly createdAt: Date;
  readonly lastUsedAt?: Date | undefined;
  readonly lastUsedWith?: string | undefined;
}

/** Pages for a signed-in person. `csrf` goes into every form of theirs. */
export interface AccountShell extends Shell {
  readonly email: string;
  readonly csrf: string;
  readonly administrator: boolean;
}

/** Every page, by the name of its file in views/, and exactly what it is given. */
export interface ViewModels {
  /** First page. Form POST `base`/identify {email, organization?}; passkey button and autofill when `passkey`. */
  'sign-in': SignInShell & {
    readonly email: string;
    readonly passkey: boolean;
    /** Ask for the organization on this page too, with what was typed so far. */
    readonly organization?: string | undefined;
    readonly askOrganization: boolean;
    /** Accounts that signed in with this browser before: each is a button, POST `base`/identify {email}. POST `base`/forget {email} forgets one. */
    readonly remembered: readonly AccountCard[];
    readonly signUp: boolean;
  };
  /** POST `base`/organization {organization}. */
  organization: SignInShell & { readonly organization: string };
  /** After the e-mail. POST `base`/password {password}; POST `base`/restart goes back to the e-mail. */
  password: SignInShell & { readonly account: AccountCard; readonly passkey: boolean };
  /** Only a passkey will do; POST `base`/restart. `second`: after a password ("One more step"), `totp` and others are then the other ways, as links to `base`?method=totp. */
  passkey: SignInShell & {
    readonly account?: AccountCard | undefined;
    readonly second: boolean;
    readonly otherMethods: readonly 'totp'[];
  };
  /** POST `base`/totp {code}; other ways as links to `base`?method=passkey. */
  totp: SignInShell & { readonly account: AccountCard; readonly otherMethods: readonly 'passkey'[] };
  /** Offer, or demand, to make a passkey. POST `base`/enrol/decline {never?} unless `must`; POST `base`/cancel when `must`. Registration: `base`/enrol/options, `base`/enrol. */
  'enrol-passkey': SignInShell & { readonly must: boolean; readonly account: AccountCard };
  /** POST `base`/consent {decision: allow|deny}. */
  consent: SignInShell & {
    readonly account: AccountCard;
    readonly redirectHost: string;
    /** What is asked for, in words of the language file (`consent.scope.<scope>`), with the person's own values where there are. */
    readonly items: readonly { readonly scope: string; readonly value?: string | undefined }[];
    /** The APIs it asks for, with the scopes it asks for there. */
    readonly resources: readonly { readonly indicator: string; readonly scopes: readonly string[] }[];
  };
  /** Make an account: e-mail, name, then the passkey (`base`/sign-up/options {email, name}, `base`/sign-up). */
  'sign-up': SignInShell & NewcomerFields;
  /** "Do you want to sign out?": POST `action` {xsrf, logout: yes}; or POST `action` {xsrf} to stay signed in. */
  'sign-out': Shell & { readonly action: string; readonly xsrf: string };
  'signed-out': Shell;
  /** A refusal with a page of its own. `blame`: whose problem it is. `details` (development, or safe ones) are folded below. */
  error: Shell & {
    readonly code: ErrorCode | 'application_error';
    readonly blame: 'person' | 'application' | 'us';
    readonly requestId: string;
    readonly details: readonly { readonly name: string; readonly value: string }[];
    /** Where to go on; only ever a path of this server. */
    readonly continueTo?: string | undefined;
  };
  /** Set-up of the first administrator: e-mail, name, then the passkey (`base`/options {email, name}, `base`). */
  'set-up': Shell & NewcomerFields & { readonly base: string };
  'set-up-done': Shell;
  /** /account: Security. */
  security: AccountShell & {
    readonly passkeys: readonly PasskeyRow[];
    readonly passkeysOffered: boolean;
    /** What the page tells the browser's password managers. */
    readonly signals?: PasskeySignals | undefined;
    /** Absent: this organization does not use authenticator apps. */
    readonly totp?: { readonly on: boolean; readonly since?: Date | undefined } | undefined;
    /** Absent: this organization does not use passwords. */
    readonly password?:
      | { readonly set: boolean; readonly setAt?: Date | undefined; readonly switchedOffAt?: Date | undefined }
      | undefined;
  };
  /** /account/passkeys/add: options from POST /account/passkeys/options, result to POST /account/passkeys. `naming`: name asked before or after. */
  'passkey-add': AccountShell & { readonly naming: 'before' | 'after'; readonly name: string };
  /** POST /account/passkeys/<id>/rename {name}; also the naming step after a registration (`fresh`). */
  'passkey-rename': AccountShell & { readonly passkey: PasskeyRow; readonly fresh: boolean };
  /** POST /account/passkeys/<id>/delete. */
  'passkey-delete': AccountShell & { readonly passkey: PasskeyRow };
  /** POST /account/totp {ticket, code}. `qrCode` is a data-free SVG path string: `size` modules a side. */
  'totp-add': AccountShell & {
    readonly ticket: string;
    readonly secret: string;
    readonly qrCode: { readonly size: number; readonly path: string };
    readonly uri: string;
  };
  /** POST /account/totp/delete. */
  'totp-delete': AccountShell;
  /** POST /account/password {current?, password}. */
  'password-change': AccountShell & { readonly askCurrent: boolean; readonly minimumLength: number };
  /** POST /account/sign-out-everywhere. */
  'sign-out-everywhere': AccountShell;
}

export type ViewName = keyof ViewModels;
