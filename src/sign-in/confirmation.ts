import { z } from 'zod';
import type { Account } from '../accounts/account-store.ts';
import { AppError } from '../lib/app-error.ts';
import { addSeconds, type Clock } from '../lib/clock.ts';
import { digest } from '../lib/digest.ts';
import type { Organization } from '../organizations/organization-store.ts';
import { CONFIRMATION_METHODS } from '../organizations/policy.ts';
import type { TicketStore, TicketValue } from '../tickets/ticket-store.ts';
import { listConfirmationMethods } from './confirmation-methods.ts';
import type { SignInAccount } from './next-step.ts';

/** What a person has to confirm before they may do it. */
export const CONFIRMATION_PURPOSES = [
  'add-passkey',
  'rename-passkey',
  'delete-passkey',
  'set-password',
  'change-password',
  'add-totp',
  'delete-totp',
  'make-recovery-codes',
  'change-address',
] as const;

export type ConfirmationPurpose = (typeof CONFIRMATION_PURPOSES)[number];

/** What somebody is about to do. A confirmation is good for one intent and for no other. */
export interface Intent {
  readonly purpose: ConfirmationPurpose;
  /** To what of theirs, where there may be several: the id of a passkey. */
  readonly target?: string | undefined;
}

export const ADDING_PASSKEY: Intent = { purpose: 'add-passkey' };

/** Somebody who is signed in, and the session that says so. */
export interface Confirmer {
  readonly sessionUid: string;
  readonly signedInAt: Date;
  readonly stored: Account;
  readonly account: SignInAccount;
  readonly organization: Organization;
}

const LIFETIME_SECONDS = 600;

const confirmationSchema = z.strictObject({
  /** `sign-in`: a whole new one, for who has nothing else. */
  by: z.enum([...CONFIRMATION_METHODS, 'sign-in']),
  passkeyId: z.string().optional(),
  /** Of the password that the account had, in milliseconds: with another one the confirmation is worth nothing. */
  passwordSetAt: z.number().optional(),
  expiresAt: z.number(),
});

/** That a person has shown, for one intent, that it is they. */
export type Confirmation = z.infer<typeof confirmationSchema>;

interface Deps {
  readonly tickets: TicketStore;
  readonly clock: Clock;
}

/**
 * The confirmations that were given. Each belongs to a session, an account and an intent, and is good for ten minutes, while what it was
 * given with is still so. How one is given is the business of `Confirming`.
 */
export class Confirmations {
  readonly #deps: Deps;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /** Undefined when the person has to confirm it first. */
  async find(person: Confirmer, intent: Intent): Promise<Confirmation | undefined> {
    const ticket = await this.#deps.tickets.find('confirmation', nameIntent(person, intent));
    return this.#read(ticket, person);
  }

  /** Uses it up, for what is done once. Throws `confirmation_required` when there is none, and for all callers at once but one. */
  async spend(person: Confirmer, intent: Intent): Promise<void> {
    const ticket = await this.#deps.tickets.take('confirmation', nameIntent(person, intent));
    if (!this.#read(ticket, person)) throw new AppError('confirmation_required');
  }

  /** Only for who has just verified it. */
  async give(person: Confirmer, intent: Intent, proof: Pick<Confirmation, 'by' | 'passkeyId'>): Promise<void> {
    const expiresAt = addSeconds(this.#deps.clock.now(), LIFETIME_SECONDS).getTime();
    await this.#put(person, intent, { ...proof, passwordSetAt: readPasswordTime(person), expiresAt });
  }

  /** Lets a confirmation count for what follows from its intent too, and not for longer. */
  async extend(person: Confirmer, confirmation: Confirmation, intent: Intent): Promise<void> {
    await this.#put(person, intent, confirmation);
  }

  async #put(person: Confirmer, intent: Intent, confirmation: Confirmation): Promise<void> {
    const { tickets, clock } = this.#deps;
    const id = nameIntent(person, intent);
    const remainingMs = confirmation.expiresAt - clock.now().getTime();
    await tickets.take('confirmation', id);
    await tickets.put('confirmation', id, confirmation, remainingMs / 1000); // one that another tab puts there at once is as good
  }

  #read(ticket: TicketValue | undefined, person: Confirmer): Confirmation | undefined {
    if (!ticket) return undefined;
    const confirmation = confirmationSchema.parse(ticket);
    // The store forgets it by its own clock, which may have been stopped meanwhile.
    const isLive = confirmation.expiresAt > this.#deps.clock.now().getTime();
    return isLive && isStillSo(confirmation, person) ? confirmation : undefined;
  }
}

/** The same text for the same session, account and intent, and for no other. Passkey ceremonies and mailed codes are bound to it. */
export function nameIntent({ sessionUid, stored }: Confirmer, { purpose, target }: Intent): string {
  return digest(JSON.stringify([sessionUid, stored.id, purpose, target ?? null]));
}

/** Like a proof, it counts while what proved it is still in use: under this policy, with this password, with this very passkey. */
function isStillSo({ by, passkeyId, passwordSetAt }: Confirmation, person: Confirmer): boolean {
  const { account, organization } = person;
  if (passwordSetAt !== readPasswordTime(person)) return false;
  if (passkeyId !== undefined && !account.passkeys.some(({ id }) => id === passkeyId)) return false;
  return by === 'sign-in' || listConfirmationMethods(account, organization.policy).includes(by);
}

function readPasswordTime({ stored }: Confirmer): number | undefined {
  return stored.password?.setAt.getTime();
}
