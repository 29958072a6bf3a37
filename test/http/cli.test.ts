import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { openTestApp } from '../support/app.ts';
import { openCardea, runProgram } from '../support/command-line.ts';
import { makeTempFolder } from '../support/temp-folder.ts';

const LEDGER = ['client', 'add', '--name', 'Ledger', '--redirect-uri', 'https://ledger.example/callback'];
const PASSWORD = 'correct horse battery staple';

test('a machine registered beside a running server gets a token at once, and none once it is removed', async (t) => {
  const { advance, environment } = await openTestApp(t);
  const cardea = openCardea(t, environment);
  const added = await cardea(['client', 'add', '--name', 'Nightly', '--grant-type', 'client_credentials', '--json']);
  const { clientId, clientSecret, discovery } = JSON.parse(added.out);
  const { token_endpoint } = (await (await fetch(discovery)).json()) as { token_endpoint: string }; // the document of discovery
  const requestToken = () =>
    fetch(token_endpoint, {
      method: 'POST',
      headers: { authorization: `Basic ${btoa(`${clientId}:${clientSecret}`)}` },
      body: new URLSearchParams({ grant_type: 'client_credentials' }),
    });

  assert.equal((await requestToken()).status, 200);
  assert.equal((await cardea(['client', 'remove', clientId, '--yes'])).code, 0);
  advance(5);
  assert.equal((await requestToken()).status, 401);
});

test('what a developer needs is shown, and the secret this once', async (t) => {
  const cardea = openCardea(t);
  const { code, out } = await cardea(LEDGER);
  assert.equal(code, 0);
  const [, id = ''] = /^Client ID\s+(\S+)$/m.exec(out) ?? [];
  const [, secret = ''] = /^Client secret\s+(\S+)$/m.exec(out) ?? [];
  assert.match(out, /^Issuer\s+http:\/\/localhost:3000$/m);
  assert.match(out, /^Discovery\s+http:\/\/localhost:3000\/\.well-known\/openid-configuration$/m);
  assert.equal(secret.length, 43);

  for (const args of [['list'], ['list', '--json'], ['show', id], ['show', id, '--json']]) {
    const shown = await cardea(['client', ...args]);
    assert.match(shown.out, /Ledger/);
    assert.doesNotMatch(shown.out, new RegExp(`${secret}|digest`));
  }
  const { secrets } = JSON.parse((await cardea(['client', 'show', id, '--json'])).out);
  assert.deepEqual(Object.keys(secrets[0]), ['lastFour', 'createdAt']);
});

test('an API and its scopes are the words of one option', async (t) => {
  const cardea = openCardea(t);
  const apis = [
    '--resource',
    'https://ledger.example/api ledger:read  ledger:write',
    '--resource',
    'https://b.example/',
  ];
  const added = await cardea([...LEDGER, ...apis, '--json']);
  const { clientId } = JSON.parse(added.out);
  const { resources } = JSON.parse((await cardea(['client', 'show', clientId, '--json'])).out);
  assert.deepEqual(resources, [
    { indicator: 'https://ledger.example/api', scopes: ['ledger:read', 'ledger:write'] },
    { indicator: 'https://b.example/', scopes: [] },
  ]);
  const { out } = await cardea(['client', 'show', clientId]);
  assert.match(out, /^resources +https:\/\/ledger\.example\/api ledger:read ledger:write\n +https:\/\/b\.example\/$/m);

  assert.equal((await cardea([...LEDGER, '--resource', 'https://b.example/', 'unquoted:scope'])).code, 2);
  const broken = await cardea([...LEDGER, '--resource', '/api openid', '--resource', '']);
  assert.deepEqual(broken.err.match(/^error: \S+/gm), [
    'error: resources[0].indicator',
    'error: resources[0].scopes[0]',
    'error: resources[1].indicator',
  ]);
});

test('a secret is replaced in two steps', async (t) => {
  const cardea = openCardea(t);
  const { clientId, clientSecret } = JSON.parse((await cardea([...LEDGER, '--json'])).out);
  const added = await cardea(['client', 'add-secret', clientId]);
  assert.match(added.err, new RegExp(`ends in ${clientSecret.slice(-4)} works until`));
  assert.equal((await cardea(['client', 'remove-secret', clientId, clientSecret.slice(-4)])).code, 0);
  assert.equal(JSON.parse((await cardea(['client', 'show', clientId, '--json'])).out).secrets.length, 1);
});

