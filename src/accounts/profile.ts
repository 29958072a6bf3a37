import { z } from 'zod';
import { AppError } from '../lib/app-error.ts';
import { displayNameSchema } from '../lib/display-name.ts';
import type { Profile } from './account-store.ts';

const MAX_NAME_LENGTH = 100;
const MAX_ADDRESS_LENGTH = 200;
const MAX_URL_LENGTH = 2048;

const name = displayNameSchema(MAX_NAME_LENGTH).optional();
const addressLine = displayNameSchema(MAX_ADDRESS_LENGTH).optional();

const profileSchema = z.strictObject({
  name,
  givenName: name,
  familyName: name,
  preferredUsername: name,
  picture: z
    .url({ protocol: /^https$/ })
    .max(MAX_URL_LENGTH)
    .optional(),
  /** A language tag (BCP 47). */
  locale: z.string().max(MAX_NAME_LENGTH).refine(isLanguageTag).optional(),
  /** A name of the IANA time zone database. */
  zoneinfo: z.string().max(MAX_NAME_LENGTH).refine(isTimeZone).optional(),
  /** In the form of ITU-T E.164. */
  phoneNumber: z
    .string()
    .regex(/^\+[1-9]\d{1,14}$/)
    .optional(),
  phoneNumberVerified: z.boolean().optional(),
  address: z
    .strictObject({
      /** The whole of it, in several lines. */
      formatted: z.string().max(MAX_ADDRESS_LENGTH).optional(),
      streetAddress: z.string().max(MAX_ADDRESS_LENGTH).optional(),
      locality: addressLine,
      region: addressLine,
      postalCode: addressLine,
      country: addressLine,
    })
    .optional(),
});

/** Checks a profile and tidies its names; throws `malformed_request` with the first field at fault. */
export function parseProfile(input: Profile): Profile {
  const result = profileSchema.safeParse(input);
  if (result.success) return result.data;
  const field = result.error.issues[0]?.path.join('.') || 'profile';
  throw new AppError('malformed_request', { field, cause: result.error });
}

function isLanguageTag(text: string): boolean {
  return accepts(() => Intl.getCanonicalLocales(text));
}

function isTimeZone(text: string): boolean {
  return /^[A-Za-z]/.test(text) && accepts(() => new Intl.DateTimeFormat('en', { timeZone: text }));
}

function accepts(read: () => unknown): boolean {
  try {
    read();
    return true;
  } catch {
    return false;
  }
}
