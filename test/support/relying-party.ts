import * as client from 'openid-client';

interface Registration {
  readonly issuer: string;
  readonly clientId: string;
  readonly redirectUri: string;
  readonly authentication?: client.ClientAuth;
  readonly metadata?: Partial<client.ClientMetadata>;
}

/** An authorization request that waits for its answer. */
export interface PendingRequest {
  readonly url: string;
  /** Exchanges the code of the redirect that came back. */
  finish(callbackUrl: string): Promise<client.TokenEndpointResponse & client.TokenEndpointResponseHelpers>;
  readonly codeVerifier: string;
}

/** A relying application as developers write them, with a client library that knows nothing of us. */
export class RelyingParty {
  readonly configuration: client.Configuration;
  readonly #redirectUri: string;

  private constructor(configuration: client.Configuration, redirectUri: string) {
    this.configuration = configuration;
    this.#redirectUri = redirectUri;
  }

  static async discover({
    issuer,
    clientId,
    redirectUri,
    authentication,
    metadata,
  }: Registration): Promise<RelyingParty> {
    const configuration = await client.discovery(new URL(issuer), clientId, metadata, authentication ?? client.None(), {
      execute: [client.allowInsecureRequests],
    });
    return new RelyingParty(configuration, redirectUri);
  }

  async start(parameters: Readonly<Record<string, string>> = {}): Promise<PendingRequest> {
    const codeVerifier = client.randomPKCECodeVerifier();
    const state = client.randomState();
    const nonce = client.randomNonce();
    const url = client.buildAuthorizationUrl(this.configuration, {
      redirect_uri: this.#redirectUri,
      scope: 'openid profile email',
      code_challenge: await client.calculatePKCECodeChallenge(codeVerifier),
      code_challenge_method: 'S256',
      state,
      nonce,
      ...parameters,
    });
    const finish = (callbackUrl: string) =>
      client.authorizationCodeGrant(this.configuration, new URL(callbackUrl), {
        pkceCodeVerifier: codeVerifier,
        expectedState: state,
        expectedNonce: nonce,
      });
    return { url: url.href, finish, codeVerifier };
  }
}
