import type { AccountStore } from '../accounts/account-store.ts';
import { AppError } from '../lib/app-error.ts';
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
}

/** What somebody with a set-up link says of themselves, as typed. */
export interface Founder {
  readonly email: string;
  readonly name: string;
  readonly password?: string | undefined;
}

const LINK_SECONDS = 24 * 60 * 60;
/** Longer than a turn takes; whoever dies in theirs keeps it for so long. */
const TURN_SECONDS = 60;
const TURN = 'of the installation';

/**
 * How an installation gets its first administrator: by a link that works once, handed out on the machine itself. Once there is one, no
 * link works any more, however many were made.
 */
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
    const { issuer, ids, organizations, tickets } = this.#deps;
    const token = ids.newSecret();
    const { id } = await organizations.requireOrFirst(undefined);
    await tickets.put('set-up', token, { organizationId: id }, LINK_SECONDS);
    return `${issuer}/set-up/${token}`;
  }

  /** Whose administrator the link makes; looking does not use it up. Throws `link_used_or_expired`. */
  async requireOrganization(token: string): Promise<Organization> {
    const ticket = await this.#deps.tickets.find('set-up', token);
    if (!ticket || !(await this.isNeeded())) throw new AppError('link_used_or_expired');
    return this.#deps.organizations.requireOrFirst(ticket.organizationId as OrganizationId); // written by createLink
  }

  /** Creation options for the administrator's first passkey. */
  async start(token: string, founder: Founder): Promise<unknown> {
    const organization = await this.requireOrganization(token);
    return this.#deps.signingUp.start({ ...founder, ...newcomerOf(token), organization });
  }

  /**
   * Makes the account, then uses the link up: whatever fails before the account is there, the link goes on working. One at a time may try,
   * whichever link they have; the others throw `link_used_or_expired`.
   */
  async finish(
    token: string,
    founder: Founder,
    answer: { readonly response: unknown; readonly userAgent: string },
  ): Promise<NewAccountWithPasskey> {
    const { tickets, signingUp } = this.#deps;
    await this.requireOrganization(token); // who has no link takes nobody's turn
    if (!(await tickets.put('set-up-turn', TURN, {}, TURN_SECONDS))) throw new AppError('link_used_or_expired');
    try {
      const organization = await this.requireOrganization(token);
      const newcomer = { ...founder, ...newcomerOf(token), organization };
      const made = await signingUp.finish(newcomer, answer.response, answer.userAgent);
      await tickets.take('set-up', token);
      return made;
    } finally {
      await tickets.take('set-up-turn', TURN);
    }
  }
}

function newcomerOf(token: string) {
  return { binding: digest(token), role: 'administrator' } as const;
}
