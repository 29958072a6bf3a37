import { z } from 'zod';
import { addSeconds, type Clock } from '../lib/clock.ts';
import { digest } from '../lib/digest.ts';
import type { Ids } from '../lib/ids.ts';
import type { TicketStore } from '../tickets/ticket-store.ts';

const TTL_SECONDS = 300;
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

interface Deps {
  readonly tickets: TicketStore;
  readonly ids: Ids;
  readonly clock: Clock;
}

/** The challenges of passkey ceremonies: 32 random bytes each, good for 5 minutes and one answer, whatever that is worth. */
export class Challenges {
  readonly #deps: Deps;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /** A fresh challenge, in base64url. */
  async issue(value: Omit<Challenge, 'expiresAt'>): Promise<string> {
    const challenge = this.#deps.ids.newSecret();
    const expiresAt = addSeconds(this.#deps.clock.now(), TTL_SECONDS).getTime();
    await this.#deps.tickets.put('passkey-challenge', digest(challenge), { ...value, expiresAt }, TTL_SECONDS);
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

  /** Ends challenges that were not answered, by their digests, so that nobody has to keep them in clear. */
  async discard(digests: readonly string[]): Promise<void> {
    await Promise.all(digests.map((id) => this.#deps.tickets.take('passkey-challenge', id)));
  }
}
