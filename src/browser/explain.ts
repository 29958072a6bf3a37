import { Refused } from './calls.ts';
import { showNotice } from './page.ts';

/** Says why a ceremony ended without a passkey, in the sentences that `words` carries in its data attributes. */
export function explain(error: unknown, words: HTMLElement): void {
  if (error instanceof Refused) {
    showNotice('error', error.answer.message, error.answer.next);
    return;
  }
  const name = error instanceof Error ? error.name : '';
  const say = (tone: 'error' | 'neutral', key: string) =>
    showNotice(
      tone,
      words.dataset[key] ?? '',
      words.dataset[`${key}Next`]?.replace('{origin}', window.location.origin),
    );
  // Another ceremony took its place, which has its own outcome.
  if (name === 'AbortError') return;
  // A cancel, a time-out and "there is none" cannot be told apart (WebAuthn Level 3 §14.5), and none is anybody's fault.
  if (name === 'NotAllowedError') say('neutral', 'cancelled');
  else if (name === 'InvalidStateError') say('neutral', 'existing');
  else if (name === 'SecurityError') say('error', 'address');
  else say('error', 'failed');
}
