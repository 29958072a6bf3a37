import { AppError } from '../lib/app-error.ts';
import { displayNameSchema } from '../lib/display-name.ts';
import { findAuthenticatorName } from './authenticator-names.ts';
import { describeSystem } from './describe-browser.ts';

const MAX_LENGTH = 64;
const nameSchema = displayNameSchema(MAX_LENGTH);

/** The name a person gave a passkey, tidied; throws `malformed_request` with the field `name`. */
export function parsePasskeyName(name: unknown): string {
  const result = nameSchema.safeParse(name);
  if (!result.success) throw new AppError('malformed_request', { field: 'name', cause: result.error });
  return result.data;
}

/** A name to begin with: who keeps the passkey, where that is known, else the system it was made on. */
export function suggestPasskeyName(aaguid: string, userAgent: string): string {
  const maker = findAuthenticatorName(aaguid);
  if (maker !== undefined && maker.length <= MAX_LENGTH) return maker;
  const system = describeSystem(userAgent);
  return system === undefined ? 'Passkey' : `Passkey on ${system}`;
}
