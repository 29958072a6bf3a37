import assert from 'node:assert/strict';
import { generateKeyPairSync, sign } from 'node:crypto';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { AccountId } from '../../src/lib/ids.ts';
import { Ids } from '../../src/lib/ids.ts';
import { Ceremonies, type MadePasskey, readChallenge } from '../../src/passkeys/ceremonies.ts';
import type { Passkey } from '../../src/passkeys/passkey-store.ts';
import {
  Authenticator,
  type CreationOverrides,
  type RegistrationJson,
  type RequestOverrides,
} from '../support/authenticator.ts';
import { type CborValue, encodeCbor } from '../support/cbor.ts';
import { TEST_START } from '../support/clock.ts';

const ORIGIN = 'https://id.example.com';
const RP_ID = 'id.example.com';

const ids = new Ids();
const ceremonies = new Ceremonies({ rpId: RP_ID, origins: [ORIGIN] });
const owner = { userHandle: ids.newBytes(64), label: 'ada@example.com', displayName: 'Ada' };

type Where = Parameters<typeof ceremonies.registrationOptions>[0]['where'];

function ask(challenge: string, where?: Where) {
  return ceremonies.registrationOptions({
    account: owner,
    organizationName: 'An Organization',
    challenge,
    exclude: [],
    where,
  });
}

async function register(authenticator: Authenticator, overrides: CreationOverrides = {}, origin = ORIGIN) {
  const challenge = ids.newSecret();
  const response = authenticator.create(await ask(challenge), { origin, overrides });
  return { response, outcome: await ceremonies.verifyRegistration({ response, challenge }) };
}

async function requireMade(authenticator: Authenticator, overrides?: CreationOverrides): Promise<MadePasskey> {
  const { outcome } = await register(authenticator, overrides);
  assert.equal(outcome.type, 'verified', `refused: ${'cause' in outcome ? outcome.cause : ''}`);
  return outcome.made;
}

function toPasskey(made: MadePasskey): Passkey {
  return { ...made, accountId: 'account' as AccountId, name: 'A passkey', createdAt: TEST_START };
}

interface Use {
  readonly overrides?: RequestOverrides;
  readonly origin?: string;
  readonly userHandle?: Uint8Array;
  readonly discoverable?: boolean;
}

async function use(authenticator: Authenticator, passkey: Passkey, how: Use = {}) {
  const { overrides = {}, origin = ORIGIN, userHandle = owner.userHandle, discoverable = true } = how;
  const challenge = ids.newSecret();
  const options = await ceremonies.authenticationOptions({ challenge });
  const response = authenticator.get(options, { origin, overrides });
  return ceremonies.verifyAuthentication({ response, challenge, passkey, userHandle, discoverable });
}

for (const algorithm of ['ES256', 'EdDSA', 'RS256'] as const) {
  test(`a passkey with ${algorithm} is made and signs in`, async () => {
    const authenticator = new Authenticator({ algorithm, backupEligible: false, counter: 'counting' });
    const made = await requireMade(authenticator);
    const outcome = await use(authenticator, toPasskey(made));

    assert.deepEqual(
      { ...made, id: '', publicKey: '' },
      {
        id: '',
        rpId: RP_ID,
        publicKey: '',
        counter: 0,
        backupEligible: false,
        backedUp: false,
        aaguid: '00000000-0000-0000-0000-000000000000',
        transports: ['hybrid', 'internal'],
        attestation: 'none',
      },
    );
    assert.deepEqual(outcome, { type: 'verified', counter: 1, backedUp: false, userVerified: true });
  });
}

test('a registration asks for a discoverable, user-verifying passkey of pinned algorithms and no attestation', async () => {
  const challenge = ids.newSecret();
  const exclude = [toPasskey(await requireMade(new Authenticator()))];
  const options = await ceremonies.registrationOptions({
    account: owner,
    organizationName: 'An Organization',
    challenge,
    exclude,
  });

  assert.equal(options.challenge, challenge);
  assert.deepEqual(options.rp, { id: RP_ID, name: 'An Organization' });
  const userId = Buffer.from(owner.userHandle).toString('base64url');
  assert.deepEqual(options.user, { id: userId, name: 'ada@example.com', displayName: 'Ada' });
  assert.deepEqual(
    options.pubKeyCredParams.map(({ alg }) => alg),
    [-8, -7, -257],
  );
  assert.deepEqual(options.authenticatorSelection, {
    residentKey: 'required',
    requireResidentKey: true,
    userVerification: 'required',
  });
  assert.equal(options.attestation, 'none');
  assert.equal(options.timeout, 300_000);
  assert.deepEqual(options.hints, []);
  assert.deepEqual(
    options.excludeCredentials?.map(({ id }) => id),
    exclude.map(({ id }) => id),
  );
});

