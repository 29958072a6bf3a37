import { parseEmail } from '../accounts/email.ts';
import { AppError } from '../lib/app-error.ts';
import type { Clock } from '../lib/clock.ts';
import { digest } from '../lib/digest.ts';
import type { Ids, MailId } from '../lib/ids.ts';
import type { Sealer } from '../lib/seal.ts';
import type { Letter } from './mail-message.ts';
import type { OutboxStore } from './outbox-store.ts';
import { sealLetter } from './sealed-letter.ts';

interface Deps {
  readonly store: OutboxStore;
  readonly sealer: Sealer;
  readonly ids: Ids;
  readonly clock: Clock;
  /** Called when there is a new mail to send, so that it need not wait for the worker to look. */
  readonly onEnqueued?: (() => void) | undefined;
}

export interface MailRequest extends Letter {
  /** Of requests with the same one, as far back as the outbox remembers, the first is sent. */
  readonly dedupeKey?: string | undefined;
  /** A mail that cannot be sent by then is of no use any more. */
  readonly expiresAt: Date;
}

/** Line breaks and other controls, and halves of characters: in a header they would begin another one. */
const CONTROLS = /[\p{Cc}\p{Zl}\p{Zp}\p{Cs}]/u;

/** Takes mails to be sent. What is taken is sent, or given up when its time is over, whatever crashes in between. */
export class Outbox {
  readonly #deps: Deps;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /**
   * Stores a mail and returns; sending is the Mailer's. False when one with the same deduplication key is there already.
   * Throws `malformed_request` for an address that is none and for any text with control characters in it.
   */
  async enqueue({ dedupeKey, expiresAt, ...letter }: MailRequest): Promise<boolean> {
    const { store, sealer, ids, clock, onEnqueued } = this.#deps;
    requireSendable(letter);
    const id = ids.newId<MailId>();
    const inserted = await store.insert({
      id,
      dedupeKey: dedupeKey === undefined ? undefined : digest(dedupeKey), // it may name people
      kind: letter.message.type,
      sealedLetter: sealLetter(sealer, id, letter),
      createdAt: clock.now(),
      expiresAt,
    });
    if (inserted) onEnqueued?.();
    return inserted;
  }
}

function requireSendable({ to, organizationName, message }: Letter): void {
  if (!parseEmail(to)) throw new AppError('malformed_request', { field: 'to' });
  const texts = [organizationName, ...Object.values(message)].filter((value) => typeof value === 'string');
  if (texts.some((text) => CONTROLS.test(text))) throw new AppError('malformed_request', { field: 'message' });
}
