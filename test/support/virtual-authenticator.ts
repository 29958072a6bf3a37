import { generateKeyPairSync } from 'node:crypto';
import { type EventEmitter, once } from 'node:events';
import type { CDPSession, Page } from 'playwright-core';
import type { Account } from '../../src/accounts/account-store.ts';
import type { App } from '../../src/app.ts';
import type { Passkey } from '../../src/passkeys/passkey-store.ts';
import { toCoseKey } from './authenticator.ts';
import { buildPasskey } from './builders.ts';
import { encodeCbor } from './cbor.ts';

const SIGNAL_LIMIT_MS = 10_000;
/** More than any test adds. */
const MAX_PASSKEYS = 20;

/** A passkey device of a tab, as Chromium emulates one: it answers at once unless told otherwise. */
export class VirtualAuthenticator {
  readonly #session: CDPSession;
  readonly #id: string;
  readonly #dropped: string[] = [];
  readonly #renamed: string[] = [];

  private constructor(session: CDPSession, id: string) {
    this.#session = session;
    this.#id = id;
    session.on('WebAuthn.credentialDeleted', ({ credentialId }) => this.#dropped.push(toBase64Url(credentialId)));
    session.on('WebAuthn.credentialUpdated', ({ credential }) => this.#renamed.push(credential.userName ?? ''));
  }

  /** `internal`: of the device itself, of which a tab has one at most. */
  static async attach(
    page: Page,
    transport: 'internal' | 'hybrid' | 'usb' = 'internal',
  ): Promise<VirtualAuthenticator> {
    const session = await page.context().newCDPSession(page);
    await session.send('WebAuthn.enable', {});
    const { authenticatorId } = await session.send('WebAuthn.addVirtualAuthenticator', {
      options: {
        protocol: 'ctap2',
        transport,
        hasResidentKey: true,
        hasUserVerification: true,
        isUserVerified: true,
        automaticPresenceSimulation: true,
      },
    });
    return new VirtualAuthenticator(session, authenticatorId);
  }

  /** Whether the person touches it when asked; off, a ceremony waits. Autofill answers at once while it is on. */
  async setPresence(enabled: boolean): Promise<void> {
    await this.#session.send('WebAuthn.setAutomaticPresenceSimulation', { authenticatorId: this.#id, enabled });
  }

  /** Off, every ceremony ends at once as if the person had cancelled it. */
  async setUserVerified(isUserVerified: boolean): Promise<void> {
    await this.#session.send('WebAuthn.setUserVerified', { authenticatorId: this.#id, isUserVerified });
  }

  /** On: what it answers says that nobody was there, as when a password manager makes a passkey by itself. */
  async setUnattended(enabled: boolean): Promise<void> {
    const authenticatorId = this.#id;
    await this.#session.send('WebAuthn.setResponseOverrideBits', {
      authenticatorId,
      isBadUP: enabled,
      isBadUV: enabled,
    });
  }

  async countPasskeys(): Promise<number> {
    return (await this.listNames()).length;
  }

  /** Whose its passkeys are, as a person reads it when choosing among them. */
  async listNames(): Promise<readonly string[]> {
    const { credentials } = await this.#session.send('WebAuthn.getCredentials', { authenticatorId: this.#id });
    return credentials.map(({ userName }) => userName ?? '');
  }

  /** Gives an account a passkey that was made here earlier: its private half to the device, its public half to the server. */
  async addPasskey({ storage }: App, account: Account, overrides: Partial<Passkey> = {}): Promise<Passkey> {
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const passkey = buildPasskey({
      accountId: account.id,
      publicKey: encodeCbor(toCoseKey('ES256', publicKey)),
      verifiedAt: account.createdAt,
      ...overrides,
    });
    await storage.passkeys.insert(passkey, MAX_PASSKEYS);
    await this.#session.send('WebAuthn.addCredential', {
      authenticatorId: this.#id,
      credential: {
        credentialId: toBase64(passkey.id),
        isResidentCredential: true,
        rpId: passkey.rpId,
        privateKey: privateKey.export({ format: 'der', type: 'pkcs8' }).toString('base64'),
        userHandle: Buffer.from(account.userHandle).toString('base64'),
        userName: account.email,
        signCount: passkey.counter,
        backupEligibility: passkey.backupEligible,
        backupState: passkey.backedUp,
      },
    });
    return passkey;
  }

  /** The id of the passkey that a page told it first to drop, or tells it within the next seconds. */
  takeDropped(): Promise<string> {
    return this.#take(this.#dropped, 'WebAuthn.credentialDeleted');
  }

  /** Whose a page said that a passkey is, likewise, where it was another name before. */
  takeRenamed(): Promise<string> {
    return this.#take(this.#renamed, 'WebAuthn.credentialUpdated');
  }

  async #take(heard: string[], event: string): Promise<string> {
    const emitter = this.#session as unknown as EventEmitter; // it is one, which its type does not say
    const signal = AbortSignal.timeout(SIGNAL_LIMIT_MS);
    while (heard.length === 0) await once(emitter, event, { signal });
    return heard.shift() ?? '';
  }
}

function toBase64(id: string): string {
  return Buffer.from(id, 'base64url').toString('base64');
}

function toBase64Url(id: string): string {
  return Buffer.from(id, 'base64').toString('base64url');
}
