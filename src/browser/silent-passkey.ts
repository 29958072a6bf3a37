import { type PublicKeyCredentialCreationOptionsJSON, startRegistration } from '@simplewebauthn/browser';
import type { CeremonyDone } from '../wire/passkey-answers.ts';
import { postJson, Refused } from './calls.ts';
import { sendSignals, signalUnknown } from './signals.ts';

/**
 * Has the password manager that has just filled in the password make a passkey, without a word (WebAuthn Level 3 §5.1.3). Where it will
 * not, nothing happens and the page still offers one.
 */
export async function makeSilently(form: HTMLFormElement): Promise<void> {
  const { options: optionsPath = '', finish: finishPath = '' } = form.dataset;
  try {
    const capabilities = await PublicKeyCredential.getClientCapabilities();
    if (!capabilities.conditionalCreate) return;
    const optionsJSON = await postJson<PublicKeyCredentialCreationOptionsJSON>(optionsPath, { silent: true });
    const response = await startRegistration({ optionsJSON, useAutoRegister: true });
    try {
      const done = await postJson<CeremonyDone>(finishPath, { response, silent: true });
      if (done.signals) sendSignals(done.signals);
      window.location.assign(done.location);
    } catch (error) {
      const { id } = optionsJSON.rp;
      if (error instanceof Refused && id && isMadeForNothing(error)) signalUnknown(id, response.id);
    }
  } catch {
    // Nobody has asked for it, so that nobody is told that it did not come to be.
  }
}

/** The passkey is on the device by now: if the server will not have it, and nobody has that very one, the device is told to drop it. */
export function isMadeForNothing({ answer, isFinal }: Refused): boolean {
  return isFinal && answer.error !== 'already_registered';
}
