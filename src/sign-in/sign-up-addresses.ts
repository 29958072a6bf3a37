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

/** Somebody on the way to an account: in which sign-in, and where. */
export interface SignUpPlace {
  /** What the sign-up is bound to. */
  readonly binding: string;
  readonly organization: Organization;
}

const addressSchema = z.strictObject({
  email: z.string(),
  emailKey: z.string(),
  /** Somebody has an account with it, which the person is not told before they have read the mail. */
  isTaken: z.boolean(),
  isVerified: z.boolean(),
});

/** The address that somebody wants an account with, and whether they have shown that it is theirs. */
export type SignUpAddress = Readonly<z.infer<typeof addressSchema>>;

/** As long as a sign-in may take. */
const LIFETIME_SECONDS = 900;

/**
 * How somebody new shows that their address is theirs, before there is an account. Until they do, an address that somebody has an account
 * with looks like any other: its owner is told by mail, and the page asks for a code that was never sent.
 */
export class SignUpAddresses {
  readonly #deps: Deps;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  async find(place: SignUpPlace): Promise<SignUpAddress | undefined> {
    const ticket = await this.#deps.tickets.find('sign-up-address', nameSignUp(place));
    return ticket && addressSchema.parse(ticket);
  }

  /**
   * Mails a code, or to whoever has an account already that they have one. An address that was sent too many is sent nothing, which
   * nothing tells. Throws `malformed_request`, and `too_many_tries` to who asks for too many mails.
   */
  async send(place: SignUpPlace, email: string, source: Source): Promise<void> {
    const { accounts, emailCodes, mailLimits, limits, tickets } = this.#deps;
    const parsed = parseEmail(email);
    if (!parsed) throw new AppError('malformed_request', { field: 'email' });
    await limits.requireMailTry(source.address);
    const owner = await accounts.findByEmail(place.organization.id, email);
    const name = nameSignUp(place);
    const isAllowed = await mailLimits.allow(parsed.emailKey);
    const before = await tickets.take('sign-up-address', name);
    const isSame = before?.emailKey === parsed.emailKey && before.isVerified === false;
    if (isAllowed) {
      const code = await emailCodes.issue({ binding: name, emailKey: parsed.emailKey });
      await this.#mail(place, { to: parsed.email, owner, code, device: source.description });
    }
    const address = isSame
      ? addressSchema.parse(before)
      : { ...parsed, isTaken: owner !== undefined, isVerified: false };
    await tickets.put('sign-up-address', name, address, LIFETIME_SECONDS);
  }

  /** Counts the try first: after five wrong ones no code is right. Throws `code_refused`. */
  async verify(place: SignUpPlace, code: string): Promise<void> {
    const { emailCodes, tickets } = this.#deps;
    const name = nameSignUp(place);
    const address = await this.find(place);
    const isRight = await emailCodes.verify({ binding: name, emailKey: address?.emailKey ?? '' }, code);
    if (!isRight || !address || address.isTaken) throw new AppError('code_refused', { reason: 'email-code' });
    await tickets.take('sign-up-address', name);
    await tickets.put('sign-up-address', name, { ...address, isVerified: true }, LIFETIME_SECONDS);
  }

  /** Throws `confirmation_required` unless that address was verified here. */
  async requireVerified(place: SignUpPlace, email: string): Promise<void> {
    const address = await this.find(place);
    if (!address?.isVerified || address.emailKey !== parseEmail(email)?.emailKey)
      throw new AppError('confirmation_required');
  }

  async #mail(
    { organization }: SignUpPlace,
    { to, owner, code, device }: { to: string; owner: Account | undefined; code: string; device: string },
  ): Promise<void> {
    const { outbox, clock } = this.#deps;
    const at = clock.now();
    const stranger = { to, organizationName: organization.name, language: 'en' };
    const common = { at, device };
    await outbox.enqueue({
      ...(owner ? describeRecipient(owner, organization.name) : stranger),
      message: owner
        ? { type: 'account-known', ...common }
        : { type: 'sign-up-code', ...common, code, validSeconds: EMAIL_CODE_SECONDS },
      expiresAt: addSeconds(at, EMAIL_CODE_SECONDS),
    });
  }
}

function nameSignUp({ binding, organization }: SignUpPlace): string {
  return digest(JSON.stringify(['sign-up', binding, organization.id]));
}
