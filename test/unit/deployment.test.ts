import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { loadConfig } from '../../config/load.ts';
import { SETTINGS } from '../../config/settings.ts';
import { findInPath } from '../../scripts/find-program.ts';
import { listServices, makeSecrets, readList, readProjectFile } from '../support/deployment.ts';
import { makeTempFolder } from '../support/temp-folder.ts';

interface Manifest {
  readonly engines: { readonly node: string };
  readonly devDependencies: { readonly node: string };
}

const DOCKERFILE = readProjectFile('Dockerfile');
const COMPOSE = readProjectFile('compose.yaml');
const OPERATIONS = readProjectFile('docs/operations.md');
const SERVICES = listServices(COMPOSE);

/** The arguments of an instruction, wherever it stands. */
function listInstructions(name: string): readonly string[] {
  return [...DOCKERFILE.matchAll(new RegExp(`^${name} (.*)$`, 'gm'))].map(([, text = '']) => text);
}

/** What is copied from the project's folder. */
function listCopied(): readonly string[] {
  return listInstructions('COPY')
    .filter((text) => !text.startsWith('--from='))
    .flatMap((text) => text.split(' ').slice(0, -1));
}

test('the deployment and its page name no setting that does not exist', () => {
  for (const text of [DOCKERFILE, COMPOSE, OPERATIONS]) {
    const names = text.match(/CARDEA_[A-Z_]+/g) ?? [];
    assert.ok(names.length > 4);
    for (const name of names) assert.ok(Object.hasOwn(SETTINGS, name.replace(/_FILE$/, '')), name);
  }
});

test('the image has the Node.js that the tests run on', () => {
  const { engines, devDependencies }: Manifest = JSON.parse(readProjectFile('package.json'));
  const [image = ''] = listInstructions('FROM');
  assert.match(image, new RegExp(`^node:${RegExp.escape(devDependencies.node)}-`));
  assert.equal(engines.node, `>=${devDependencies.node.split('.')[0]}`);
});

test('the image is made of files that are there, and of no others', () => {
  const [first, ...exceptions] = readProjectFile('.dockerignore')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'));
  assert.equal(first, '*');
  const allowed = exceptions.map((line) => line.replace(/^!/, ''));
  const isWithin = (path: string, folder: string) => path === folder || path.startsWith(`${folder}/`);
  for (const path of listCopied()) {
    assert.ok(existsSync(join(import.meta.dirname, '../..', path)), path);
    assert.ok(
      allowed.some((folder) => isWithin(path, folder)),
      path,
    );
  }
  for (const path of allowed) {
    assert.ok(
      listCopied().some((copied) => isWithin(copied, path)),
      `${path} is let in for nothing`,
    );
    assert.doesNotMatch(path, /^(?:\.env|\.git|build|data|node_modules|secrets)\b/);
  }
});

test('nobody is root, and nobody can write beside a volume', () => {
  const last = DOCKERFILE.slice(DOCKERFILE.lastIndexOf('\nFROM '));
  assert.deepEqual(last.match(/^USER .*$/gm), ['USER node']);
  const [, common = ''] = /^x-service: &service\n((?: {2}.*\n)+)/m.exec(COMPOSE) ?? [];
  for (const rule of [/^ {2}read_only: true$/m, /^ {2}cap_drop: \[ALL\]$/m, /no-new-privileges:true/]) {
    assert.match(common, rule);
  }
  for (const [name, service] of SERVICES) {
    assert.match(service, /^ {4}<<: \*service$/m, name);
    assert.doesNotMatch(service, /read_only|cap_drop|cap_add|security_opt|privileged|user: (?:root|0)/, name);
    if (name !== 'cardea') assert.match(service, /^ {4}user: \w+$/m, name);
  }
});

