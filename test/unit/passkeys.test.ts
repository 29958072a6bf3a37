import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { Account } from '../../src/accounts/account-store.ts';
import { digest } from '../../src/lib/digest.ts';
import type { ErrorCode } from '../../src/lib/error-codes.ts';
import { Ids, type PasskeyId } from '../../src/lib/ids.ts';
import { findAuthenticatorName } from '../../src/passkeys/authenticator-names.ts';
import { Ceremonies } from '../../src/passkeys/ceremonies.ts';
import { describeBrowser } from '../../src/passkeys/describe-browser.ts';
import { distinguishPasskeyName, parsePasskeyName, suggestPasskeyName } from '../../src/passkeys/passkey-name.ts';
import { Passkeys } from '../../src/passkeys/passkeys.ts';
import { buildAuditLog } from '../support/audit-log.ts';
import { Authenticator, type CreationOverrides, type RequestOverrides } from '../support/authenticator.ts';
import { buildAccount, buildOrganization, buildPasskey } from '../support/builders.ts';
import { openTestStorage } from '../support/storages.ts';

const ORIGIN = 'https://id.example.com';
const USER_AGENT =
  'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36';
const ids = new Ids();

/** Passkeys on a store of their own, and one person with an authenticator. */
async function setUp(t: TestContext) {
  const { storage, clock } = await openTestStorage(t);
  let crossing = async () => {};
  const auditLog = buildAuditLog({ storage, clock });
  const passkeys = new Passkeys({
    store: storage.passkeys,
    accounts: {
      async find(id) {
        await crossing();
        return storage.accounts.find(id);
      },
    },
    tickets: storage.tickets,
    ceremonies: new Ceremonies({ rpId: 'id.example.com', origins: [ORIGIN] }),
    auditLog,
    ids,
    clock,
  });
  const organization = buildOrganization();
  await storage.organizations.insert(organization);
  const addAccount = async () => {
    const account = buildAccount({ organizationId: organization.id });
    await storage.accounts.insert(account);
    return account;
  };
  const account = await addAccount();
  const authenticator = new Authenticator();

  const startRegistration = (owner: Account = account, binding = 'session') =>
    passkeys.startRegistration({
      binding,
      account: { id: owner.id, userHandle: owner.userHandle, label: owner.email, displayName: 'A Person' },
      organizationName: 'An Organization',
    });
  const finishRegistration = (response: unknown, more: { readonly owner?: Account; readonly name?: unknown } = {}) => {
    const { owner = account, name } = more;
    return passkeys.finishRegistration({
      binding: 'session',
      accountId: owner.id,
      response,
      name,
      userAgent: USER_AGENT,
    });
  };
  const register = async (owner: Account = account, device = authenticator, overrides: CreationOverrides = {}) => {
    const options = await startRegistration(owner);
    return finishRegistration(device.create(options, { origin: ORIGIN, overrides }), { owner });
  };

  const start = (binding = 'sign-in') => passkeys.startAuthentication({ binding, purpose: 'sign-in' });
  const finish = (response: unknown, binding = 'sign-in') =>
    passkeys.finishAuthentication({ binding, purpose: 'sign-in', response, usedWith: 'Chrome on Linux' });
  const answer = async (device = authenticator, overrides: RequestOverrides = {}) => {
    const options = await start();
    return device.get(options, { origin: ORIGIN, overrides });
  };

  /** Has something else happen between the look-up of a passkey and its verification. */
  const crossWith = (work: () => Promise<void>) => {
    crossing = work;
  };

  return {
    storage,
    clock,
    auditLog,
    crossWith,
    passkeys,
    account,
    addAccount,
    authenticator,
    startRegistration,
    finishRegistration,
    register,
    start,
    finish,
    answer,
  };
}

const refusal = (code: ErrorCode) => ({ name: 'AppError', code });

test('a passkey is made, signs in, and its use is recorded', async (t) => {
  const { storage, clock, account, register, finish, answer } = await setUp(t);
  const made = await register();
  clock.advance(60);
  const outcome = await finish(await answer());

  assert.ok(outcome.type === 'verified');
  assert.deepEqual(outcome.owner, account);
  assert.equal(outcome.userVerified, true);
  assert.equal(outcome.hardware, false);
  assert.deepEqual(outcome.passkey, made);
  const stored = await storage.passkeys.find(made.id);
  assert.deepEqual(stored?.lastUsedAt, clock.now());
  assert.equal(stored?.lastUsedWith, 'Chrome on Linux');
  assert.deepEqual(stored?.verifiedAt, made.createdAt);
});