test('where the passkey is to live decides hint and attachment of this registration and of no later one', async () => {
  const summaries = [];
  for (const where of ['security-key', 'phone', 'this-device', undefined] as const) {
    const { hints, authenticatorSelection } = await ask(ids.newSecret(), where);
    summaries.push([hints, authenticatorSelection?.authenticatorAttachment]);
  }
  assert.deepEqual(summaries, [
    [['security-key'], 'cross-platform'],
    [['hybrid'], 'cross-platform'],
    [['client-device'], 'platform'],
    [[], undefined],
  ]);
});

test('a sign-in asks for user verification, and for the given passkeys only where there are any', async () => {
  const challenge = ids.newSecret();
  const passkey = toPasskey(await requireMade(new Authenticator()));
  const usernameless = await ceremonies.authenticationOptions({ challenge });
  const known = await ceremonies.authenticationOptions({ challenge, allow: [passkey] });

  assert.equal(usernameless.challenge, challenge);
  assert.equal(usernameless.rpId, RP_ID);
  assert.equal(usernameless.userVerification, 'required');
  assert.equal(usernameless.timeout, 300_000);
  assert.equal(usernameless.allowCredentials, undefined);
  assert.deepEqual(known.allowCredentials, [
    { id: passkey.id, type: 'public-key', transports: ['hybrid', 'internal'] },
  ]);
});

const REGISTRATION_LIES: Readonly<Record<string, CreationOverrides>> = {
  'another challenge (WA-06)': { challenge: ids.newSecret() },
  'the type of a sign-in (WA-05)': { type: 'webauthn.get' },
  'no user verification (WA-10)': { userVerified: false },
  'no user presence (WA-11)': { userPresent: false, userVerified: false },
  'another RP ID (WA-20)': { rpId: 'example.com' },
  'a framed page (WA-21)': { crossOrigin: true },
  'a framed page with its top origin (WA-21)': { crossOrigin: true, topOrigin: 'https://example.org' },
  'a top origin alone': { topOrigin: 'https://example.org' },
  'backed up without being eligible (WA-26)': { backupEligible: false, backedUp: true },
  'an algorithm that was not offered, RS1 (WA-28)': {
    algorithm: 'RS256',
    editKey: (key) => new Map(key).set(3, -65535),
  },
  'an unknown algorithm (WA-28)': { editKey: (key) => new Map(key).set(3, 0) },
  'a point off the curve (WA-28)': { editKey: (key) => new Map(key).set(-3, Buffer.alloc(32, 7)) },
  'half a point (WA-28)': { editKey: (key) => new Map(key).set(-3, Buffer.alloc(16, 7)) },
  'a curve that does not fit the algorithm (WA-28)': { editKey: (key) => new Map(key).set(-1, 2) },
  'a key type that does not fit the algorithm (WA-28)': { editKey: (key) => new Map(key).set(1, 3) },
  'a short RSA key (WA-28)': { algorithm: 'RS256', editKey: (key) => new Map(key).set(-1, Buffer.alloc(128, 0xc5)) },
  'an RSA exponent of one (WA-28)': { algorithm: 'RS256', editKey: (key) => new Map(key).set(-2, Buffer.from([1])) },
  'a bloated key': { editKey: (key) => new Map(key).set(-70000, Buffer.alloc(4000)) },
  'no id (WA-30)': { credentialId: Buffer.alloc(0), id: 'AA' },
  'an id of 15 bytes (WA-30)': { credentialId: Buffer.alloc(15, 1) },
  'an id of 1024 bytes (WA-30)': { credentialId: Buffer.alloc(1024, 1) },
  'an id that was not made': { id: ids.newSecret() },
  'bytes after the credential': { trailingBytes: Buffer.from([0xa0]) },
  'an attestation object that is no CBOR (WA-30)': { attestationObject: Buffer.from('not CBOR') },
  'CBOR 10,000 deep (WA-30)': { attestationObject: Buffer.alloc(10_000, 0x81) },
  'CBOR with a key twice (WA-30)': {
    attestationObject: Buffer.concat([Buffer.from([0xa2]), ...[0, 0].map(() => encodeCbor('fmt'))]),
  },
  'a promised array of 4 billion items (WA-30)': { attestationObject: Buffer.from('9affffffff', 'hex') },
  'self attestation with a wrong signature (WA-31)': {
    attestation: {
      format: 'packed',
      statement: new Map<string, CborValue>([
        ['alg', -7],
        ['sig', Buffer.alloc(64)],
      ]),
    },
  },
  'a statement where there should be none': {
    attestation: { format: 'none', statement: new Map([['alg', -7]]) },
  },
};

