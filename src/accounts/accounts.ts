import { AppError } from '../lib/app-error.ts';
import type { Clock } from '../lib/clock.ts';
import type { Page, PageRequest } from '../lib/cursor.ts';
import type { AccountId, Ids, OrganizationId } from '../lib/ids.ts';
import type { Account, AccountAddress, AccountStore, Profile } from './account-store.ts';
import { type Email, parseEmail } from './email.ts';
import { parseProfile } from './profile.ts';

const USER_HANDLE_BYTES = 64;
/** What somebody starts with who was never offered a passkey. */
const NO_OFFER = { declinedTimes: 0, never: false } as const;
/** How often a change is begun anew because somebody else changed the account in between. */
const MAX_ATTEMPTS = 5;

interface Deps {
  readonly store: AccountStore;
  readonly ids: Ids;
  readonly clock: Clock;
  /** Ends every session, grant and refresh token of an account. */
  readonly endSessions: (id: AccountId) => Promise<void>;
}

export interface NewAccount {
  readonly organizationId: OrganizationId;
  readonly email: string;
  /** False unless it is known that the person reads mail there. */
  readonly emailVerified?: boolean | undefined;
  readonly profile?: Profile | undefined;
  /** `member` unless it says otherwise. */
  readonly role?: Account['role'] | undefined;
  /** With the user handle: what the first passkey was made for, where it is made before the account. */
  readonly id?: AccountId | undefined;
  readonly userHandle?: Uint8Array | undefined;
}

/** The people of the installation. How they prove who they are is the business of passwords, passkeys and totp. */
export class Accounts {
  readonly #deps: Deps;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /** Throws `malformed_request` with the field at fault, and `account_exists` when the organization has that e-mail already. */
  async create(newAccount: NewAccount): Promise<Account> {
    const account = this.prepare(newAccount);
    if (!(await this.#deps.store.insert(account))) throw new AppError('account_exists');
    return account;
  }

  /** An account that is not stored yet. Throws `malformed_request` with the field at fault. */
  prepare({ id, organizationId, email, emailVerified, profile, role, userHandle }: NewAccount): Account {
    const parsed = parseEmail(email);
    if (!parsed) throw new AppError('malformed_request', { field: 'email' });
    const now = this.#deps.clock.now();
    return {
      id: id ?? this.#deps.ids.newId(),
      organizationId,
      email: parsed.email,
      emailKey: parsed.emailKey,
      emailVerified: emailVerified ?? false,
      profile: parseProfile(profile ?? {}),
      userHandle: userHandle ?? this.#deps.ids.newBytes(USER_HANDLE_BYTES),
      role: role ?? 'member',
      passkeyOffer: NO_OFFER,
      createdAt: now,
      updatedAt: now,
      version: 1,
    };
  }

  async find(id: string): Promise<Account | undefined> {
    // a text from outside becomes an id here: one that is no id finds nothing
    return this.#deps.store.find(id as AccountId);
  }

  /** Undefined too for a text that is no e-mail. */
  async findByEmail(organizationId: OrganizationId, email: string): Promise<Account | undefined> {
    const parsed = parseEmail(email);
    return parsed && this.#deps.store.findByEmail(organizationId, parsed.emailKey);
  }

  /** Ordered by creation; of one organization, or of all. */
  async list(page: PageRequest, organizationId?: OrganizationId): Promise<Page<Account>> {
    return this.#deps.store.list(page, organizationId);
  }

  /** Lets the person sign in no more and ends what they have open; safe to repeat. */
  async disable(id: AccountId): Promise<Account> {
    const disabledAt = this.#deps.clock.now();
    const account = await this.#change(id, (before) => ({ ...before, disabledAt: before.disabledAt ?? disabledAt }));
    await this.#deps.endSessions(id);
    return account;
  }

  /** Lets the person sign in again; safe to repeat. */
  async enable(id: AccountId): Promise<Account> {
    return this.#change(id, (before) => ({ ...before, disabledAt: undefined }));
  }

  /** Replaces the whole profile; throws `malformed_request` with the field at fault. */
  async setProfile(id: AccountId, profile: Profile): Promise<Account> {
    const parsed = parseProfile(profile);
    return this.#change(id, (before) => ({ ...before, profile: parsed }));
  }

  /** A password that a passkey has replaced opens the account again. */
  async switchPasswordOn(id: AccountId): Promise<Account> {
    return this.#change(id, ({ password, ...before }) => ({
      ...before,
      password: password && { hash: password.hash, setAt: password.setAt },
    }));
  }

  /** Changes what is pending of a recovery, in one step; `change` throws where it may not be. Answers the account as it is then. */
  async changeRecovery(id: AccountId, change: (before: Account) => Account['recovery']): Promise<Account> {
    return this.#change(id, (before) => ({ ...before, recovery: change(before) }));
  }

  /** For who has shown that they read mail at that address. Throws `link_used_or_expired` when it is no longer the account's. */
  async verifyEmail(id: AccountId, emailKey: string): Promise<Account> {
    return this.#change(id, (before) => ({ ...requireEmail(before, emailKey), emailVerified: true }));
  }

  /** The same, and the password ends: somebody else may have set it. */
  async takeOver(id: AccountId, emailKey: string): Promise<Account> {
    const without = { emailVerified: true, password: undefined, passkeyOffer: NO_OFFER };
    return this.#change(id, (before) => ({ ...requireEmail(before, emailKey), ...without }));
  }

  /**
   * For who has shown that they read mail there. A recovery that is under way by mails to the address of before ends. Throws
   * `account_exists` when another account of the organization has it, and `changed_meanwhile` when `formerKey` is not the account's.
   */
  async changeEmail(id: AccountId, { email, emailKey }: Email, formerKey: string): Promise<Account> {
    const address = { email, emailKey, emailVerified: true };
    return this.#change(id, (before) => {
      if (before.emailKey !== formerKey) throw new AppError('changed_meanwhile');
      return { ...before, ...address, recovery: undefined };
    });
  }

  /**
   * Undoes the change of that moment and all that came after it: with the address of before, or without any that is known to be the
   * owner's. Of changes that were made before another one was undone none can be. Throws `link_used_or_expired` then, and otherwise as
   * `changeEmail` does.
   */
  async undoEmail(
    id: AccountId,
    { changedAt, address }: { changedAt: Date; address: AccountAddress | { readonly emailVerified: false } },
  ): Promise<Account> {
    const emailRestoredAt = this.#deps.clock.now();
    return this.#change(id, (before) => {
      if (before.emailRestoredAt && before.emailRestoredAt >= changedAt) throw new AppError('link_used_or_expired');
      return { ...before, ...address, emailRestoredAt, recovery: undefined };
    });
  }

  /**
   * Throws `not_found` when there is no such account, `account_exists` when it cannot have the e-mail, and `changed_meanwhile` when it
   * never holds still.
   */
  async #change(id: AccountId, change: (before: Account) => Account): Promise<Account> {
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
      const before = await this.#deps.store.find(id);
      if (!before) throw new AppError('not_found');
      const after = { ...change(before), updatedAt: this.#deps.clock.now(), version: before.version + 1 };
      if (await this.#deps.store.update(after)) return after;
      const owner = await this.#deps.store.findByEmail(after.organizationId, after.emailKey);
      if (owner && owner.id !== id) throw new AppError('account_exists');
    }
    throw new AppError('changed_meanwhile');
  }
}

function requireEmail(account: Account, emailKey: string): Account {
  if (account.emailKey !== emailKey) throw new AppError('link_used_or_expired');
  return account;
}
