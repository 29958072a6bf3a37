import { browserSupportsWebAuthn } from '@simplewebauthn/browser';
import type { CeremonyDone } from '../wire/passkey-answers.ts';
import { postJson, Refused } from './calls.ts';
import { explain } from './explain.ts';
import { hideNotice, setReady, setWorking, showNotice, showPasskeyWays } from './page.ts';
import { sendSignals, signalUnknown } from './signals.ts';

/** What a form sends beside what the device answers. */
type Fields = Readonly<Record<string, unknown>>;

interface Ceremony<Options> {
  /** Asks the device. */
  run(options: Options): Promise<{ readonly id: string }>;
  findRpId(options: Options): string | undefined;
  /** Whether the password manager should drop the passkey that was refused with this. */
  isUnknown(refusal: Refused): boolean;
}

/** Sends a form by means of a passkey: `data-options` asks the server what for, `data-finish` takes the answer of the device. */
export function startCeremonyForm<Options>(form: HTMLFormElement, ceremony: Ceremony<Options>): void {
  const button = form.querySelector<HTMLButtonElement>('button[data-needs-passkeys]');
  if (!button) return;
  if (!browserSupportsWebAuthn()) {
    showNotice('neutral', form.dataset.unsupported ?? '', form.dataset.unsupportedNext);
    return;
  }
  showPasskeyWays();
  let isSending = false;
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    if (!isSending) void send(event.submitter instanceof HTMLButtonElement ? event.submitter : button);
  });

  /** Goes on with what the device answers; otherwise says why there is nothing to go on with. */
  async function send(pressed: HTMLButtonElement): Promise<void> {
    isSending = true;
    const fields = Object.fromEntries(new FormData(form, pressed)); // what the button says comes last, and counts
    setWorking(pressed, form.dataset.waiting);
    hideNotice();
    try {
      const options = await postJson<Options>(form.dataset.options ?? '', fields);
      const done = await finish(fields, options);
      if (done.signals) sendSignals(done.signals);
      window.location.assign(done.location);
    } catch (error) {
      if (error instanceof Refused && error.answer.error === 'confirmation_required') {
        window.location.reload(); // the page itself leads to where it is confirmed, and is where that leads back to
        return;
      }
      isSending = false;
      setReady(pressed);
      explain(error, form);
    }
  }

  async function finish(fields: Fields, options: Options): Promise<CeremonyDone> {
    const response = await ceremony.run(options);
    try {
      return await postJson<CeremonyDone>(form.dataset.finish ?? '', { ...fields, response });
    } catch (error) {
      const rpId = ceremony.findRpId(options);
      if (error instanceof Refused && rpId && ceremony.isUnknown(error)) signalUnknown(rpId, response.id);
      throw error;
    }
  }
}
