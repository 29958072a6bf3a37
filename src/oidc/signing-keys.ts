import type { Provider } from 'oidc-provider';
// @ts-expect-error oidc-provider takes keys anew in no other way, and publishes no types of its inner files.
import initializeKeyStore from 'oidc-provider/lib/helpers/initialize_keystore.js';
import type { Keyring } from '../keys/keyring.ts';
import type { Logger } from '../lib/logger.ts';

interface Deps {
  readonly provider: Provider;
  readonly keyring: Keyring;
  readonly logger: Pick<Logger, 'warn'>;
}

/** A key is published for much longer than this before it signs. */
const POLL_MS = 5000;
/** What it does to a provider, checked when it starts. */
const useKeys: (this: Provider, jwks: { readonly keys: Awaited<ReturnType<Keyring['signingJwks']>> }) => void =
  initializeKeyStore;

/**
 * Keeps the keys of the provider those of the store, which other processes change too, and whose turn comes with time. The store is
 * asked every five seconds: to be told of changes instead takes a replica set (the change streams of MongoDB) or another server, and may
 * be missed; a poll needs neither and heals whatever went wrong before.
 */
export class SigningKeys {
  readonly #deps: Deps;
  #version = '';
  #timer: NodeJS.Timeout | undefined;
  #polling: Promise<void> | undefined;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /** Changes with the keys that the provider has. */
  get version(): string {
    return this.#version;
  }

  /** Gives the provider the keys of the store, unless it has them. */
  async refresh(): Promise<void> {
    const { keyring, provider } = this.#deps;
    const version = await keyring.version(); // read first: what changes after it is seen the next time
    if (version === this.#version) return;
    useKeys.call(provider, { keys: await keyring.signingJwks() });
    this.#version = version;
  }

  /** From now on the keys are kept those of the store. Where that does not answer, or holds what cannot be read, the last good ones stay. */
  start(): void {
    this.#timer = setInterval(() => {
      this.#polling = this.#poll();
    }, POLL_MS).unref();
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#polling;
  }

  async #poll(): Promise<void> {
    try {
      await this.refresh();
    } catch (error) {
      this.#deps.logger.warn({ error }, 'the signing keys could not be read anew');
    }
  }
}
