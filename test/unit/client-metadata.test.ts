import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { describe, test } from 'node:test';
import { type ClientInput, parseClientInput } from '../../src/clients/client-input.ts';
import {
  describeClient,
  toClientProblem,
  toMetadata,
  toProviderMetadata,
  toSettings,
} from '../../src/clients/client-metadata.ts';
import { InputError } from '../../src/lib/input-error.ts';
import { buildClient } from '../support/builders.ts';

const MINIMAL = { name: 'Ledger', redirectUris: ['https://ledger.example/callback'] };

describe('what an administrator gives', () => {
  test('a name and a redirect URI are enough for a web application', () => {
    const { name, authMethod, grantTypes, scopes, requirePkce, consent } = parseClientInput(MINIMAL);
    assert.deepEqual(
      { name, authMethod, grantTypes, scopes, requirePkce, consent },
      {
        name: 'Ledger',
        authMethod: 'client_secret_basic',
        grantTypes: ['authorization_code', 'refresh_token'],
        scopes: ['openid', 'profile', 'email', 'offline_access'],
        requirePkce: true,
        consent: 'ask',
      },
    );
  });

  test('a native application proves nothing unless it says otherwise', () => {
    const native = { ...MINIMAL, applicationType: 'native', redirectUris: ['com.example.ledger:/callback'] };
    assert.equal(parseClientInput(native).authMethod, 'none');
    assert.equal(parseClientInput({ ...native, authMethod: 'client_secret_post' }).authMethod, 'client_secret_post');
  });

  test('a machine gets no scopes of people', () => {
    assert.deepEqual(parseClientInput({ name: 'Nightly', grantTypes: ['client_credentials'] }).scopes, []);
  });

  test('every problem is named at once, those between fields too', () => {
    const input = {
      name: ' ',
      redirectUris: ['https://ledger.example/#here', 'http://ledger.example/'],
      authMethod: 'none',
      requirePkce: false,
      grantTypes: ['client_credentials', 'refresh_token'],
      colour: 'green',
    };
    assert.deepEqual(findFields(input), [
      'colour',
      'grantTypes',
      'grantTypes',
      'name',
      'redirectUris[0]',
      'redirectUris[1]',
      'requirePkce',
    ]);
  });

  test('input that is no object is one problem', () => {
    assert.deepEqual(findFields('Ledger'), ['']);
  });
});

describe('redirect URIs', () => {
  const refused: readonly (readonly [uri: string, why: string])[] = [
    ['/callback', 'it is relative'],
    ['https://ledger.example/#x', 'it has a fragment'],
    ['https://ledger.example/#', 'it has an empty fragment'],
    ['https://*.ledger.example/', 'it has a wildcard'],
    ['https://ledger.example/*', 'it has a wildcard in its path'],
    ['https://person@ledger.example/', 'it names a person'],
    ['https://@ledger.example/', 'it has room for a person'],
    ['https:ledger.example', 'its slashes are missing'],
    ['https:\\\\ledger.example', 'it has backslashes'],
    ['https://ledger.example/a b', 'it has a space'],
    ['https://ledger.example/\n', 'it has a line break'],
    ['https://ledgér.example/', 'it is not ASCII'],
    ['http://ledger.example/', 'it is not encrypted'],
    ['http://localhost.evil.example/', 'it only begins like localhost'],
    ['http://127.0.0.2/', 'it is another address'],
    ['javascript:alert(1)', 'it is a script'],
    ['data:text/html,x', 'it is a document'],
    ['myapp:/callback', 'its scheme has no dot'],
    ['com.example.app:/callback', 'it is for native applications'],
    [`https://ledger.example/${'a'.repeat(2048)}`, 'it is too long'],
  ];
  for (const [uri, why] of refused) {
    test(`${JSON.stringify(uri.slice(0, 40))} is refused: ${why}`, () => {
      const [field = ''] = findFields({ ...MINIMAL, redirectUris: [uri] });
      assert.match(field, /^redirectUris/);
      const [logoutField = ''] = findFields({ ...MINIMAL, postLogoutRedirectUris: [uri] });
      assert.match(logoutField, /^postLogoutRedirectUris/);
    });
  }

  test('https, loopback and a scheme with a dot are accepted as they are written', () => {
    const web = ['https://ledger.example', 'http://localhost:3000/cb', 'http://127.0.0.1/cb?x=1', 'http://[::1]:8080/'];
    assert.deepEqual(parseClientInput({ ...MINIMAL, redirectUris: web }).redirectUris, web);
    const native = ['com.example.ledger:/callback', 'http://127.0.0.1/callback'];
    assert.deepEqual(
      parseClientInput({ ...MINIMAL, applicationType: 'native', redirectUris: native }).redirectUris,
      native,
    );
  });

  test('a native application uses http for its own machine, as oidc-provider demands', () => {
    const input = { ...MINIMAL, applicationType: 'native', redirectUris: ['https://localhost/callback'] };
    assert.deepEqual(findFields(input), ['redirectUris']);
  });

  test('there are 1 to 50, each once', () => {
    const list = (length: number) => Array.from({ length }, (_, index) => `https://ledger.example/${index}`);
    assert.equal(parseClientInput({ ...MINIMAL, redirectUris: list(50) }).redirectUris.length, 50);
    for (const redirectUris of [[], list(51), [...list(1), ...list(1)]]) {
      assert.deepEqual(findFields({ ...MINIMAL, redirectUris }), ['redirectUris']);
    }
  });
});

