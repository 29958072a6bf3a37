import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { TestApp } from './app.ts';
import { findFreePort } from './free-port.ts';

const SCRIPT = join(import.meta.dirname, '../../examples/relying-application/server.ts');

/** The example that ships with the project, as a client called Ledger and a process of its own, which runs from its first use on. */
export class ExampleApplication {
  readonly #testApp: TestApp;
  readonly #registration: Readonly<Record<string, unknown>>;
  #child: ChildProcess | undefined;
  #starting: Promise<string> | undefined;

  /** `registration` changes fields of the client's. */
  constructor(testApp: TestApp, registration: Readonly<Record<string, unknown>>) {
    this.#testApp = testApp;
    this.#registration = registration;
  }

  /** Answers its address. */
  start(): Promise<string> {
    this.#starting ??= this.#start();
    return this.#starting;
  }

  async stop(): Promise<void> {
    if (!this.#child || this.#child.exitCode !== null) return;
    this.#child.kill('SIGTERM');
    await once(this.#child, 'exit');
  }

  async #start(): Promise<string> {
    const { app, issuer } = this.#testApp;
    const url = `http://localhost:${await findFreePort()}`;
    const { client } = await app.clients.register({
      name: 'Ledger',
      authMethod: 'none',
      consent: 'skip',
      redirectUris: [`${url}/callback`],
      postLogoutRedirectUris: [url],
      ...this.#registration,
    });
    const child = spawn(process.execPath, [SCRIPT], {
      env: { ISSUER: issuer, CLIENT_ID: client.id, APPLICATION_URL: url },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    this.#child = child;
    await Promise.race([
      once(child.stdout, 'data'),
      once(child, 'exit').then(() => assert.fail('the example did not start')),
    ]);
    return url;
  }
}
