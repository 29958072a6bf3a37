import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { findFreePort } from '../support/free-port.ts';
import { makeTempFolder } from '../support/temp-folder.ts';

const ROOT = join(import.meta.dirname, '../..');
/** The last line of what is printed once it runs. */
const PRINTED = 'Ctrl-C stops it';

interface Started {
  readonly process: ChildProcess;
  readonly issuer: string;
  /** What it printed until it ran. */
  readonly text: string;
  readonly errors: () => string;
}

/** As a newcomer does, but for the ports and the folder. */
async function start(t: TestContext, demoPort: number): Promise<Started> {
  const port = await findFreePort();
  const server = spawn(process.execPath, ['scripts/start.ts'], {
    cwd: ROOT,
    env: {
      PATH: process.env.PATH,
      CARDEA_PORT: String(port),
      CARDEA_DEMO_PORT: String(demoPort),
      CARDEA_DATA_DIR: makeTempFolder(t),
      CARDEA_LOG_LEVEL: 'error',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  t.after(() => void server.kill('SIGKILL'));
  let errors = '';
  server.stderr.setEncoding('utf8').on('data', (text) => {
    errors += text;
  });
  let text = '';
  for await (const part of server.stdout.setEncoding('utf8').iterator({ destroyOnReturn: false })) {
    text += part;
    if (text.includes(PRINTED)) break;
  }
  return { process: server, issuer: `http://localhost:${port}`, text, errors: () => errors };
}

async function stop({ process: server }: Started): Promise<number | null> {
  server.kill('SIGTERM');
  const [code] = await once(server, 'exit');
  return code;
}

test('what npm start names runs by then, and ends with it', async (t) => {
  const demoPort = await findFreePort();
  const application = `http://localhost:${demoPort}`;
  const started = await start(t, demoPort);

  assert.ok(started.text.includes(`Try it            ${application}`), started.text);
  for (const address of [
    application,
    `${started.issuer}/.well-known/openid-configuration`,
    `${started.issuer}/dev/mail`,
  ])
    assert.equal((await fetch(address)).status, 200, address);
  const discovery = await (await fetch(`${started.issuer}/.well-known/openid-configuration`)).json();
  assert.equal(discovery.issuer, started.issuer);

  assert.equal(await stop(started), 0);
  await assert.rejects(fetch(application));
  assert.equal(started.errors(), '');
});

test('where the port of the example application is taken it says so, and Cardea runs without it', async (t) => {
  const other = createServer().listen(0, '127.0.0.1');
  t.after(() => other.close());
  await once(other, 'listening');
  const { port } = other.address() as AddressInfo; // it listens on a port
  const started = await start(t, port);

  assert.match(started.text, /CARDEA_DEMO_PORT names another port/);
  assert.ok(!started.text.includes('Try it'), started.text);
  assert.match(started.errors(), new RegExp(`^Ledger cannot run at http://localhost:${port}: .*EADDRINUSE.*\\n$`));
  assert.equal((await fetch(`${started.issuer}/health/ready`)).status, 200);
  assert.equal(await stop(started), 0);
});
