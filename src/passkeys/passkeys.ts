import type { z } from 'zod';
import type { Account, AccountStore } from '../accounts/account-store.ts';
import type { AuditLog } from '../audit/audit-log.ts';
import { AppError } from '../lib/app-error.ts';
import type { Clock } from '../lib/clock.ts';
import type { AccountId, Ids, PasskeyId } from '../lib/ids.ts';
import type { TicketStore } from '../tickets/ticket-store.ts';
import { authenticationResponseSchema, registrationResponseSchema } from '../wire/ceremony-json.ts';
import {
  type AuthenticationOptions,
  type Ceremonies,
  type PasskeyOwner,
  type PasskeyPlace,
  type RegistrationOptions,
  readChallenge,
} from './ceremonies.ts';
import { type Challenge, Challenges } from './challenges.ts';
import { distinguishPasskeyName, parsePasskeyName, suggestPasskeyName } from './passkey-name.ts';
import type { Passkey, PasskeyStore } from './passkey-store.ts';

const LIMIT = 20;
/** Of devices that hold passkeys themselves; security keys have none of these. */
const PHONE_TRANSPORTS: readonly string[] = ['hybrid', 'internal'];

/** What a person uses a passkey for. */
export type AuthenticationPurpose = Exclude<Challenge['purpose'], 'register' | 'register-silently'>;

interface Deps {
  readonly store: PasskeyStore;
  readonly accounts: Pick<AccountStore, 'find'>;
  readonly tickets: TicketStore;
  readonly auditLog: Pick<AuditLog, 'recordCounted'>;
  readonly ceremonies: Ceremonies;
  readonly ids: Ids;
  readonly clock: Clock;
}

export type PasskeyAuthentication =
  | {
      readonly type: 'verified';
      /** As it was before this use. */
      readonly passkey: Passkey;
      /** As it was when the passkey was looked up. */
      readonly owner: Account;
      readonly userVerified: true;
      /** Attested by its maker and not backup-eligible. */
      readonly hardware: boolean;
      /** On a phone beside the device that asked; by unsigned hints. */
      readonly onPhone: boolean;
    }
  | {
      readonly type: 'refused';
      /** True when nobody owns the passkey that answered, so that the page may tell the password manager. */
      readonly unknownPasskey?: true;
      /** For the log only. */
      readonly cause?: unknown;
    };

/**
 * The passkeys of accounts: made, used, listed, named, removed. What a verified passkey is good for, and whether its account may
 * sign in, is decided elsewhere.
 */
export class Passkeys {
  readonly #deps: Deps;
  readonly #challenges: Challenges;

  constructor(deps: Deps) {
    this.#deps = deps;
    this.#challenges = new Challenges(deps);
  }

  /**
   * Asks for a passkey. `binding` names the sign-in or session that may answer. With `allow` only those passkeys may; without it the
   * person chooses, and is known by the choice.
   */
  async startAuthentication(request: {
    readonly binding: string;
    readonly purpose: AuthenticationPurpose;
    readonly allow?: readonly Passkey[] | undefined;
  }): Promise<AuthenticationOptions> {
    const { binding, purpose, allow } = request;
    const challenge = await this.#challenges.issue({ purpose, binding, allow: allow?.map(({ id }) => id) });
    return this.#deps.ceremonies.authenticationOptions({ challenge, allow });
  }

