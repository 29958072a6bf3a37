import type { Letter, MailMessage } from './mail-message.ts';
import type { MailTextKey } from './messages/languages.ts';
import type { MailWording } from './messages/mail-wording.ts';

/** What a mail says, in words; how it is laid out is the business of its text and its HTML. */
export interface MailContent {
  readonly locale: string;
  readonly direction: 'ltr' | 'rtl';
  readonly organizationName: string;
  /** Nothing in it is chosen by anybody but the organization. */
  readonly subject: string;
  readonly heading: string;
  readonly paragraphs: readonly string[];
  readonly code?: { readonly label: string; readonly value: string } | undefined;
  readonly action?: { readonly label: string; readonly link: string; readonly plain: string } | undefined;
  readonly facts: readonly { readonly label: string; readonly value: string }[];
  /** Where the owner of the account says that it was not them. */
  readonly notMe?:
    | { readonly heading: string; readonly body: string; readonly label: string; readonly link: string }
    | undefined;
  readonly closing?: string | undefined;
  readonly footer: string;
}

const MAX_NAME_CHARACTERS = 64;

/** Finds the words for a letter. */
export function composeMail({ to, organizationName, timeZone, message }: Letter, wording: MailWording): MailContent {
  const { type } = message;
  const say = (key: MailTextKey) => wording.text(key, values);
  const sayOptional = (key: string) => (wording.has(key) ? say(key) : undefined);
  const values = {
    ...listValues(message, wording, timeZone),
    organization: tame(organizationName),
    to,
  };
  const link = findLink(message);
  return {
    locale: wording.locale,
    direction: wording.direction,
    organizationName: values.organization,
    subject: wording.text(`${type}.subject`, { organization: organizationName }),
    heading: say(`${type}.heading`),
    paragraphs: [say(`${type}.body`), sayOptional(`${type}.warning`)].filter((paragraph) => paragraph !== undefined),
    code: 'code' in message ? { label: say('code.label'), value: message.code } : undefined,
    action:
      link === undefined ? undefined : { label: sayOptional(`${type}.action`) ?? link, link, plain: say('link.plain') },
    facts: listFacts(message, wording, timeZone),
    notMe: composeNotMe(message, say, sayOptional),
    closing: sayOptional(`${type}.closing`),
    footer: say('footer'),
  };
}

/** What somebody can do whom the mail surprises: undo what was done, or stop what is under way. */
function composeNotMe(
  message: MailMessage,
  say: (key: MailTextKey) => string,
  sayOptional: (key: string) => string | undefined,
): MailContent['notMe'] {
  const heading = say('notMe.heading');
  if ('notMeLink' in message) {
    const body = sayOptional(`${message.type}.notMe`) ?? say('notMe.body');
    return { heading, body, label: say('notMe.action'), link: message.notMeLink };
  }
  if (!('link' in message && 'cancelLink' in message)) return undefined;
  return { heading, body: say('notMe.stop.body'), label: say('notMe.stop.action'), link: message.cancelLink };
}

/** What fills the sentences of a message. */
function listValues(message: MailMessage, wording: MailWording, timeZone: string | undefined) {
  return {
    ...('validSeconds' in message && { duration: wording.duration(message.validSeconds) }),
    ...('codeSeconds' in message && { codeDuration: wording.duration(message.codeSeconds) }),
    ...('passkeyName' in message && { name: tame(message.passkeyName) }),
    ...('formerName' in message && { formerName: tame(message.formerName) }),
    ...('newEmail' in message && { newEmail: tame(message.newEmail) }),
    ...('opensAt' in message && { opensAt: wording.moment(message.opensAt, timeZone) }),
    ...('codesLeft' in message && { codesLeft: String(message.codesLeft) }),
  };
}

function listFacts(message: MailMessage, wording: MailWording, timeZone: string | undefined): MailContent['facts'] {
  if (!('at' in message)) return [];
  const { at, device, place } = message;
  return [
    { label: wording.text('fact.at'), value: wording.moment(at, timeZone) },
    { label: wording.text('fact.device'), value: tame(device) },
    ...(place === undefined ? [] : [{ label: wording.text('fact.place'), value: tame(place) }]),
  ];
}

/** What the button of the mail leads to. */
function findLink(message: MailMessage): string | undefined {
  if ('link' in message) return message.link;
  return 'cancelLink' in message ? message.cancelLink : undefined;
}

/**
 * Shortens what somebody else has chosen, and puts spaces without width into whatever could look like an address: mail programs would
 * make a link of it.
 */
function tame(name: string): string {
  const characters = Array.from(name);
  const short =
    characters.length <= MAX_NAME_CHARACTERS ? name : `${characters.slice(0, MAX_NAME_CHARACTERS - 1).join('')}…`;
  return short.replaceAll(/[.:@/](?=\S)/g, '$&\u200b');
}
