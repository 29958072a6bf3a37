import {
  browserSupportsWebAuthn,
  type PublicKeyCredentialCreationOptionsJSON,
  startRegistration,
} from '@simplewebauthn/browser';
import type { CeremonyDone } from '../wire/passkey-answers.ts';
import { postJson, Refused } from './calls.ts';
import { explain } from './explain.ts';
import { hideNotice, isWorking, setReady, setWorking, showNotice, showPasskeyWays, startPage } from './page.ts';
import { sendSignals, signalUnknown } from './signals.ts';

startPage();

const form = document.querySelector<HTMLFormElement>('form[data-register]');
const button = form?.querySelector<HTMLButtonElement>('button[data-needs-passkeys]');
if (form && button) {
  if (browserSupportsWebAuthn()) {
    showPasskeyWays();
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      if (!isWorking(button)) void register(form, button);
    });
  } else {
    showNotice('neutral', form.dataset.unsupported ?? '', form.dataset.unsupportedNext);
  }
}

/** Makes a passkey with what the form says and goes on; otherwise says why there is none. */
async function register(form: HTMLFormElement, button: HTMLButtonElement): Promise<void> {
  setWorking(button, form.dataset.waiting);
  hideNotice();
  try {
    const fields = Object.fromEntries(new FormData(form));
    const optionsJSON = await postJson<PublicKeyCredentialCreationOptionsJSON>(form.dataset.options ?? '', fields);
    const response = await startRegistration({ optionsJSON });
    const done = await finish({ ...fields, response }, optionsJSON.rp.id, response.id);
    if (done.signals) sendSignals(done.signals);
    window.location.assign(done.location);
  } catch (error) {
    if (error instanceof Refused && error.answer.error === 'confirmation_required') {
      window.location.reload(); // the page itself leads to where it is confirmed, and is where that leads back to
      return;
    }
    setReady(button);
    explain(error, form);
  }

  /** The passkey exists on the device by now: if the server will not have it, the device is told to drop it. */
  async function finish(body: unknown, rpId: string | undefined, passkeyId: string): Promise<CeremonyDone> {
    try {
      return await postJson<CeremonyDone>(form.dataset.finish ?? '', body);
    } catch (error) {
      if (error instanceof Refused && rpId) signalUnknown(rpId, passkeyId);
      throw error;
    }
  }
}