test('every broken rule is named, and nothing is stored', async (t) => {
  const cardea = openCardea(t);
  const uris = ['https://ledger.example/#x', 'http://ledger.example/'];
  const { code, err } = await cardea(['client', 'add', '--name', '', '--redirect-uri', ...uris, '--consent', 'never']);
  assert.equal(code, 1);
  assert.deepEqual(err.match(/^error: \S+/gm), [
    'error: name',
    'error: redirectUris[0]',
    'error: redirectUris[1]',
    'error: consent',
  ]);
  assert.equal((await cardea(['client', 'list', '--json'])).out, '[]');
});

test('the keys of a client come from a file', async (t) => {
  const cardea = openCardea(t);
  const path = join(makeTempFolder(t), 'jwks.json');
  const add = () => cardea([...LEDGER, '--auth-method', 'private_key_jwt', '--jwks-file', path]);
  assert.equal((await add()).code, 2);
  writeFileSync(path, '{"keys": [{"kty": "oct", "k": "c2VjcmV0"}]}');
  assert.deepEqual(await add().then(({ code, err }) => [code, /jwks\.keys\[0\]/.test(err)]), [1, true]);
});

test('wrong usage is told apart from what is not found', async (t) => {
  const cardea = openCardea(t);
  const expected: readonly (readonly [code: number, args: readonly string[]])[] = [
    [0, ['--help']],
    [0, ['--version']],
    [2, []],
    [2, ['client']],
    [2, ['client', 'add']],
    [2, ['client', 'list', '--colour']],
    [2, ['client', 'show']],
    [2, ['organization', 'policy', 'demo', 'magic']],
    [2, ['organization', 'policy', 'demo', 'portal', '--file', 'policy.json']],
    [3, ['client', 'show', 'nobody']],
    [3, ['client', 'remove', 'nobody', '--yes']],
    [3, ['account', 'disable', 'nobody']],
    [3, ['account', 'disable', 'nobody@demo.example']],
    [3, ['organization', 'policy', 'nowhere']],
  ];
  for (const [code, args] of expected) assert.equal((await cardea(args)).code, code, args.join(' '));
});

test('a client is removed only by somebody who says so', async (t) => {
  const cardea = openCardea(t);
  const { clientId } = JSON.parse((await cardea([...LEDGER, '--json'])).out);
  const remove = ['client', 'remove', clientId];
  assert.equal((await cardea(remove)).code, 2);
  assert.equal((await cardea(remove, { answer: 'no' })).code, 1);
  assert.equal((await cardea(['client', 'show', clientId])).code, 0);
  assert.equal((await cardea(remove, { answer: 'yes' })).code, 0);
  assert.equal((await cardea(['client', 'show', clientId])).code, 3);
});

test('a first password is read from standard input, and a weak one leaves no account behind', async (t) => {
  const cardea = openCardea(t);
  const add = ['account', 'add', '--email', 'mira@demo.example', '--name', 'Mira', '--password-stdin'];
  const weak = await cardea(add, { stdin: 'secret\n' });
  assert.deepEqual([weak.code, weak.err], [1, 'error: the password is too short']);
  assert.equal((await cardea(['account', 'list', '--json'])).out, '[]');

  assert.equal((await cardea(add, { stdin: `${PASSWORD}\n` })).code, 0);
  await using app = await cardea.open();
  const organization = await app.organizations.requireOrFirst(undefined);
  const account = await app.accounts.findByEmail(organization.id, 'mira@demo.example');
  assert.equal((await app.passwords.check(account, PASSWORD)).type, 'right');
  assert.doesNotMatch((await cardea(['account', 'list', '--json'])).out, /hash|userHandle/);
});

test('an account that is there already is refused', async (t) => {
  const cardea = openCardea(t);
  const add = ['account', 'add', '--email', 'mira@demo.example'];
  assert.equal((await cardea(add)).code, 0);
  assert.equal((await cardea(add)).code, 1);
});

test('a person is disabled and enabled by e-mail or by id', async (t) => {
  const cardea = openCardea(t);
  const { id } = JSON.parse((await cardea(['account', 'add', '--email', 'mira@demo.example', '--json'])).out);
  const isDisabled = async () => 'disabledAt' in JSON.parse((await cardea(['account', 'list', '--json'])).out)[0];
  await cardea(['account', 'disable', 'Mira@demo.example']);
  assert.equal(await isDisabled(), true);
  await cardea(['account', 'enable', id]);
  assert.equal(await isDisabled(), false);
});