describe('names', () => {
  for (const name of [
    '',
    'a'.repeat(101),
    'Led\nger',
    'Led\u202Eger',
    'Led\u2066ger',
    'Led\u0000ger',
    'Led\u2028ger',
    '\uD800',
  ]) {
    test(`${JSON.stringify(name.slice(0, 12))} is refused`, () => {
      assert.deepEqual(findFields({ ...MINIMAL, name }), ['name']);
    });
  }
});

describe('keys of a client', () => {
  const rsa = (modulusLength: number, publicExponent?: number) =>
    generateKeyPairSync('rsa', { modulusLength, ...(publicExponent && { publicExponent }) }).publicKey.export({
      format: 'jwk',
    });
  const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const withKeys = (keys: readonly unknown[]) => ({ ...MINIMAL, authMethod: 'private_key_jwt', jwks: { keys } });

  test('public RSA, EC and Ed25519 keys are accepted', () => {
    const ed25519 = generateKeyPairSync('ed25519').publicKey.export({ format: 'jwk' });
    const keys = [rsa(2048), ec.publicKey.export({ format: 'jwk' }), ed25519];
    assert.equal(parseClientInput(withKeys(keys)).jwks?.keys.length, 3);
  });

  const { x: _, ...withoutX } = ec.publicKey.export({ format: 'jwk' });
  const refused: { readonly [why: string]: unknown } = {
    'a private key': ec.privateKey.export({ format: 'jwk' }),
    'a shared secret': { kty: 'oct', k: 'c2VjcmV0' },
    'a short RSA key': rsa(1024),
    'an exponent of 3': rsa(2048, 3),
    'an even exponent': { ...rsa(2048), e: 'AQAC' },
    'an exponent of 1': { ...rsa(2048), e: 'AQ' },
    'a foreign curve': generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).publicKey.export({ format: 'jwk' }),
    'a point off the curve': { ...ec.publicKey.export({ format: 'jwk' }), x: 'AAAA' },
    'half a point': withoutX,
    'an unknown type': { kty: 'LWE' },
  };
  for (const [why, key] of Object.entries(refused)) {
    test(`${why} is refused`, () => assert.deepEqual(findFields(withKeys([key])), ['jwks.keys[0]']));
  }

  test('there are 1 to 10', () => {
    const key = ec.publicKey.export({ format: 'jwk' });
    assert.deepEqual(findFields(withKeys([])), ['jwks.keys']);
    assert.deepEqual(findFields(withKeys(Array.from({ length: 11 }, () => key))), ['jwks.keys']);
  });

  test('they are needed for private_key_jwt and refused for anything else', () => {
    const jwksUri = 'https://ledger.example/jwks';
    assert.equal(parseClientInput({ ...MINIMAL, authMethod: 'private_key_jwt', jwksUri }).jwksUri, jwksUri);
    assert.deepEqual(findFields({ ...MINIMAL, authMethod: 'private_key_jwt' }), ['jwks']);
    assert.deepEqual(findFields({ ...MINIMAL, jwksUri }), ['jwks']);
    assert.deepEqual(findFields({ ...withKeys([ec.publicKey.export({ format: 'jwk' })]), jwksUri }), ['jwks']);
  });

  for (const jwksUri of [
    'http://localhost/jwks',
    'https://10.0.0.1/jwks',
    'https://0x7f.1/jwks',
    'https://[::1]/jwks',
    'https://keys/',
    'https://a.localhost/',
    'file:///etc/passwd',
  ]) {
    test(`they are not fetched from ${jwksUri}`, () => {
      assert.deepEqual(findFields({ ...MINIMAL, authMethod: 'private_key_jwt', jwksUri }), ['jwksUri']);
    });
  }
});

