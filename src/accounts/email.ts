const MAX_LENGTH = 254; // RFC 5321 §4.5.3.1.3, without the angle brackets

const ATOM = "[\\p{L}\\p{N}\\p{M}!#$%&'*+/=?^_`{|}~-]+"; // RFC 5322 §3.2.3 and RFC 6531 §3.3
const LABEL = '[\\p{L}\\p{N}](?:[\\p{L}\\p{N}\\p{M}-]{0,61}[\\p{L}\\p{N}\\p{M}])?'; // RFC 5890 §2.3.1
const PATTERN = new RegExp(`^(?=[^@]{1,64}@)${ATOM}(?:\\.${ATOM})*@${LABEL}(?:\\.${LABEL})+$`, 'u');

/** An e-mail address that can be written to, and what is compared and unique. */
export interface Email {
  /** As the person wrote it. */
  readonly email: string;
  /** In lower case. Dots and `+` suffixes stay: what they mean is the provider's business. */
  readonly emailKey: string;
}

/**
 * Reads an e-mail address; undefined when it is none.
 * Text that NFKC changes is refused, not repaired: a full-width `＠` is no slip of the hand, and two spellings must not become one account.
 */
export function parseEmail(text: string): Email | undefined {
  const email = text.trim();
  if (email.length > MAX_LENGTH || email.normalize('NFKC') !== email || !PATTERN.test(email)) return undefined;
  return { email, emailKey: email.toLowerCase() };
}
