import {
  type AuthenticationResponseJSON,
  browserSupportsWebAuthnAutofill,
  type PublicKeyCredentialRequestOptionsJSON,
  platformAuthenticatorIsAvailable,
  startAuthentication,
  WebAuthnAbortService,
} from '@simplewebauthn/browser';
import type { CeremonyDone } from '../wire/passkey-answers.ts';
import { postJson, Refused } from './calls.ts';
import { explain } from './explain.ts';
import { hideNotice, isWorking, setReady, setWorking } from './page.ts';
import { sendSignals, signalUnknown } from './signals.ts';

/** The server forgets a challenge after five minutes. */
const CHALLENGE_FRESH_MS = 4 * 60_000;

/** Signs in with a passkey: from the browser's list under the e-mail field, or by the button. One of the two runs at a time. */
export class PasskeySignIn {
  readonly #button: HTMLButtonElement;
  /** Grows with each ceremony; one whose number has passed stays silent. */
  #turn = 0;
  /** When the challenge behind the list was fetched, in milliseconds of the wall clock; absent while there is none. */
  #listedAt: number | undefined;
  /** As the server last said; what password managers are told is about it. */
  #rpId: string | undefined;

  constructor(button: HTMLButtonElement) {
    this.#button = button;
  }

  start(): void {
    this.#button.addEventListener('click', () => void this.#signInByButton());
    const renew = () => void this.#renewList();
    window.addEventListener('focus', renew);
    document.addEventListener('focusin', renew);
    document.addEventListener('visibilitychange', renew);
    window.addEventListener('pageshow', (event) => {
      if (event.persisted) void this.#signInByList();
    });
    void this.#signInByList();
  }

  /** Fills the list under the e-mail field. Whatever fails before the person has chosen a passkey stays silent. */
  async #signInByList(): Promise<void> {
    const turn = ++this.#turn;
    const response = await this.#chooseFromList(turn).catch(() => undefined);
    if (!response || turn !== this.#turn) return;
    setWorking(this.#button, this.#button.dataset.waiting);
    await this.#finish(response).catch((error) => this.#fail(error));
  }

  async #chooseFromList(turn: number): Promise<AuthenticationResponseJSON | undefined> {
    if (!document.querySelector('input[autocomplete$="webauthn"]')) return undefined;
    if (!(await browserSupportsWebAuthnAutofill())) return undefined;
    const optionsJSON = await this.#fetchOptions();
    if (turn !== this.#turn) return undefined;
    this.#listedAt = Date.now(); // not performance.now(), which stands still while a laptop sleeps
    return startAuthentication({ optionsJSON, useBrowserAutofill: true });
  }

  async #renewList(): Promise<void> {
    if (document.hidden || isWorking(this.#button) || this.#listedAt === undefined) return;
    if (Date.now() - this.#listedAt < CHALLENGE_FRESH_MS) return;
    this.#listedAt = undefined;
    await this.#signInByList();
  }

  async #signInByButton(): Promise<void> {
    if (isWorking(this.#button)) return;
    ++this.#turn;
    setWorking(this.#button, this.#button.dataset.waiting);
    hideNotice();
    WebAuthnAbortService.cancelCeremony();
    try {
      await this.#finish(await startAuthentication({ optionsJSON: await this.#fetchOptions() }));
    } catch (error) {
      this.#fail(error);
    }
  }

  async #fetchOptions(): Promise<PublicKeyCredentialRequestOptionsJSON> {
    const options = await postJson<PublicKeyCredentialRequestOptionsJSON>(this.#button.dataset.options ?? '', {});
    this.#rpId = options.rpId;
    return options;
  }

  async #finish(response: AuthenticationResponseJSON): Promise<void> {
    try {
      const local = (await couldBeLocal(response)) ? '?local=yes' : '';
      const done = await postJson<CeremonyDone>(`${this.#button.dataset.finish}${local}`, response);
      if (done.signals) sendSignals(done.signals);
      window.location.assign(done.location);
    } catch (error) {
      const isUnknown = error instanceof Refused && error.answer.reason === 'unknown';
      if (isUnknown && this.#rpId) signalUnknown(this.#rpId, response.id);
      throw error;
    }
  }

  #fail(error: unknown): void {
    setReady(this.#button, this.#button.dataset.again);
    explain(error, this.#button);
    if (!(error instanceof Refused)) {
      void this.#signInByList();
      return;
    }
    // The list comes back when the person does: an authenticator that answers by itself would be refused without end.
    this.#listedAt = 0;
  }
}

/** Whether the answer came from a phone or a key, while this device could hold a passkey of its own. */
async function couldBeLocal({ authenticatorAttachment }: AuthenticationResponseJSON): Promise<boolean> {
  if (authenticatorAttachment !== 'cross-platform') return false;
  return platformAuthenticatorIsAvailable().catch(() => false);
}
