import { decodeJwt } from 'jose';
import { errors, type Provider } from 'oidc-provider';
import { AppError } from '../lib/app-error.ts';
import type { AccountId, ClientId, SignInId } from '../lib/ids.ts';
import type { Demand } from '../sign-in/sign-in.ts';
import type { AccountSessions } from './account-sessions.ts';
import { type Consent, isNothing, listScopes, NOTHING } from './consent.ts';
import { readDemand } from './demand.ts';
import type { Grants } from './grants.ts';
import { ACCOUNT_CLIENT_ID } from './provider-options.ts';

/** The request and response of Node; oidc-provider reads the cookies of one and writes them to the other. */
interface Exchange {
  readonly req: Parameters<Provider['interactionDetails']>[0];
  readonly res: Parameters<Provider['interactionDetails']>[1];
}

type Details = Awaited<ReturnType<Provider['interactionDetails']>>;

interface Deps {
  readonly provider: Provider;
  readonly grants: Grants;
  readonly accountSessions: AccountSessions;
  readonly scopeClaims: { readonly [scope: string]: readonly string[] };
}

/** What a prompt for consent has to say: `requested` by consent-prompt.ts, the others by the checks that found something. */
interface ConsentDetails {
  readonly requested?: Consent;
  readonly missingOIDCScope?: readonly string[];
  readonly missingOIDCClaims?: readonly string[];
  readonly missingResourceScopes?: Consent['resourceScopes'];
}

/** An authorization request that waits for its person. */
export interface PendingInteraction {
  readonly id: SignInId;
  readonly prompt: string;
  readonly clientId: ClientId;
  /** Absent on the way to our own pages. */
  readonly clientName?: string | undefined;
  readonly redirectUri: string;
  readonly demand: Demand;
  readonly loginHint?: string | undefined;
  readonly organization?: string | undefined;
  readonly languages?: string | undefined;
  /** Who is signed in already, and is asked again or for more. */
  readonly accountId?: AccountId | undefined;
  /** What the application asks for and the person has not allowed yet; the scopes of single claims are among the scopes. */
  readonly missing: Consent;
}

/** How an interaction may end without a sign-in, as RFC 6749 §4.1.2.1 and OpenID Connect Core 1.0 §3.1.2.6 name it. */
export type InteractionError = 'access_denied' | 'login_required' | 'unmet_authentication_requirements';

/** The seam between oidc-provider's interactions and our pages. */
export class Interactions {
  readonly #deps: Deps;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /** The interaction that this browser's cookie names. Refuses an address that another browser was sent to. */
  async require(exchange: Exchange, id: string): Promise<PendingInteraction> {
    const details = await this.#find(exchange);
    if (details.uid !== id) throw new AppError('sign_in_not_started_here');
    const { params, prompt, session } = details;
    const client = await this.#deps.provider.Client.find(readText(params.client_id) ?? '');
    if (!client) throw new AppError('sign_in_expired');
    const missing = readMissing(details);
    return {
      id: details.uid as SignInId, // sign-ins are named after their interaction
      prompt: prompt.name,
      clientId: client.clientId as ClientId, // as it was registered
      clientName: client.clientId === ACCOUNT_CLIENT_ID ? undefined : (client.clientName ?? client.clientId),
      redirectUri: readText(params.redirect_uri) ?? '',
      demand: readDemand(params, client.defaultAcrValues as string[] | undefined, readSubject(params.id_token_hint)), // typed as unknown
      loginHint: readText(params.login_hint),
      organization: readText(params.organization),
      languages: readText(params.ui_locales),
      accountId: session?.accountId as AccountId | undefined, // sessions hold our ids
      missing: { ...missing, scopes: listScopes(missing, this.#deps.scopeClaims) },
    };
  }

  /** Answers where the browser goes on, signed in. Throws `sign_in_expired` where everybody was signed out after the last proof. */
  async finishLogin(
    exchange: Exchange,
    done: {
      readonly accountId: AccountId;
      readonly acr: string;
      readonly amr: readonly string[];
      readonly authTime: Date;
    },
  ): Promise<string> {
    const ts = Math.floor(done.authTime.getTime() / 1000);
    const { provider, accountSessions } = this.#deps;
    await accountSessions.makeRoom(done.accountId, async () => (await this.#find(exchange)).session?.uid);
    const login = { accountId: done.accountId, acr: done.acr, amr: [...done.amr], ts };
    const location = await provider.interactionResult(exchange.req, exchange.res, { login });
    // Looked at afterwards: who signs everybody out later finds it written.
    if (!(await accountSessions.wereEndedAfter(done.accountId, done.authTime))) return location;
    await this.abort(exchange, 'access_denied');
    throw new AppError('sign_in_expired');
  }

  /** Keeps what the person allowed and answers where the browser goes on. */
  async allow(exchange: Exchange): Promise<string> {
    const { provider, grants } = this.#deps;
    const details = await this.#find(exchange);
    const accountId = details.session?.accountId;
    const clientId = readText(details.params.client_id);
    if (!accountId || !clientId) throw new AppError('sign_in_expired');
    const allowed = readMissing(details);
    const grantId = await grants.allow(provider, { accountId, clientId }, { grantId: details.grantId, allowed });
    return provider.interactionResult(exchange.req, exchange.res, { consent: { grantId } });
  }

  /** Sends the browser back to the application without what it asked for. */
  async abort({ req, res }: Exchange, error: InteractionError): Promise<string> {
    return this.#deps.provider.interactionResult(req, res, { error }, { mergeWithLastSubmission: false });
  }

  async #find({ req, res }: Exchange): Promise<Details> {
    try {
      return await this.#deps.provider.interactionDetails(req, res);
    } catch (cause) {
      if (!(cause instanceof errors.SessionNotFound)) throw cause;
      const noCookie = cause.error_description?.includes('cookie') === true;
      throw new AppError(noCookie ? 'sign_in_not_started_here' : 'sign_in_expired', { cause });
    }
  }
}

function readMissing({ prompt }: Details): Consent {
  const { requested = NOTHING, ...details } = prompt.details as ConsentDetails; // typed as unknown
  const {
    missingOIDCScope: scopes = [],
    missingOIDCClaims: claims = [],
    missingResourceScopes: resourceScopes = {},
  } = details;
  // With `prompt=consent`, and for applications on the person's own device (RFC 8252 §8.6), it is asked again what was allowed before.
  const missing = { scopes, claims, resourceScopes };
  return isNothing(missing) ? requested : missing;
}

/** The hint was verified when the request came in. */
function readSubject(idTokenHint: unknown): string | undefined {
  return typeof idTokenHint === 'string' ? decodeJwt(idTokenHint).sub : undefined;
}

function readText(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
