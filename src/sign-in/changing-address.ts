import type { Account, AccountAddress } from '../accounts/account-store.ts';
import type { Accounts } from '../accounts/accounts.ts';
import { parseEmail } from '../accounts/email.ts';
import { maskEmail } from '../accounts/mask-email.ts';
import { isUnderWay } from '../accounts/pending-recovery.ts';
import type { AuditLog } from '../audit/audit-log.ts';
import { AppError } from '../lib/app-error.ts';
import { addSeconds, type Clock } from '../lib/clock.ts';
import type { Outbox } from '../mail/outbox.ts';
import { describeRecipient } from '../mail/recipient.ts';
import type { Notices } from '../notices/notices.ts';
import type { Organization } from '../organizations/organization-store.ts';
import { type Confirmations, type Confirmer, type Intent, nameIntent } from './confirmation.ts';
import type { AddressPlace, NewAddress, NewAddresses } from './new-addresses.ts';
import type { Source } from './source.ts';

interface Deps {
  readonly accounts: Accounts;
  readonly newAddresses: NewAddresses;
  readonly confirmations: Confirmations;
  readonly notices: Notices;
  readonly outbox: Outbox;
  readonly auditLog: AuditLog;
  readonly clock: Clock;
}

export const CHANGING_ADDRESS: Intent = { purpose: 'change-address' };

/** For a mail that says what happened; it is given up when it cannot be sent for so long. */
const NEWS_SECONDS = 7 * 86_400;

/**
 * How a person who is signed in gives their account another address: by a code that is mailed there. The address of before is told, and its
 * reader can have it back; until the code is typed nothing changes.
 */
export class ChangingAddress {
  readonly #deps: Deps;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /** The address that waits for its code. */
  findPending(person: Confirmer): Promise<NewAddress | undefined> {
    return this.#deps.newAddresses.find(describePlace(person));
  }

  /**
   * Mails a code; whether somebody else has an account with that address, only the mail says. Throws `malformed_request`,
   * `address_unchanged` and `too_many_tries`.
   */
  async sendCode(person: Confirmer, email: string, source: Source): Promise<void> {
    if (parseEmail(email)?.emailKey === person.stored.emailKey) throw new AppError('address_unchanged');
    await this.#deps.newAddresses.send(describePlace(person), email, source);
  }

  /**
   * The code is typed: the account has the address, and who reads the one of before is told. Uses the confirmation up. Throws
   * `code_refused`, `account_exists` when another account was faster, and `changed_meanwhile` when another change of this one was.
   */
  async byCode(
    person: Confirmer,
    { code, device }: { readonly code: string; readonly device: string },
  ): Promise<Account> {
    const { accounts, newAddresses, confirmations, notices, clock } = this.#deps;
    const { stored: before, organization } = person;
    const place = describePlace(person);
    const address = await newAddresses.verify(place, code);
    await confirmations.spend(person, CHANGING_ADDRESS);
    await newAddresses.forget(place);
    const after = await accounts.changeEmail(before.id, address, before.emailKey); // none that nobody was told of
    const newEmail = maskEmail(after.email);
    await notices.tell({ type: 'address-changed', newEmail }, { account: before, organization, device });
    await this.#recordEndOfRecovery(before, device);
    const at = clock.now();
    await this.#deps.outbox.enqueue({
      ...describeRecipient(after, organization.name),
      message: { type: 'address-in-use', at, device },
      expiresAt: addSeconds(at, NEWS_SECONDS),
    });
    return after;
  }

  /**
   * Whoever reads the mail of the address of before says that it was not they: it is the account's again, and whatever came after it ends.
   * `taken`: another account has it by now, so that the present one stays and counts as nobody's. Throws `link_used_or_expired` for a
   * change that was made before another one was undone.
   */
  async undo(
    account: Account,
    change: { organization: Organization; address: AccountAddress; changedAt: Date; device: string },
  ): Promise<'restored' | 'taken' | 'unchanged'> {
    const { organization, address, changedAt, device } = change;
    if (account.emailKey === address.emailKey) return 'unchanged';
    const restored = await this.#restore(account, { address, changedAt });
    await this.#recordEndOfRecovery(account, device);
    if (!restored) return 'taken';
    const { auditLog, outbox, clock } = this.#deps;
    await auditLog.record({ type: 'address-restored' }, { account, device });
    const at = clock.now();
    for (const reader of [restored, account])
      await outbox.enqueue({
        ...describeRecipient(reader, organization.name),
        message: { type: 'address-restored', at, device },
        expiresAt: addSeconds(at, NEWS_SECONDS),
      });
    return 'restored';
  }

  async #restore(
    { id }: Account,
    { address, changedAt }: { readonly address: AccountAddress; readonly changedAt: Date },
  ): Promise<Account | undefined> {
    const { accounts } = this.#deps;
    try {
      return await accounts.undoEmail(id, { changedAt, address });
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== 'account_exists') throw error;
      await accounts.undoEmail(id, { changedAt, address: { emailVerified: false } });
      return undefined;
    }
  }

  /** It was bound to the address and ended with it. */
  async #recordEndOfRecovery(account: Account, device: string): Promise<void> {
    const { auditLog, clock } = this.#deps;
    if (account.recovery && isUnderWay(account.recovery, clock.now()))
      await auditLog.record({ type: 'recovery-cancelled' }, { account, device });
  }
}

function describePlace(person: Confirmer): AddressPlace {
  const { organization, stored: account } = person;
  return {
    purpose: 'change-address',
    binding: nameIntent(person, CHANGING_ADDRESS),
    organization,
    account,
  };
}
