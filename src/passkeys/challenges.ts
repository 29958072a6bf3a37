import { z } from 'zod';
import { AppError } from '../lib/app-error.ts';
import { addSeconds, type Clock } from '../lib/clock.ts';
import { digest } from '../lib/digest.ts';
import type { Ids } from '../lib/ids.ts';
import type { TicketStore } from '../tickets/ticket-store.ts';

const TTL_SECONDS = 300;
/** So many of one binding wait for an answer; the oldest of more is worth nothing any more. */
const LIVE_LIMIT = 3;
const NOTE_ATTEMPTS = 5;
const SHAPE = /^[A-Za-z0-9_-]{43}$/;

const challengeSchema = z.strictObject({
  /** An answer to one purpose never counts for another. */
  purpose: z.enum(['sign-in', 'confirm', 'register', 'register-silently']),
  /** Names the sign-in or session that may answer. */
  binding: z.string(),
  /** Whose new passkey it is for. */
  accountId: z.string().optional(),
  /** The passkeys that may answer; any, if absent. */
  allow: z.array(z.string()).optional(),
  expiresAt: z.number(),
});

export type Challenge = z.infer<typeof challengeSchema>;

/** Which challenges wait for the same binding, the oldest first: their digests, so that nobody keeps them in clear. */
const waitingSchema = z.strictObject({ digests: z.array(z.string()) });

interface Deps {
  readonly tickets: TicketStore;
  readonly ids: Ids;
  readonly clock: Clock;
}

/** The challenges of passkey ceremonies: 32 random bytes each, good for 5 minutes and one answer, whatever that is worth, and three at a time. */
export class Challenges {
  readonly #deps: Deps;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /** A fresh challenge, in base64url. Throws `changed_meanwhile` where very many are asked for at once. */
  async issue(value: Omit<Challenge, 'expiresAt'>): Promise<string> {
    const challenge = this.#deps.ids.newSecret();
    const expiresAt = addSeconds(this.#deps.clock.now(), TTL_SECONDS).getTime();
    await this.#deps.tickets.put('passkey-challenge', digest(challenge), { ...value, expiresAt }, TTL_SECONDS);
    await this.#note(value.binding, digest(challenge));
    return challenge;
  }

  /** Spends what may be a challenge in one step; undefined when it is none, spent or expired, or was issued for another purpose or to someone else. */
  async take(challenge: string, expected: Pick<Challenge, 'purpose' | 'binding'>): Promise<Challenge | undefined> {
    if (!SHAPE.test(challenge)) return undefined;
    const ticket = await this.#deps.tickets.take('passkey-challenge', digest(challenge));
    if (!ticket) return undefined;
    const value = challengeSchema.parse(ticket);
    // The store forgets it by its own clock, which may have been stopped meanwhile.
    const isLive = value.expiresAt > this.#deps.clock.now().getTime();
    return isLive && value.purpose === expected.purpose && value.binding === expected.binding ? value : undefined;
  }

  /** Ends those of a binding that nobody answered. */
  async discard(binding: string): Promise<void> {
    await this.#end(await this.#takeWaiting(binding));
  }

  /** Whoever has taken the list puts it back with their own; what somebody else has put there meanwhile is taken in turn. */
  async #note(binding: string, own: string): Promise<void> {
    let digests = [own];
    for (let attempt = 0; attempt < NOTE_ATTEMPTS; attempt += 1) {
      digests = [...(await this.#takeWaiting(binding)), ...digests];
      await this.#end(digests.splice(0, digests.length - LIVE_LIMIT));
      if (await this.#deps.tickets.put('passkey-challenges', binding, { digests }, TTL_SECONDS)) return;
    }
    await this.#end(digests);
    throw new AppError('changed_meanwhile');
  }

  async #takeWaiting(binding: string): Promise<readonly string[]> {
    const ticket = await this.#deps.tickets.take('passkey-challenges', binding);
    return ticket ? waitingSchema.parse(ticket).digests : [];
  }

  async #end(digests: readonly string[]): Promise<void> {
    await Promise.all(digests.map((id) => this.#deps.tickets.take('passkey-challenge', id)));
  }
}
