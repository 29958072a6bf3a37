import type { Account, AccountStore, PendingRecovery } from '../../accounts/account-store.ts';
import type { PageRequest } from '../../lib/cursor.ts';
import type { AccountId, OrganizationId } from '../../lib/ids.ts';
import type { Database, Statement } from './database.ts';
import type { Stored } from './stored.ts';
import { VersionedTable } from './versioned-table.ts';

type AccountRow = {
  readonly id: AccountId;
  readonly organization_id: OrganizationId;
  readonly email: string;
  readonly email_key: string;
  readonly email_verified: number;
  readonly email_restored_at: number | null;
  readonly profile: string;
  readonly user_handle: Uint8Array;
  readonly role: Account['role'];
  readonly password_hash: string | null;
  readonly password_set_at: number | null;
  readonly password_switched_off_at: number | null;
  readonly offer_declined_times: number;
  readonly offer_not_before: number | null;
  readonly offer_never: number;
  readonly recovery: string | null;
  readonly recovery_due_at: number | null;
  readonly disabled_at: number | null;
  readonly created_at: number;
  readonly updated_at: number;
  readonly version: number;
};

const COLUMNS: readonly (keyof AccountRow)[] = [
  'id',
  'organization_id',
  'email',
  'email_key',
  'email_verified',
  'email_restored_at',
  'profile',
  'user_handle',
  'role',
  'password_hash',
  'password_set_at',
  'password_switched_off_at',
  'offer_declined_times',
  'offer_not_before',
  'offer_never',
  'recovery',
  'recovery_due_at',
  'disabled_at',
  'created_at',
  'updated_at',
  'version',
];

export class SqliteAccountStore implements AccountStore {
  readonly #database: Database;
  readonly #table: VersionedTable<AccountRow, Account>;
  readonly #byId: Statement<AccountRow>;
  readonly #byEmail: Statement<AccountRow>;
  readonly #byUserHandle: Statement<AccountRow>;
  readonly #recoveriesDue: Statement<AccountRow>;
  readonly #administrator: Statement<unknown>;
  readonly #pageOfOrganization: Statement<AccountRow>;

  constructor({ database }: { readonly database: Database }) {
    this.#database = database;
    this.#table = new VersionedTable({ database, table: 'accounts', columns: COLUMNS, toRow, toItem: toAccount });
    this.#byId = database.prepare('SELECT * FROM accounts WHERE id = ?');
    this.#byEmail = database.prepare('SELECT * FROM accounts WHERE organization_id = ? AND email_key = ?');
    this.#byUserHandle = database.prepare('SELECT * FROM accounts WHERE user_handle = ?');
    this.#recoveriesDue = database.prepare(
      'SELECT * FROM accounts WHERE recovery_due_at <= ? ORDER BY recovery_due_at, id LIMIT ?',
    );
    this.#administrator = database.prepare("SELECT 1 FROM accounts WHERE role = 'administrator' LIMIT 1");
    this.#pageOfOrganization = this.#table.preparePage('organization_id = ?');
  }

  insert(account: Account) {
    return this.#table.insert(account);
  }

  /** As `insert`, for what is part of a write already. */
  insertNow(account: Account) {
    return this.#table.insertNow(account);
  }

  find(id: AccountId) {
    return this.#table.find(this.#byId, id);
  }

  findByEmail(organizationId: OrganizationId, emailKey: string) {
    return this.#table.find(this.#byEmail, organizationId, emailKey);
  }

  findByUserHandle(userHandle: Uint8Array) {
    return this.#table.find(this.#byUserHandle, userHandle);
  }

  update(account: Account) {
    return this.#table.update(account);
  }

  listRecoveriesDue(now: Date, limit: number) {
    return this.#database.read(() => this.#recoveriesDue.all(now.getTime(), limit).map(toAccount));
  }

  hasAdministrator() {
    return this.#database.read(() => this.#administrator.get() !== undefined);
  }

  list(page: PageRequest, organizationId?: OrganizationId) {
    if (organizationId === undefined) return this.#table.list(page);
    return this.#table.list(page, this.#pageOfOrganization, organizationId);
  }
}

function toRow(account: Account): AccountRow {
  const { password, passkeyOffer, recovery } = account;
  return {
    id: account.id,
    organization_id: account.organizationId,
    email: account.email,
    email_key: account.emailKey,
    email_verified: Number(account.emailVerified),
    email_restored_at: account.emailRestoredAt?.getTime() ?? null,
    profile: JSON.stringify(account.profile),
    user_handle: account.userHandle,
    role: account.role,
    password_hash: password?.hash ?? null,
    password_set_at: password?.setAt.getTime() ?? null,
    password_switched_off_at: password?.switchedOffAt?.getTime() ?? null,
    offer_declined_times: passkeyOffer.declinedTimes,
    offer_not_before: passkeyOffer.notBefore?.getTime() ?? null,
    offer_never: Number(passkeyOffer.never),
    recovery: recovery ? writeRecovery(recovery) : null,
    recovery_due_at: recovery && !recovery.endsAt ? recovery.opensAt.getTime() : null,
    disabled_at: account.disabledAt?.getTime() ?? null,
    created_at: account.createdAt.getTime(),
    updated_at: account.updatedAt.getTime(),
    version: account.version,
  };
}

function toAccount(row: AccountRow): Account {
  return {
    id: row.id,
    organizationId: row.organization_id,
    email: row.email,
    emailKey: row.email_key,
    emailVerified: row.email_verified === 1,
    ...(row.email_restored_at !== null && { emailRestoredAt: new Date(row.email_restored_at) }),
    profile: JSON.parse(row.profile),
    userHandle: row.user_handle,
    role: row.role,
    ...toPassword(row),
    passkeyOffer: {
      declinedTimes: row.offer_declined_times,
      ...(row.offer_not_before !== null && { notBefore: new Date(row.offer_not_before) }),
      never: row.offer_never === 1,
    },
    ...(row.recovery !== null && { recovery: readRecovery(row.recovery) }),
    ...(row.disabled_at !== null && { disabledAt: new Date(row.disabled_at) }),
    createdAt: new Date(row.created_at),
    updatedAt: new Date(row.updated_at),
    version: row.version,
  };
}

function writeRecovery({ startedAt, device, opensAt, toldAt, endsAt, openedAt }: PendingRecovery): string {
  const stored: Stored<PendingRecovery> = {
    startedAt: startedAt.getTime(),
    device,
    opensAt: opensAt.getTime(),
    toldAt: toldAt?.getTime(),
    endsAt: endsAt?.getTime(),
    openedAt: openedAt?.getTime(),
  };
  return JSON.stringify(stored);
}

function readRecovery(text: string): PendingRecovery {
  const { startedAt, device, opensAt, toldAt, endsAt, openedAt }: Stored<PendingRecovery> = JSON.parse(text);
  return {
    startedAt: new Date(startedAt),
    ...(device !== undefined && { device }),
    opensAt: new Date(opensAt),
    ...(toldAt !== undefined && { toldAt: new Date(toldAt) }),
    ...(endsAt !== undefined && { endsAt: new Date(endsAt) }),
    ...(openedAt !== undefined && { openedAt: new Date(openedAt) }),
  };
}

function toPassword(row: AccountRow): Pick<Account, 'password'> {
  if (row.password_hash === null || row.password_set_at === null) return {};
  const switchedOff = row.password_switched_off_at;
  return {
    password: {
      hash: row.password_hash,
      setAt: new Date(row.password_set_at),
      ...(switchedOff !== null && { switchedOffAt: new Date(switchedOff) }),
    },
  };
}
