/**
 * The schema, as steps: number n takes a file from version n - 1 to n. A released step is never edited, only followed by another.
 * Times are integer milliseconds since 1970. On tables that are swept, what decides about expiry stands before wide columns, so that
 * looking for expired rows does not read them.
 */
export const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE organizations (
    id TEXT NOT NULL PRIMARY KEY,
    slug TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    policy TEXT NOT NULL, -- JSON
    created_at INTEGER NOT NULL,
    version INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX organizations_by_creation ON organizations (created_at, id);

  CREATE TABLE accounts (
    id TEXT NOT NULL PRIMARY KEY,
    organization_id TEXT NOT NULL REFERENCES organizations (id),
    email TEXT NOT NULL,
    email_key TEXT NOT NULL,
    email_verified INTEGER NOT NULL,
    profile TEXT NOT NULL, -- JSON
    user_handle BLOB NOT NULL UNIQUE,
    role TEXT NOT NULL,
    password_hash TEXT,
    password_set_at INTEGER,
    password_switched_off_at INTEGER,
    offer_declined_times INTEGER NOT NULL,
    offer_not_before INTEGER,
    offer_never INTEGER NOT NULL,
    disabled_at INTEGER,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    version INTEGER NOT NULL,
    UNIQUE (organization_id, email_key)
  ) STRICT;
  CREATE INDEX accounts_by_creation ON accounts (created_at, id);
  CREATE INDEX accounts_by_organization ON accounts (organization_id, created_at, id);
  CREATE INDEX accounts_administrators ON accounts (role) WHERE role = 'administrator';

  CREATE TABLE failures (
    account_id TEXT NOT NULL,
    factor TEXT NOT NULL,
    source TEXT NOT NULL,
    count INTEGER NOT NULL,
    PRIMARY KEY (account_id, factor, source)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE passkeys (
    id TEXT NOT NULL PRIMARY KEY,
    account_id TEXT NOT NULL REFERENCES accounts (id),
    rp_id TEXT NOT NULL,
    public_key BLOB NOT NULL,
    counter INTEGER NOT NULL,
    backup_eligible INTEGER NOT NULL,
    backed_up INTEGER NOT NULL,
    aaguid TEXT NOT NULL,
    transports TEXT NOT NULL, -- JSON
    attestation TEXT NOT NULL,
    name TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    last_used_at INTEGER,
    last_used_with TEXT,
    verified_at INTEGER
  ) STRICT;
  CREATE INDEX passkeys_by_account ON passkeys (account_id, created_at, id);
  CREATE INDEX passkeys_by_rp_id ON passkeys (rp_id);

  CREATE TABLE totps (
    account_id TEXT NOT NULL PRIMARY KEY REFERENCES accounts (id),
    sealed_secret BLOB NOT NULL,
    last_step INTEGER NOT NULL,
    confirmed_at INTEGER NOT NULL
  ) STRICT;

  CREATE TABLE clients (
    id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    metadata TEXT NOT NULL, -- JSON
    settings TEXT NOT NULL, -- JSON
    secrets TEXT NOT NULL, -- JSON
    disabled_at INTEGER,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    version INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX clients_by_creation ON clients (created_at, id);

  CREATE TABLE signing_keys (
    kid TEXT NOT NULL PRIMARY KEY,
    algorithm TEXT NOT NULL,
    sealed_private_jwk BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    active_from INTEGER NOT NULL,
    retired_at INTEGER
  ) STRICT;

  CREATE TABLE tickets (
    id TEXT NOT NULL UNIQUE, -- type and digest
    expires_at INTEGER NOT NULL,
    value TEXT NOT NULL -- JSON
  ) STRICT;

  CREATE TABLE rates (
    key TEXT NOT NULL UNIQUE, -- digest
    expires_at INTEGER NOT NULL,
    count INTEGER NOT NULL,
    paused_until INTEGER NOT NULL
  ) STRICT;

  CREATE TABLE sign_ins (
    id TEXT NOT NULL UNIQUE, -- digest
    expires_at INTEGER NOT NULL,
    version INTEGER NOT NULL,
    data TEXT NOT NULL -- JSON
  ) STRICT;

  -- The hot table: no index on expires_at, and the others hold only the rows that need them.
  CREATE TABLE records (
    id TEXT NOT NULL UNIQUE, -- tag of the kind and digest
    expires_at INTEGER NOT NULL,
    consumed_at INTEGER,
    grant_id TEXT,
    account_id TEXT,
    uid TEXT,
    user_code TEXT,
    payload TEXT NOT NULL
  ) STRICT;
  CREATE INDEX records_by_grant ON records (grant_id) WHERE grant_id IS NOT NULL;
  CREATE INDEX records_by_account ON records (account_id) WHERE account_id IS NOT NULL;
  CREATE INDEX records_by_uid ON records (uid) WHERE uid IS NOT NULL;
  CREATE INDEX records_by_user_code ON records (user_code) WHERE user_code IS NOT NULL;
  `,
  `
  ALTER TABLE signing_keys ADD COLUMN generation INTEGER NOT NULL DEFAULT 0;
  UPDATE signing_keys SET generation = (
    SELECT count(*) FROM signing_keys AS earlier
    WHERE earlier.algorithm = signing_keys.algorithm
      AND (earlier.created_at, earlier.kid) <= (signing_keys.created_at, signing_keys.kid)
  );
  CREATE UNIQUE INDEX signing_keys_by_generation ON signing_keys (algorithm, generation);
  `,
  `
  CREATE TABLE outbox (
    id TEXT NOT NULL PRIMARY KEY,
    dedupe_key TEXT UNIQUE, -- digest
    kind TEXT NOT NULL,
    state TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    due_at INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    finished_at INTEGER,
    failure TEXT,
    sealed_letter BLOB -- until it is finished
  ) STRICT;
  CREATE INDEX outbox_due ON outbox (due_at, id) WHERE state = 'pending';
  CREATE INDEX outbox_finished ON outbox (state, finished_at) WHERE finished_at IS NOT NULL;
  CREATE INDEX outbox_by_creation ON outbox (created_at, id);
  `,
  `
  CREATE TABLE recovery_codes (
    account_id TEXT NOT NULL PRIMARY KEY REFERENCES accounts (id),
    made_at INTEGER NOT NULL,
    codes TEXT NOT NULL -- JSON
  ) STRICT;
  `,
  `
  CREATE TABLE audit_events (
    id TEXT NOT NULL PRIMARY KEY,
    created_at INTEGER NOT NULL,
    type TEXT NOT NULL,
    actor TEXT NOT NULL,
    account_id TEXT, -- of an account that may be gone
    organization_id TEXT,
    client_id TEXT,
    device TEXT,
    details TEXT NOT NULL -- JSON
  ) STRICT;
  CREATE INDEX audit_events_by_creation ON audit_events (created_at, id);
  CREATE INDEX audit_events_by_account ON audit_events (account_id, created_at, id) WHERE account_id IS NOT NULL;
  `,
  `
  ALTER TABLE accounts ADD COLUMN recovery TEXT; -- JSON
  ALTER TABLE accounts ADD COLUMN recovery_due_at INTEGER; -- while it waits
  CREATE INDEX accounts_recoveries_due ON accounts (recovery_due_at, id) WHERE recovery_due_at IS NOT NULL;
  `,
  `
  ALTER TABLE accounts ADD COLUMN email_restored_at INTEGER;
  `,
];
