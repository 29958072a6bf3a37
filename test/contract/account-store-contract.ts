import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import type {
  Account,
  AccountPassword,
  PasskeyOffer,
  PostalAddress,
  Profile,
} from '../../src/accounts/account-store.ts';
import { addSeconds } from '../../src/lib/clock.ts';
import type { OrganizationId } from '../../src/lib/ids.ts';
import type { Storage } from '../../src/storage/storage.ts';
import { buildAccount, buildOrganization } from '../support/builders.ts';
import { TEST_START } from '../support/clock.ts';
import { race } from '../support/race.ts';
import type { OpenStores } from '../support/storages.ts';
import { testPages } from './pages-contract.ts';
import { testVersions } from './versions-contract.ts';

type Stores = Pick<Storage, 'organizations' | 'accounts'>;

/** Holds a backend to what `AccountStore` promises. */
export function describeAccountStore(name: string, open: OpenStores<keyof Stores>): void {
  describe(`${name}: accounts`, () => {
    const openSubject = async (t: TestContext) => {
      const { storage } = await open(t);
      const { accounts } = storage;
      return {
        organizationId: await insertOrganization(storage),
        insert: (account: Account) => accounts.insert(account),
        find: ({ id }: Account) => accounts.find(id),
        update: (account: Account) => accounts.update(account),
        list: accounts.list.bind(accounts),
      };
    };
    testVersions<Account>(async (t) => {
      const { organizationId, ...subject } = await openSubject(t);
      return {
        ...subject,
        build: () => buildAccount({ organizationId }),
        change: (account: Account, mark) => ({ ...account, profile: { name: mark } }),
      };
    });
    testPages<Account>(async (t) => {
      const { organizationId, ...subject } = await openSubject(t);
      return { ...subject, build: (createdAt) => buildAccount({ organizationId, createdAt }) };
    });

    test('every field survives', async (t) => {
      const { storage } = await open(t);
      const { accounts } = storage;
      const account = buildFullAccount(await insertOrganization(storage));
      assert.equal(await accounts.insert(account), true);
      assert.deepEqual(await accounts.find(account.id), account);
      assert.deepEqual(await accounts.findByEmail(account.organizationId, account.emailKey), account);
      assert.deepEqual(await accounts.findByUserHandle(account.userHandle), account);
    });

    test('what is undefined comes back absent', async (t) => {
      const { storage } = await open(t);
      const bare = buildAccount({ organizationId: await insertOrganization(storage) });
      await storage.accounts.insert({
        ...bare,
        profile: { ...bare.profile, locale: undefined, address: undefined },
        password: undefined,
        passkeyOffer: { ...bare.passkeyOffer, notBefore: undefined },
        emailRestoredAt: undefined,
        disabledAt: undefined,
      });
      assert.deepEqual(await storage.accounts.find(bare.id), bare);
    });

    test('a change takes away what it leaves out', async (t) => {
      const { storage } = await open(t);
      const account = buildFullAccount(await insertOrganization(storage));
      const { password: _, disabledAt: __, ...rest } = { ...account, profile: {}, version: account.version + 1 };
      await storage.accounts.insert(account);
      await storage.accounts.update(rest);
      assert.deepEqual(await storage.accounts.find(account.id), rest);
    });

    test('what is not there is undefined', async (t) => {
      const { accounts } = (await open(t)).storage;
      const account = buildAccount();
      assert.equal(await accounts.find(account.id), undefined);
      assert.equal(await accounts.findByEmail(account.organizationId, account.emailKey), undefined);
      assert.equal(await accounts.findByUserHandle(account.userHandle), undefined);
    });

    test('an e-mail names one account of an organization, even if many claim it at once', async (t) => {
      const { storage } = await open(t);
      const organizationId = await insertOrganization(storage);
      const outcomes = await race(50, () =>
        storage.accounts.insert(buildAccount({ organizationId, email: 'ada@example.com' })),
      );
      assert.equal(outcomes.filter(Boolean).length, 1);
    });

    test('the same e-mail in two organizations is two accounts', async (t) => {
      const { storage } = await open(t);
      const { accounts } = storage;
      const email = 'ada@example.com';
      const one = buildAccount({ organizationId: await insertOrganization(storage), email });
      const other = buildAccount({ organizationId: await insertOrganization(storage), email });
      assert.equal(await accounts.insert(one), true);
      assert.equal(await accounts.insert(other), true);
      assert.deepEqual(await accounts.findByEmail(other.organizationId, email), other);
    });

    test('a user handle that is taken is refused', async (t) => {
      const { storage } = await open(t);
      const account = buildAccount({ organizationId: await insertOrganization(storage) });
      await storage.accounts.insert(account);
      const { organizationId, userHandle } = account;
      assert.equal(await storage.accounts.insert(buildAccount({ organizationId, userHandle })), false);
    });

    test('a change to an e-mail that is taken is refused and changes nothing', async (t) => {
      const { storage } = await open(t);
      const { accounts } = storage;
      const organizationId = await insertOrganization(storage);
      const account = buildAccount({ organizationId });
      await accounts.insert(buildAccount({ organizationId, email: 'ada@example.com' }));
      await accounts.insert(account);

      assert.equal(await accounts.update({ ...account, emailKey: 'ada@example.com', version: 2 }), false);
      assert.deepEqual(await accounts.find(account.id), account);
    });

    test('of many accounts that change to one e-mail at once, one has it', async (t) => {
      const { storage } = await open(t);
      const { accounts } = storage;
      const organizationId = await insertOrganization(storage);
      const own = Array.from({ length: 20 }, () => buildAccount({ organizationId }));
      for (const account of own) await accounts.insert(account);
      const outcomes = await race(20, (index) => {
        const account = own[index] ?? assert.fail();
        return accounts.update({ ...account, email: 'ada@example.com', emailKey: 'ada@example.com', version: 2 });
      });
      assert.equal(outcomes.filter(Boolean).length, 1);
      const after = await Promise.all(own.map(({ id }) => accounts.find(id)));
      assert.equal(after.filter((account) => account?.emailKey === 'ada@example.com').length, 1);
    });

    test('a list may be of one organization', async (t) => {
      const { storage } = await open(t);
      const { accounts } = storage;
      const organizationId = await insertOrganization(storage);
      const own = [0, 1, 2].map((second) =>
        buildAccount({ organizationId, createdAt: addSeconds(TEST_START, second) }),
      );
      const foreign = buildAccount({ organizationId: await insertOrganization(storage) });
      await Promise.all([...own, foreign].map((account) => accounts.insert(account)));

      const first = await accounts.list({ limit: 2 }, organizationId);
      const second = await accounts.list({ limit: 2, after: first.next }, organizationId);

      assert.deepEqual([...first.items, ...second.items], own);
      assert.equal((await accounts.list({ limit: 10 })).items.length, 4);
    });

    test('a recovery is due from the moment on at which its waiting ends, until its link is sent', async (t) => {
      const { storage } = await open(t);
      const { accounts } = storage;
      const organizationId = await insertOrganization(storage);
      const waiting = (seconds: number) =>
        buildAccount({ organizationId, recovery: { startedAt: TEST_START, opensAt: addSeconds(TEST_START, seconds) } });
      const [last, first, later] = [waiting(60), waiting(59.999), waiting(60.001)];
      for (const account of [last, buildAccount({ organizationId }), later, first]) await accounts.insert(account);

      const now = addSeconds(TEST_START, 60);
      assert.deepEqual(await accounts.listRecoveriesDue(now, 10), [first, last]);
      assert.deepEqual(await accounts.listRecoveriesDue(now, 1), [first]);

      const { recovery = assert.fail() } = first;
      await accounts.update({ ...first, recovery: { ...recovery, endsAt: addSeconds(now, 60) }, version: 2 });
      await accounts.update({ ...last, recovery: undefined, version: 2 });
      assert.deepEqual(await accounts.listRecoveriesDue(now, 10), []);
    });

    test('what is undefined of a recovery comes back absent, and so does all of it', async (t) => {
      const { storage } = await open(t);
      const { accounts } = storage;
      const recovery = { startedAt: TEST_START, opensAt: TEST_START };
      const account = buildAccount({ organizationId: await insertOrganization(storage), recovery });
      await accounts.insert(account);
      assert.deepEqual(await accounts.find(account.id), account);
      await accounts.update({ ...account, recovery: undefined, version: 2 });
      const { recovery: _, ...rest } = account;
      assert.deepEqual(await accounts.find(account.id), { ...rest, version: 2 });
    });

    test('an administrator counts, enabled or not, and a member does not', async (t) => {
      const { storage } = await open(t);
      const { accounts } = storage;
      const organizationId = await insertOrganization(storage);
      await accounts.insert(buildAccount({ organizationId }));
      assert.equal(await accounts.hasAdministrator(), false);
      await accounts.insert(buildAccount({ organizationId, role: 'administrator', disabledAt: TEST_START }));
      assert.equal(await accounts.hasAdministrator(), true);
    });
  });
}

