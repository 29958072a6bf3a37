import type { ErrorCode } from '../lib/error-codes.ts';
import type { NoticeKind } from '../notices/notice-message.ts';
import type { ConfirmationMethod } from '../organizations/policy.ts';
import type { ConfirmationPurpose } from '../sign-in/confirmation.ts';
import type { HelpWay } from '../sign-in/mailed-help.ts';
import type { NotMeOutcome } from '../sign-in/not-me.ts';
import type { OtherDeviceState } from '../sign-in/other-device-flows.ts';
import type { SignInWay } from '../sign-in/sign-in-way.ts';
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
  | 'session-ended'
  | 'signed-out-elsewhere'
  | 'application-revoked'
  | 'email-verified'
  | 'address-changed'
  | 'recovery-stopped'
  | 'recovered'
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
  /** There is help at `base`/help for who cannot get in. */
  readonly help?: boolean | undefined;
}

/** Another way to prove who one is, as a link to `base`?method=<way>. `new-passkey`: to make one, with the recovery code that was proved. */
export type OtherWay = 'password' | 'passkey' | 'totp' | 'recovery-code' | 'email-code' | 'new-passkey';

/** An account as a card on the page: only what this browser or this person said. */
export interface AccountCard {
  readonly email: string;
  readonly name?: string | undefined;
}

/** What somebody new is asked for; the password only where a passkey alone signs nobody in. */
export interface NewcomerFields {
  readonly email: string;
  /** The address was shown to be theirs, and stays. */
  readonly isVerified?: boolean | undefined;
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
  /** The device that shows the page holds it; false for want of knowing, too. */
  readonly here?: boolean | undefined;
  /** It was made without a word, and has not signed anybody in yet. */
  readonly unproven?: boolean | undefined;
  readonly createdAt: Date;
  readonly lastUsedAt?: Date | undefined;
  readonly lastUsedWith?: string | undefined;
}

/** The halves of what may follow a password; each is a page of its own, so that they work without a script. */
export type SecondFactorTab = 'passkey' | 'totp';

/** Somewhere that a person is signed in. */
export interface SessionRow {
  readonly id: string;
  /** In plain words, where it is known. */
  readonly browser?: string | undefined;
  readonly handheld: boolean;
  /** Absent where another provider has signed them in. */
  readonly way?: SignInWay | undefined;
  readonly signedInAt: Date;
  readonly lastUsedAt: Date;
  /** It is the one that the page is shown in. */
  readonly here: boolean;
}

/** Something that happened to an account. */
export interface ActivityRow {
  readonly id: string;
  /** Names the sentence of the language file (`activity.event.<sentence>`). */
  readonly sentence: string;
  readonly values?: Readonly<Record<string, string | number>> | undefined;
  readonly icon: 'passkey' | 'password' | 'phone' | 'device' | 'application' | 'codes' | 'check' | 'warning';
  /** In plain words, where somebody used one. */
  readonly device?: string | undefined;
  /** Of a sign-in, with a browser that the account did not know. */
  readonly newBrowser?: boolean | undefined;
  readonly byOperator: boolean;
  readonly at: Date;
}

/** An application that a person has let in. */
export interface ApplicationRow {
  readonly id: string;
  readonly name: string;
  /** Without `openid`, which every one has. */
  readonly scopes: readonly string[];
  readonly resources: readonly ResourceRow[];
  readonly since: Date;
}

/** An API, with the scopes that an application asks for or has there. */
export interface ResourceRow {
  readonly indicator: string;
  readonly scopes: readonly string[];
}

/** Recovery codes as they are shown once, written down, printed or saved. */
export interface RecoveryCodeSheet {
  readonly codes: readonly string[];
  readonly email: string;
  readonly madeAt: Date;
}

/** The path of an SVG picture of `size` modules a side. */
export interface QrPicture {
  readonly size: number;
  readonly path: string;
}

/** What a page for one way to confirm shows; `query` goes with every address of its forms. */
export interface ConfirmationForm {
  readonly query: string;
  /** What this page asks for; a mail, once it `isSent`, for what it brought. */
  readonly method: ConfirmationMethod;
  readonly isSent: boolean;
  /** The other ways, as links to the same page with `query`&method=<method>. */
  readonly otherMethods: readonly ConfirmationMethod[];
}

