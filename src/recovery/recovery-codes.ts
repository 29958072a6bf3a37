import type { Clock } from '../lib/clock.ts';
import type { AccountId, Ids } from '../lib/ids.ts';
import type { Sealer } from '../lib/seal.ts';
import type { RecoveryCodeStore } from './recovery-code-store.ts';

const CODES_IN_A_SET = 10;
const CODE_BYTES = 10;
const CODE_CHARACTERS = (CODE_BYTES * 8) / 5;
/** Crockford's base 32: no letter in it is taken for a digit, nor makes a word with others. */
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
/** Letters that people read or type for a digit. */
const MISREAD: Readonly<Record<string, string>> = { O: '0', I: '1', L: '1' };

/** Where there is no account a store is asked for one all the same, since asking takes time. */
const NOBODY = 'nobody' as AccountId; // no id that `Ids` makes is so short

/** What its owner is told once and nobody again. */
export interface NewRecoveryCodes {
  readonly codes: readonly string[];
  readonly madeAt: Date;
}

interface Deps {
  readonly store: RecoveryCodeStore;
  readonly sealer: Sealer;
  readonly ids: Ids;
  readonly clock: Clock;
}

/**
 * The codes on paper with which a person gets in when the rest is lost. How often one may be tried is the business of `Limits`; here each
 * works once. They are stored as digests under a key of the installation rather than as argon2 hashes: 80 random bits cannot be guessed
 * from a copy of the store even without the key, and one digest finds its code in one atomic step, where ten salts would mean ten hashes.
 */
export class RecoveryCodes {
  readonly #deps: Deps;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /** Ten new codes, 80 random bits each, in the place of those of before, which end here. */
  async make(accountId: AccountId): Promise<NewRecoveryCodes> {
    const { store, ids, clock } = this.#deps;
    const codes = Array.from({ length: CODES_IN_A_SET }, () => encode(ids.newBytes(CODE_BYTES)));
    const digests = codes.map((code) => ({ digest: this.#digest(accountId, code) }));
    const madeAt = clock.now();
    await store.replace({ accountId, codes: digests, madeAt });
    return { codes: codes.map(group), madeAt };
  }

  /** Whether this is a code of the account that was not used before, however it is written; from now on it was. */
  async spend(accountId: AccountId | undefined, typed: string): Promise<boolean> {
    const code = readCode(typed);
    if (code === undefined) return false;
    const { store, clock } = this.#deps;
    const owner = accountId ?? NOBODY;
    return store.spend(owner, this.#digest(owner, code), clock.now());
  }

  /** False when there were none. */
  remove(accountId: AccountId): Promise<boolean> {
    return this.#deps.store.delete(accountId);
  }

  #digest(accountId: AccountId, code: string): string {
    return this.#deps.sealer.digest(code, `recovery-code:${accountId}`);
  }
}

/** Five bits a character, the first ones first. */
function encode(bytes: Uint8Array): string {
  const digits = BigInt(`0x${Buffer.from(bytes).toString('hex')}`)
    .toString(32)
    .padStart(CODE_CHARACTERS, '0');
  return digits.replaceAll(/./g, (digit) => ALPHABET.charAt(Number.parseInt(digit, 32)));
}

/** As it is shown: `ABCD-EFGH-JKMN-PQRS`. */
function group(code: string): string {
  return code.match(/.{4}/g)?.join('-') ?? code;
}

/** The characters that were meant; undefined for what is no code. */
function readCode(typed: string): string | undefined {
  const characters = typed.replaceAll(/[\s-]/g, '');
  // Looked at first: other scripts have letters whose capitals are among ours.
  if (!/^[0-9A-Za-z]+$/.test(characters) || characters.length !== CODE_CHARACTERS) return undefined;
  const code = characters.toUpperCase().replaceAll(/[OIL]/g, (letter) => MISREAD[letter] ?? letter);
  return [...code].every((character) => ALPHABET.includes(character)) ? code : undefined;
}
