import type { ErrorCode } from '../../lib/error-codes.ts';
import type { SuccessEvent } from '../view-models.ts';
import type { Language, TextKey } from './languages.ts';

/** What a placeholder is filled with; a date is written out in the language. */
type Value = string | number | Date;
export type Values = Readonly<Record<string, Value>>;

/** A piece of a filled sentence, so that a page can set off the values from the words around them. */
export interface Part {
  readonly type: 'words' | 'value' | 'date';
  readonly text: string;
  /** Of a date: the moment in ISO 8601. */
  readonly moment?: string;
}

/** What happened, and what to do next. */
export interface Saying {
  readonly title: string;
  readonly next: string;
}

export interface Refusal {
  readonly code: ErrorCode | 'application_error';
  readonly reason?: string | undefined;
  readonly retryAfterSeconds?: number | undefined;
}

/** One language's sentences, ready to be said. A sentence or a value that is missing is a bug, and throws. */
export interface Wording {
  readonly locale: string;
  readonly direction: 'ltr' | 'rtl';
  has(key: string): boolean;
  text(key: string, values?: Values): string;
  parts(key: string, values?: Values): readonly Part[];
  date(moment: Date): string;
  /** To the minute, in UTC. */
  time(moment: Date): string;
  refusal(refusal: Refusal, applicationName?: string): Saying;
  success(event: SuccessEvent, name?: string): Saying;
}

/** With the zone, which may not be the reader's. */
const TO_THE_MINUTE = {
  day: 'numeric',
  month: 'long',
  year: 'numeric',
  hour: '2-digit',
  minute: '2-digit',
  timeZoneName: 'short',
} as const;

/** Gives a language its voice. */
export function createWording({ locale, direction, texts }: Language): Wording {
  // The zone of the reader is not known here; the script on the page corrects the day where it differs.
  const dates = new Intl.DateTimeFormat(locale, { dateStyle: 'long', timeZone: 'UTC' });
  const date = (moment: Date): string => dates.format(moment);
  const times = new Intl.DateTimeFormat(locale, { ...TO_THE_MINUTE, timeZone: 'UTC' });
  const time = (moment: Date): string => times.format(moment);
  const has = (key: string): key is TextKey => Object.hasOwn(texts, key);

  function fill(name: string, value: Value | undefined): Part {
    if (value === undefined) throw new Error(`no value for {${name}}`);
    if (value instanceof Date) return { type: 'date', text: date(value), moment: value.toISOString() };
    return { type: 'value', text: String(value) };
  }

  function parts(key: string, values: Values = {}): readonly Part[] {
    if (!has(key)) throw new Error(`no sentence ${key}`);
    // Splitting by a captured group leaves the names of the placeholders at the odd places.
    return texts[key]
      .split(/\{(\w+)\}/)
      .map((piece, index): Part => (index % 2 === 0 ? { type: 'words', text: piece } : fill(piece, values[piece])))
      .filter((part) => part.text !== '');
  }

  function text(key: string, values?: Values): string {
    return parts(key, values)
      .map((part) => part.text)
      .join('');
  }

  function sayWait(seconds: number | undefined): string {
    if (seconds === undefined) return text('wait.unknown' satisfies TextKey);
    const [unit, amount] = seconds < 60 ? ['second', seconds] : ['minute', Math.ceil(seconds / 60)];
    return new Intl.NumberFormat(locale, { style: 'unit', unit, unitDisplay: 'long' }).format(amount);
  }

  function refusal({ code, reason, retryAfterSeconds }: Refusal, applicationName?: string): Saying {
    const title: TextKey = `errors.${code}.title`;
    const next: TextKey = `errors.${code}.next`;
    const because = `errors.${code}.reason.${reason}`;
    const values = {
      application: applicationName ?? text('application.unnamed' satisfies TextKey),
      wait: sayWait(retryAfterSeconds),
    };
    return { title: text(title), next: text(has(because) ? because : next, values) };
  }

  function success(event: SuccessEvent, name?: string): Saying {
    const title: TextKey = `done.${event}.title`;
    const next: TextKey = `done.${event}.next`;
    const named = `${title}.named`;
    return { title: name !== undefined && has(named) ? text(named, { name }) : text(title), next: text(next) };
  }

  return { locale, direction, has, text, parts, date, time, refusal, success };
}
