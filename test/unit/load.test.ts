import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { ConfigError, loadConfig } from '../../config/load.ts';
import { SETTINGS } from '../../config/settings.ts';
import { makeTempFolder } from '../support/temp-folder.ts';

const KEY = Buffer.alloc(32, 7).toString('base64');
const COOKIE_KEY = 'c'.repeat(32);
const PRODUCTION = {
  CARDEA_ENV: 'production',
  CARDEA_ISSUER: 'https://id.example.com',
  CARDEA_SEALING_KEY: KEY,
  CARDEA_COOKIE_KEYS: COOKIE_KEY,
  CARDEA_SMTP_URL: 'smtps://name:password@mail.internal',
};

const SERVERS = { CARDEA_MONGODB_URL: 'mongodb://db.internal', CARDEA_REDIS_URL: 'redis://cache.internal' };

/** The problems that these variables have. */
function findProblems(variables: Readonly<Record<string, string>>): readonly string[] {
  try {
    loadConfig(variables);
    return [];
  } catch (error) {
    assert.ok(error instanceof ConfigError);
    return error.problems;
  }
}

/** Whether a text is accepted for a setting, in development. */
function isAccepted(name: string, text: string): boolean {
  return findProblems({ [name]: text }).length === 0;
}

test('without variables the defaults of development apply', () => {
  assert.deepEqual(loadConfig({}), {
    config: {
      env: 'development',
      issuer: 'http://localhost:3000',
      rpId: 'localhost',
      mailFrom: 'no-reply@localhost',
      host: '127.0.0.1',
      port: 3000,
      dataDir: './data',
      workers: 1,
      organizationName: 'Demo',
      policy: 'convenience',
      demo: true,
      demoPort: 3001,
      trustedProxies: [],
      outboundAllow: [],
      relatedOrigins: [],
      sessionIdleMinutes: 60,
      sessionHours: 24,
      hashMemoryKib: 65_536,
      hashPasses: 3,
      limitToken: 300,
      limitSource: 30,
      limitPasskey: 12,
      limitPages: 300,
      logLevel: 'info',
      logFormat: 'pretty',
    },
    secrets: {},
    warnings: [],
  });
});

test('on another port the issuer is that port of this machine, unless it is named', () => {
  assert.equal(loadConfig({ CARDEA_PORT: '4000' }).config.issuer, 'http://localhost:4000');
  const named = loadConfig({ CARDEA_PORT: '4000', CARDEA_ISSUER: 'https://id.example.com' });
  assert.equal(named.config.issuer, 'https://id.example.com');
});

test('production has its own defaults', () => {
  const { config } = loadConfig(PRODUCTION);
  assert.deepEqual([config.demo, config.logFormat, config.rpId], [false, 'json', 'id.example.com']);
});

test('secrets are read apart from the rest', () => {
  const { config, secrets } = loadConfig({ ...PRODUCTION, CARDEA_COOKIE_KEYS: `${COOKIE_KEY}, ${'d'.repeat(40)}` });
  assert.deepEqual(Buffer.from(secrets.sealingKey ?? []), Buffer.alloc(32, 7));
  assert.deepEqual(secrets.cookieKeys, [COOKIE_KEY, 'd'.repeat(40)]);
  assert.ok(!JSON.stringify(config).includes(COOKIE_KEY));
});

test('every problem is listed at once, with the name of its setting', () => {
  const problems = findProblems({
    CARDEA_PORT: '70000',
    CARDEA_POLICY: 'lax',
    CARDEA_DEMO: 'yes',
    CARDEA_ISSUER: 'here',
  });
  assert.deepEqual(
    problems.map((problem) => problem.split(' ')[0]),
    ['CARDEA_ISSUER', 'CARDEA_PORT', 'CARDEA_POLICY', 'CARDEA_DEMO'],
  );
});

test('production refuses what is only fit for trying out', () => {
  const refused = [
    { ...PRODUCTION, CARDEA_ISSUER: 'http://localhost:3000' },
    { ...PRODUCTION, CARDEA_DEMO: 'on' },
    { ...PRODUCTION, CARDEA_SEALING_KEY: '' },
    { ...PRODUCTION, CARDEA_COOKIE_KEYS: '' },
    { ...PRODUCTION, CARDEA_SMTP_URL: '' },
    { ...PRODUCTION, CARDEA_SEALING_KEY: SETTINGS.CARDEA_SEALING_KEY.example },
    { ...PRODUCTION, CARDEA_COOKIE_KEYS: `${COOKIE_KEY},${SETTINGS.CARDEA_COOKIE_KEYS.example}` },
    { ...PRODUCTION, ...SERVERS, CARDEA_REDIS_URL: SETTINGS.CARDEA_REDIS_URL.example },
    { ...PRODUCTION, CARDEA_SMTP_URL: SETTINGS.CARDEA_SMTP_URL.example },
  ];
  assert.deepEqual(findProblems(PRODUCTION), []);
  for (const variables of refused) assert.equal(findProblems(variables).length, 1, JSON.stringify(variables));
});

