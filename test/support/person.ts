import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { Authenticator, type CreationOptions, type RequestOptions } from './authenticator.ts';
import { TimedVisitor, type Timekeeper } from './load.ts';
import type { RawClient } from './raw-client.ts';
import { readCallback } from './raw-client.ts';
import type { Answer } from './visitor.ts';

interface Site {
  readonly issuer: string;
  /** The application that they are on their way to. */
  readonly client: RawClient;
  readonly timekeeper: Timekeeper;
}

/** Somebody with a device, who meets the server in one new browser after another, and whatever happens there. */
export class Person {
  readonly email = `person-${randomUUID()}@example.com`;
  readonly device = new Authenticator();
  /** The browser of now. */
  visitor: TimedVisitor;
  readonly #site: Site;

  constructor(site: Site) {
    this.#site = site;
    this.visitor = this.#openBrowser();
  }

  /** Makes an account with a passkey, in a new browser; `onMade` is told when the server has said that it is there. Answers the code. */
  async signUp(onMade: () => void = () => undefined): Promise<string> {
    this.visitor = this.#openBrowser();
    const newcomer = { email: this.email, name: 'Nova' };
    const path = await this.#beginSignIn();
    const options: CreationOptions = await this.#post(`${path}/sign-up/options`, newcomer);
    const response = this.device.create(options, { origin: this.#site.issuer });
    const { location }: Continuation = await this.#post(`${path}/sign-up`, { ...newcomer, response });
    onMade();
    return readCode(await this.visitor.open(location));
  }

  /** Uses the passkey, of another device where one is given, in a new browser. Answers the code. */
  async signIn(device = this.device): Promise<string> {
    this.visitor = this.#openBrowser();
    const path = await this.#beginSignIn();
    const options: RequestOptions = await this.#post(`${path}/passkey/options`, {});
    const response = device.get(options, { origin: this.#site.issuer });
    const { location }: Continuation = await this.#post(`${path}/passkey`, response);
    return readCode(await this.visitor.open(location));
  }

  /** Goes to the application once more, without being asked anything. Answers the code. */
  async comeBack(visitor = this.visitor): Promise<string> {
    return this.#site.client.obtainCode(visitor, { prompt: 'none' });
  }

  /** Allows the application to come back without the person, in the browser of now. Answers the code. */
  async allowToStay(): Promise<string> {
    const { client } = this.#site;
    const page = await client.authorize(this.visitor, { scope: 'openid offline_access', prompt: 'consent' });
    const answer = await this.visitor.postForm(`${new URL(page.url).pathname}/consent`, { decision: 'allow' });
    return readCode(await this.visitor.follow(answer));
  }

  /** Ends the session of the browser of now. */
  async signOut(): Promise<void> {
    const page = await this.visitor.open('/session/end');
    const xsrf = /name="xsrf" value="([^"]+)"/.exec(page.text)?.[1] ?? assert.fail(page.text);
    const answer = await this.visitor.postForm('/session/end/confirm', { xsrf, logout: 'yes' });
    assert.ok(answer.status < 400, answer.text);
  }

  #openBrowser(): TimedVisitor {
    return new TimedVisitor(this.#site.issuer, this.#site.timekeeper);
  }

  async #beginSignIn(): Promise<string> {
    const page = await this.#site.client.authorize(this.visitor);
    assert.equal(page.status, 200, page.text);
    return new URL(page.url).pathname;
  }

  // biome-ignore lint/suspicious/noExplicitAny: the server's own answer, whose shape each caller knows
  async #post(path: string, body: unknown): Promise<any> {
    const answer = await this.visitor.postJson(path, body);
    assert.equal(answer.status, 200, answer.text);
    return JSON.parse(answer.text);
  }
}

interface Continuation {
  readonly location: string;
}

function readCode(answer: Answer): string {
  return readCallback(answer).get('code') ?? assert.fail(answer.headers.get('location') ?? answer.text);
}
