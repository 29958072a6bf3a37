import type { AccountStore } from '../accounts/account-store.ts';
import { AppError } from '../lib/app-error.ts';
import { addSeconds, type Clock } from '../lib/clock.ts';
import { digest } from '../lib/digest.ts';
import type { Ids, OrganizationId } from '../lib/ids.ts';
import type { Organization } from '../organizations/organization-store.ts';
import type { Organizations } from '../organizations/organizations.ts';
import type { TicketStore } from '../tickets/ticket-store.ts';
import type { NewAccountWithPasskey, SigningUp } from './signing-up.ts';

interface Deps {
  readonly issuer: string;
  readonly accounts: AccountStore;
  readonly organizations: Organizations;
  readonly signingUp: SigningUp;
  readonly tickets: TicketStore;
  readonly ids: Ids;
  readonly clock: Clock;
}

/** What somebody with a set-up link says of themselves, as typed. */
export interface Founder {
  readonly email: string;
  readonly name: string;
  readonly password?: string | undefined;
}

const LINK_SECONDS = 24 * 60 * 60;

/** How an installation gets its first administrator: by a link that works once, handed out on the machine itself. */
export class SetUp {
  readonly #deps: Deps;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /** False once there is an administrator. */
  async isNeeded(): Promise<boolean> {
    return !(await this.#deps.accounts.hasAdministrator());
  }

  /** The address at which an administrator makes their account; it works once, for 24 hours. */
  async createLink(): Promise<string> {
    const { issuer, ids, organizations, tickets, clock } = this.#deps;
    const token = ids.newSecret();
    const { id } = await organizations.requireOrFirst(undefined);
    const expiresAt = addSeconds(clock.now(), LINK_SECONDS).getTime();
    await tickets.put('set-up', token, { organizationId: id, expiresAt }, LINK_SECONDS);
    return `${issuer}/set-up/${token}`;
  }

  /** Whose administrator the link makes; looking does not use it up. Throws `link_used_or_expired`. */
  async requireOrganization(token: string): Promise<Organization> {
    const ticket = await this.#deps.tickets.find('set-up', token);
    if (!ticket) throw new AppError('link_used_or_expired');
    return this.#deps.organizations.requireOrFirst(ticket.organizationId as OrganizationId); // written by createLink
  }

  /** Creation options for the administrator's first passkey. */
  async start(token: string, founder: Founder): Promise<unknown> {
    const organization = await this.requireOrganization(token);
    return this.#deps.signingUp.start({ ...founder, ...newcomerOf(token), organization });
  }

  /** Uses the link up and makes the account; if that fails the link works again, for as long as it would have. */
  async finish(
    token: string,
    founder: Founder,
    answer: { readonly response: unknown; readonly userAgent: string },
  ): Promise<NewAccountWithPasskey> {
    const { tickets, signingUp, clock } = this.#deps;
    const organization = await this.requireOrganization(token);
    const ticket = await tickets.take('set-up', token);
    if (!ticket) throw new AppError('link_used_or_expired');
    try {
      return await signingUp.finish(
        { ...founder, ...newcomerOf(token), organization },
        answer.response,
        answer.userAgent,
      );
    } catch (error) {
      const remainingMs = Number(ticket.expiresAt) - clock.now().getTime();
      await tickets.put('set-up', token, ticket, remainingMs / 1000);
      throw error;
    }
  }
}

function newcomerOf(token: string) {
  return { binding: digest(token), role: 'administrator' } as const;
}
