import type { AuditLog } from '../audit/audit-log.ts';
import { AppError } from '../lib/app-error.ts';
import type { ConfirmationMethod } from '../organizations/policy.ts';
import type { Passkeys } from '../passkeys/passkeys.ts';
import type { Limits } from '../rates/limits.ts';
import type { TicketStore } from '../tickets/ticket-store.ts';
import { type Confirmations, type Confirmer, type Intent, nameIntent } from './confirmation.ts';
import { listConfirmationMethods } from './confirmation-methods.ts';
import type { EmailProofs } from './email-proofs.ts';
import type { Guesses } from './guesses.ts';
import { refusePasskey } from './signing-in.ts';
import type { Source } from './source.ts';

interface Deps {
  readonly confirmations: Confirmations;
  readonly passkeys: Passkeys;
  readonly guesses: Guesses;
  readonly limits: Limits;
  readonly tickets: TicketStore;
  readonly emailProofs?: EmailProofs | undefined;
  readonly auditLog: AuditLog;
}

type EmailMethod = Extract<ConfirmationMethod, 'email-code' | 'email-link'>;

/** Whoever signs in again has this long to do so, in seconds. */
const SIGN_IN_SECONDS = 900;

/**
 * How somebody who is signed in confirms that it is they, before one of their credentials changes (`confirmWith` of the policy). An
 * ordinary sign-in is no confirmation: it was not asked for with this intent.
 */
export class Confirming {
  readonly #deps: Deps;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /** The preferred one first; none: only `bySignIn` is left. */
  listMethods({ account, organization }: Confirmer): readonly ConfirmationMethod[] {
    const receivesCodes = account.receivesCodes && this.#deps.emailProofs !== undefined;
    return listConfirmationMethods({ ...account, receivesCodes }, organization.policy);
  }

  /** Throws `wrong_password`, `too_many_tries`. */
  async byPassword(person: Confirmer, intent: Intent, answer: { password: string; source: Source }): Promise<void> {
    this.#requireMethod(person, 'password');
    await this.#deps.guesses.requirePassword(person.stored, answer.password, answer.source);
    await this.#deps.confirmations.give(person, intent, { by: 'password' });
  }

  /** Throws `code_refused`, `too_many_tries`. */
  async byTotp(person: Confirmer, intent: Intent, answer: { code: string; source: Source }): Promise<void> {
    this.#requireMethod(person, 'totp');
    await this.#deps.guesses.requireTotp(person.stored, answer.code, answer.source);
    await this.#deps.confirmations.give(person, intent, { by: 'totp' });
  }

  /** Request options for one of the person's own passkeys. */
  async startPasskey(person: Confirmer, intent: Intent): Promise<unknown> {
    this.#requireMethod(person, 'passkey');
    const { passkeys } = this.#deps;
    const own = await passkeys.list(person.stored.id);
    return passkeys.startAuthentication({
      binding: nameIntent(person, intent),
      purpose: 'confirm',
      allow: own.filter(({ id }) => person.account.passkeys.some((usable) => usable.id === id)),
    });
  }

  /** Throws `passkey_refused`, `too_many_tries`. */
  async byPasskey(person: Confirmer, intent: Intent, answer: { response: unknown; source: Source }): Promise<void> {
    this.#requireMethod(person, 'passkey');
    const { passkeys, limits, confirmations } = this.#deps;
    await limits.requirePasskeyTry(answer.source.address);
    const outcome = await passkeys.finishAuthentication({
      binding: nameIntent(person, intent),
      purpose: 'confirm',
      response: answer.response,
      usedWith: answer.source.description,
    });
    const isRight = outcome.type !== 'refused' && outcome.owner.id === person.stored.id;
    if (!isRight) {
      this.#noteRefusal(person, 'passkey', answer.source);
      throw outcome.type === 'refused' ? refusePasskey(outcome) : new AppError('passkey_refused');
    }
    await limits.restore(person.stored.id);
    await confirmations.give(person, intent, { by: 'passkey', passkeyId: outcome.passkey.id });
  }

  /** Mails what the method asks for, unless the address was sent too many. */
  async sendEmail(person: Confirmer, intent: Intent, letter: { method: EmailMethod; source: Source }): Promise<void> {
    const { method, source } = letter;
    const emailProofs = this.#requireEmail(person, method);
    const { stored: to, organization } = person;
    const about = { to, organization, intent, source, binding: nameIntent(person, intent) };
    await (method === 'email-code' ? emailProofs.sendCode(about) : emailProofs.sendLink(about));
  }

  /** Throws `code_refused`. */
  async byEmailCode(person: Confirmer, intent: Intent, answer: { code: string; source: Source }): Promise<void> {
    const emailProofs = this.#requireEmail(person, 'email-code');
    const isRight = await emailProofs.verifyCode(nameIntent(person, intent), answer.code, person.stored);
    if (!isRight) {
      this.#noteRefusal(person, 'email-code', answer.source);
      throw new AppError('code_refused', { reason: 'email-code' });
    }
    await this.#deps.confirmations.give(person, intent, { by: 'email-code' });
  }

  /** Throws `link_not_used`. */
  async byEmailLink(person: Confirmer, intent: Intent): Promise<void> {
    const emailProofs = this.#requireEmail(person, 'email-link');
    if (!(await emailProofs.verifyLink(nameIntent(person, intent)))) throw new AppError('link_not_used');
    await this.#deps.confirmations.give(person, intent, { by: 'email-link' });
  }

  /**
   * For who has none of the policy's methods: a sign-in counts that came after this was asked for the first time, in the same session.
   * False: they have to sign in once more.
   */
  async bySignIn(person: Confirmer, intent: Intent): Promise<boolean> {
    if (this.listMethods(person).length > 0) throw new AppError('method_not_offered');
    const { tickets, confirmations } = this.#deps;
    const id = nameIntent(person, intent);
    const signedInAt = person.signedInAt.getTime();
    const asked = await tickets.take('sign-in-again', id);
    if (asked && signedInAt > Number(asked.signedInAt)) {
      await confirmations.give(person, intent, { by: 'sign-in' });
      return true;
    }
    await tickets.put('sign-in-again', id, { signedInAt }, SIGN_IN_SECONDS);
    return false;
  }

  #noteRefusal(
    { stored: account }: Confirmer,
    factor: 'email-code' | 'passkey',
    { description: device }: Source,
  ): void {
    this.#deps.auditLog.recordCounted({ type: 'confirmation-refused', factor }, { account, device });
  }

  #requireMethod(person: Confirmer, method: ConfirmationMethod): void {
    if (!this.listMethods(person).includes(method)) throw new AppError('method_not_offered');
  }

  #requireEmail(person: Confirmer, method: EmailMethod): EmailProofs {
    const { emailProofs } = this.#deps;
    this.#requireMethod(person, method);
    if (!emailProofs) throw new AppError('method_not_offered');
    return emailProofs;
  }
}
