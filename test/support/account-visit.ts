import assert from 'node:assert/strict';
import type { Intent } from '../../src/sign-in/confirmation.ts';
import { TEST_PASSWORD } from './app.ts';
import type { Authenticator, CreationOptions, CreationOverrides, RequestOverrides } from './authenticator.ts';
import { computeCode } from './authenticator-app.ts';
import { readField } from './page.ts';
import type { Answer, Visitor } from './visitor.ts';

type Fields = Readonly<Record<string, string>>;

/** A signed-in person on the pages of their account. */
export class AccountVisit {
  readonly visitor: Visitor;
  readonly #origin: string;

  constructor(issuer: string, visitor: Visitor) {
    this.#origin = new URL(issuer).origin;
    this.visitor = visitor;
  }

  /** Opens a page such as `/password` and follows, to the sign-in where that is asked for. */
  open(path = ''): Promise<Answer> {
    return this.visitor.open(`/account${path}`);
  }

  /** Types a password on a page of a sign-in that knows the e-mail already, and goes where that leads. */
  async typePassword(page: Answer, password: string): Promise<Answer> {
    const answer = await this.visitor.postForm(`${new URL(page.url).pathname}/password`, { password });
    return this.visitor.follow(answer);
  }

  /** Confirms with the password, as the page that asks for it does. */
  async confirm(purpose: Intent['purpose'], target?: string): Promise<void> {
    const intent = { purpose, target };
    const answer = await this.answerConfirmation(intent, 'password', { password: TEST_PASSWORD });
    assert.equal(answer.status, 303, answer.text);
  }

  /** Sends one of the forms of that page; redirects are not followed. */
  answerConfirmation(intent: Intent, method: string, fields: Fields): Promise<Answer> {
    return this.submit(`/confirm/${method}${toQuery(intent)}`, fields);
  }

  /** What the device answers when that page asks for a passkey; the test sends it itself. */
  async askForConfirmation(intent: Intent, device: Authenticator, overrides: RequestOverrides = {}) {
    const answer = await this.post(`/confirm/passkey/options${toQuery(intent)}`);
    assert.equal(answer.status, 200, answer.text);
    return device.get(JSON.parse(answer.text), { origin: this.#origin, overrides });
  }

  /** Confirms with a passkey. */
  async confirmByPasskey(intent: Intent, device: Authenticator): Promise<Answer> {
    const response = await this.askForConfirmation(intent, device);
    return this.post(`/confirm/passkey${toQuery(intent)}`, { response });
  }

  /** What every form of this session holds. */
  async readCsrf(): Promise<string> {
    return readField(await this.visitor.get('/account'), 'csrf');
  }

  /** Submits a form; redirects are not followed. */
  async submit(path: string, fields: Fields = {}): Promise<Answer> {
    return this.visitor.postForm(`/account${path}`, { csrf: await this.readCsrf(), ...fields });
  }

  async post(path: string, fields: Readonly<Record<string, unknown>> = {}): Promise<Answer> {
    return this.visitor.postJson(`/account${path}`, { csrf: await this.readCsrf(), ...fields });
  }

  /** Sets an authenticator app up, with its code of now; redirects are not followed. */
  async setUpTotp(): Promise<Answer> {
    const page = await this.open('/totp/add');
    const secret = /secret=([A-Z2-7]+)/.exec(page.text)?.[1] ?? assert.fail(page.text);
    return this.submit('/totp', { ticket: readField(page, 'ticket'), code: computeCode(secret, new Date()) });
  }

  /** What a device answers when asked to make a passkey; the test sends it itself. */
  async askDevice(device: Authenticator, overrides: CreationOverrides = {}) {
    return device.create(await this.requestOptions(), { origin: this.#origin, overrides });
  }

  async requestOptions(fields: Fields = {}): Promise<CreationOptions & { readonly user: { readonly name: string } }> {
    const answer = await this.post('/passkeys/options', fields);
    assert.equal(answer.status, 200, answer.text);
    return JSON.parse(answer.text);
  }

  /** Makes a passkey on a device; answers the page that follows. */
  async addPasskey(device: Authenticator, fields: Fields = {}): Promise<Answer> {
    const answer = await this.post('/passkeys', { ...fields, response: await this.askDevice(device) });
    assert.equal(answer.status, 200, answer.text);
    return this.visitor.open(JSON.parse(answer.text).location);
  }
}

/** What follows the address of the page that asks for a confirmation. */
export function toQuery({ purpose, target }: Intent): string {
  return `?${new URLSearchParams({ for: purpose, ...(target !== undefined && { target }) })}`;
}
