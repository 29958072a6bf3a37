const MAX_CHARACTERS = 128;
const MAX_BYTES = 1024;
const MIN_CONTEXT_LENGTH = 3;
const ROWS = ['abcdefghijklmnopqrstuvwxyz', 'qwertyuiopasdfghjklzxcvbnm', '1234567890'];
const SEQUENCES = [...ROWS, ...ROWS.map((row) => [...row].reverse().join(''))].map((row) => row.repeat(2));

export interface PasswordRules {
  /** In characters: 15 for a password that stands alone, 8 where something always follows it (NIST SP 800-63B-4 §3.1.1.2). */
  readonly minimumLength: number;
  /** Names that others would try first: of the organization, of the person, of the product. */
  readonly context: readonly string[];
}

/** Why a password may not be chosen. */
export type PasswordWeakness = 'too-short' | 'too-long' | 'common' | 'context';

/** What is hashed and compared: the same characters typed on any keyboard are the same password (NIST SP 800-63B-4 §3.1.1.2). */
export function normalisePassword(password: string): string {
  return password.normalize('NFKC');
}

/** Whether it is longer than any password may be; what is longer is refused before it costs anything. */
export function isTooLong(password: string): boolean {
  if (password.length > MAX_BYTES) return true; // few enough UTF-16 units to look at the rest
  const normalised = normalisePassword(password);
  return countCharacters(normalised) > MAX_CHARACTERS || Buffer.byteLength(normalised) > MAX_BYTES;
}

/** Judges a password; undefined when it may be chosen. There are no rules about kinds of characters. */
export function findWeakness(
  password: string,
  { minimumLength, context }: PasswordRules,
  common: ReadonlySet<string>,
): PasswordWeakness | undefined {
  if (isTooLong(password)) return 'too-long';
  const text = normalisePassword(password).toLowerCase();
  if (countCharacters(text) < minimumLength) return 'too-short';
  if (isCommon(text, common)) return 'common';
  if (countCharacters(removeContext(text, context)) < minimumLength) return 'context';
  return undefined;
}

/** The list holds few long passwords, so the usual ways to make a long one are looked through: padding, repeating, running on. */
function isCommon(text: string, common: ReadonlySet<string>): boolean {
  const withoutPadding = text.replace(/^\P{L}+/u, '').replace(/\P{L}+$/u, '');
  const unit = text.slice(0, findPeriod(text));
  const isMonotonous = unit.length <= 4 && unit.length * 2 <= text.length;
  const isSequence = SEQUENCES.some((sequence) => sequence.includes(text));
  return isMonotonous || isSequence || [text, withoutPadding, unit].some((candidate) => common.has(candidate));
}

/** After how many places the text starts to repeat itself; its length when it never does. */
function findPeriod(text: string): number {
  let period = 1;
  while (!text.startsWith(text.slice(period))) period += 1;
  return period;
}

/** What is left when the names are taken out: their letters are no help. */
function removeContext(text: string, context: readonly string[]): string {
  const words = context.flatMap((name) =>
    normalisePassword(name)
      .toLowerCase()
      .split(/[^\p{L}\p{N}]+/u),
  );
  const longestFirst = words.filter((word) => word.length >= MIN_CONTEXT_LENGTH).sort((a, b) => b.length - a.length);
  return longestFirst.reduce((rest, word) => rest.replaceAll(word, ''), text);
}

function countCharacters(text: string): number {
  return [...text].length;
}
