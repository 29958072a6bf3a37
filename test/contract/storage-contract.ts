import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import type { Storage } from '../../src/storage/storage.ts';
import {
  buildAccount,
  buildAuditEvent,
  buildClient,
  buildMailJob,
  buildOrganization,
  buildPasskey,
  buildRecoveryCodeSet,
  buildSignIn,
  buildSigningKey,
  buildTotp,
} from '../support/builders.ts';
import { TEST_START } from '../support/clock.ts';
import type { TestStorage } from '../support/storages.ts';

type StoreName = Exclude<keyof Storage, 'ping' | typeof Symbol.asyncDispose>;

/** Arguments for every method of every store: one that is forgotten here does not compile. */
type Calls = {
  readonly [Name in StoreName]: {
    readonly [Method in keyof Storage[Name]]: Storage[Name][Method] extends (...args: infer Args) => unknown
      ? Args
      : never;
  };
};

/** Holds a backend to what `Storage` promises as a whole. */
export function describeStorage(name: string, open: (t: TestContext) => Promise<TestStorage>): void {
  describe(`${name}: storage`, () => {
    test('an open one answers', async (t) => {
      const { storage } = await open(t);
      await storage.ping();
    });

    test('after disposal every call of every store rejects', async (t) => {
      const { storage } = await open(t);
      await storage[Symbol.asyncDispose]();

      for (const [store, methods] of Object.entries(buildCalls())) {
        for (const [method, args] of Object.entries(methods)) {
          const target = storage[store as StoreName]; // the table is keyed by both names
          const call = Reflect.get(target, method).bind(target, ...args);
          await assert.rejects(call(), { code: 'store_unavailable' }, `${store}.${method}`);
        }
      }
      await assert.rejects(storage.ping(), { code: 'store_unavailable' });
    });

    test('disposal may be asked for twice', async (t) => {
      const { storage } = await open(t);
      await storage[Symbol.asyncDispose]();
      await storage[Symbol.asyncDispose]();
    });

    test('writes that wait when it is disposed are done', async (t) => {
      const { storage } = await open(t);
      const write = storage.clients.insert(buildClient());
      await storage[Symbol.asyncDispose]();
      assert.equal(await write, true);
    });
  });
}

function buildCalls(): Calls {
  const organization = buildOrganization();
  const account = buildAccount();
  const passkey = buildPasskey();
  const client = buildClient();
  const mail = buildMailJob();
  const signIn = buildSignIn();
  const record = { payload: '{}', expiresAt: TEST_START };
  const use = { counter: 1, backedUp: true, usedAt: TEST_START, usedWith: 'Firefox on Linux' };
  const budget = { free: 1, windowSeconds: 1, pauseSeconds: 1, maxPauseSeconds: 1 };
  return {
    organizations: {
      insert: [organization],
      find: [organization.id],
      findBySlug: [organization.slug],
      update: [organization],
      list: [{ limit: 1 }],
    },
    accounts: {
      insert: [account],
      find: [account.id],
      findByEmail: [account.organizationId, account.emailKey],
      findByUserHandle: [account.userHandle],
      update: [account],
      listRecoveriesDue: [TEST_START, 1],
      hasAdministrator: [],
      list: [{ limit: 1 }],
    },
    failures: { countTry: [account.id, 'totp', 'source'], clear: [account.id, 'totp'] },
    passkeys: {
      insert: [passkey, 1],
      insertWithAccount: [passkey, account],
      find: [passkey.id],
      listByAccount: [account.id],
      recordUse: [passkey.id, use],
      existsForOtherRpId: ['localhost'],
      rename: [account.id, passkey.id, 'name'],
      delete: [account.id, passkey.id, true],
    },
    totps: {
      insert: [buildTotp()],
      put: [buildTotp()],
      find: [account.id],
      advance: [account.id, 1],
      delete: [account.id],
    },
    recoveryCodes: {
      insert: [buildRecoveryCodeSet()],
      replace: [buildRecoveryCodeSet()],
      find: [account.id],
      spend: [account.id, 'digest', TEST_START],
      delete: [account.id],
    },
    clients: {
      insert: [client],
      find: [client.id],
      update: [client],
      delete: [client.id],
      list: [{ limit: 1 }],
    },
    keys: { insert: [buildSigningKey()], list: [] },
    outbox: {
      insert: [mail],
      claim: [1],
      putBack: [{ id: mail.id, attempt: 1 }, TEST_START],
      finish: [{ id: mail.id, attempt: 1 }, 'sent'],
      list: [{ limit: 1 }],
      sweep: ['sent', TEST_START],
    },
    audit: {
      append: [buildAuditEvent()],
      listByAccount: [account.id, { limit: 1 }],
      list: [{ limit: 1 }],
      sweep: [TEST_START],
    },
    tickets: { put: ['sign-up', 'id', {}, 1], find: ['sign-up', 'id'], take: ['sign-up', 'id'] },
    rates: { hit: ['key', budget], clear: ['key'] },
    signIns: { insert: [signIn], find: [signIn.id], update: [signIn], delete: [signIn.id] },
    records: {
      put: ['Session', 'id', record, {}],
      putIfAbsent: ['ReplayDetection', 'id', record],
      replace: ['Grant', 'id', record, {}],
      find: ['Session', 'id'],
      findByUid: ['uid'],
      findByUserCode: ['code'],
      listByAccount: ['Session', 'account'],
      consume: ['Session', 'id', TEST_START],
      delete: ['Session', 'id'],
      deleteByGrant: ['grant'],
      deleteByConsent: ['consent'],
      deleteByAccount: ['account'],
    },
    lastingRecords: { insert: ['Grant', { ...record, id: 'id' }], list: ['Grant', 1] },
  };
}
