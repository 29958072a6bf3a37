import { compileTemplates } from '../lib/templates.ts';
import { composeMail, type MailContent } from './compose-mail.ts';
import type { Letter } from './mail-message.ts';
import type { MailLanguage } from './messages/languages.ts';
import { createMailWording } from './messages/mail-wording.ts';

interface RenderSettings {
  /** Holds `message.ejs`. */
  readonly folder: string;
  /** By the name that a letter asks for; English stands in for one that is not here. */
  readonly languages: Readonly<Record<string, MailLanguage>> & { readonly en: MailLanguage };
}

export interface RenderedMail {
  readonly subject: string;
  readonly text: string;
  readonly html: string;
}

export type RenderMail = (letter: Letter) => RenderedMail;

/** Reads the template at once. What it makes of a letter is always the same. */
export function createMailRenderer({ folder, languages }: RenderSettings): RenderMail {
  const renderHtml = compileTemplates(folder, ['mail']).get('message');
  if (!renderHtml) throw new Error(`no template message in ${folder}`);
  const english = createMailWording(languages.en);
  const wordings = new Map(Object.entries(languages).map(([name, language]) => [name, createMailWording(language)]));
  return (letter) => {
    const mail = composeMail(letter, wordings.get(letter.language) ?? english);
    return { subject: mail.subject, text: renderText(mail), html: renderHtml({ mail }) };
  };
}

/** The same words for those who read mail as text; a link has a line of its own. */
function renderText(mail: MailContent): string {
  const { organizationName, heading, paragraphs, code, action, facts, notMe, closing, footer } = mail;
  const sections = [
    organizationName,
    heading,
    ...paragraphs,
    code && `${code.label}: ${code.value}`,
    action && `${action.label}:\n${action.link}`,
    facts.map(({ label, value }) => `${label}: ${value}`).join('\n'),
    notMe && `${notMe.heading} ${notMe.body}\n${notMe.link}`,
    closing,
    `-- \n${footer}`, // what follows this line is a signature to mail programs (RFC 3676 §4.3)
  ];
  return `${sections.filter(Boolean).join('\n\n')}\n`;
}