test('production needs no servers, and more than one process does', () => {
  assert.deepEqual(findProblems({ ...PRODUCTION, ...SERVERS, CARDEA_WORKERS: '4' }), []);
  assert.deepEqual(findProblems({ CARDEA_WORKERS: '2' }), [
    'CARDEA_WORKERS must be 1 unless CARDEA_MONGODB_URL and CARDEA_REDIS_URL are set',
  ]);
});

test('one of the two servers without the other is refused, by the name of the one that is missing', () => {
  const { CARDEA_MONGODB_URL, CARDEA_REDIS_URL } = SERVERS;
  assert.deepEqual(findProblems({ CARDEA_MONGODB_URL }), [
    'CARDEA_REDIS_URL must be set too, since CARDEA_MONGODB_URL is',
  ]);
  assert.deepEqual(findProblems({ CARDEA_REDIS_URL }), [
    'CARDEA_MONGODB_URL must be set too, since CARDEA_REDIS_URL is',
  ]);
});

test('the address of a server has a scheme of its own, and is a secret', () => {
  const { config, secrets } = loadConfig(SERVERS);
  assert.deepEqual(secrets, { mongodbUrl: SERVERS.CARDEA_MONGODB_URL, redisUrl: SERVERS.CARDEA_REDIS_URL });
  assert.ok(!JSON.stringify(config).includes('db.internal'));
  for (const text of ['db.internal', 'http://db.internal', 'redis://db.internal'])
    assert.equal(findProblems({ ...SERVERS, CARDEA_MONGODB_URL: text }).length, 1, text);
  for (const scheme of ['rediss', 'redis+sentinel', 'rediss+cluster'])
    assert.deepEqual(findProblems({ ...SERVERS, CARDEA_REDIS_URL: `${scheme}://cache.internal` }), []);
  for (const text of ['cache.internal', 'valkey://cache.internal', 'redis+single://cache.internal'])
    assert.equal(findProblems({ ...SERVERS, CARDEA_REDIS_URL: text }).length, 1, text);
});

test('mails come from the host of the issuer unless another address is set', () => {
  assert.equal(loadConfig(PRODUCTION).config.mailFrom, 'no-reply@id.example.com');
  assert.equal(loadConfig({ CARDEA_MAIL_FROM: 'Help@example.com' }).config.mailFrom, 'Help@example.com');
  for (const text of ['Help', 'help@', '@example.com', 'Help <help@example.com>', 'a@b@c', 'a@b\r\nBcc: c@d'])
    assert.ok(!isAccepted('CARDEA_MAIL_FROM', text), text);
});

test('the address of the mail server has a scheme of its own, and is a secret', () => {
  const { config, secrets } = loadConfig(PRODUCTION);
  assert.equal(secrets.smtpUrl, PRODUCTION.CARDEA_SMTP_URL);
  assert.ok(!JSON.stringify(config).includes('mail.internal'));
  assert.ok(isAccepted('CARDEA_SMTP_URL', 'smtp://mail.internal:587'));
  for (const text of ['mail.internal', 'https://mail.internal']) assert.ok(!isAccepted('CARDEA_SMTP_URL', text), text);
});

test('an example secret is refused with and without its padding', () => {
  const { example } = SETTINGS.CARDEA_SEALING_KEY;
  for (const text of [example, `${example}=`]) {
    assert.deepEqual(findProblems({ ...PRODUCTION, CARDEA_SEALING_KEY: text }), [
      'CARDEA_SEALING_KEY is the example that everybody knows',
    ]);
  }
});

test('production may write logs for people', () => {
  assert.equal(loadConfig({ ...PRODUCTION, CARDEA_LOG_FORMAT: 'pretty' }).config.logFormat, 'pretty');
});

test('an environment that cannot be read is held to the rules of production', () => {
  assert.ok(findProblems({ CARDEA_ENV: 'prod' }).some((problem) => problem.startsWith('CARDEA_SEALING_KEY')));
});

test('an unknown name is a problem in production and a warning in development, with the name that was meant', () => {
  const sentence = 'CARDEA_ISUER is not a setting; did you mean CARDEA_ISSUER?';
  assert.deepEqual(loadConfig({ CARDEA_ISUER: 'x' }).warnings, [sentence]);
  assert.deepEqual(findProblems({ ...PRODUCTION, CARDEA_ISUER: 'x' }), [sentence]);
  assert.deepEqual(loadConfig({ CARDEA_SOMETHING_ELSE_ENTIRELY: 'x' }).warnings, [
    'CARDEA_SOMETHING_ELSE_ENTIRELY is not a setting',
  ]);
});

test('variables of others and of the tests are not looked at', () => {
  assert.deepEqual(findProblems({ ...PRODUCTION, PATH: '/bin', CARDEA_TEST_CHROMIUM: '/usr/bin/chromium' }), []);
});

test('a value can stand in a file, with white space around it', (t) => {
  const file = join(makeTempFolder(t), 'key');
  writeFileSync(file, `\n${KEY}\r\n`);
  const { CARDEA_SEALING_KEY: _, ...rest } = PRODUCTION;
  const { secrets } = loadConfig({ ...rest, CARDEA_SEALING_KEY_FILE: file });
  assert.equal(secrets.sealingKey?.length, 32);
});