test('where there are several organizations an account says which', async (t) => {
  const cardea = openCardea(t);
  assert.equal((await cardea(['organization', 'add', '--name', 'Northwind', '--preset', 'portal'])).code, 0);
  const add = ['account', 'add', '--email', 'mira@northwind.example'];
  assert.equal((await cardea(add)).code, 2);
  assert.equal((await cardea([...add, '--organization', 'northwind'])).code, 0);
  assert.match((await cardea(['account', 'list', '--organization', 'northwind'])).out, /mira@northwind\.example/);
  assert.equal((await cardea(['account', 'list', '--organization', 'demo', '--json'])).out, '[]');
});

test('a policy goes out to a file and comes back changed', async (t) => {
  const cardea = openCardea(t);
  const path = join(makeTempFolder(t), 'policy.json');
  const show = async () => JSON.parse((await cardea(['organization', 'policy', 'demo'])).out);
  const policy = await show();
  writeFileSync(path, JSON.stringify({ ...policy, secondFactor: 'required' }));
  assert.equal((await cardea(['organization', 'policy', 'demo', '--file', path])).code, 0);
  assert.deepEqual(await show(), { ...policy, secondFactor: 'required' });

  assert.equal((await cardea(['organization', 'policy', 'demo', 'passwordless'])).code, 0);
  assert.equal((await show()).password, 'until-passkey');
});

test('a new link for the first administrator opens the set-up page', async (t) => {
  const { environment } = await openTestApp(t);
  const cardea = openCardea(t, environment);
  const { code, out } = await cardea(['setup-link']);
  assert.equal(code, 0);
  assert.equal((await fetch(out)).status, 200);

  await cardea(['account', 'add', '--email', 'ada@example.com', '--administrator']);
  const { code: refused, err } = await cardea(['setup-link']);
  assert.equal(refused, 1);
  assert.match(err, /there is an administrator already/);
});

test('settings that cannot be used and a wrong sealing key are told as such', async (t) => {
  const cardea = openCardea(t);
  await cardea(['client', 'list']);
  const settings = await cardea(['client', 'list'], { variables: { CARDEA_PORT: 'x', CARDEA_LOG_LEVEL: 'x' } });
  assert.equal(settings.code, 4);
  assert.match(settings.err, /CARDEA_PORT.*\n.*CARDEA_LOG_LEVEL/);

  const otherKey = { CARDEA_SEALING_KEY: Buffer.alloc(32, 7).toString('base64') };
  const sealed = await cardea(['client', 'list'], { variables: otherKey });
  assert.equal(sealed.code, 4);
  assert.match(sealed.err, /the sealing key does not open/);
});

test('the program itself answers with its exit code, and its result alone is on standard output', async (t) => {
  const run = (...args: readonly string[]) =>
    runProgram(args, { CARDEA_DATA_DIR: makeTempFolder(t), CARDEA_DEMO: 'off' });
  const [list, none, usage] = await Promise.all([
    run('client', 'list', '--json'),
    run('client', 'show', 'nobody'),
    run('client', 'sing'),
  ]);
  assert.deepEqual(list, { code: 0, out: '[]\n', err: '' });
  assert.deepEqual(none, { code: 3, out: '', err: 'error: no client has the id nobody\n' });
  assert.equal(usage.code, 2);
});

test('what happened is listed, by account or all of it, for people and for programs', async (t) => {
  const cardea = openCardea(t);
  for (const email of ['ada@example.com', 'kim@example.com']) await cardea(['account', 'add', '--email', email]);
  await cardea(['account', 'disable', 'ada@example.com']);

  const { code, out } = await cardea(['audit', 'list']);
  assert.equal(code, 0);
  assert.deepEqual(
    out
      .split('\n')
      .filter(Boolean)
      .map((line) => line.split(/\s+/).slice(1, 3)),
    [
      ['account-created', 'actor=operator'],
      ['account-created', 'actor=operator'],
      ['account-disabled', 'actor=operator'],
    ],
  );
  const ofAda = await cardea(['audit', 'list', '--account', 'ada@example.com', '--json']);
  const types = ofAda.out
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line).details.type);
  assert.deepEqual(types, ['account-disabled', 'account-created']);
  assert.equal((await cardea(['audit', 'list', '--account', 'nobody@example.com'])).code, 3);
});
