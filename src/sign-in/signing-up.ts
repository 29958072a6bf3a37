import type { Account } from '../accounts/account-store.ts';
import type { Accounts } from '../accounts/accounts.ts';
import { parseEmail } from '../accounts/email.ts';
import { AppError } from '../lib/app-error.ts';
import { displayNameSchema } from '../lib/display-name.ts';
import type { AccountId, Ids } from '../lib/ids.ts';
import type { Organization } from '../organizations/organization-store.ts';
import type { PasskeyOwners } from '../passkeys/passkey-owners.ts';
import type { Passkey } from '../passkeys/passkey-store.ts';
import type { Passkeys } from '../passkeys/passkeys.ts';
import type { Passwords } from '../passwords/passwords.ts';
import type { TicketStore, TicketValue } from '../tickets/ticket-store.ts';
import { describePassword } from './password-change.ts';

interface Deps {
  readonly accounts: Accounts;
  readonly passkeys: Passkeys;
  readonly passwords: Passwords;
  readonly passkeyOwners: PasskeyOwners;
  readonly tickets: TicketStore;
  readonly ids: Ids;
}

/** Who is to have an account. Nothing of it is checked before: e-mail and name are as typed. */
export interface Newcomer {
  /** What the sign-up is bound to: a sign-in or a link. */
  readonly binding: string;
  readonly organization: Organization;
  readonly email: string;
  readonly name: string;
  /** Needed where a passkey alone signs nobody in. */
  readonly password?: string | undefined;
  readonly role: Account['role'];
}

export interface NewAccountWithPasskey {
  readonly account: Account;
  readonly passkey: Passkey;
}

/** What must be the same when the passkey is asked for and when it is stored. */
interface Draft {
  readonly id: AccountId;
  readonly userHandle: Uint8Array;
}

const DRAFT_SECONDS = 600;
const USER_HANDLE_BYTES = 64;
const nameSchema = displayNameSchema(100);

/** Makes accounts that begin with a passkey: nothing is stored of a person before their passkey was made. */
export class SigningUp {
  readonly #deps: Deps;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /** Creation options for the first passkey of an account that does not exist yet. */
  async start(newcomer: Newcomer): Promise<unknown> {
    const { ids, passkeys, passkeyOwners, tickets } = this.#deps;
    const { organization, binding } = newcomer;
    const { email, profile } = describe(newcomer);
    await this.#requirePassword(newcomer);
    const fresh = { id: ids.newId<AccountId>(), userHandle: ids.newBytes(USER_HANDLE_BYTES) };
    await tickets.put('sign-up', ticketId(newcomer), writeDraft(fresh), DRAFT_SECONDS);
    // Two tabs with the same e-mail share what the first one put there, so that either may finish.
    const { id, userHandle } = (await this.#findDraft(newcomer)) ?? fresh;
    const account = await passkeyOwners.describe({ id, userHandle, email, profile, organizationId: organization.id });
    const { options } = await passkeys.startRegistration({ binding, account, organizationName: organization.name });
    return options;
  }

  /** Stores the account and its passkey. An account that exists is left as it is. */
  async finish(newcomer: Newcomer, response: unknown, userAgent: string): Promise<NewAccountWithPasskey> {
    const { accounts, passkeys, passwords, tickets } = this.#deps;
    const draft = await this.#findDraft(newcomer);
    if (!draft) throw new AppError('passkey_not_made');
    const passkey = await passkeys.verifyRegistration({
      binding: newcomer.binding,
      accountId: draft.id,
      response,
      userAgent,
    });
    if (!(await tickets.take('sign-up', ticketId(newcomer)))) throw new AppError('passkey_not_made');
    const password = await this.#requirePassword(newcomer);
    const created = await accounts.create({ ...describe(newcomer), ...draft });
    await passkeys.add(passkey);
    const account = password ? await passwords.set(created, password.typed, password.demand) : created;
    return { account, passkey };
  }

  /** Undefined where a passkey is enough. Throws `weak_password` with its reason. */
  async #requirePassword({ organization, email, password = '' }: Newcomer) {
    const wanted = describePassword(organization.policy);
    if (!wanted) return undefined;
    const demand = { ...wanted, organizationName: organization.name };
    await this.#deps.passwords.requireStrong(email, password, demand);
    return { typed: password, demand };
  }

  async #findDraft(newcomer: Newcomer): Promise<Draft | undefined> {
    const value = await this.#deps.tickets.find('sign-up', ticketId(newcomer));
    return value && readDraft(value);
  }
}

function describe({ organization, email, name, role }: Newcomer) {
  const displayName = nameSchema.safeParse(name);
  if (!displayName.success) throw new AppError('malformed_request', { field: 'name' });
  return { organizationId: organization.id, email, role, profile: { name: displayName.data } };
}

function writeDraft({ id, userHandle }: Draft): TicketValue {
  return { id, userHandle: Buffer.from(userHandle).toString('base64url') };
}

function readDraft({ id, userHandle }: TicketValue): Draft {
  if (typeof id !== 'string' || typeof userHandle !== 'string') throw new TypeError('not a sign-up draft');
  return { id: id as AccountId, userHandle: new Uint8Array(Buffer.from(userHandle, 'base64url')) }; // written above
}

function ticketId({ binding, organization, email }: Newcomer): string {
  const parsed = parseEmail(email);
  if (!parsed) throw new AppError('malformed_request', { field: 'email' });
  return `${binding}:${organization.id}:${parsed.emailKey}`;
}