test('an attested passkey that cannot be synced is hardware', async (t) => {
  const { storage, passkeys, account, startRegistration, finish, answer } = await setUp(t);
  const device = new Authenticator({ backupEligible: false });
  const options = await startRegistration();
  const response = device.create(options, { origin: ORIGIN });
  const unattested = await passkeys.verifyRegistration({
    binding: 'session',
    accountId: account.id,
    response,
    userAgent: USER_AGENT,
  });
  await storage.passkeys.insert({ ...unattested, attestation: 'verified' }, 1);

  const outcome = await finish(await answer(device));
  assert.ok(outcome.type === 'verified' && outcome.hardware);
});

test('an answer works once, in its own browser and in another (WA-01)', async (t) => {
  const { register, finish, answer, storage } = await setUp(t);
  const { id } = await register();
  const response = await answer();

  assert.equal((await finish(response)).type, 'verified');
  const used = await storage.passkeys.find(id);
  assert.deepEqual(await finish(response), { type: 'refused' });
  assert.deepEqual(await finish(response, 'another sign-in'), { type: 'refused' });
  assert.deepEqual(await storage.passkeys.find(id), used);
});

test('of many callers with one answer one signs in (WA-01)', async (t) => {
  const { register, finish, answer } = await setUp(t);
  await register();
  const response = await answer();
  const outcomes = await Promise.all(Array.from({ length: 10 }, () => finish(response)));
  assert.equal(outcomes.filter(({ type }) => type === 'verified').length, 1);
});

test('the challenge of one sign-in is worth nothing in another, and is spent by the try (WA-03)', async (t) => {
  const { register, finish, answer } = await setUp(t);
  await register();
  const response = await answer();
  assert.deepEqual(await finish(response, 'another sign-in'), { type: 'refused' });
  assert.deepEqual(await finish(response), { type: 'refused' });
});

test('a challenge for one purpose is worth nothing for another, and is spent by the try (WA-05, WA-06)', async (t) => {
  const { passkeys, account, authenticator, register, startRegistration, finishRegistration, finish, answer } =
    await setUp(t);
  const { id } = await register();

  // A registration's challenge, signed as a sign-in.
  const { challenge } = await startRegistration();
  const crossed = authenticator.get({ challenge, rpId: 'id.example.com' }, { origin: ORIGIN });
  assert.deepEqual(await finish(crossed, 'session'), { type: 'refused' });

  // A sign-in's challenge, used to make a passkey.
  const options = await startRegistration();
  const signIn = await passkeys.startAuthentication({ binding: 'session', purpose: 'sign-in' });
  const made = new Authenticator().create({ ...options, challenge: signIn.challenge }, { origin: ORIGIN });
  await assert.rejects(finishRegistration(made), refusal('passkey_not_made'));

  // A sign-in's challenge, used to confirm.
  const response = await answer();
  const confirmation = { binding: 'sign-in', purpose: 'confirm', response, usedWith: '' } as const;
  assert.deepEqual(await passkeys.finishAuthentication(confirmation), { type: 'refused' });
  assert.deepEqual(await finish(response), { type: 'refused' });

  assert.deepEqual(
    (await passkeys.list(account.id)).map((passkey) => passkey.id),
    [id],
  );
});

test('an answer after five minutes is too late (WA-08)', async (t) => {
  const { clock, register, finish, answer } = await setUp(t);
  await register();
  const inTime = await answer();
  clock.advance(299);
  assert.equal((await finish(inTime)).type, 'verified');

  const late = await answer();
  clock.advance(301);
  assert.deepEqual(await finish(late), { type: 'refused' });
});

test('a challenge is too late by its own time too, where the store forgot to forget it (WA-08)', async (t) => {
  const { clock, storage, register, finish, answer } = await setUp(t);
  await register();
  const response = await answer();
  const { challenge } = JSON.parse(Buffer.from(response.response.clientDataJSON, 'base64url').toString());
  const value = await storage.tickets.take('passkey-challenge', challenge);
  await storage.tickets.put('passkey-challenge', challenge, value ?? {}, 3600);
  clock.advance(301);
  assert.deepEqual(await finish(response), { type: 'refused' });
});

test('a challenge that was never issued is refused', async (t) => {
  const { authenticator, register, finish } = await setUp(t);
  await register();
  for (const challenge of [ids.newSecret(), 'short', '']) {
    const response = authenticator.get({ challenge, rpId: 'id.example.com' }, { origin: ORIGIN });
    assert.deepEqual(await finish(response), { type: 'refused' });
  }
});

