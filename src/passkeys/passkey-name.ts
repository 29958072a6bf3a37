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

/** Keys that are carried along speak over a cable or by touch, and never from within the device. */
export function isOnKey(transports: readonly string[]): boolean {
  return transports.length > 0 && !transports.includes('internal') && !transports.includes('hybrid');
}

/** A name to begin with: who keeps the passkey, where that is known, else what it is on. */
export function suggestPasskeyName(
  { aaguid, transports }: { readonly aaguid: string; readonly transports: readonly string[] },
  userAgent: string,
): string {
  const maker = findAuthenticatorName(aaguid);
  if (maker !== undefined && maker.length <= MAX_LENGTH) return maker;
  if (isOnKey(transports)) return 'Security key';
  const system = describeSystem(userAgent);
  return system === undefined ? 'Passkey' : `Passkey on ${system}`;
}

/** The name, with a number behind it where others of the account's passkeys have it already. */
export function distinguishPasskeyName(name: string, taken: readonly string[]): string {
  let distinct = name;
  for (let number = 2; taken.includes(distinct); number += 1) distinct = `${name.slice(0, MAX_LENGTH - 4)} ${number}`;
  return distinct;
}
