import assert from 'node:assert/strict';
import type { App } from '../../src/app.ts';
import { type AuthenticationJson, Authenticator, type RequestOverrides } from './authenticator.ts';
import { type PendingRequest, RelyingParty } from './relying-party.ts';
import { type Answer, Visitor } from './visitor.ts';

export const REDIRECT_URI = 'https://app.example/callback';

interface Start {
  readonly app: App;
  readonly issuer: string;
  /** Another browser than a new one. */
  readonly visitor?: Visitor;
  /** Another device than a new one. */
  readonly authenticator?: Authenticator;
  /** Parameters of the authorization request. */
  readonly parameters?: Readonly<Record<string, string>>;
  /** Fields of the client's registration. */
  readonly client?: Readonly<Record<string, unknown>>;
}

/** Registers a client and begins an authorization request with a new browser: how most tests of signing in start. */
export async function openSignIn({
  app,
  issuer,
  visitor,
  authenticator,
  parameters,
  client,
}: Start): Promise<SignInFlow> {
  const registration = { name: 'Ledger', authMethod: 'none', consent: 'skip', redirectUris: [REDIRECT_URI], ...client };
  const registered = await app.clients.register(registration);
  const relyingParty = await RelyingParty.discover({
    issuer,
    clientId: registered.client.id,
    redirectUri: REDIRECT_URI,
  });
  const pending = await relyingParty.start(parameters);
  const flow = new SignInFlow({
    issuer,
    pending,
    relyingParty,
    visitor: visitor ?? new Visitor(issuer),
    authenticator,
  });
  await flow.open();
  return flow;
}

/** One person, with one browser and one device, on the way through a sign-in. */
export class SignInFlow {
  readonly visitor: Visitor;
  readonly authenticator: Authenticator;
  readonly relyingParty: RelyingParty;
  readonly #origin: string;
  readonly #pending: PendingRequest;
  /** What the browser shows now, or the redirect that left. */
  page: Answer | undefined;

  constructor(parts: {
    readonly issuer: string;
    readonly pending: PendingRequest;
    readonly relyingParty: RelyingParty;
    readonly visitor: Visitor;
    readonly authenticator: Authenticator | undefined;
  }) {
    this.visitor = parts.visitor;
    this.authenticator = parts.authenticator ?? new Authenticator();
    this.relyingParty = parts.relyingParty;
    this.#origin = new URL(parts.issuer).origin;
    this.#pending = parts.pending;
  }

  async open(): Promise<Answer> {
    return this.#show(await this.visitor.open(this.#pending.url));
  }

  /** The path of the sign-in, `/interaction/<id>`. */
  get base(): string {
    const path = /^\/interaction\/[^/]+/.exec(new URL(this.current.url).pathname)?.[0];
    return path ?? assert.fail(`not on a sign-in page: ${this.current.url}`);
  }

  get current(): Answer {
    return this.page ?? assert.fail('nothing was opened');
  }

  /** Submits a form of the sign-in and follows. */
  async submit(path: string, fields: Readonly<Record<string, string>>): Promise<Answer> {
    return this.#show(await this.visitor.follow(await this.visitor.postForm(`${this.base}${path}`, fields)));
  }

  identify(email: string): Promise<Answer> {
    return this.submit('/identify', { email });
  }

  typePassword(password: string): Promise<Answer> {
    return this.submit('/password', { password });
  }

  typeCode(code: string): Promise<Answer> {
    return this.submit('/totp', { code });
  }

  typeRecoveryCode(code: string): Promise<Answer> {
    return this.submit('/recovery-code', { code });
  }

  /** Posts JSON to the sign-in without going anywhere. */
  post(path: string, body: unknown): Promise<Answer> {
    return this.visitor.postJson(`${this.base}${path}`, body);
  }

  /** What the device answers to fresh options; the test sends it itself. */
  async askDevice(overrides: RequestOverrides = {}): Promise<AuthenticationJson> {
    const options = read(await this.post('/passkey/options', {}));
    return this.authenticator.get(options, { origin: this.#origin, overrides });
  }

  /** Uses a passkey of the device and goes where the answer leads. */
  async usePasskey(): Promise<Answer> {
    return this.#goOn(await this.post('/passkey', await this.askDevice()));
  }

  /** Makes the passkey that is offered or demanded. */
  async makePasskey(): Promise<Answer> {
    const options = read(await this.post('/enrol/options', {}));
    const response = this.authenticator.create(options, { origin: this.#origin });
    return this.#goOn(await this.post('/enrol', { response }));
  }

  async signUp(newcomer: { readonly email: string; readonly name: string }): Promise<Answer> {
    const options = read(await this.post('/sign-up/options', newcomer));
    const response = this.authenticator.create(options, { origin: this.#origin });
    return this.#goOn(await this.post('/sign-up', { ...newcomer, response }));
  }

  /** The address of the application that the browser was sent to. */
  get callbackUrl(): string {
    const location = this.current.headers.get('location');
    return location?.startsWith(REDIRECT_URI)
      ? location
      : assert.fail(`not at the application: ${this.current.status} ${this.current.text}`);
  }

  /** Goes where an answer leads that the test got by itself. */
  async leave(answer: Answer): Promise<Answer> {
    return this.#show(await this.visitor.follow(answer));
  }

  /** What the application gets for the code it was sent. */
  finish(): ReturnType<PendingRequest['finish']> {
    return this.#pending.finish(this.callbackUrl);
  }

  async #goOn(answer: Answer): Promise<Answer> {
    const { location } = read<{ location: string }>(answer);
    return this.#show(await this.visitor.open(location));
  }

  #show(answer: Answer): Answer {
    this.page = answer;
    return answer;
  }
}

// The server's own answer, whose shape each caller knows.
// biome-ignore lint/suspicious/noExplicitAny: what the authenticator reads of the options is checked by its own types
function read<Body = any>(answer: Answer): Body {
  assert.equal(answer.status, 200, answer.text);
  return JSON.parse(answer.text);
}
