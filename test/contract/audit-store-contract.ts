import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { AuditEvent, AuditStore } from '../../src/audit/audit-store.ts';
import { addSeconds } from '../../src/lib/clock.ts';
import type { Cursor, Page } from '../../src/lib/cursor.ts';
import { buildAuditEvent } from '../support/builders.ts';
import { TEST_START } from '../support/clock.ts';
import { FULL_ITEMS } from '../support/full-items.ts';
import { race } from '../support/race.ts';
import { requireValue } from '../support/require-value.ts';
import type { OpenStores } from '../support/storages.ts';
import { testPages } from './pages-contract.ts';

const { auditEvent } = FULL_ITEMS;
const { id: accountId } = FULL_ITEMS.account;

/** Holds a backend to what `AuditStore` promises. */
export function describeAuditStore(name: string, open: OpenStores<'audit'>): void {
  describe(`${name}: audit events, the earliest first`, () => {
    testPages<AuditEvent>(async (t) => {
      const { audit } = (await open(t)).storage;
      return {
        insert: (event) => audit.append(event),
        list: (page) => audit.list(page),
        build: (createdAt) => buildAuditEvent({ createdAt }),
      };
    });
  });

  describe(`${name}: audit events`, () => {
    test('every field survives, and of an event that has only what it must have, that', async (t) => {
      const { audit } = (await open(t)).storage;
      const plain: AuditEvent = {
        ...buildAuditEvent({ actor: 'system', createdAt: addSeconds(TEST_START, 0.001) }),
        accountId: undefined,
        details: { type: 'passkey-renamed', passkeyName: '“a” ä 👩‍💻', formerName: '$set' },
      };
      await audit.append(auditEvent);
      await audit.append(plain);
      const { accountId: _, ...rest } = plain;
      assert.deepEqual((await audit.list({ limit: 2 })).items, [auditEvent, rest]);
      assert.deepEqual((await audit.listByAccount(accountId, { limit: 2 })).items, [auditEvent]);
    });

    test('an id is taken once, even by one of many at once, and what is stored stays as it is', async (t) => {
      const { audit } = (await open(t)).storage;
      const events = Array.from({ length: 20 }, (_, index) => ({ ...auditEvent, device: `device ${index}` }));
      const outcomes = await race(events.length, (index) => audit.append(requireValue(events[index])));
      assert.equal(outcomes.filter(Boolean).length, 1);
      const stored = requireValue(events[outcomes.indexOf(true)]);
      assert.equal(await audit.append(auditEvent), false);
      assert.deepEqual((await audit.list({ limit: 9 })).items, [stored]);
    });

    test('of many that are appended at once each is there once', async (t) => {
      const { audit } = (await open(t)).storage;
      const events = Array.from({ length: 50 }, () => buildAuditEvent({ accountId }));
      assert.ok((await race(events.length, (index) => audit.append(requireValue(events[index])))).every(Boolean));
      assert.deepEqual((await audit.listByAccount(accountId, { limit: 100 })).items, events.toSorted(compareBackwards));
    });

    test('an account has its own events, the latest first, and a full last page names no next one', async (t) => {
      const { audit } = (await open(t)).storage;
      const events = await appendMany(audit, 6);
      await audit.append(buildAuditEvent({ createdAt: addSeconds(TEST_START, 1) }));

      const pages = await readPages(audit, 3);

      assert.deepEqual(
        pages.map(({ items }) => items.length),
        [3, 3],
      );
      assert.deepEqual(
        pages.flatMap(({ items }) => items),
        events.toSorted(compareBackwards),
      );
    });

    test('whoever goes back page by page misses nothing and meets nothing twice while events are added', async (t) => {
      const { audit } = (await open(t)).storage;
      const events = await appendMany(audit, 6);
      const first = await audit.listByAccount(accountId, { limit: 2 });
      await race(10, (index) =>
        audit.append(buildAuditEvent({ accountId, createdAt: addSeconds(TEST_START, 100 + index) })),
      );
      const rest = await audit.listByAccount(accountId, { limit: 10, after: first.next });
      assert.deepEqual([...first.items, ...rest.items], events.toSorted(compareBackwards));
      assert.equal(rest.next, undefined);
    });

    test('a limit or a cursor that no list gives is refused', async (t) => {
      const { audit } = (await open(t)).storage;
      for (const limit of [0, 1001]) {
        await assert.rejects(audit.listByAccount(accountId, { limit }), { code: 'malformed_request', field: 'limit' });
      }
      const after = 'bad cursor' as Cursor; // what a caller may send
      await assert.rejects(audit.listByAccount(accountId, { limit: 1, after }), { field: 'after' });
    });

    test('a sweep takes what is older than that to the millisecond, and nothing else', async (t) => {
      const { audit } = (await open(t)).storage;
      const events = await appendMany(audit, 6);
      assert.equal(await audit.sweep(TEST_START), false);
      assert.equal((await audit.list({ limit: 10 })).items.length, 6);
      await audit.sweep(addSeconds(TEST_START, 1));
      assert.deepEqual((await audit.list({ limit: 10 })).items, events.slice(2).toSorted(compare));
    });
  });
}

/** Events of one account, two in each second. */
async function appendMany(audit: AuditStore, count: number): Promise<readonly AuditEvent[]> {
  const events = Array.from({ length: count }, (_, index) =>
    buildAuditEvent({ accountId, createdAt: addSeconds(TEST_START, Math.floor(index / 2)) }),
  );
  for (const event of events) assert.equal(await audit.append(event), true);
  return events;
}

async function readPages(audit: AuditStore, limit: number): Promise<readonly Page<AuditEvent>[]> {
  const pages = [await audit.listByAccount(accountId, { limit })];
  for (let after = pages[0]?.next; after !== undefined; after = pages.at(-1)?.next) {
    pages.push(await audit.listByAccount(accountId, { limit, after }));
  }
  return pages;
}

function compare(left: AuditEvent, right: AuditEvent): number {
  return left.createdAt.getTime() - right.createdAt.getTime() || (left.id < right.id ? -1 : 1);
}

function compareBackwards(left: AuditEvent, right: AuditEvent): number {
  return compare(right, left);
}