test('what was asked is discarded with its binding, and nothing else is', async (t) => {
  const { passkeys, authenticator, register, start, finish } = await setUp(t);
  await register();
  const [gone, other] = [await start(), await start('another sign-in')];
  await passkeys.discard('sign-in');
  await passkeys.discard('a sign-in that has asked for nothing');
  assert.deepEqual(await finish(authenticator.get(gone, { origin: ORIGIN })), { type: 'refused' });
  assert.equal((await finish(authenticator.get(other, { origin: ORIGIN }), 'another sign-in')).type, 'verified');
});

test('three challenges of a binding wait, whatever they are for, and the oldest makes room for a fourth (WA-38)', async (t) => {
  const { authenticator, register, start, startRegistration, finish } = await setUp(t);
  await register();
  const asked = [await start(), await start('another sign-in'), await start(), await start()];
  await startRegistration(undefined, 'sign-in');
  const outcomes = [];
  for (const [index, options] of asked.entries()) {
    const response = authenticator.get(options, { origin: ORIGIN });
    outcomes.push((await finish(response, index === 1 ? 'another sign-in' : 'sign-in')).type);
  }
  assert.deepEqual(outcomes, ['refused', 'verified', 'verified', 'verified']);
});

test('no more than three wait when many are asked for at once (WA-38)', async (t) => {
  const { storage, start } = await setUp(t);
  const asked = await Promise.allSettled(Array.from({ length: 20 }, () => start()));
  const challenges = asked.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value.challenge] : []));
  const waiting = await Promise.all(
    challenges.map((challenge) => storage.tickets.find('passkey-challenge', digest(challenge))),
  );
  assert.equal(waiting.filter(Boolean).length, 3);
});

test('two prompts may be open, and each answer counts (WA-41)', async (t) => {
  const { authenticator, register, start, finish } = await setUp(t);
  await register();
  const older = await start();
  const newer = await start();
  assert.equal((await finish(authenticator.get(newer, { origin: ORIGIN }))).type, 'verified');
  assert.equal((await finish(authenticator.get(older, { origin: ORIGIN }))).type, 'verified');
});

test("one's own answer with another's user handle is refused (WA-16)", async (t) => {
  const { addAccount, register, finish, answer, authenticator } = await setUp(t);
  const victim = await addAccount();
  await register();
  const userHandle = Buffer.from(victim.userHandle).toString('base64url');
  assert.equal((await finish(await answer(authenticator, { userHandle }))).type, 'refused');
});

test('where certain passkeys were asked for no other will do (WA-18)', async (t) => {
  const { passkeys, addAccount, register, finish } = await setUp(t);
  const wanted = await register();
  const attacker = new Authenticator();
  const own = await register(await addAccount(), attacker);

  const options = await passkeys.startAuthentication({ binding: 'sign-in', purpose: 'sign-in', allow: [wanted] });
  assert.deepEqual(
    options.allowCredentials?.map(({ id }) => id),
    [wanted.id],
  );
  const response = attacker.get(options, { origin: ORIGIN, overrides: { signWith: own.id } });
  assert.deepEqual(await finish(response), { type: 'refused' });
});

test('the authenticator must name the account unless its passkeys were asked for (WA-16)', async (t) => {
  const { passkeys, authenticator, register, finish, answer } = await setUp(t);
  const passkey = await register();
  const overrides = { userHandle: null };
  assert.equal((await finish(await answer(authenticator, overrides))).type, 'refused');

  const options = await passkeys.startAuthentication({ binding: 'sign-in', purpose: 'sign-in', allow: [passkey] });
  assert.equal((await finish(authenticator.get(options, { origin: ORIGIN, overrides }))).type, 'verified');
});

test('where no passkey may answer none does', async (t) => {
  const { passkeys, authenticator, register, finish } = await setUp(t);
  await register();
  const options = await passkeys.startAuthentication({ binding: 'sign-in', purpose: 'sign-in', allow: [] });
  assert.deepEqual(await finish(authenticator.get(options, { origin: ORIGIN })), { type: 'refused' });
});

test('of parallel answers with equal counters one counts (WA-25)', async (t) => {
  const { register, finish, answer, storage } = await setUp(t);
  const device = new Authenticator({ counter: 'counting' });
  const { id } = await register(undefined, device);
  const clones = await Promise.all(Array.from({ length: 3 }, () => answer(device, { counter: 1 })));
  const outcomes = await Promise.all(clones.map((response) => finish(response)));

  assert.equal(outcomes.filter(({ type }) => type === 'verified').length, 1);
  assert.equal((await storage.passkeys.find(id))?.counter, 1);
});