test('only Cardea can be reached, from its own machine, and it knows the proxy there', () => {
  assert.deepEqual(readList(SERVICES.get('cardea') ?? '', 'ports'), ['"127.0.0.1:3000:3000"']);
  assert.equal(COMPOSE.match(/ports:/g)?.length, 1);
  assert.match(COMPOSE, /^ {2}stores:\n {4}internal: true$/m);
  const [, gateway] = /gateway: ([\d.]+)/.exec(COMPOSE) ?? [];
  assert.ok(gateway);
  assert.match(SERVICES.get('cardea') ?? '', new RegExp(`CARDEA_TRUSTED_PROXIES: ${RegExp.escape(gateway)} `));
});

test('every secret is declared, given to those who read it, and to nobody else', () => {
  const [, section = ''] = /^secrets:\n((?: {2}.*\n)+)/m.exec(COMPOSE) ?? [];
  const declared = [...section.matchAll(/^ {2}(\w+): \{ file: \.\/secrets\/(\w+) \}$/gm)];
  for (const [, name, file] of declared) assert.equal(name, file);
  const given = new Set<string>();
  for (const [name, service] of SERVICES) {
    const secrets = readList(service, 'secrets');
    const read = [...service.matchAll(/\/run\/secrets\/(\w+)|\bread\('(\w+)'\)/g)].map((match) => match[1] ?? match[2]);
    assert.deepEqual(new Set(read), new Set(secrets), name);
    for (const secret of secrets) given.add(secret);
  }
  assert.deepEqual([...given].sort(), declared.map(([, name]) => name).sort());
});

test('what the health check of the image finds is whether the process lives', async (t) => {
  const [, command = ''] = /HEALTHCHECK .*\\\n {2}CMD (\[.*\])$/m.exec(DOCKERFILE) ?? [];
  const [program, ...args]: readonly string[] = JSON.parse(command);
  assert.equal(program, 'node');
  const asked: (string | undefined)[] = [];
  let status = 200;
  const server = createServer((request, response) => {
    asked.push(request.url);
    response.writeHead(status).end();
  }).listen(0, '127.0.0.1');
  t.after(() => server.close());
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo; // it listens on a port
  const check = async () => {
    const child = execFile(process.execPath, args, { env: { CARDEA_PORT: `${port}` } });
    const [code] = await once(child, 'exit');
    return code;
  };

  assert.equal(await check(), 0);
  status = 503;
  assert.equal(await check(), 1);
  server.closeAllConnections();
  server.close();
  assert.equal(await check(), 1);
  assert.deepEqual(asked, ['/health/live', '/health/live']);
  assert.ok(readProjectFile('src/http/middleware/health.ts').includes("'/health/live'"));
});

const skip = findInPath('openssl') ? false : 'there is no openssl in the PATH to make secrets with';

test('the documented secrets are what compose.yaml and production ask for', { skip }, (t: TestContext) => {
  const folder = makeSecrets(makeTempFolder(t));
  assert.equal(statSync(folder).mode & 0o777, 0o700);
  const read = (name: string) => readFileSync(join(folder, name), 'utf8');
  for (const [, name = ''] of COMPOSE.matchAll(/\.\/secrets\/(\w+) /g)) assert.ok(read(name).length > 30, name);
  assert.ok(read('mongodb_keyfile').replaceAll(/\s/g, '').length <= 1024); // the most that mongod takes

  const settings = [...(SERVICES.get('cardea') ?? '').matchAll(/(CARDEA_\w+_FILE): \/run\/secrets\/(\w+)/g)];
  const files = Object.fromEntries(settings.map(([, name, file = '']) => [name, join(folder, file)]));
  const { secrets } = loadConfig({ CARDEA_ENV: 'production', CARDEA_ISSUER: 'https://id.example.com', ...files });
  assert.equal(Object.values(secrets).filter(Boolean).length, settings.length);
  // The set-up of compose.yaml takes the name and the password out of the address.
  assert.match(read('mongodb_url'), /^mongodb:\/\/cardea:[\da-f]{64}@mongodb\/cardea\?replicaSet=cardea$/m);
  assert.match(COMPOSE, /--replSet, cardea,/);
});