for (const [lie, overrides] of Object.entries(REGISTRATION_LIES)) {
  test(`a registration is refused with ${lie}`, async () => {
    const { outcome } = await register(new Authenticator(), overrides);
    assert.equal(outcome.type, 'refused');
  });
}

test('attestation that nobody asked for is refused unread, for it names what to fetch (WA-31)', async () => {
  const certificates = new Map<string, CborValue>([
    ['alg', -7],
    ['sig', Buffer.alloc(64)],
    ['x5c', [Buffer.alloc(300)]],
  ]);
  for (const [format, statement] of [
    ['packed', certificates],
    ['tpm', certificates],
    ['android-key', certificates],
    ['fido-u2f', certificates],
    ['apple', certificates],
    ['unheard-of', new Map()],
  ] as const) {
    const { outcome } = await register(new Authenticator(), { attestation: { format, statement } });
    assert.ok(outcome.type === 'refused');
    assert.deepEqual(outcome.cause, new Error('attestation was not asked for'), format);
  }
});

test('self attestation is checked, and worth no more than none (WA-31)', async () => {
  const made = await requireMade(new Authenticator(), { attestation: 'self' });
  assert.equal(made.attestation, 'none');
});

test('a registration is refused from every origin but ours', async () => {
  for (const origin of [
    'https://evil.example',
    'http://id.example.com',
    'https://id.example.com:8443',
    `${ORIGIN}.evil.example`,
  ]) {
    const { outcome } = await register(new Authenticator(), {}, origin);
    assert.equal(outcome.type, 'refused', origin);
  }
});

test('client data that is no object is refused, and names no challenge', async () => {
  const { response } = await register(new Authenticator());
  for (const text of ['null', '[]', '1', '"text"', '{', '{"challenge":{}}', '{"challenge":1}']) {
    const clientDataJSON = Buffer.from(text).toString('base64url');
    const answer: RegistrationJson = { ...response, response: { ...response.response, clientDataJSON } };
    const outcome = await ceremonies.verifyRegistration({ response: answer, challenge: ids.newSecret() });
    assert.equal(outcome.type, 'refused', text);
    assert.equal(readChallenge(answer), '', text);
  }
});

test('ids of 16 and of 1023 bytes are accepted', async () => {
  for (const length of [16, 1023]) {
    const made = await requireMade(new Authenticator(), { credentialId: Buffer.alloc(length, 1) });
    assert.equal(Buffer.from(made.id, 'base64url').length, length);
  }
});

test('transports are kept where they are known, once each, however many come (WA-33)', async () => {
  const transports = ['<script>', 'usb', 'usb', 'cable', 'nfc', ...Array.from({ length: 5000 }, () => 'usb')];
  const made = await requireMade(new Authenticator(), { transports });
  assert.deepEqual(made.transports, ['usb', 'nfc']);
});

function signWithAnotherKey(): Buffer {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return sign('sha256', Buffer.from('anything'), privateKey);
}

const SIGN_IN_LIES: Readonly<Record<string, Use>> = {
  'another challenge': { overrides: { challenge: ids.newSecret() } },
  'the type of a registration (WA-05)': { overrides: { type: 'webauthn.create' } },
  'no user verification (WA-10)': { overrides: { userVerified: false } },
  'no user presence (WA-11)': { overrides: { userPresent: false, userVerified: false } },
  'user verification without presence (WA-11)': { overrides: { userPresent: false } },
  'a wrong signature (WA-13)': { overrides: { signature: signWithAnotherKey() } },
  'a signature that is none': { overrides: { signature: Buffer.alloc(70, 0x30) } },
  'the user handle of another account (WA-16)': { overrides: { userHandle: ids.newSecret(64) } },
  'no user handle where the person was not known': { overrides: { userHandle: null } },
  'the parent as RP ID (WA-20)': { overrides: { rpId: 'example.com' } },
  'a sibling as RP ID (WA-20)': { overrides: { rpId: 'shop.example.com' } },
  'a framed page (WA-21)': { overrides: { crossOrigin: true } },
  'a top origin (WA-21)': { overrides: { topOrigin: 'https://example.org' } },
  'another origin': { origin: 'https://evil.example' },
  'the id of another passkey': { overrides: { id: ids.newSecret() } },
};

for (const [lie, how] of Object.entries(SIGN_IN_LIES)) {
  test(`a sign-in is refused with ${lie}`, async () => {
    const authenticator = new Authenticator();
    const passkey = toPasskey(await requireMade(authenticator));
    assert.equal((await use(authenticator, passkey)).type, 'verified');
    assert.equal((await use(authenticator, passkey, how)).type, 'refused');
  });
}