  /** Judges the answer of a browser and records the use. Throws `malformed_request` for what no browser sends. */
  async finishAuthentication(answer: {
    readonly binding: string;
    readonly purpose: AuthenticationPurpose;
    /** The JSON body. */
    readonly response: unknown;
    /** Browser and system in plain words, kept with the passkey. */
    readonly usedWith: string;
  }): Promise<PasskeyAuthentication> {
    const response = parseAnswer(authenticationResponseSchema, answer.response);
    const challenge = readChallenge(response);
    const asked = await this.#challenges.take(challenge, answer);
    if (!asked || asked.allow?.includes(response.id) === false) return { type: 'refused' };

    const passkey = await this.#deps.store.find(response.id as PasskeyId); // whatever the browser sent may be looked for
    if (!passkey) return { type: 'refused', unknownPasskey: true };
    const owner = await this.#deps.accounts.find(passkey.accountId);
    if (!owner) return { type: 'refused' };

    const outcome = await this.#deps.ceremonies.verifyAuthentication({
      response,
      challenge,
      passkey,
      userHandle: owner.userHandle,
      discoverable: asked.allow === undefined,
    });
    if (outcome.type === 'refused') {
      const { alert, cause } = outcome;
      const details = alert && { type: 'passkey-alert' as const, alert, passkeyName: passkey.name };
      const about = { account: owner, actor: 'system', device: answer.usedWith } as const;
      if (details) this.#deps.auditLog.recordCounted(details, about);
      return { type: 'refused', cause };
    }

    const { counter, backedUp } = outcome;
    const use = { counter, backedUp, usedAt: this.#deps.clock.now(), usedWith: answer.usedWith };
    if (!(await this.#deps.store.recordUse(passkey.id, use))) return { type: 'refused' };
    const hardware = passkey.attestation === 'verified' && !passkey.backupEligible;
    const isBeside = response.authenticatorAttachment === 'cross-platform';
    const onPhone = isBeside && passkey.transports.some((transport) => PHONE_TRANSPORTS.includes(transport));
    return { type: 'verified', passkey, owner, userVerified: true, hardware, onPhone };
  }

  /** Asks for a new passkey of an account; `silent`: in a ceremony that the person does not see. Throws `too_many_passkeys` before anything is made on the device. */
  async startRegistration(request: {
    readonly binding: string;
    readonly account: PasskeyOwner & { readonly id: AccountId };
    readonly organizationName: string;
    readonly where?: PasskeyPlace | undefined;
    readonly silent?: boolean | undefined;
  }): Promise<RegistrationOptions> {
    const { binding, account, silent } = request;
    const exclude = await this.requireRoom(account.id);
    const challenge = await this.#challenges.issue({ purpose: toPurpose(silent), binding, accountId: account.id });
    return this.#deps.ceremonies.registrationOptions({ ...request, challenge, exclude });
  }

  /** Judges the answer of a browser and stores the passkey: `verifyRegistration`, then `add`. */
  async finishRegistration(answer: RegistrationAnswer): Promise<Passkey> {
    const passkey = await this.verifyRegistration(answer);
    await this.add(passkey);
    return passkey;
  }

  /**
   * Judges the answer of a browser; nothing is stored yet, so that it can be stored together with the account of a newcomer.
   * Throws `malformed_request` for what no browser sends, else `passkey_not_made`.
   */
  async verifyRegistration(answer: RegistrationAnswer): Promise<Passkey> {
    const { accountId, silent } = answer;
    const name = answer.name === undefined ? undefined : parsePasskeyName(answer.name);
    const response = parseAnswer(registrationResponseSchema, answer.response);
    const challenge = readChallenge(response);
    const asked = await this.#challenges.take(challenge, { purpose: toPurpose(silent), binding: answer.binding });
    if (asked?.accountId !== accountId) throw new AppError('passkey_not_made');

    const outcome = await this.#deps.ceremonies.verifyRegistration({ response, challenge, silent });
    if (outcome.type === 'refused') throw new AppError('passkey_not_made', { cause: outcome.cause });
    const now = this.#deps.clock.now();
    return {
      ...outcome.made,
      accountId,
      name: name ?? (await this.#suggestName(outcome.made, answer)),
      createdAt: now,
      ...(outcome.userVerified && { verifiedAt: now }),
    };
  }

  async #suggestName(made: Pick<Passkey, 'aaguid' | 'transports'>, answer: RegistrationAnswer): Promise<string> {
    const others = await this.list(answer.accountId);
    const names = others.map(({ name }) => name);
    return distinguishPasskeyName(suggestPasskeyName(made, answer.userAgent), names);
  }

  /** Stores a passkey that was just verified. Throws `already_registered` or `too_many_passkeys`. */
  async add(passkey: Passkey): Promise<void> {
    const outcome = await this.#deps.store.insert(passkey, LIMIT);
    if (outcome === 'taken') throw new AppError('already_registered');
    if (outcome === 'full') throw new AppError('too_many_passkeys');
  }

  /** Stores a passkey that was just verified and the account that begins with it, both or neither. Throws `already_registered` or `account_exists`. */
  async addWithAccount(passkey: Passkey, account: Account): Promise<void> {
    const outcome = await this.#deps.store.insertWithAccount(passkey, account);
    if (outcome === 'taken') throw new AppError('already_registered');
    if (outcome === 'account-taken') throw new AppError('account_exists');
  }

  /** Ends what was asked with that binding and nobody answered. */
  discard(binding: string): Promise<void> {
    return this.#challenges.discard(binding);
  }

  /** Oldest first. */
  list(owner: AccountId): Promise<readonly Passkey[]> {
    return this.#deps.store.listByAccount(owner);
  }

  /** Those that there are. Throws `too_many_passkeys` where no other could be added. */
  async requireRoom(owner: AccountId): Promise<readonly Passkey[]> {
    const passkeys = await this.list(owner);
    if (passkeys.length >= LIMIT) throw new AppError('too_many_passkeys');
    return passkeys;
  }

  /** Throws `passkey_not_found` for what is not the owner's. */
  async requireOwn(owner: AccountId, id: string): Promise<Passkey> {
    const passkey = (await this.list(owner)).find((own) => own.id === id);
    if (!passkey) throw new AppError('passkey_not_found');
    return passkey;
  }

  /** Answers the name as it is kept. Throws `malformed_request` for one that cannot be one, `passkey_not_found` for what is not the owner's. */
  async rename(owner: AccountId, id: PasskeyId, name: unknown): Promise<string> {
    const parsed = parsePasskeyName(name);
    if (!(await this.#deps.store.rename(owner, id, parsed))) throw new AppError('passkey_not_found');
    return parsed;
  }

  /** Throws `passkey_not_found` for what is not the owner's, and `last_way_in` for the only one when `keepOne`. */
  async remove(owner: AccountId, id: PasskeyId, { keepOne }: { readonly keepOne: boolean }): Promise<void> {
    const outcome = await this.#deps.store.delete(owner, id, keepOne);
    if (outcome === 'last') throw new AppError('last_way_in');
    if (outcome === 'absent') throw new AppError('passkey_not_found');
  }
}

interface RegistrationAnswer {
  readonly binding: string;
  readonly accountId: AccountId;
  /** The JSON body. */
  readonly response: unknown;
  /** As the person typed it; without it one is suggested. */
  readonly name?: unknown;
  readonly userAgent: string;
  /** As it was asked for. */
  readonly silent?: boolean | undefined;
}

/** What was demanded stands with the challenge, so that the answer to one ceremony never counts for the other. */
function toPurpose(silent: boolean | undefined) {
  return silent ? 'register-silently' : 'register';
}

function parseAnswer<Schema extends z.ZodType>(schema: Schema, response: unknown): z.output<Schema> {
  const result = schema.safeParse(response);
  if (!result.success) throw new AppError('malformed_request', { cause: result.error });
  return result.data;
}
