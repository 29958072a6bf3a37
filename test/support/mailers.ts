import { join } from 'node:path';
import type { Clock } from '../../src/lib/clock.ts';
import { Ids } from '../../src/lib/ids.ts';
import { createLogger, type LogDestination } from '../../src/lib/logger.ts';
import { Sealer } from '../../src/lib/seal.ts';
import type { MailTransport } from '../../src/mail/mail-transport.ts';
import { MAIL_CONCURRENCY, Mailer } from '../../src/mail/mailer.ts';
import { MAIL_LANGUAGES } from '../../src/mail/messages/languages.ts';
import type { OutboxStore } from '../../src/mail/outbox-store.ts';
import { createMailRenderer } from '../../src/mail/render-mail.ts';
import type { SmtpAddress } from '../../src/mail/smtp-address.ts';
import { SmtpTransport } from '../../src/mail/smtp-transport.ts';

const FOLDER = join(import.meta.dirname, '../../views/mail');
const NOWHERE: LogDestination = { write: () => undefined };

/** Of every test and of the processes that they start. */
export const mailSealer = new Sealer(new Uint8Array(32).fill(7), new Ids());
export const renderMail = createMailRenderer({ folder: FOLDER, languages: MAIL_LANGUAGES });

interface MailerParts {
  readonly store: OutboxStore;
  readonly clock: Clock;
  /** Of the mail server, unless there is another transport. */
  readonly address?: SmtpAddress;
  readonly transport?: MailTransport;
  readonly ids?: Ids;
  readonly log?: LogDestination;
  readonly stopMs?: number;
}

/** A mailer of the address `no-reply@id.example.com`. Its pauses are the longest unless it gets ids of another chance. */
export function buildMailer({ address, log = NOWHERE, ids = withoutChance(), ...parts }: MailerParts): Mailer {
  const nowhere: SmtpAddress = { host: '127.0.0.1', port: 1, tls: 'none' };
  return new Mailer({
    transport: new SmtpTransport(address ?? nowhere, MAIL_CONCURRENCY),
    sealer: mailSealer,
    render: renderMail,
    fromAddress: 'no-reply@id.example.com',
    ids,
    logger: createLogger({ level: 'debug', format: 'json', destination: log }),
    ...parts,
  });
}

function withoutChance(): Ids {
  return new Ids((length) => new Uint8Array(length));
}
