import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseEnv } from 'node:util';
import { loadConfig } from '../../config/load.ts';
import { PRESETS } from '../../config/presets.ts';
import { ENVIRONMENTS, findDefault, SETTINGS, type Setting } from '../../config/settings.ts';
import { findStaleDocuments, generateDocuments } from '../../scripts/generate-docs.ts';
import { policySchema } from '../../src/organizations/policy.ts';

const TABLE: readonly (readonly [string, Setting])[] = Object.entries(SETTINGS);

test('every default and every example can be read', () => {
  for (const [name, setting] of TABLE) {
    const texts = [setting.example, ...ENVIRONMENTS.map((environment) => findDefault(setting, environment))];
    for (const text of texts.filter((candidate) => candidate !== undefined)) {
      assert.ok(setting.read.safeParse(text).success, `${name}: ${text}`);
    }
  }
});

test('every setting has a sentence, and says what happens without it', () => {
  for (const [name, setting] of TABLE) {
    assert.match(setting.sentence, /^[A-Z].*\.$/, name);
    assert.ok(setting.default !== undefined || setting.otherwise, name);
  }
});

test('every secret has an example that production can refuse, and no default', () => {
  for (const [name, setting] of TABLE.filter(([, { secret }]) => secret)) {
    assert.ok(setting.example, name);
    assert.equal(setting.default, undefined, name);
  }
});

test('the documents are what the tables say', async () => {
  assert.deepEqual(await findStaleDocuments(), []);
});

test('the example file names every setting, and all of it can be used but the secrets', () => {
  const example = generateDocuments().get('.env.example') ?? '';
  const variables = parseEnv(example.replaceAll(/^#(CARDEA_)/gm, '$1'));
  assert.deepEqual(Object.keys(variables).sort(), Object.keys(SETTINGS).sort());
  const secrets = {
    CARDEA_SEALING_KEY: Buffer.alloc(32, 1).toString('base64'),
    CARDEA_COOKIE_KEYS: 'a cookie key that nobody else has',
    CARDEA_MONGODB_URL: 'mongodb://db.internal',
    CARDEA_REDIS_URL: 'redis://cache.internal',
    CARDEA_SMTP_URL: 'smtps://mail.internal',
  };
  assert.equal(loadConfig({ ...variables, ...secrets }).config.env, 'production');
  assert.throws(() => loadConfig(variables), /(everybody knows[\s\S]*){5}/);
});

for (const [name, policy] of Object.entries(PRESETS)) {
  test(`the preset ${name} is a policy that can be followed`, () => {
    assert.deepEqual(policySchema.parse(policy), policy);
  });
}