test('a file that is absent, empty or beside a value is a problem', (t) => {
  const folder = makeTempFolder(t);
  const empty = join(folder, 'empty');
  writeFileSync(empty, '\n');
  assert.deepEqual(findProblems({ CARDEA_PORT_FILE: empty }), ['CARDEA_PORT_FILE names an empty file']);
  assert.deepEqual(findProblems({ CARDEA_PORT_FILE: join(folder, 'absent') }), [
    'CARDEA_PORT_FILE names a file that cannot be read (ENOENT)',
  ]);
  assert.match(findProblems({ CARDEA_PORT: '1', CARDEA_PORT_FILE: empty }).join(), /both set/);
});

test('no problem repeats what it is about, which may be a secret in the wrong place', () => {
  const planted = 'planted-secret';
  for (const name of Object.keys(SETTINGS)) {
    for (const variable of [name, `${name}_FILE`]) {
      const problems = findProblems({ ...PRODUCTION, [variable]: planted }).join();
      assert.ok(!problems.includes(planted), problems);
    }
  }
});

test('the issuer is an origin with a host name, and http only on this machine', () => {
  const accepted = ['https://id.example.com', 'https://id.example.com:8443', 'http://localhost:3000', 'https://login'];
  const refused = [
    'id.example.com',
    'http://id.example.com',
    'https://id.example.com/',
    'https://id.example.com/login',
    'https://id.example.com?a=b',
    'https://id.example.com#a',
    'https://someone@id.example.com',
    'https://ID.example.com',
    'https://id.example.com:443',
    'https://192.0.2.1',
    'https://[2001:db8::1]',
    'http://127.0.0.1:3000',
    'http://localhost.example.com',
    'ftp://id.example.com',
  ];
  for (const text of accepted) assert.ok(isAccepted('CARDEA_ISSUER', text), text);
  for (const text of refused) assert.ok(!isAccepted('CARDEA_ISSUER', text), text);
});

test('the RP ID is the host name of the issuer or a parent domain of it', () => {
  const judge = (rpId: string) =>
    findProblems({ CARDEA_ISSUER: 'https://id.login.example.com', CARDEA_RP_ID: rpId }).length === 0;
  for (const rpId of ['id.login.example.com', 'login.example.com', 'example.com']) assert.ok(judge(rpId), rpId);
  for (const rpId of [
    'com',
    'other.com',
    'ple.com',
    'a.id.login.example.com',
    'Example.com',
    '-',
    'https://example.com',
  ]) {
    assert.ok(!judge(rpId), rpId);
  }
});

test('trusted proxies are addresses or ranges, but not everybody', () => {
  for (const text of ['127.0.0.1', '10.0.0.0/8, ::1', 'fd00::/8', '']) {
    assert.ok(isAccepted('CARDEA_TRUSTED_PROXIES', text), text);
  }
  for (const text of ['proxy', '10.0.0.0/33', '0.0.0.0/0', '::/0', '10.0.0', '0x7f.1', '10.0.0.1;10.0.0.2']) {
    assert.ok(!isAccepted('CARDEA_TRUSTED_PROXIES', text), text);
  }
});

test('outbound exceptions are origins', () => {
  const { config } = loadConfig({ CARDEA_OUTBOUND_ALLOW: 'http://127.0.0.1:4000,https://hooks.internal' });
  assert.deepEqual(config.outboundAllow, ['http://127.0.0.1:4000', 'https://hooks.internal']);
  for (const text of ['hooks.internal', 'https://hooks.internal/', '*', 'file:///etc']) {
    assert.ok(!isAccepted('CARDEA_OUTBOUND_ALLOW', text), text);
  }
});

test('a sealing key has 32 bytes, a cookie key at least 32 characters', () => {
  const base64url = Buffer.alloc(32, 0xff).toString('base64url');
  for (const text of [KEY, base64url]) assert.ok(isAccepted('CARDEA_SEALING_KEY', text), text);
  for (const text of ['short', Buffer.alloc(31).toString('base64'), Buffer.alloc(33).toString('base64')]) {
    assert.ok(!isAccepted('CARDEA_SEALING_KEY', text), text);
  }
  for (const text of ['short', `${COOKIE_KEY},short`]) assert.ok(!isAccepted('CARDEA_COOKIE_KEYS', text), text);
});

test('numbers are whole, in decimal digits and within their bounds', () => {
  for (const text of ['19455', '1e5', '-1', '65536.5', '0x10000', 'Infinity', '١٢٣٤٥٦']) {
    assert.ok(!isAccepted('CARDEA_HASH_MEMORY_KIB', text), text);
  }
  assert.equal(loadConfig({ CARDEA_HASH_MEMORY_KIB: '19456' }).config.hashMemoryKib, 19_456);
  assert.ok(!isAccepted('CARDEA_HASH_PASSES', '1'));
});
