import { z } from 'zod';

/** Control characters, line breaks, halves of characters, and what turns the direction of writing: all of them can make a name look like another. */
const DECEPTIVE = /[\p{Cc}\p{Zl}\p{Zp}\p{Cs}\p{Bidi_Control}]/u;

/** A schema for a name that is shown to people: trimmed, 1 to `maxLength` UTF-16 units, nothing in it that deceives the eye. */
export function displayNameSchema(maxLength: number) {
  return z
    .string()
    .trim()
    .normalize('NFC')
    .min(1, 'must not be empty')
    .max(maxLength, `must not be longer than ${maxLength} characters`)
    .refine(
      (name) => !DECEPTIVE.test(name),
      'must not contain control characters or marks that turn the direction of writing',
    );
}
