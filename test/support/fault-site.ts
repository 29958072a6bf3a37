import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import { addAccount, TEST_PASSWORD } from './app.ts';
import { Installation, type InstallationOptions } from './installation.ts';
import { Ledger } from './ledger.ts';
import { NotNow, TimedVisitor, Timekeeper } from './load.ts';
import { findTestServer, NO_SERVER } from './mongodb.ts';
import { Person } from './person.ts';
import { type RawClient, readTokens } from './raw-client.ts';
import { skipWithoutRedis, waitFor } from './redis.ts';
import type { ServerProcess } from './server-process.ts';
import { type Answer, Visitor } from './visitor.ts';

/** How soon all works again once its stores are back. */
const RECOVERED_WITHIN_MS = 5000;
const WITHOUT_MONGODB = ['a new sign-in', 'the sign-in page', 'passkey options'];
const MANIFEST = join(import.meta.dirname, '../../build/manifest.json');

const SEVERAL_HOSTS = 'a proxy is put before MongoDB: CARDEA_TEST_MONGODB_URL has to name one host';

const mongod = await findTestServer();

/** For `test(name, { skip })`: why tests of the whole installation are not run. */
export const skipFaults: string | false = skipWithoutRedis || (mongod ? !hasOneHost() && SEVERAL_HOSTS : NO_SERVER);

type Reply = Pick<Answer, 'status' | 'headers'>;

/** Requests by what they are, each of which can be made at any time and needs the stores. */
export type Requests = Readonly<Record<string, () => Promise<Reply>>>;

/** Somebody on the way in by a password. */
export interface PasswordSignIn {
  readonly typePassword: (password: string) => Promise<Answer>;
  readonly typeCode: (code: string) => Promise<Answer>;
}

/** One installation that people use, and a ledger of what they were promised. */
export class FaultSite {
  readonly installation: Installation;
  /** The first of its servers. */
  readonly server: ServerProcess;
  readonly client: RawClient;
  readonly timekeeper = new Timekeeper();
  readonly ledger = new Ledger(this.timekeeper);

  private constructor(installation: Installation, server: ServerProcess, client: RawClient) {
    this.installation = installation;
    this.server = server;
    this.client = client;
  }

  static async open(t: TestContext, options: InstallationOptions = {}): Promise<FaultSite> {
    assert.ok(mongod);
    const installation = await Installation.open(t, mongod, options);
    const server = await installation.startServer();
    const client = await installation.registerClient({ grantTypes: ['authorization_code', 'refresh_token'] });
    return new FaultSite(installation, server, client);
  }

  get issuer(): string {
    return this.installation.issuer;
  }

  newPerson(): Person {
    return new Person(this);
  }

  /** Somebody who has signed up, which is in the ledger. */
  async admitPerson(): Promise<{ readonly person: Person; readonly code: string }> {
    const person = this.newPerson();
    const code = await person.signUp(() => this.ledger.addPasskey(person));
    return { person, code };
  }

  /** Whoever has that e-mail is asked for their password, in a new browser. */
  async beginPassword(
    email: string,
    visitor: Visitor = new TimedVisitor(this.issuer, this.timekeeper),
  ): Promise<PasswordSignIn> {
    const { pathname: path } = new URL((await this.client.authorize(visitor)).url);
    await visitor.postForm(`${path}/identify`, { email });
    return {
      typePassword: (password) => visitor.postForm(`${path}/password`, { password }),
      typeCode: (code) => visitor.postForm(`${path}/totp`, { code }),
    };
  }

  /** A request of every kind that needs both stores: on the way to a session, with one, and by an application. */
  async prepareRequests(): Promise<Requests> {
    const { client, issuer } = this;
    const { person, code } = await this.admitPerson();
    const { accessToken, refreshToken } = readTokens(await client.exchange(code));
    const unspent = await person.comeBack();
    const { email } = await addAccount(this.installation.operator, `${randomUUID()}@example.com`);
    const { typePassword } = await this.beginPassword(email, new Visitor(issuer));
    const session = copyBrowser(issuer, person.visitor);
    const stranger = new Visitor(issuer);
    const { pathname: path } = new URL((await client.authorize(stranger)).url);
    return {
      'a new sign-in': () => new Visitor(issuer).get(client.authorizationUrl()),
      'a sign-in with a session': () => session.get(client.authorizationUrl({ prompt: 'none' })),
      'the account page': () => session.get('/account'),
      'the sign-in page': () => stranger.get(path),
      'an e-mail': () => stranger.postForm(`${path}/identify`, { email: person.email }),
      'passkey options': () => stranger.postJson(`${path}/passkey/options`, {}),
      'a right password': () => typePassword(TEST_PASSWORD),
      'an unspent code': () => client.exchange(unspent),
      'a refresh token': () => client.refresh(refreshToken),
      'an access token': () => client.userinfo(accessToken),
    };
  }

  /** Those of them that need MongoDB; others are answered from memory and Redis for a while. */
  async prepareDurableRequests(): Promise<Requests> {
    const requests = Object.entries(await this.prepareRequests());
    return Object.fromEntries(requests.filter(([name]) => !WITHOUT_MONGODB.includes(name)));
  }

  /** Makes every request, all at once: each is told in time to come back later. */
  async assertRefused(requests: Requests, withinMs: number): Promise<void> {
    const outcomes = Object.entries(requests).map(async ([name, request]) => {
      const start = performance.now();
      const { status, headers } = await request();
      const elapsed = performance.now() - start;
      const inTime = elapsed <= withinMs ? 'in time' : `after ${Math.round(elapsed)} ms`;
      return [name, status, /^\d+$/.test(headers.get('retry-after') ?? ''), inTime];
    });
    const expected = Object.keys(requests).map((name) => [name, 503, true, 'in time']);
    assert.deepEqual(await Promise.all(outcomes), expected);
  }

  /** What needs no store is there whatever happens: applications find the server, verify tokens, and supervisors see that it lives. */
  async assertPublicPartsUp(idToken: string): Promise<void> {
    const jwks = createRemoteJWKSet(new URL(`${this.issuer}/jwks`));
    await jwtVerify(idToken, jwks, { issuer: this.issuer, audience: this.client.id });
    const paths = ['/.well-known/openid-configuration', '/jwks', '/health/live', `/assets/${await findAsset()}`];
    const statuses = paths.map(async (path) => [path, (await fetch(this.issuer + path)).status]);
    assert.deepEqual(
      await Promise.all(statuses),
      paths.map((path) => [path, 200]),
    );
    assert.equal((await fetch(`${this.issuer}/health/ready`)).status, 503);
  }

  /** Waits until somebody new can sign up, which needs everything. */
  async waitForRecovery(limitMs = RECOVERED_WITHIN_MS): Promise<void> {
    await waitFor(async () => {
      try {
        await this.admitPerson();
        return true;
      } catch (error) {
        if (error instanceof NotNow) return false;
        throw error;
      }
    }, limitMs);
  }
}

/** The same cookies in another browser, at whose requests nobody looks. */
function copyBrowser(issuer: string, { cookies }: Visitor): Visitor {
  const copy = new Visitor(issuer);
  for (const [name, cookie] of cookies) copy.cookies.set(name, cookie);
  return copy;
}

async function findAsset(): Promise<string> {
  const manifest: Readonly<Record<string, string>> = JSON.parse(await readFile(MANIFEST, 'utf8'));
  return Object.values(manifest)[0] ?? assert.fail('nothing was built for browsers');
}

function hasOneHost(): boolean {
  const url = process.env.CARDEA_TEST_MONGODB_URL;
  return !url || (url.startsWith('mongodb:') && URL.canParse(url));
}
