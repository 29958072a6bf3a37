import { z } from 'zod';
import type { Account } from '../accounts/account-store.ts';
import type { Accounts } from '../accounts/accounts.ts';
import { parseEmail } from '../accounts/email.ts';
import { EMAIL_CODE_SECONDS, type EmailCodes } from '../email-proofs/email-codes.ts';
import type { MailLimits } from '../email-proofs/mail-limits.ts';
import { AppError } from '../lib/app-error.ts';
import { addSeconds, type Clock } from '../lib/clock.ts';
import { digest } from '../lib/digest.ts';
import type { Outbox } from '../mail/outbox.ts';
import { describeRecipient } from '../mail/recipient.ts';
import type { Organization } from '../organizations/organization-store.ts';
import type { Limits } from '../rates/limits.ts';
import type { TicketStore } from '../tickets/ticket-store.ts';
import type { Source } from './source.ts';

interface Deps {
  readonly accounts: Accounts;
  readonly emailCodes: EmailCodes;
  readonly mailLimits: MailLimits;
  readonly limits: Limits;
  readonly outbox: Outbox;
  readonly tickets: TicketStore;
  readonly clock: Clock;
}

/** Where somebody types the address: on the way to an account, or in one that is theirs. */
export interface AddressPlace {
  readonly purpose: 'sign-up' | 'change-address';
  /** What it is bound to: a sign-in, or a session with what was confirmed there. */
  readonly binding: string;
  readonly organization: Organization;
  /** Who wants the address for their account, and so says in which language to write there. */
  readonly account?: Account | undefined;
}

const addressSchema = z.strictObject({
  email: z.string(),
  emailKey: z.string(),
  /** Somebody has an account with it, which the person is not told before they have read the mail. */
  isTaken: z.boolean(),
  isVerified: z.boolean(),
});

/** The address that somebody wants for an account, and whether they have shown that it is theirs. */
export type NewAddress = Readonly<z.infer<typeof addressSchema>>;

/** As long as a sign-in may take. */
const LIFETIME_SECONDS = 900;

/** To the address: when nobody has an account with it, and when somebody has. */
const MAILS = {
  'sign-up': { free: 'sign-up-code', taken: 'account-known' },
  'change-address': { free: 'address-code', taken: 'address-taken' },
} as const;

/**
 * How somebody shows that an address is theirs before an account has it. Until they do, an address that somebody has an account with
 * looks like any other: its owner is told by mail, and the page asks for a code that was never sent.
 */
export class NewAddresses {
  readonly #deps: Deps;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  async find(place: AddressPlace): Promise<NewAddress | undefined> {
    const ticket = await this.#deps.tickets.find('new-address', namePlace(place));
    return ticket && addressSchema.parse(ticket);
  }

  /**
   * Mails a code, or to whoever has an account already that they have one. An address that was sent too many is sent nothing, which
   * nothing tells. Throws `malformed_request`, and `too_many_tries` to who asks for too many mails.
   */
  async send(place: AddressPlace, email: string, source: Source): Promise<void> {
    const { accounts, emailCodes, mailLimits, limits, tickets } = this.#deps;
    const parsed = parseEmail(email);
    if (!parsed) throw new AppError('malformed_request', { field: 'email' });
    await limits.requireMailTry(source.address);
    const owner = await accounts.findByEmail(place.organization.id, email);
    const name = namePlace(place);
    const isAllowed = await mailLimits.allow(parsed.emailKey);
    const before = await tickets.take('new-address', name);
    const isSame = before?.emailKey === parsed.emailKey && before.isVerified === false;
    if (isAllowed) {
      const code = await emailCodes.issue({ binding: name, emailKey: parsed.emailKey });
      await this.#mail(place, { to: parsed.email, owner, code, device: source.description });
    }
    const address = isSame
      ? addressSchema.parse(before)
      : { ...parsed, isTaken: owner !== undefined, isVerified: false };
    await tickets.put('new-address', name, address, LIFETIME_SECONDS);
  }

  /** Counts the try first: after five wrong ones no code is right. Answers the address. Throws `code_refused`. */
  async verify(place: AddressPlace, code: string): Promise<NewAddress> {
    const { emailCodes, tickets } = this.#deps;
    const name = namePlace(place);
    const address = await this.find(place);
    const isRight = await emailCodes.verify({ binding: name, emailKey: address?.emailKey ?? '' }, code);
    if (!isRight || !address || address.isTaken) throw new AppError('code_refused', { reason: 'email-code' });
    const verified = { ...address, isVerified: true };
    await tickets.take('new-address', name);
    await tickets.put('new-address', name, verified, LIFETIME_SECONDS);
    return verified;
  }

  /** Throws `confirmation_required` unless that address was verified here. */
  async requireVerified(place: AddressPlace, email: string): Promise<void> {
    const address = await this.find(place);
    if (!address?.isVerified || address.emailKey !== parseEmail(email)?.emailKey)
      throw new AppError('confirmation_required');
  }

  /** For what was typed there no code is right any more. */
  async forget(place: AddressPlace): Promise<void> {
    await this.#deps.tickets.take('new-address', namePlace(place));
  }

  async #mail(
    { purpose, organization, account }: AddressPlace,
    { to, owner, code, device }: { to: string; owner: Account | undefined; code: string; device: string },
  ): Promise<void> {
    const { outbox, clock } = this.#deps;
    const at = clock.now();
    const reader = owner ?? { email: to, profile: account?.profile ?? {} };
    const { free, taken } = MAILS[purpose];
    await outbox.enqueue({
      ...describeRecipient(reader, organization.name),
      message: owner ? { type: taken, at, device } : { type: free, at, device, code, validSeconds: EMAIL_CODE_SECONDS },
      expiresAt: addSeconds(at, EMAIL_CODE_SECONDS),
    });
  }
}

function namePlace({ purpose, binding, organization }: AddressPlace): string {
  return digest(JSON.stringify([purpose, binding, organization.id]));
}
