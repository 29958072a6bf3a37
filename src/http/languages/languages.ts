import { en } from './en.ts';

/** The name of a sentence. English is the measure: a language that lacks one does not compile. */
export type TextKey = keyof typeof en;

export type Texts = Readonly<Record<TextKey, string>>;

export interface Language {
  /** BCP 47 tag, for the page and for dates and numbers. */
  readonly locale: string;
  readonly direction: 'ltr' | 'rtl';
  readonly texts: Texts;
}

/** Every language the pages speak, by the name that a request asks for. */
export const LANGUAGES: Readonly<Record<'en', Language>> = {
  en: { locale: 'en-GB', direction: 'ltr', texts: en },
};
