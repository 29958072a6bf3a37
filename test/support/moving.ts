import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { addSeconds } from '../../src/lib/clock.ts';
import { digest } from '../../src/lib/digest.ts';
import { listKinds, type MovedStores } from '../../src/moving/kinds.ts';
import { Moving } from '../../src/moving/moving.ts';
import {
  buildAccount,
  buildAuditEvent,
  buildOrganization,
  buildPasskey,
  buildRecoveryCodeSet,
  buildSigningKey,
  buildTotp,
} from './builders.ts';
import { TEST_START, type TestClock } from './clock.ts';
import { AUDIT_DETAILS, FULL_ITEMS } from './full-items.ts';
import { makeTempFolder } from './temp-folder.ts';

/** A store of the tests. */
export interface House {
  readonly storage: MovedStores;
  readonly clock: TestClock;
}

/** What moves in and out of a store of the tests; every key is readable there unless told otherwise. */
export function createMoving({ storage, clock }: House, requireReadable: () => void = () => undefined): Moving {
  return new Moving({ kinds: listKinds({ stores: storage, requireReadable }), clock });
}

/** How long the records of `furnish` last. */
export const RECORD_SECONDS = 60;

/**
 * Fills a store with all that moves: one of each thing with every optional field, and so many accounts that they make several pages and
 * batches, with what accounts have.
 */
export async function furnish({ organizations, accounts, clients, keys, ...stores }: MovedStores): Promise<void> {
  const { organization, account, passkey, totp, recoveryCodes, client, key, record, auditEvent } = FULL_ITEMS;
  await organizations.insert(organization);
  await organizations.insert(buildOrganization({ name: 'Line\u2028separator, "quotes" and ä 👩‍💻' }));
  await accounts.insert(account);
  await stores.passkeys.insert(passkey, 1);
  await stores.totps.insert(totp);
  await stores.recoveryCodes.insert(recoveryCodes);
  await clients.insert({ ...client, metadata: { ...client.metadata, jwks: { keys: [{ $x: null, 'a.b': [1] }] } } });
  await keys.insert(key);
  await keys.insert(buildSigningKey({ algorithm: 'RS256', createdAt: addSeconds(TEST_START, 1) }));
  await stores.audit.append(auditEvent);
  for (const [index, details] of AUDIT_DETAILS.entries()) {
    await stores.audit.append(buildAuditEvent({ details, createdAt: addSeconds(TEST_START, index) }));
  }
  const expiresAt = addSeconds(TEST_START, RECORD_SECONDS);
  for (const kind of ['Consent', 'Grant', 'RefreshToken'] as const) {
    await stores.lastingRecords.insert(kind, { ...record, id: digest(kind), expiresAt });
    await stores.lastingRecords.insert(kind, {
      id: digest(`later ${kind}`),
      payload: '{}',
      expiresAt: addSeconds(expiresAt, 1),
    });
  }
  await Promise.all(
    Array.from({ length: 230 }, async (_, index) => {
      const createdAt = addSeconds(TEST_START, Math.floor(index / 3));
      const { id } = buildAccount();
      await accounts.insert(buildAccount({ id, organizationId: organization.id, createdAt, version: index }));
      if (index % 4 === 0) await stores.totps.insert(buildTotp({ accountId: id }));
      if (index % 5 === 0) await stores.recoveryCodes.insert(buildRecoveryCodeSet({ accountId: id }));
      for (let count = index % 3; count > 0; count -= 1) {
        await stores.passkeys.insert(buildPasskey({ accountId: id, counter: count }), 2);
      }
    }),
  );
}

/** A path at which there is no file, in a folder that goes after the test. */
export function nameFile(t: TestContext): string {
  return join(makeTempFolder(t), 'export.ndjson');
}

/** Writes what is left of an export after a change to its lines. */
export function editLines(path: string, text: string, change: (lines: readonly string[]) => readonly string[]): void {
  const lines = change(text.trimEnd().split('\n'));
  writeFileSync(path, lines.map((line) => `${line}\n`).join(''));
}