test("a sign-in is refused with another's passkey id and one's own signature (WA-15)", async () => {
  const victim = toPasskey(await requireMade(new Authenticator()));
  const attacker = new Authenticator();
  const own = await requireMade(attacker);

  const outcome = await use(attacker, victim, { overrides: { signWith: own.id, id: victim.id } });
  assert.equal(outcome.type, 'refused');
});

test('a person who was known before need not be named by the authenticator, but not be named wrongly either', async () => {
  const authenticator = new Authenticator();
  const passkey = toPasskey(await requireMade(authenticator));
  const unnamed = await use(authenticator, passkey, { discoverable: false, overrides: { userHandle: null } });
  const misnamed = await use(authenticator, passkey, { discoverable: false, overrides: { userHandle: 'AAAA' } });
  assert.equal(unnamed.type, 'verified');
  assert.equal(misnamed.type, 'refused');
});

test('a changed backup eligibility is refused, and reported once the signature is right (WA-26)', async () => {
  const authenticator = new Authenticator({ backedUp: false });
  const passkey = toPasskey(await requireMade(authenticator));

  const changed = await use(authenticator, passkey, { overrides: { backupEligible: false } });
  assert.ok(changed.type === 'refused' && changed.alert === 'backup-eligibility-changed');
  const forged = await use(authenticator, passkey, {
    overrides: { backupEligible: false, signature: Buffer.alloc(64) },
  });
  assert.ok(forged.type === 'refused' && forged.alert === undefined);
});

test('the backup state may change, and is reported', async () => {
  const authenticator = new Authenticator({ backedUp: false });
  const passkey = toPasskey(await requireMade(authenticator));
  const outcome = await use(authenticator, passkey, { overrides: { backedUp: true } });
  assert.ok(outcome.type === 'verified' && outcome.backedUp);
});

test('a counter that does not rise is refused, zero for ever is not', async () => {
  const authenticator = new Authenticator();
  const passkey = { ...toPasskey(await requireMade(authenticator)), counter: 5 };
  const outcomes = [];
  for (const counter of [0, 4, 5, 6]) {
    outcomes.push((await use(authenticator, passkey, { overrides: { counter } })).type);
  }
  assert.deepEqual(outcomes, ['refused', 'refused', 'refused', 'verified']);
  assert.equal((await use(authenticator, { ...passkey, counter: 0 })).type, 'verified');
});

test('a passkey that was made for another RP ID is refused', async () => {
  const authenticator = new Authenticator();
  const passkey = toPasskey(await requireMade(authenticator));
  assert.equal((await use(authenticator, { ...passkey, rpId: 'example.com' })).type, 'refused');
});

test('nothing in the source lets user verification be left out', () => {
  const root = join(import.meta.dirname, '../../src');
  const files = globSync('**/*.ts', { cwd: root });
  assert.ok(files.length > 20);
  for (const file of files) {
    const source = readFileSync(join(root, file), 'utf8');
    const exceptions = source.match(/requireUserVerification.*|requireUserPresence.*|advancedFIDOConfig.*/g) ?? [];
    const silent = ['requireUserPresence: !silent,', 'requireUserVerification: !silent,'];
    assert.deepEqual(exceptions, file.endsWith('passkeys/ceremonies.ts') ? silent : [], file);
  }
});

test('a passkey that is made silently says by itself whether its person was verified, and nothing else is relaxed', async () => {
  const make = async (overrides: CreationOverrides) => {
    const challenge = ids.newSecret();
    const options = await ceremonies.registrationOptions({
      account: owner,
      organizationName: 'An Organization',
      challenge,
      exclude: [],
      silent: true,
    });
    assert.equal(options.authenticatorSelection?.userVerification, 'preferred');
    const response = new Authenticator().create(options, { origin: ORIGIN, overrides });
    return ceremonies.verifyRegistration({ response, challenge, silent: true });
  };

  for (const userVerified of [false, true]) {
    const outcome = await make({ userPresent: userVerified, userVerified });
    assert.equal(outcome.type === 'verified' && outcome.userVerified, userVerified);
    assert.equal(outcome.type, 'verified');
  }
  for (const lie of [{ rpId: 'evil.example' }, { crossOrigin: true }, { type: 'webauthn.get' }])
    assert.equal((await make({ userPresent: false, userVerified: false, ...lie })).type, 'refused');
});

test('pages of related origins are accepted, and no others', async () => {
  const related = new Ceremonies({ rpId: RP_ID, origins: [ORIGIN, 'https://shop.example'] });
  for (const [origin, type] of [
    ['https://shop.example', 'verified'],
    [ORIGIN, 'verified'],
    ['https://evil.example', 'refused'],
  ] as const) {
    const challenge = ids.newSecret();
    const response = new Authenticator().create(await ask(challenge), { origin });
    assert.equal((await related.verifyRegistration({ response, challenge })).type, type, origin);
  }
});
