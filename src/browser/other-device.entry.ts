import type { PasskeySignals } from '../wire/passkey-answers.ts';
import { startPage } from './page.ts';
import { sendSignals, signalUnknown } from './signals.ts';

const PAUSE_MS = 2000;

startPage();

const watched = document.querySelector<HTMLElement>('[data-watch]');
if (watched) watch(watched);

const { signals } = document.body.dataset;
if (signals !== undefined) sendSignals(JSON.parse(signals) as PasskeySignals); // our own page wrote it

const dropped = document.querySelector<HTMLElement>('[data-dropped]')?.dataset.dropped;
if (dropped !== undefined) {
  const { rpId, id } = JSON.parse(dropped) as { readonly rpId: string; readonly id: string }; // and this
  signalUnknown(rpId, id);
}

/** Loads the page again as soon as it would be another one. */
function watch(element: HTMLElement): void {
  setTimeout(async () => {
    if (await hasChanged(element.dataset)) window.location.replace(window.location.pathname);
    else watch(element);
  }, PAUSE_MS);
}

/** `flow`: named only where another one may take the place of the one that is shown. */
async function hasChanged({ watch: address = '', flow, state }: DOMStringMap): Promise<boolean> {
  try {
    const response = await fetch(address, { credentials: 'same-origin', headers: { accept: 'application/json' } });
    if (response.ok) {
      const now = await response.json();
      return now.state !== state || now.flow !== flow;
    }
    return response.status < 429; // signed out or too late, which the page explains; what is busy is asked again
  } catch {
    return false; // offline for a while
  }
}
