import type { MailId } from '../lib/ids.ts';
import type { RenderedMail } from './render-mail.ts';

/** A mail as it leaves. One that is sent again is the same in every byte, so that whoever gets it twice can tell. */
export interface OutgoingMail extends RenderedMail {
  readonly id: MailId;
  readonly from: { readonly name: string; readonly address: string };
  readonly to: string;
  readonly date: Date;
}

/** `later`: it may go through another time. `never`: this mail will not, however often it is tried. `failure` says why, in codes only. */
export type SendOutcome =
  | { readonly type: 'sent' }
  | { readonly type: 'later'; readonly failure: string }
  | { readonly type: 'never'; readonly failure: string };

/** A way for mails to leave. */
export interface MailTransport {
  /** `sent` once the other side has taken it over. Whatever it throws counts as `later`. */
  send(mail: OutgoingMail, signal: AbortSignal): Promise<SendOutcome>;
  /** Ends what it holds open. */
  close(): void;
}

/** RFC 5322 §3.6.4; the same each time that the mail is sent. */
export function findMessageId({ id, from }: Pick<OutgoingMail, 'id' | 'from'>): string {
  return `<${id}@${from.address.slice(from.address.lastIndexOf('@') + 1)}>`;
}
