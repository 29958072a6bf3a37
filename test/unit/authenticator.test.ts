import assert from 'node:assert/strict';
import { createPublicKey, hash, verify } from 'node:crypto';
import { test } from 'node:test';
import { Authenticator } from '../support/authenticator.ts';
import { type CborValue, encodeCbor } from '../support/cbor.ts';

const ORIGIN = 'https://id.example.com';

const CREATION = {
  challenge: Buffer.alloc(32, 1).toString('base64url'),
  rp: { id: 'id.example.com' },
  user: { id: Buffer.alloc(64, 2).toString('base64url') },
  pubKeyCredParams: [{ alg: -8 }, { alg: -7 }, { alg: -257 }],
};

const REQUEST = { challenge: Buffer.alloc(32, 3).toString('base64url'), rpId: 'id.example.com' };

function readFlags(authenticatorData: string): number {
  return Buffer.from(authenticatorData, 'base64url').readUInt8(32);
}

// The examples of RFC 8949 appendix A.
const CBOR_EXAMPLES: readonly (readonly [CborValue, string])[] = [
  [0, '00'],
  [23, '17'],
  [24, '1818'],
  [1000, '1903e8'],
  [1000000, '1a000f4240'],
  [-1, '20'],
  [-100, '3863'],
  [true, 'f5'],
  [false, 'f4'],
  ['', '60'],
  ['IETF', '6449455446'],
  [Buffer.from('01020304', 'hex'), '4401020304'],
  [[1, [2, 3], [4, 5]], '8301820203820405'],
  [
    new Map([
      [1, 2],
      [3, 4],
    ]),
    'a201020304',
  ],
];

test('the CBOR encoder writes the examples of RFC 8949', () => {
  for (const [value, hex] of CBOR_EXAMPLES) assert.equal(encodeCbor(value).toString('hex'), hex);
});

for (const algorithm of ['ES256', 'EdDSA', 'RS256'] as const) {
  test(`a passkey made with ${algorithm} signs what WebAuthn demands`, () => {
    const authenticator = new Authenticator({ algorithm });
    const made = authenticator.create(CREATION, { origin: ORIGIN });
    const used = authenticator.get(REQUEST, { origin: ORIGIN });

    const key = createPublicKey({
      key: Buffer.from(made.response.publicKey, 'base64url'),
      format: 'der',
      type: 'spki',
    });
    const clientData = Buffer.from(used.response.clientDataJSON, 'base64url');
    const signed = Buffer.concat([
      Buffer.from(used.response.authenticatorData, 'base64url'),
      hash('sha256', clientData, 'buffer'),
    ]);
    const signature = Buffer.from(used.response.signature, 'base64url');
    assert.ok(verify(algorithm === 'EdDSA' ? null : 'sha256', signed, key, signature));
    assert.equal(used.id, made.id);
    assert.equal(used.response.userHandle, CREATION.user.id);
    assert.deepEqual(JSON.parse(clientData.toString()), {
      type: 'webauthn.get',
      challenge: REQUEST.challenge,
      origin: ORIGIN,
      crossOrigin: false,
    });
  });
}

test('the flags say what the authenticator is and what its user did', () => {
  const synced = new Authenticator().create(CREATION, { origin: ORIGIN });
  const hardware = new Authenticator({ backupEligible: false }).create(CREATION, { origin: ORIGIN });
  const absent = new Authenticator().create(CREATION, {
    origin: ORIGIN,
    overrides: { userPresent: false, userVerified: false },
  });

  assert.equal(readFlags(synced.response.authenticatorData), 0b0101_1101);
  assert.equal(readFlags(hardware.response.authenticatorData), 0b0100_0101);
  assert.equal(readFlags(absent.response.authenticatorData), 0b0101_1000);
});

test('a counting authenticator counts each use, a synced one reports zero', () => {
  for (const [counter, expected] of [
    ['counting', [1, 2]],
    ['zero', [0, 0]],
  ] as const) {
    const authenticator = new Authenticator({ counter });
    authenticator.create(CREATION, { origin: ORIGIN });
    const counts = [1, 2].map(() => {
      const { response } = authenticator.get(REQUEST, { origin: ORIGIN });
      return Buffer.from(response.authenticatorData, 'base64url').readUInt32BE(33);
    });
    assert.deepEqual(counts, expected);
  }
});

test('like a browser it refuses what it has already, what it cannot make and what it does not have', () => {
  const authenticator = new Authenticator();
  const { id } = authenticator.create(CREATION, { origin: ORIGIN });

  const create = (more: object) => () => authenticator.create({ ...CREATION, ...more }, { origin: ORIGIN });
  assert.throws(create({ excludeCredentials: [{ id }] }), { name: 'InvalidStateError' });
  assert.throws(create({ pubKeyCredParams: [{ alg: -8 }] }), { name: 'NotSupportedError' });

  const get = (more: object) => () => authenticator.get({ ...REQUEST, ...more }, { origin: ORIGIN });
  assert.throws(get({ allowCredentials: [{ id: 'another' }] }), { name: 'NotAllowedError' });
  assert.throws(get({ rpId: 'example.org' }), { name: 'NotAllowedError' });
});