/** Pages behind the link for another device, at `path`, where nobody is signed in. */
export interface OtherDeviceShell extends Shell {
  readonly path: string;
  /** Masked until it is shown whose it is. */
  readonly email: string;
}

/** A mail of the folder that stands in for the mail server in development. */
export interface DevMailRow {
  readonly name: string;
  readonly to: string;
  readonly subject: string;
  readonly sentAt: Date;
}

/** Whose account is to be recovered, and who began it. */
export interface RecoveryOrigin {
  readonly email: string;
  readonly path: string;
  readonly startedAt: Date;
  readonly device?: string | undefined;
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
  password: SignInShell & {
    readonly account: AccountCard;
    readonly passkey: boolean;
    readonly otherWays: readonly OtherWay[];
  };
  /** Only a passkey will do; POST `base`/restart. `second`: after a password ("One more step"). */
  passkey: SignInShell & {
    readonly account?: AccountCard | undefined;
    readonly second: boolean;
    readonly otherWays: readonly OtherWay[];
  };
  /** POST `base`/totp {code}. */
  totp: SignInShell & { readonly account: AccountCard; readonly otherWays: readonly OtherWay[] };
  /** POST `base`/email-code/send mails a code; once it `isSent`, POST `base`/email-code {code}. */
  'email-code': SignInShell & {
    readonly account: AccountCard;
    readonly isSent: boolean;
    readonly otherWays: readonly OtherWay[];
  };
  /** POST `base`/recovery-code {code}. */
  'recovery-code': SignInShell & { readonly account: AccountCard; readonly otherWays: readonly OtherWay[] };
  /**
   * Offer, or demand, to make a passkey. POST `base`/enrol/decline {never?} unless `must`; POST `base`/cancel when `must`. Registration:
   * `base`/enrol/options, `base`/enrol. `recovers`: with nothing but a recovery code, or the link of a mail, which open nothing else. `local`: one of this
   * device beside that of the phone. `silent`: the script may make it without a word.
   */
  'enrol-passkey': SignInShell & {
    readonly must: boolean;
    readonly recovers: false | 'code' | 'link';
    readonly local: boolean;
    readonly silent: boolean;
    readonly account: AccountCard;
    readonly otherWays: readonly OtherWay[];
  };
  /** The last recovery code was spent. POST `base`/recovery-codes makes new ones and shows them; POST `base`/recovery-codes/decline goes on. */
  'recovery-codes-spent': SignInShell & { readonly account: AccountCard };
  /** New ones in the middle of a sign-in, which goes on at `base`. */
  'recovery-codes-renewed': SignInShell & RecoveryCodeSheet;
  /** POST `base`/consent {decision: allow|deny}. */
  consent: SignInShell & {
    readonly account: AccountCard;
    readonly redirectHost: string;
    /** What is asked for, in words of the language file (`consent.scope.<scope>`), with the person's own values where there are. */
    readonly items: readonly { readonly scope: string; readonly value?: string | undefined }[];
    readonly resources: readonly ResourceRow[];
  };
  /** Make an account: e-mail, name, then the passkey (`base`/sign-up/options {email, name}, `base`/sign-up). */
  'sign-up': SignInShell & NewcomerFields;
  /** POST `base`/sign-up/email {email} mails a code to somebody new. */
  'sign-up-email': SignInShell & { readonly email: string };
  /** POST `base`/sign-up/code {code}; the address can be mailed again, or changed at `base`/sign-up?other=yes. */
  'sign-up-code': SignInShell & {
    readonly email: string;
    /** In development: a page with the mails. */
    readonly mailsPath?: string | undefined;
  };
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
    readonly emailVerified: boolean;
    /** At /account/email/change. */
    readonly emailChangeable: boolean;
    readonly passkeys: readonly PasskeyRow[];
    readonly passkeysOffered: boolean;
    /** A recovery is under way. POST /account/recovery/stop ends it; `waits` until the moment of the link. */
    readonly recovery?: { readonly startedAt: Date; readonly waitsUntil?: Date | undefined } | undefined;
    /** The only passkey could be lost with its device. POST /account/passkeys/offer {never?} declines to make another. */
    readonly secondPasskeySuggested: boolean;
    /** Where a passkey follows the password, as the authenticator app does: which of the two is shown, /account?factor=<tab>. */
    readonly secondFactor?: SecondFactorTab | undefined;
    /** What the page tells the browser's password managers. */
    readonly signals?: PasskeySignals | undefined;
    /** Absent: this organization does not use authenticator apps. */
    readonly totp?: { readonly on: boolean; readonly since?: Date | undefined } | undefined;
    /** Absent: this organization does not use recovery codes. `suggested`: now is a moment to say that they would be good to have. */
    readonly recoveryCodes?:
      | { readonly left: number; readonly madeAt?: Date | undefined; readonly suggested: boolean }
      | undefined;
    /** Absent: this organization does not use passwords. */
    readonly password?:
      | { readonly set: boolean; readonly setAt?: Date | undefined; readonly switchedOffAt?: Date | undefined }
      | undefined;
    /** POST /account/sessions/<id>/sign-out ends one. */
    readonly sessions: readonly SessionRow[];
    readonly applications: readonly ApplicationRow[];
    /** The latest; the others are at /account/activity. */
    readonly activity: readonly ActivityRow[];
  };
  /** /account/passkeys/add: options from POST /account/passkeys/options, result to POST /account/passkeys. `naming`: name asked before or after. */
  'passkey-add': AccountShell & {
    readonly naming: 'before' | 'after';
    readonly name: string;
    /** POST /account/passkeys/other-device begins one on another device. */
    readonly otherDevice: boolean;
  };
  /**
   * /account/passkeys/other-device: the link to the device that is to have the passkey, and how far it is there. POST …/send mails the
   * link; …/number {flow, number} approves, and goes on with what was approved; …/withdraw {flow} ends it.
   */
  'other-device-invite': AccountShell & {
    /** Another one takes its place when another tab begins anew. */
    readonly flow: string;
    readonly state: OtherDeviceState;
    readonly link: string;
    readonly qrCode: QrPicture;
    readonly isSent: boolean;
    /** Where the link was opened, in plain words. */
    readonly device?: string | undefined;
    readonly choices: readonly string[];
  };
  /** POST /account/passkeys/<id>/rename {name}; also the naming step after a registration (`fresh`). */
  'passkey-rename': AccountShell & { readonly passkey: PasskeyRow; readonly fresh: boolean };
  /** POST /account/passkeys/<id>/delete. `last`: there is no other. */
  'passkey-delete': AccountShell & { readonly passkey: PasskeyRow; readonly last: boolean };
  /** POST /account/totp {ticket, code}. */
  'totp-add': AccountShell & {
    readonly ticket: string;
    readonly secret: string;
    readonly qrCode: QrPicture;
    readonly uri: string;
  };
  /** POST /account/totp/delete. */
  'totp-delete': AccountShell;
  /** POST /account/recovery-codes makes new ones and shows them; `left` of those of before end then. */
  'recovery-codes-make': AccountShell & { readonly left: number };
  'recovery-codes-made': AccountShell & RecoveryCodeSheet;
  /** POST /account/password {current?, password}. */
  'password-change': AccountShell & {
    readonly isNew: boolean;
    readonly askCurrent: boolean;
    readonly minimumLength: number;
  };
  /** /account/confirm`query`, where the query names what for. Each method has a form POST /account/confirm/<method>`query`. */
  confirm: AccountShell &
    ConfirmationForm & {
      readonly purpose: ConfirmationPurpose;
      /** What the passkey is called that it is about. */
      readonly name?: string | undefined;
    };
  /** /account/activity?after=<next>: what happened, the latest first. */
  activity: AccountShell & {
    readonly events: readonly ActivityRow[];
    readonly isLatest: boolean;
    /** Where the next page begins, if there is one. */
    readonly next?: string | undefined;
  };
  /** POST /account/sign-out-everywhere. */
  'sign-out-everywhere': AccountShell;
  /** POST /account/applications/<id>/revoke. */
  'application-revoke': AccountShell & { readonly application: ApplicationRow };
  /** POST /account/email/send mails a code and a link; once it `isSent`, POST /account/email {csrf, code}. */
  email: AccountShell & { readonly isSent: boolean };
  /** POST /account/email/change {email} mails a code to another address. */
  'address-change': AccountShell;
  /** POST /account/email/change/code {code}; the address can be mailed again, or be another one (/account/email/change?other=yes). */
  'address-code': AccountShell & { readonly newEmail: string };
  /**
   * /verify/<token>: POST `path`. `here`: for who is signed in to the account; `elsewhere`: POST {takeOver} takes it from whoever made it;
   * `only-there`: that cannot be done.
   */
  'verify-address': Shell & {
    readonly email: string;
    readonly path: string;
    readonly at: Date;
    readonly device: string;
    readonly way: 'here' | 'elsewhere' | 'only-there';
  };
  'address-taken-over': Shell & { readonly email: string };
  /** /confirm/<token>: what somebody is to confirm who may be in another browser than where they began. POST `path`. */
  'confirm-link': Shell & {
    readonly email: string;
    readonly path: string;
    readonly purpose: ConfirmationPurpose;
    readonly name?: string | undefined;
    readonly at: Date;
    readonly device: string;
  };
  'confirm-link-done': Shell;
  /** /other-device/<token>: POST `path` goes on, and binds the link to this browser. */
  'other-device': OtherDeviceShell & { readonly at: Date; readonly device: string };
  /** `path`/confirm`query`, with the forms of `confirm`. */
  'other-device-confirm': OtherDeviceShell & ConfirmationForm & { readonly csrf: string };
  /** Options from POST `path`/passkey/options, result to POST `path`/passkey. */
  'other-device-passkey': OtherDeviceShell & { readonly csrf: string; readonly naming: 'before' | 'after' };
  /** The `number` that the starting page wants to know, while it waits for approval; then how it ended. */
  'other-device-outcome': OtherDeviceShell & {
    readonly state: OtherDeviceState;
    readonly number?: string | undefined;
    readonly signals?: PasskeySignals | undefined;
    /** A passkey that never was approved, for the password manager to drop. */
    readonly dropped?: { readonly rpId: string; readonly id: string } | undefined;
  };
  /** /not-me/<token>: what a notice was about. POST `path`. `isAddition`: something new can be taken away again. `email`: where the notice went. */
  'not-me': Shell & {
    readonly email: string;
    readonly path: string;
    readonly kind: NoticeKind;
    readonly at: Date;
    readonly device: string;
    readonly isAddition: boolean;
  };
  /** `base`/help: what was lost, and where to send a mail. POST `base`/help {email, way}; each way is a button. */
  'sign-in-help': SignInShell & { readonly email: string; readonly ways: readonly HelpWay[] };
  /** The same for every address, whether there is such an account or not. */
  'sign-in-help-sent': SignInShell & {
    readonly email: string;
    readonly way: HelpWay;
    readonly waitingHours?: number | undefined;
  };
  /** /recover/<token>: POST `path` begins the sign-in in which the passkey is made. Without a device: the organization has made the link. */
  recover: Shell & RecoveryOrigin & { readonly stopLink: string };
  /** /recover/stop/<token>: POST `path`. */
  'recover-stop': Shell & RecoveryOrigin;
  'recover-stopped': Shell & { readonly email: string };
  /** /reset-password/<token>: POST `path` {password}. */
  'password-reset': Shell & { readonly email: string; readonly path: string; readonly minimumLength: number };
  'password-reset-done': Shell & { readonly email: string };
  'not-me-done': Shell & { readonly email: string; readonly outcome: NotMeOutcome };
  /** /dev/mail: what would have been sent. */
  'dev-mail': Shell & { readonly mails: readonly DevMailRow[] };
  /** /dev/mail/<name>; the HTML is at /dev/mail/<name>/html. A line with a path is a link. */
  'dev-mail-message': Shell & {
    readonly mail: DevMailRow;
    readonly paragraphs: readonly (readonly { readonly text: string; readonly path?: string | undefined }[])[];
  };
}

export type ViewName = keyof ViewModels;
