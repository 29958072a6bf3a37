import type { AccountStore } from '../accounts/account-store.ts';
import type { AuditStore } from '../audit/audit-store.ts';
import type { ClientStore } from '../clients/client-store.ts';
import type { KeyStore, SigningKey } from '../keys/key-store.ts';
import type { LastingKind, LastingRecordStore } from '../oidc/lasting-record-store.ts';
import type { OrganizationStore } from '../organizations/organization-store.ts';
import type { PasskeyStore } from '../passkeys/passkey-store.ts';
import type { RecoveryCodeStore } from '../recovery/recovery-code-store.ts';
import type { TotpStore } from '../totp/totp-store.ts';
import {
  accountSchema,
  auditEventSchema,
  clientSchema,
  lastingRecordSchema,
  organizationSchema,
  passkeySchema,
  recoveryCodeSetSchema,
  signingKeySchema,
  totpSchema,
} from './item-schemas.ts';
import { defineKind, type Kind } from './kind.ts';
import { readPages, readPagesOfAccounts, readPagesOfRecords } from './read-pages.ts';

/** The stores of what moves. */
export interface MovedStores {
  readonly organizations: OrganizationStore;
  readonly accounts: AccountStore;
  readonly passkeys: PasskeyStore;
  readonly totps: TotpStore;
  readonly recoveryCodes: RecoveryCodeStore;
  readonly clients: ClientStore;
  readonly keys: KeyStore;
  readonly lastingRecords: LastingRecordStore;
  readonly audit: AuditStore;
}

interface Deps {
  readonly stores: MovedStores;
  /** Throws when the sealing key of this installation does not open the key. */
  requireReadable(key: SigningKey): void;
}

/** The passkeys of an account were few enough when they were made. */
const NO_LIMIT = 1_000_000;

/** Everything that moves, in the order of the files: a thing stands behind those that it names. */
export function listKinds({ stores, requireReadable }: Deps): readonly Kind[] {
  const { organizations, accounts, passkeys, totps, recoveryCodes, clients, keys, lastingRecords, audit } = stores;
  const readAccounts = () => readPages((page) => accounts.list(page));
  return [
    defineKind({
      name: 'organization',
      schema: organizationSchema,
      identify: ({ id }) => id,
      readPages: () => readPages((page) => organizations.list(page)),
      insert: (organization) => organizations.insert(organization),
    }),
    defineKind({
      name: 'account',
      schema: accountSchema,
      identify: ({ id }) => id,
      readPages: readAccounts,
      insert: (account) => accounts.insert(account),
    }),
    defineKind({
      name: 'passkey',
      schema: passkeySchema,
      identify: ({ id }) => id,
      readPages: () => readPagesOfAccounts(readAccounts(), (id) => passkeys.listByAccount(id)),
      insert: async (passkey) => (await passkeys.insert(passkey, NO_LIMIT)) === 'inserted',
    }),
    defineKind({
      name: 'totp',
      schema: totpSchema,
      identify: ({ accountId }) => accountId,
      readPages: () => readPagesOfAccounts(readAccounts(), async (id) => listOne(await totps.find(id))),
      insert: (totp) => totps.insert(totp),
    }),
    defineKind({
      name: 'recovery-codes',
      schema: recoveryCodeSetSchema,
      identify: ({ accountId }) => accountId,
      readPages: () => readPagesOfAccounts(readAccounts(), async (id) => listOne(await recoveryCodes.find(id))),
      insert: (set) => recoveryCodes.insert(set),
    }),
    defineKind({
      name: 'client',
      schema: clientSchema,
      identify: ({ id }) => id,
      readPages: () => readPages((page) => clients.list(page)),
      insert: (client) => clients.insert(client),
    }),
    defineKind({
      name: 'signing-key',
      schema: signingKeySchema,
      identify: ({ kid }) => kid,
      readPages: () => readPages(async () => ({ items: await keys.list() })),
      insert: (key) => keys.insert(key),
      check: requireReadable,
    }),
    defineRecordKind('consent', 'Consent', lastingRecords),
    defineRecordKind('grant', 'Grant', lastingRecords),
    defineRecordKind('refresh-token', 'RefreshToken', lastingRecords),
    defineKind({
      name: 'audit-event',
      schema: auditEventSchema,
      identify: ({ id }) => id,
      readPages: () => readPages((page) => audit.list(page)),
      insert: (event) => audit.append(event),
    }),
  ];
}

function listOne<Item>(item: Item | undefined): readonly Item[] {
  return item === undefined ? [] : [item];
}

function defineRecordKind(name: string, kind: LastingKind, store: LastingRecordStore): Kind {
  return defineKind({
    name,
    schema: lastingRecordSchema,
    identify: ({ id }) => id,
    readPages: () => readPagesOfRecords(store, kind),
    insert: (record) => store.insert(kind, record),
    findExpiry: ({ expiresAt }) => expiresAt,
  });
}