describe('APIs', () => {
  const API = 'https://ledger.example/api';
  const withScopes = (scopes: readonly string[]) => ({ ...MINIMAL, resources: [{ indicator: API, scopes }] });
  const numbered = (length: number) => Array.from({ length }, (_, index) => `ledger:${index}`);

  test('an API has scopes of its own, or none', () => {
    const resources = [{ indicator: API, scopes: ['ledger:read', 'ledger:write'] }, { indicator: `${API}/v2` }];
    assert.deepEqual(parseClientInput({ ...MINIMAL, resources }).resources, [
      resources[0],
      { indicator: `${API}/v2`, scopes: [] },
    ]);
    assert.deepEqual(parseClientInput(MINIMAL).resources, []);
  });

  test('it is named by an absolute URI without fragment', () => {
    for (const indicator of ['', '/api', 'ledger', `${API}#x`, `${API} ledger:read`]) {
      assert.deepEqual(findFields({ ...MINIMAL, resources: [{ indicator }] }), ['resources[0].indicator'], indicator);
    }
  });

  test('a scope is a scope-token of 1 to 100 characters', () => {
    const longest = 'x'.repeat(100);
    assert.deepEqual(parseClientInput(withScopes(['!', '[~]', longest])).resources[0]?.scopes, ['!', '[~]', longest]);
    for (const scope of ['', 'a b', 'a"b', 'a\\b', 'lédger', 'a\n', '\u007f', `${longest}x`]) {
      assert.deepEqual(findFields(withScopes([scope])), ['resources[0].scopes[0]'], JSON.stringify(scope));
    }
  });

  for (const scope of ['openid', 'offline_access', 'profile', 'email', 'phone', 'address', 'organization']) {
    test(`${scope} is a scope of people, not of an API`, () => {
      assert.deepEqual(findFields(withScopes(['ledger:read', scope])), ['resources[0].scopes[1]']);
    });
  }

  test('there are up to 20, with up to 50 scopes each, each once', () => {
    const list = (length: number) => numbered(length).map((name) => ({ indicator: `${API}/${name}` }));
    assert.equal(parseClientInput({ ...MINIMAL, resources: list(20) }).resources.length, 20);
    for (const resources of [list(21), [...list(1), ...list(1)]]) {
      assert.deepEqual(findFields({ ...MINIMAL, resources }), ['resources']);
    }
    assert.equal(parseClientInput(withScopes(numbered(50))).resources[0]?.scopes.length, 50);
    for (const scopes of [numbered(51), ['ledger:read', 'ledger:read']]) {
      assert.deepEqual(findFields(withScopes(scopes)), ['resources[0].scopes']);
    }
  });

  test('every problem of every API is named at once', () => {
    const resources = [
      { indicator: '/api', scopes: ['openid', 'a b', 'a b'] },
      { indicator: API, scope: 'ledger:read' },
      API,
      { indicator: API },
    ];
    assert.deepEqual(findFields({ ...MINIMAL, resources }), [
      'resources[0].indicator',
      'resources[0].scopes',
      'resources[0].scopes[0]',
      'resources[0].scopes[1]',
      'resources[0].scopes[2]',
      'resources[1].scope',
      'resources[2]',
    ]);
  });
});

describe('metadata', () => {
  const registration = parseClientInput({
    ...MINIMAL,
    consent: 'skip',
    idTokenAlgorithm: 'ES256',
    resources: [{ indicator: 'https://api.example/', scopes: ['ledger:read', 'ledger:write'] }],
  } satisfies ClientInput);
  const client = buildClient({
    name: 'Ledger',
    metadata: toMetadata(registration),
    settings: toSettings(registration),
  });

  test('it carries the standard names, in an order that never changes', () => {
    assert.deepEqual(Object.entries(toProviderMetadata(client, 'secret')), [
      ['client_id', client.id],
      ['client_name', 'Ledger'],
      ['application_type', 'web'],
      ['redirect_uris', ['https://ledger.example/callback']],
      ['post_logout_redirect_uris', []],
      ['grant_types', ['authorization_code', 'refresh_token']],
      ['token_endpoint_auth_method', 'client_secret_basic'],
      ['id_token_signed_response_alg', 'ES256'],
      ['require_pushed_authorization_requests', false],
      ['response_types', ['code']],
      ['scope', 'openid profile email offline_access'],
      ['client_secret', 'secret'],
      ['cardea_require_pkce', true],
      ['cardea_consent', 'skip'],
      ['cardea_scope_claims_in_id_token', false],
      ['cardea_resources', [{ indicator: 'https://api.example/', scopes: ['ledger:read', 'ledger:write'] }]],
    ]);
  });

  test('a client described reads back as what was registered', () => {
    assert.deepEqual(parseClientInput(describeClient(client)), registration);
    const machine = parseClientInput({ name: 'Nightly', grantTypes: ['client_credentials'] });
    const stored = buildClient({ name: machine.name, metadata: toMetadata(machine), settings: toSettings(machine) });
    assert.deepEqual(parseClientInput(describeClient(stored)), machine);
  });

  test('a complaint of oidc-provider names the field of the input', () => {
    assert.deepEqual(toClientProblem('redirect_uris must contain members'), {
      field: 'redirectUris',
      message: 'must contain members',
    });
    assert.deepEqual(toClientProblem('scope must only contain'), { field: 'scopes', message: 'must only contain' });
    assert.deepEqual(toClientProblem('all is lost'), { field: '', message: 'all is lost' });
  });
});

function findFields(input: unknown): string[] {
  try {
    parseClientInput(input);
  } catch (error) {
    if (error instanceof InputError) return error.problems.map(({ field }) => field).sort();
    throw error;
  }
  return [];
}
