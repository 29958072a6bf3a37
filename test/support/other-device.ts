import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import type { Account } from '../../src/accounts/account-store.ts';
import type { Policy } from '../../src/organizations/policy.ts';
import { AccountVisit } from './account-visit.ts';
import { openTestApp, TEST_PASSWORD, type TestApp, type TestSettings } from './app.ts';
import { Authenticator } from './authenticator.ts';
import { readField } from './page.ts';
import { openSession } from './session.ts';
import { type Answer, Visitor } from './visitor.ts';

const IPHONE =
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1';
const PAGE = '/passkeys/other-device';

type Fields = Readonly<Record<string, string>>;

/** Somebody signed in by password, which is also what confirms, and the page where a passkey for another device begins. */
export async function openInvitation(
  t: TestContext,
  { policy, ...settings }: { readonly policy?: Partial<Policy> } & Pick<TestSettings, 'config'> = {},
) {
  const site = await openTestApp(t, {
    ...settings,
    policy: { enrolPasskey: 'manual', secondFactor: 'off', confirmWith: ['password'], ...policy },
  });
  const { account, visitor } = await openSession(site);
  return { site, account, invitation: new Invitation(site, account, visitor) };
}

/** The side of the person who is signed in. */
export class Invitation {
  readonly site: TestApp;
  readonly account: Account;
  readonly visit: AccountVisit;

  constructor(site: TestApp, account: Account, visitor: Visitor) {
    this.site = site;
    this.account = account;
    this.visit = new AccountVisit(site.issuer, visitor);
  }

  /** Confirms and begins; answers the path of the link. */
  async start(): Promise<string> {
    await this.visit.confirm('add-passkey');
    const answer = await this.visit.submit(PAGE);
    assert.equal(answer.headers.get('location'), `/account${PAGE}`, answer.text);
    return this.readLink();
  }

  async readLink(): Promise<string> {
    const { text } = await this.open();
    const link = /<code class="secret breakable" dir="ltr">([^<]+)<\/code>/.exec(text)?.[1] ?? assert.fail(text);
    assert.ok(link.startsWith(`${this.site.issuer}/other-device/`), link);
    return new URL(link).pathname;
  }

  open(): Promise<Answer> {
    return this.visit.visitor.get(`/account${PAGE}`);
  }

  async readState(): Promise<string | undefined> {
    return (await this.#readNow()).state;
  }

  /** What the forms of the page name the flow by. */
  async readFlow(): Promise<string> {
    return (await this.#readNow()).flow ?? '';
  }

  async readChoices(): Promise<readonly string[]> {
    return [...(await this.open()).text.matchAll(/name="number" value="(\d\d)"/g)].map(([, number]) => number ?? '');
  }

  sendLink(): Promise<Answer> {
    return this.visit.submit(`${PAGE}/send`);
  }

  async choose(number: string, flow?: string): Promise<Answer> {
    return this.visit.submit(`${PAGE}/number`, { number, flow: flow ?? (await this.readFlow()) });
  }

  async withdraw(flow?: string): Promise<Answer> {
    return this.visit.submit(`${PAGE}/withdraw`, { flow: flow ?? (await this.readFlow()) });
  }

  async listPasskeys(): Promise<readonly string[]> {
    return (await this.site.app.passkeys.list(this.account.id)).map(({ id }) => id);
  }

  async #readNow(): Promise<{ readonly state?: string; readonly flow?: string }> {
    return JSON.parse((await this.visit.visitor.get(`/account${PAGE}/state`)).text);
  }
}

/** The side of the device that is to have the passkey, in a browser of its own. */
export class OtherDevice {
  readonly #site: TestApp;
  readonly path: string;
  readonly visitor: Visitor;
  readonly device = new Authenticator();

  constructor(site: TestApp, path: string, visitor = new Visitor(site.issuer, { 'user-agent': IPHONE })) {
    this.#site = site;
    this.path = path;
    this.visitor = visitor;
  }

  open(rest = ''): Promise<Answer> {
    return this.visitor.open(`${this.path}${rest}`);
  }

  /** Presses the button on the page of the link; redirects are not followed. */
  join(): Promise<Answer> {
    return this.visitor.postForm(this.path, {});
  }

  /** Submits a form of the page that asks for a confirmation; redirects are not followed. */
  async confirm(method = 'password', fields: Fields = { password: TEST_PASSWORD }): Promise<Answer> {
    const csrf = readField(await this.open(), 'csrf');
    return this.visitor.postForm(`${this.path}/confirm/${method}`, { csrf, ...fields });
  }

  async post(path: string, fields: Readonly<Record<string, unknown>> = {}): Promise<Answer> {
    const csrf = readField(await this.open(), 'csrf');
    return this.visitor.postJson(`${this.path}${path}`, { csrf, ...fields });
  }

  async askDevice() {
    const answer = await this.post('/passkey/options');
    assert.equal(answer.status, 200, answer.text);
    return this.device.create(JSON.parse(answer.text), { origin: this.#site.issuer });
  }

  /** Goes from the link to the number. */
  async makePasskey(): Promise<string> {
    assert.equal((await this.join()).status, 303);
    assert.equal((await this.confirm()).status, 303);
    const answer = await this.post('/passkey', { response: await this.askDevice() });
    assert.equal(answer.status, 200, answer.text);
    return this.readNumber();
  }

  async readNumber(): Promise<string> {
    const { text } = await this.open();
    return /<p class="compared">(\d\d)<\/p>/.exec(text)?.[1] ?? assert.fail(text);
  }

  async readState(): Promise<string | undefined> {
    return JSON.parse((await this.visitor.get(`${this.path}/state`)).text).state;
  }
}
