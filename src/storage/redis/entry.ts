/**
 * Values of every store begin with two numbers of 16 digits, so that scripts can judge them without looking into what follows: the moment
 * of expiry in milliseconds, and a mark, 0 where there is none. What the mark means is the store's business.
 */
const DIGITS = 16;
export const MARK_START = DIGITS;
export const MARK_END = 2 * DIGITS;

/** So much longer than by our clock Redis keeps a key: what has expired is for the reader to say, to the millisecond. */
export const SPARE_MS = 1000;

export interface Entry {
  /** Milliseconds. */
  readonly expiresAt: number;
  readonly mark: number;
  readonly body: string;
}

export function writeEntry({ expiresAt, mark, body }: Entry): string {
  return writeNumber(expiresAt) + writeNumber(mark) + body;
}

/** Undefined where there is none, or none at `now` any more. */
export function readEntry(text: string | null, now: number): Entry | undefined {
  if (text === null) return undefined;
  const expiresAt = Number(text.slice(0, MARK_START));
  if (expiresAt <= now) return undefined;
  return { expiresAt, mark: Number(text.slice(MARK_START, MARK_END)), body: text.slice(MARK_END) };
}

/** A number as it stands in an entry. */
export function writeNumber(value: number): string {
  return String(value).padStart(DIGITS, '0');
}

/**
 * How long Redis keeps what expires at `expiresAt`, in milliseconds. A duration and not a moment, since the clock of Redis may differ
 * from ours; never none, since Redis would take no expiry for an error.
 */
export function toTtl(expiresAt: number, now: number): number {
  return Math.max(1, expiresAt - now + SPARE_MS);
}
