import type { Account } from '../accounts/account-store.ts';
import type { Accounts } from '../accounts/accounts.ts';
import { parseEmail } from '../accounts/email.ts';
import type { AuditLog } from '../audit/audit-log.ts';
import { AppError } from '../lib/app-error.ts';
import { displayNameSchema } from '../lib/display-name.ts';
import type { AccountId, Ids } from '../lib/ids.ts';
import type { Organization } from '../organizations/organization-store.ts';
import { describeBrowser } from '../passkeys/describe-browser.ts';
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
  readonly auditLog: AuditLog;
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
  /** They have shown that the address is theirs. */
  readonly emailVerified?: boolean | undefined;
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

/** Makes accounts that begin with a passkey: nothing is stored of a person before their passkey was made, and then all of it at once. */
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
    const password = demandPassword(newcomer);
    if (password) await this.#deps.passwords.requireStrong(newcomer.email, password.typed, password.demand);
    const fresh = { id: ids.newId<AccountId>(), userHandle: ids.newBytes(USER_HANDLE_BYTES) };
    await tickets.put('sign-up', ticketId(newcomer), writeDraft(fresh), DRAFT_SECONDS);
    // Two tabs with the same e-mail share what the first one put there, so that either may finish.
    const { id, userHandle } = (await this.#findDraft(newcomer)) ?? fresh;
    const account = await passkeyOwners.describe({ id, userHandle, email, profile, organizationId: organization.id });
    return passkeys.startRegistration({ binding, account, organizationName: organization.name });
  }

  /** Stores the account and its passkey. An account that exists is left as it is. */
  async finish(newcomer: Newcomer, response: unknown, userAgent: string): Promise<NewAccountWithPasskey> {
    const { accounts, passkeys, passwords, tickets, auditLog } = this.#deps;
    const draft = await this.#findDraft(newcomer);
    if (!draft) throw new AppError('passkey_not_made');
    const passkey = await passkeys.verifyRegistration({
      binding: newcomer.binding,
      accountId: draft.id,
      response,
      userAgent,
    });
    if (!(await tickets.take('sign-up', ticketId(newcomer)))) throw new AppError('passkey_not_made');
    const demanded = demandPassword(newcomer);
    const password = demanded && (await passwords.prepare(newcomer.email, demanded.typed, demanded.demand));
    const account = { ...accounts.prepare({ ...describe(newcomer), ...draft }), password };
    await passkeys.addWithAccount(passkey, account);
    await auditLog.record({ type: 'account-created' }, { account, device: describeBrowser(userAgent) });
    return { account, passkey };
  }

  async #findDraft(newcomer: Newcomer): Promise<Draft | undefined> {
    const value = await this.#deps.tickets.find('sign-up', ticketId(newcomer));
    return value && readDraft(value);
  }
}

/** What was typed and what is asked of it; undefined where a passkey is enough. */
function demandPassword({ organization, password = '' }: Newcomer) {
  const wanted = describePassword(organization.policy);
  return wanted && { typed: password, demand: { ...wanted, organizationName: organization.name } };
}

function describe({ organization, email, name, role, emailVerified }: Newcomer) {
  const displayName = nameSchema.safeParse(name);
  if (!displayName.success) throw new AppError('malformed_request', { field: 'name' });
  return { organizationId: organization.id, email, emailVerified, role, profile: { name: displayName.data } };
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