async function insertOrganization({ organizations }: Stores): Promise<OrganizationId> {
  const organization = buildOrganization();
  await organizations.insert(organization);
  return organization.id;
}

function buildFullAccount(organizationId: OrganizationId): Required<Account> {
  const address: Required<PostalAddress> = {
    formatted: '1 Main Street\nTown',
    streetAddress: '1 Main Street',
    locality: 'Town',
    region: 'County',
    postalCode: '12345',
    country: 'NL',
  };
  const profile: Required<Profile> = {
    name: 'Ada Lovelace 👩‍💻',
    givenName: 'Ada',
    familyName: 'Lovelace',
    preferredUsername: 'ada',
    picture: 'https://example.com/ada.png',
    locale: 'en',
    zoneinfo: 'Europe/Amsterdam',
    phoneNumber: '+31 20 000 0000',
    phoneNumberVerified: false,
    address,
  };
  const password: Required<AccountPassword> = {
    hash: '$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA',
    setAt: addSeconds(TEST_START, 0.001),
    switchedOffAt: addSeconds(TEST_START, 0.002),
  };
  const passkeyOffer: Required<PasskeyOffer> = {
    declinedTimes: 2,
    notBefore: addSeconds(TEST_START, 0.003),
    never: true,
  };
  return {
    ...buildAccount({ organizationId, emailVerified: false, role: 'administrator', version: 7 }),
    emailRestoredAt: addSeconds(TEST_START, 0.01),
    profile,
    password,
    passkeyOffer,
    recovery: {
      startedAt: addSeconds(TEST_START, 0.005),
      device: 'Firefox on Linux',
      opensAt: addSeconds(TEST_START, 0.006),
      toldAt: addSeconds(TEST_START, 0.009),
      endsAt: addSeconds(TEST_START, 0.007),
      openedAt: addSeconds(TEST_START, 0.008),
    },
    disabledAt: addSeconds(TEST_START, 0.004),
    updatedAt: addSeconds(TEST_START, 0.005),
  };
}
