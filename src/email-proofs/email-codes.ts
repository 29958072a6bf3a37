import { z } from 'zod';
import { equalsInConstantTime } from '../lib/digest.ts';
import type { Ids } from '../lib/ids.ts';
import type { Sealer } from '../lib/seal.ts';
import type { Budget, RateStore } from '../rates/rate-store.ts';
import type { TicketStore } from '../tickets/ticket-store.ts';

/** How long a code is good, in seconds. */
export const EMAIL_CODE_SECONDS = 600;

const DIGITS = 8;
/** Five tries for one code; the pause after them outlasts it. */
const TRIES: Budget = {
  free: 4,
  windowSeconds: EMAIL_CODE_SECONDS,
  pauseSeconds: EMAIL_CODE_SECONDS,
  maxPauseSeconds: EMAIL_CODE_SECONDS,
};
/** How often another code may come in between when two tabs ask for one at once. */
const MAX_ATTEMPTS = 5;

const codeSchema = z.strictObject({ id: z.string(), digest: z.string(), emailKey: z.string() });

/** What a code is for, and whom it was sent to. */
export interface EmailCodePlace {
  /** Names the sign-in or the session, and what is to be done: the code is good there and nowhere else. */
  readonly binding: string;
  readonly emailKey: string;
}

interface Deps {
  readonly tickets: TicketStore;
  readonly rates: RateStore;
  readonly sealer: Sealer;
  readonly ids: Ids;
}

/** Codes of eight digits that are sent by mail and typed into the page that asked for them. Each is good for ten minutes, five tries and one use. */
export class EmailCodes {
  readonly #deps: Deps;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /** A fresh code, which takes the place of the one before. */
  async issue({ binding, emailKey }: EmailCodePlace): Promise<string> {
    const { tickets, ids } = this.#deps;
    const code = ids.newDigits(DIGITS);
    const id = ids.newId();
    const ticket = { id, digest: this.#digest(code, id), emailKey };
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
      await tickets.take('email-code', binding);
      if (await tickets.put('email-code', binding, ticket, EMAIL_CODE_SECONDS)) break;
    }
    return code;
  }

  /** Counts the try, then compares. Right once, in one place, and only while the address is the one it was sent to. */
  async verify({ binding, emailKey }: EmailCodePlace, typed: string): Promise<boolean> {
    const { tickets, rates } = this.#deps;
    const ticket = await tickets.find('email-code', binding);
    if (!ticket) return false;
    const { id, ...expected } = codeSchema.parse(ticket);
    const hit = await rates.hit(`email-code:${id}`, TRIES);
    const isRight = equalsInConstantTime(expected.digest, this.#digest(typed.replaceAll(/[\s-]/g, ''), id));
    if (!hit.allowed || !isRight || expected.emailKey !== emailKey) return false;
    return (await tickets.take('email-code', binding)) !== undefined;
  }

  /** Keyed: eight digits are soon guessed from a plain digest. */
  #digest(code: string, id: string): string {
    return this.#deps.sealer.digest(code, `email-code:${id}`);
  }
}
