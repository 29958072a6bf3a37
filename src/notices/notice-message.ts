import type { MailMessage } from '../mail/mail-message.ts';

/** What all notices say, which is not their sender's to write. */
type Common = 'at' | 'device' | 'place' | 'notMeLink';
type Told<Message> = Message extends { readonly notMeLink: string } ? Omit<Message, Common> : never;

/** What a person is told of that happened to their account, or was asked for in their name, and that may not have been they. */
export type NoticeMessage = Told<MailMessage>;

export type NoticeKind = NoticeMessage['type'];
