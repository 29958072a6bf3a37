import type { MailLanguage, MailTextKey } from './languages.ts';

/** One language's sentences, ready to be written. A value that is missing is a bug, and throws. */
export interface MailWording {
  readonly locale: string;
  readonly direction: 'ltr' | 'rtl';
  has(key: string): key is MailTextKey;
  text(key: MailTextKey, values?: Readonly<Record<string, string>>): string;
  /** A moment to the minute, with the zone it is told in. */
  moment(moment: Date, timeZone?: string): string;
  /** A span of time in the largest unit of which it is a few. */
  duration(seconds: number): string;
}

const HOUR = 3600;

/** Gives a language its voice. */
export function createMailWording({ locale, direction, texts }: MailLanguage): MailWording {
  return {
    locale,
    direction,
    has: (key): key is MailTextKey => Object.hasOwn(texts, key),
    text: (key, values = {}) =>
      texts[key].replaceAll(/\{(\w+)\}/g, (_, name: string) => {
        const value = Object.hasOwn(values, name) ? values[name] : undefined;
        if (value === undefined) throw new Error(`no value for {${name}}`);
        return value;
      }),
    moment: (moment, timeZone) => createMomentFormat(locale, timeZone).format(moment),
    duration: (seconds) => {
      const [unit, amount] = chooseUnit(seconds);
      return new Intl.NumberFormat(locale, { style: 'unit', unit, unitDisplay: 'long' }).format(amount);
    },
  };
}

/** In UTC where the zone is none that this system knows: it is what a person or an application once said. */
function createMomentFormat(locale: string, timeZone = 'UTC'): Intl.DateTimeFormat {
  const parts = { day: 'numeric', month: 'long', year: 'numeric', hour: '2-digit', minute: '2-digit' } as const;
  try {
    return new Intl.DateTimeFormat(locale, { ...parts, timeZone, timeZoneName: 'short' });
  } catch (error) {
    if (error instanceof RangeError && timeZone !== 'UTC') return createMomentFormat(locale);
    throw error;
  }
}

function chooseUnit(seconds: number): readonly ['minute' | 'hour' | 'day', number] {
  if (seconds < 2 * HOUR) return ['minute', Math.ceil(seconds / 60)];
  if (seconds <= 48 * HOUR) return ['hour', Math.ceil(seconds / HOUR)];
  return ['day', Math.ceil(seconds / (24 * HOUR))];
}
