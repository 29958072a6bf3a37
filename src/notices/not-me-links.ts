import { z } from 'zod';
import type { AccountAddress } from '../accounts/account-store.ts';
import type { AccountId, Ids } from '../lib/ids.ts';
import type { TicketStore } from '../tickets/ticket-store.ts';
import type { NoticeKind } from './notice-message.ts';

/** What somebody who says "this wasn't me" speaks of. */
export interface Disputed {
  readonly accountId: AccountId;
  readonly kind: NoticeKind;
  /** Which new credential: the id of a passkey, or the moment of what an account has one of at most. */
  readonly target?: string | undefined;
  /** Where the notice went, as the account was before what it tells of. */
  readonly address: AccountAddress;
  readonly at: Date;
  readonly device: string;
}

interface Deps {
  readonly issuer: string;
  readonly tickets: TicketStore;
  readonly ids: Ids;
}

/** How long a link is good, in seconds. */
export const NOT_ME_SECONDS = 7 * 86_400;

/** Written below and read by nobody else. */
const ticketSchema = z.strictObject({
  accountId: z.custom<AccountId>((id) => typeof id === 'string'),
  kind: z.custom<NoticeKind>((kind) => typeof kind === 'string'),
  target: z.string().optional(),
  address: z.strictObject({ email: z.string(), emailKey: z.string(), emailVerified: z.boolean() }),
  at: z.number().transform((milliseconds) => new Date(milliseconds)),
  device: z.string(),
});

/** The links by which the owner of an account says that something was not they: of 256 bits, for one account and one thing, for seven days. */
export class NotMeLinks {
  readonly #deps: Deps;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  async create({ at, ...disputed }: Disputed): Promise<string> {
    const { issuer, tickets, ids } = this.#deps;
    const token = ids.newSecret();
    await tickets.put('not-me', token, { ...disputed, at: at.getTime() }, NOT_ME_SECONDS);
    return `${issuer}/not-me/${token}`;
  }

  /** Looking spends nothing. Undefined for a link that was used, is too old, or never was. */
  async find(token: string): Promise<Disputed | undefined> {
    const ticket = await this.#deps.tickets.find('not-me', token);
    return ticket && ticketSchema.parse(ticket);
  }

  async spend(token: string): Promise<void> {
    await this.#deps.tickets.take('not-me', token);
  }
}