test('a changed backup eligibility is refused and reported, and changes nothing (WA-26)', async (t) => {
  const { register, finish, answer, storage, auditLog, account } = await setUp(t);
  const device = new Authenticator({ backedUp: false });
  const made = await register(undefined, device);
  const outcome = await finish(await answer(device, { backupEligible: false }));
  assert.equal(outcome.type, 'refused');
  assert.deepEqual(await storage.passkeys.find(made.id), made);
  await auditLog.settle();
  const [event] = (await storage.audit.listByAccount(account.id, { limit: 9 })).items;
  const alert = 'backup-eligibility-changed';
  assert.deepEqual(event?.details, { type: 'passkey-alert', alert, passkeyName: made.name, count: 1 });
});

test('a passkey that is deleted while its answer is judged signs nobody in (WA-35)', async (t) => {
  const { storage, register, finish, answer, crossWith } = await setUp(t);
  const { id, accountId } = await register();
  const response = await answer();
  crossWith(async () => {
    assert.equal(await storage.passkeys.delete(accountId, id, false), 'deleted');
  });
  assert.deepEqual(await finish(response), { type: 'refused' });
});

test('only a passkey that nobody owns is reported as unknown', async (t) => {
  const { passkeys, account, authenticator, register, finish, answer } = await setUp(t);
  const { id } = await register();
  const forged = await finish(await answer(authenticator, { signature: Buffer.alloc(64) }));
  assert.ok(forged.type === 'refused' && forged.unknownPasskey === undefined);

  await passkeys.remove(account.id, id, { keepOne: false });
  assert.deepEqual(await finish(await answer()), { type: 'refused', unknownPasskey: true });
});

test('a passkey is made only for the account and the session that asked', async (t) => {
  const { passkeys, addAccount, account, startRegistration, finishRegistration } = await setUp(t);
  const other = await addAccount();
  const forOther = await startRegistration(other);
  const elsewhere = await startRegistration(account, 'another session');
  for (const options of [forOther, elsewhere]) {
    const response = new Authenticator().create(options, { origin: ORIGIN });
    await assert.rejects(finishRegistration(response), refusal('passkey_not_made'));
  }
  assert.deepEqual(await passkeys.list(account.id), []);
  assert.deepEqual(await passkeys.list(other.id), []);
});

test('a registration that fails is answered once and stores nothing (WA-28)', async (t) => {
  const { passkeys, account, startRegistration, finishRegistration } = await setUp(t);
  const device = new Authenticator();
  const options = await startRegistration();
  const bad = device.create(options, { origin: ORIGIN, overrides: { userVerified: false } });
  const good = device.create(options, { origin: ORIGIN });

  await assert.rejects(finishRegistration(bad), refusal('passkey_not_made'));
  await assert.rejects(finishRegistration(good), refusal('passkey_not_made'));
  assert.deepEqual(await passkeys.list(account.id), []);
});

test('a passkey id belongs to one account', async (t) => {
  const { addAccount, register } = await setUp(t);
  const credentialId = ids.newBytes(32);
  await register(undefined, new Authenticator(), { credentialId });
  const again = register(await addAccount(), new Authenticator(), { credentialId });
  await assert.rejects(again, refusal('already_registered'));
});

test('an account has twenty passkeys at most, and hears of it before one is made', async (t) => {
  const { storage, passkeys, account, startRegistration, finishRegistration } = await setUp(t);
  const options = await startRegistration();
  for (let count = 0; count < 20; count += 1) {
    await storage.passkeys.insert(buildPasskey({ accountId: account.id }), 20);
  }
  const response = new Authenticator().create(options, { origin: ORIGIN });
  await assert.rejects(finishRegistration(response), refusal('too_many_passkeys'));
  await assert.rejects(startRegistration(), refusal('too_many_passkeys'));
  assert.equal((await passkeys.list(account.id)).length, 20);
});

test('the passkeys that an account has are excluded from making another', async (t) => {
  const { register, startRegistration, authenticator } = await setUp(t);
  await register();
  const options = await startRegistration();
  assert.throws(() => authenticator.create(options, { origin: ORIGIN }), { name: 'InvalidStateError' });
});

