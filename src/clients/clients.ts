import { AppError } from '../lib/app-error.ts';
import { addSeconds, type Clock } from '../lib/clock.ts';
import type { Page, PageRequest } from '../lib/cursor.ts';
import { digest, equalsInConstantTime } from '../lib/digest.ts';
import type { ClientId, Ids } from '../lib/ids.ts';
import { InputError } from '../lib/input-error.ts';
import { Memory } from '../lib/memory.ts';
import { parseClientInput } from './client-input.ts';
import { needsSecret, type ProviderMetadata, toMetadata, toProviderMetadata, toSettings } from './client-metadata.ts';
import type { Client, ClientSecret, ClientStore } from './client-store.ts';

/** How long an older secret still works beside a new one: time to bring the new one everywhere. */
const SECRET_OVERLAP_SECONDS = 7 * 24 * 60 * 60;
const MAX_LIVE_SECRETS = 2;
const MEMORY = { seconds: 5, limit: 10_000 };

interface Deps {
  readonly store: ClientStore;
  readonly ids: Ids;
  readonly clock: Clock;
  /** Rejects with `InputError` when the OpenID provider would refuse this metadata. */
  readonly validate: (metadata: ProviderMetadata) => Promise<void>;
}

/** A client and its new secret, which is known this once. */
export interface ClientWithSecret {
  readonly client: Client;
  readonly secret: string;
}

/** The relying applications of the installation and the secrets they prove themselves with. Tokens are not its business. */
export class Clients {
  readonly #deps: Deps;
  /** What oidc-provider holds in place of a secret. It is random, so that it opens nothing even if it were ever compared. */
  readonly #placeholder: string;
  readonly #memory: Memory<string, Client>;

  constructor(deps: Deps) {
    this.#deps = deps;
    this.#placeholder = deps.ids.newSecret();
    this.#memory = new Memory({ clock: deps.clock, ...MEMORY });
  }

  /** Registers a client; the secret is there when its authMethod needs one. Throws `InputError` with every problem. */
  async register(input: unknown): Promise<{ readonly client: Client; readonly secret?: string }> {
    const registration = parseClientInput(input);
    const metadata = toMetadata(registration);
    const now = this.#deps.clock.now();
    const made = needsSecret(metadata) ? this.#makeSecret() : undefined;
    const client: Client = {
      id: this.#deps.ids.newId(),
      name: registration.name,
      metadata,
      settings: toSettings(registration),
      secrets: made ? [made.kept] : [],
      createdAt: now,
      updatedAt: now,
      version: 1,
    };
    await this.#deps.validate(this.toProviderMetadata(client));
    if (!(await this.#deps.store.insert(client))) throw new Error('a random client id was taken');
    return made ? { client, secret: made.secret } : { client };
  }

  async find(id: string): Promise<Client | undefined> {
    // a text from outside becomes an id here: one that is no id finds nothing
    return this.#deps.store.find(id as ClientId);
  }

  /** The same for what asks at each request: it may answer what was stored up to 5 seconds ago, and the same object until then. */
  async recall(id: string): Promise<Client | undefined> {
    const known = this.#memory.find(id);
    if (known) return known;
    const client = await this.find(id);
    return client && this.#memory.keep(id, client);
  }

  /** Ordered by creation. */
  async list(page: PageRequest): Promise<Page<Client>> {
    return this.#deps.store.list(page);
  }

  /** Removes the client; its tokens are worth nothing from then on, since nobody can present them. */
  async remove(id: ClientId): Promise<void> {
    if (!(await this.#deps.store.delete(id))) throw new AppError('not_found');
    this.#memory.forget(id);
  }

  /** Adds a secret; the one before it works for seven more days at most, and two may live at once. */
  async addSecret(id: ClientId): Promise<ClientWithSecret> {
    const client = await this.#require(id);
    if (!needsSecret(client.metadata)) refuseSecret('are not used by a client of this authMethod');
    const live = this.#listLiveSecrets(client);
    if (live.length >= MAX_LIVE_SECRETS) refuseSecret('are two already: remove one first');
    const { kept, secret } = this.#makeSecret();
    const overlapEnd = addSeconds(kept.createdAt, SECRET_OVERLAP_SECONDS);
    const older = live.map((one) => ({ ...one, expiresAt: one.expiresAt ?? overlapEnd }));
    return { client: await this.#update({ ...client, secrets: [...older, kept] }), secret };
  }

  /** Ends the secret with these last four characters at once, unless it is the only one. */
  async removeSecret(id: ClientId, lastFour: string): Promise<Client> {
    const client = await this.#require(id);
    const live = this.#listLiveSecrets(client);
    const remaining = live.filter((one) => one.lastFour !== lastFour);
    if (remaining.length === live.length) throw new AppError('not_found');
    if (remaining.length === 0) refuseSecret('would be none: add another first');
    return this.#update({ ...client, secrets: remaining });
  }

  /** Whether the text is one of the client's live secrets; false for a client that is gone or disabled. */
  async authenticate(id: ClientId, presentedSecret: string): Promise<boolean> {
    const client = await this.recall(id);
    if (!client || client.disabledAt) return false;
    const presented = digest(presentedSecret);
    const matches = this.#listLiveSecrets(client).map((one) => equalsInConstantTime(one.digest, presented));
    return matches.includes(true); // every secret was compared, whichever it is
  }

  /** What oidc-provider is told about the client; whoever asks it to compare secrets must ask `authenticate`. */
  toProviderMetadata(client: Client): ProviderMetadata {
    return toProviderMetadata(client, this.#placeholder);
  }

  async #require(id: ClientId): Promise<Client> {
    const client = await this.find(id);
    if (!client) throw new AppError('not_found');
    return client;
  }

  async #update(client: Client): Promise<Client> {
    const updated = { ...client, updatedAt: this.#deps.clock.now(), version: client.version + 1 };
    if (!(await this.#deps.store.update(updated))) throw new AppError('changed_meanwhile');
    return this.#memory.keep(client.id, updated);
  }

  #listLiveSecrets(client: Client): readonly ClientSecret[] {
    const now = this.#deps.clock.now();
    return client.secrets.filter(({ expiresAt }) => expiresAt === undefined || expiresAt > now);
  }

  #makeSecret(): { readonly kept: ClientSecret; readonly secret: string } {
    const secret = this.#deps.ids.newSecret();
    const kept = { digest: digest(secret), lastFour: secret.slice(-4), createdAt: this.#deps.clock.now() };
    return { kept, secret };
  }
}

function refuseSecret(message: string): never {
  throw new InputError([{ field: 'secrets', message }]);
}
