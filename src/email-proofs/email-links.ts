import { z } from 'zod';
import { addSeconds, type Clock } from '../lib/clock.ts';
import { digest } from '../lib/digest.ts';
import type { AccountId, Ids } from '../lib/ids.ts';
import type { TicketStore } from '../tickets/ticket-store.ts';

const linkSchema = z.strictObject({
  purpose: z.enum(['confirm', 'verify-address', 'reset-password']),
  /** Names the session or the account, and what is to be done. */
  binding: z.string(),
  accountId: z.custom<AccountId>((id) => typeof id === 'string'),
  /** Whom it was sent to. */
  emailKey: z.string(),
  /** When it was asked for, in milliseconds, and with what. */
  at: z.number(),
  device: z.string(),
  validSeconds: z.number(),
  /** What else its page needs to know. */
  about: z.record(z.string(), z.unknown()),
});
const stateSchema = z.strictObject({ tokenDigest: z.string(), isPressed: z.boolean() });

/** A link that is sent by mail, and what it is for. */
export type EmailLink = Readonly<z.infer<typeof linkSchema>>;

/** How often another link may come in between when two tabs ask for one at once. */
const MAX_ATTEMPTS = 5;

interface Deps {
  readonly tickets: TicketStore;
  readonly ids: Ids;
  readonly clock: Clock;
}

/**
 * Links that are sent by mail. Opening one spends nothing, since mail programs open links too: only the button on its page does, once.
 * A later link takes the place of the earlier one that is for the same.
 */
export class EmailLinks {
  readonly #deps: Deps;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /** A fresh token of 256 bits. */
  async issue(link: Omit<EmailLink, 'at'>): Promise<string> {
    const { tickets, ids, clock } = this.#deps;
    const token = ids.newSecret();
    await tickets.put('email-link', token, { ...link, at: clock.now().getTime() }, link.validSeconds);
    await this.#putState(link, { tokenDigest: digest(token), isPressed: false }, link.validSeconds);
    return token;
  }

  /** Looking spends nothing. Undefined for a link that was used or replaced, is too old, is for something else, or never was. */
  async find(purpose: EmailLink['purpose'], token: string): Promise<EmailLink | undefined> {
    const ticket = await this.#deps.tickets.find('email-link', token);
    const link = ticket && linkSchema.parse(ticket);
    const state = link && (await this.#deps.tickets.find('email-link-state', link.binding));
    const isLatest = state && stateSchema.parse(state).tokenDigest === digest(token);
    return isLatest && link.purpose === purpose ? link : undefined;
  }

  /** Spends a link that was found; false when somebody else was faster. */
  async press(token: string): Promise<boolean> {
    const { tickets, clock } = this.#deps;
    const ticket = await tickets.take('email-link', token);
    if (!ticket) return false;
    const link = linkSchema.parse(ticket);
    const endsAt = addSeconds(new Date(link.at), link.validSeconds);
    const remainingMs = endsAt.getTime() - clock.now().getTime();
    await this.#putState(link, { tokenDigest: digest(token), isPressed: true }, remainingMs / 1000);
    return true;
  }

  /** Whether the link for that was pressed; it is so once. */
  async consume(binding: string): Promise<boolean> {
    const { tickets } = this.#deps;
    const state = await tickets.find('email-link-state', binding);
    if (!state || !stateSchema.parse(state).isPressed) return false;
    return (await tickets.take('email-link-state', binding)) !== undefined;
  }

  async #putState(
    { binding }: Pick<EmailLink, 'binding'>,
    state: z.infer<typeof stateSchema>,
    seconds: number,
  ): Promise<void> {
    const { tickets } = this.#deps;
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
      await tickets.take('email-link-state', binding);
      if (await tickets.put('email-link-state', binding, state, seconds)) return;
    }
  }
}