test('the last passkey stays where it is the way in, and goes where it is not (WA-43)', async (t) => {
  const { passkeys, account, register } = await setUp(t);
  const first = await register();
  const second = await register(undefined, new Authenticator());

  await passkeys.remove(account.id, first.id, { keepOne: true });
  await assert.rejects(passkeys.remove(account.id, second.id, { keepOne: true }), refusal('last_way_in'));
  await passkeys.remove(account.id, second.id, { keepOne: false });
  assert.deepEqual(await passkeys.list(account.id), []);
});

test("another's passkey and none at all are the same to rename and remove", async (t) => {
  const { passkeys, account, addAccount, register } = await setUp(t);
  const foreign = await register(await addAccount(), new Authenticator());
  for (const id of [foreign.id, 'none' as PasskeyId]) {
    await assert.rejects(passkeys.rename(account.id, id, 'Mine now'), refusal('passkey_not_found'));
    await assert.rejects(passkeys.remove(account.id, id, { keepOne: false }), refusal('passkey_not_found'));
  }
  assert.deepEqual(await passkeys.list(foreign.accountId), [foreign]);
});

test('a passkey has the name that the person gave it, or a likely one', async (t) => {
  const { passkeys, account, startRegistration, finishRegistration, register } = await setUp(t);
  const options = await startRegistration();
  const response = new Authenticator().create(options, { origin: ORIGIN });
  await finishRegistration(response, { name: '  Work phone ' });
  const unnamed = await register(undefined, new Authenticator());
  await register(undefined, new Authenticator({ aaguid: 'bada5566-a7aa-401f-bd96-45619a55120d' }));
  await passkeys.rename(account.id, unnamed.id, 'Home');

  const names = (await passkeys.list(account.id)).map(({ name }) => name);
  assert.deepEqual(names.sort(), ['1Password', 'Home', 'Work phone']);
  assert.equal(unnamed.name, 'Passkey on Linux');
});

test('a name that cannot be one is refused before the challenge is spent (WA-33)', async (t) => {
  const { startRegistration, finishRegistration } = await setUp(t);
  const options = await startRegistration();
  const response = new Authenticator().create(options, { origin: ORIGIN });
  const malformed = { ...refusal('malformed_request'), field: 'name' };
  for (const name of [
    '',
    '   ',
    'x'.repeat(65),
    'x'.repeat(10_000),
    'a\u0000b',
    'a\nb',
    'a\u202eb',
    '\ud800',
    7,
    ['a'],
    null,
  ]) {
    await assert.rejects(finishRegistration(response, { name }), malformed, JSON.stringify(name));
  }
  assert.equal((await finishRegistration(response, { name: '<b>' })).name, '<b>');
});

test('names are text for people in any script', () => {
  for (const name of ['x'.repeat(64), 'Téléphone', 'مفتاح', '仕事用の鍵', 'Phone 👩‍💻', "Ada's key"]) {
    assert.equal(parsePasskeyName(name), name);
  }
  assert.equal(parsePasskeyName('e\u0301'), '\u00e9');
});

test('makers are named where they say who they are', () => {
  assert.equal(findAuthenticatorName('ee882879-721c-4913-9775-3dfcce97072a'), 'YubiKey 5 Series');
  assert.equal(findAuthenticatorName('eabb46cc-e241-80bf-ae9e-96fa6d2975cf'), 'TOKEN2 PIN Plus Security Key Series'); // trimmed
  for (const aaguid of [
    '00000000-0000-0000-0000-000000000000',
    '5eadface-0000-4000-8000-000000000000',
    '',
    'constructor',
  ])
    assert.equal(findAuthenticatorName(aaguid), undefined, aaguid);
});

test('a suggested name says who keeps the passkey, else what it is on', () => {
  const suggest = (aaguid: string, transports: readonly string[] = ['internal'], userAgent = USER_AGENT) =>
    suggestPasskeyName({ aaguid, transports }, userAgent);
  const unknown = '00000000-0000-0000-0000-000000000000';
  assert.equal(suggest('fbfc3007-154e-4ecc-8c0b-6e020557d7bd'), 'Apple Passwords');
  const endless = '5ca1ab1e-1337-fa57-f1d0-a117e71ca702'; // of more than 64 characters
  assert.equal(suggest(endless), 'Passkey on Linux');
  assert.equal(suggest(unknown), 'Passkey on Linux');
  assert.equal(suggest(unknown, []), 'Passkey on Linux');
  assert.equal(suggest(unknown, ['usb', 'nfc']), 'Security key');
  assert.equal(suggest(unknown, ['internal'], 'curl/8'), 'Passkey');
});

