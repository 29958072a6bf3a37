import type { MailId } from '../lib/ids.ts';
import type { Sealer } from '../lib/seal.ts';
import type { Letter } from './mail-message.ts';

/** Names of what is a moment in a message; JSON has none. */
const MOMENTS: ReadonlySet<string> = new Set(['at', 'opensAt']);

/** Seals whom a mail goes to and what it says: its codes and links are worth as much as a password. */
export function sealLetter(sealer: Sealer, id: MailId, letter: Letter): Uint8Array {
  return sealer.seal(JSON.stringify(letter), place(id));
}

/** Throws when it was not sealed for that mail. */
export function openLetter(sealer: Sealer, id: MailId, sealed: Uint8Array): Letter {
  // What `sealLetter` was given: nobody else has the key.
  return JSON.parse(sealer.open(sealed, place(id)), (name, value) => (MOMENTS.has(name) ? new Date(value) : value));
}

function place(id: MailId): string {
  return `mail:${id}`;
}
