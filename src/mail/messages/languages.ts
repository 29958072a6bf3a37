import { en } from './en.ts';

/** The name of a sentence. English is the measure: a language that lacks one does not compile. */
export type MailTextKey = keyof typeof en;

export interface MailLanguage {
  /** BCP 47 tag, for the mail and for dates and numbers. */
  readonly locale: string;
  readonly direction: 'ltr' | 'rtl';
  readonly texts: Readonly<Record<MailTextKey, string>>;
}

/** Every language that mails are written in, by its name in a letter. */
export const MAIL_LANGUAGES: Readonly<Record<'en', MailLanguage>> = {
  en: { locale: 'en-GB', direction: 'ltr', texts: en },
};
