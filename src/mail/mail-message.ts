/** When something happened or was asked for, and from where. */
interface Happening {
  readonly at: Date;
  /** What a person calls the browser and system, such as `Chrome on Windows`. */
  readonly device: string;
  /** Only where it is known. */
  readonly place?: string | undefined;
}

/** What the owner of the account may not know of; the link leads to the page of "this wasn't me", and opening it changes nothing. */
interface Change extends Happening {
  readonly notMeLink: string;
}

/** A link of ours that is good for a while; opening it spends nothing. */
interface TimedLink {
  readonly link: string;
  readonly validSeconds: number;
}

/** A code to be typed into the page that asked for it. */
interface TimedCode {
  readonly code: string;
  readonly validSeconds: number;
}

/** Every mail there is, and exactly what each tells. */
export type MailMessage =
  | ({ readonly type: 'verify-address'; readonly code: string; readonly codeSeconds: number } & Happening & TimedLink)
  | ({ readonly type: 'sign-in-code' } & Happening & TimedCode)
  /** For somebody new, who shows by it that the address is theirs. */
  | ({ readonly type: 'sign-up-code' } & Happening & TimedCode)
  /** Somebody wanted to make an account with the address of one that there is. */
  | ({ readonly type: 'account-known' } & Happening)
  /** For a person who is signed in, to the address that they want for their account. */
  | ({ readonly type: 'address-code' } & Happening & TimedCode)
  /** The same where somebody else has an account with it. */
  | ({ readonly type: 'address-taken' } & Happening)
  /** To the address of before; the new one is masked. */
  | ({ readonly type: 'address-changed'; readonly newEmail: string } & Change)
  /** To the new one. */
  | ({ readonly type: 'address-in-use' } & Happening)
  /** To both, when whoever reads the mail of the former has undone the change. */
  | ({ readonly type: 'address-restored' } & Happening)
  /** For a person who is signed in and about to change how. */
  | ({ readonly type: 'confirmation-code' } & Change & TimedCode)
  | ({ readonly type: 'confirmation-link' } & Change & TimedLink)
  /** To make a passkey on the device that the mail is opened on. */
  | ({ readonly type: 'other-device-link' } & Change & TimedLink)
  | ({ readonly type: 'passkey-requested' } & Change)
  | ({ readonly type: 'passkey-added'; readonly passkeyName: string } & Change)
  | ({ readonly type: 'passkey-removed'; readonly passkeyName: string } & Change)
  | ({ readonly type: 'passkey-renamed'; readonly passkeyName: string; readonly formerName: string } & Change)
  | ({ readonly type: 'totp-on' } & Change)
  | ({ readonly type: 'totp-off' } & Change)
  | ({ readonly type: 'password-off' } & Change)
  | ({ readonly type: 'password-on' } & Change)
  | ({ readonly type: 'password-set' } & Change)
  | ({ readonly type: 'password-changed' } & Change)
  | ({ readonly type: 'password-removed' } & Change)
  | ({ readonly type: 'password-reset-link' } & Happening & TimedLink)
  | ({ readonly type: 'password-reset' } & Change)
  | ({ readonly type: 'new-sign-in' } & Change)
  /** The waiting time has begun, at whose end the account can be recovered. */
  | ({ readonly type: 'recovery-started'; readonly cancelLink: string; readonly opensAt: Date } & Happening)
  | ({ readonly type: 'recovery-cancelled' } & Happening)
  /** The waiting time is over. */
  | ({ readonly type: 'recovery-ready'; readonly cancelLink: string } & TimedLink)
  /** An administrator made the link. */
  | ({ readonly type: 'recovery-offered'; readonly cancelLink: string } & TimedLink)
  | ({ readonly type: 'recovery-done' } & Change)
  | ({ readonly type: 'recovery-codes-made' } & Change)
  | ({ readonly type: 'recovery-codes-removed' } & Change)
  | ({ readonly type: 'recovery-code-used'; readonly codesLeft: number } & Change);

export type MailKind = MailMessage['type'];

/** A message, and whom it is for. */
export interface Letter {
  /** An e-mail address, as `parseEmail` takes them. */
  readonly to: string;
  readonly organizationName: string;
  /** The name of a language, such as `en`; English stands in for one that is not there. */
  readonly language: string;
  /** An IANA time zone in which moments are told; UTC where it is absent or unknown. */
  readonly timeZone?: string | undefined;
  readonly message: MailMessage;
}