test('a name that another passkey has gets a number', () => {
  assert.equal(distinguishPasskeyName('Security key', ['Passkey on Linux']), 'Security key');
  assert.equal(distinguishPasskeyName('Security key', ['Security key']), 'Security key 2');
  assert.equal(distinguishPasskeyName('Security key', ['Security key 2', 'Security key']), 'Security key 3');
  const long = 'x'.repeat(64);
  assert.equal(parsePasskeyName(distinguishPasskeyName(long, [long])), `${'x'.repeat(60)} 2`);
});

test('browsers and systems are called what people call them', () => {
  const described = [
    USER_AGENT,
    'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36 Edg/156.0.0.0',
    'Mozilla/5.0 (iPhone; CPU iPhone OS 26_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 Mobile/15E148 Safari/604.1',
    'Mozilla/5.0 (iPad; CPU OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/150.0 Mobile/15E148 Safari/604.1',
    'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 Safari/605.1.15',
    'Mozilla/5.0 (Android 16; Mobile; rv:150.0) Gecko/150.0 Firefox/150.0',
    'Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/29.0 Chrome/136.0.0.0 Mobile Safari/537.36',
    'Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36',
    'Mozilla/5.0 (X11; Linux x86_64)',
    'curl/8.0',
    '',
  ].map(describeBrowser);
  assert.deepEqual(described, [
    'Chrome on Linux',
    'Edge on Windows',
    'Safari on iPhone',
    'Chrome on iPad',
    'Safari on Mac',
    'Firefox on Android',
    'Samsung Internet on Android',
    'Chrome on ChromeOS',
    'Linux',
    'Unknown browser',
    'Unknown browser',
  ]);
});

test('an answer of another shape is malformed, and spends no challenge', async (t) => {
  const { register, finish, answer } = await setUp(t);
  await register();
  const good = await answer();
  const inner = (more: object) => ({ ...good, response: { ...good.response, ...more } });
  const shapes: unknown[] = [
    undefined,
    null,
    'text',
    [],
    {},
    { ...good, id: [good.id] },
    { ...good, id: { $ne: null } },
    { ...good, id: '' },
    { ...good, id: 'A'.repeat(1366) },
    { ...good, id: 'not+base64url=' },
    { ...good, type: 'password' },
    { ...good, accountId: 'mine' },
    inner({ signature: 7 }),
    inner({ signature: undefined }),
    inner({ userHandle: 'A'.repeat(100) }),
    inner({ clientDataJSON: 'A'.repeat(6000) }),
    inner({ authenticatorData: 'A'.repeat(6000) }),
    inner({ extra: true }),
  ];
  for (const shape of shapes) await assert.rejects(finish(shape), refusal('malformed_request'));
  assert.equal((await finish(good)).type, 'verified');
});

test('what browsers add to an answer is accepted', async (t) => {
  const { register, finish, answer } = await setUp(t);
  await register();
  const { authenticatorAttachment: _, ...bare } = await answer();
  assert.equal((await finish(bare)).type, 'verified');
  const chatty = {
    ...(await answer()),
    clientExtensionResults: { appid: false, prf: { enabled: true, deep: [[[]]] } },
  };
  assert.equal((await finish(chatty)).type, 'verified');
});

test('hostile registrations cost little time (WA-30)', async (t) => {
  const { startRegistration, finishRegistration } = await setUp(t);
  const objects = [
    Buffer.alloc(32 * 1024, 0x81),
    Buffer.alloc(32 * 1024, 0x9f),
    Buffer.concat([Buffer.from('9a00007fff', 'hex'), Buffer.alloc(32_000, 0xa0)]),
    Buffer.alloc(30_000, 0x5a),
  ];
  for (const attestationObject of objects) {
    const options = await startRegistration();
    const response = new Authenticator().create(options, { origin: ORIGIN, overrides: { attestationObject } });
    const before = process.cpuUsage();
    await assert.rejects(finishRegistration(response), refusal('passkey_not_made'));
    const { user, system } = process.cpuUsage(before);
    assert.ok(user + system < 50_000, `took ${user + system} µs`);
  }

  const options = await startRegistration();
  const attestationObject = Buffer.alloc(32 * 1024 + 3);
  const tooLarge = new Authenticator().create(options, { origin: ORIGIN, overrides: { attestationObject } });
  await assert.rejects(finishRegistration(tooLarge), refusal('malformed_request'));
});
