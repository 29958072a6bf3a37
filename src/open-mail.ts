import { join } from 'node:path';
import type { Config } from '../config/load.ts';
import type { Clock } from './lib/clock.ts';
import type { Ids } from './lib/ids.ts';
import type { Logger } from './lib/logger.ts';
import type { Sealer } from './lib/seal.ts';
import { MailFolder } from './mail/mail-folder.ts';
import { MAIL_CONCURRENCY, Mailer } from './mail/mailer.ts';
import { MAIL_LANGUAGES } from './mail/messages/languages.ts';
import { Outbox } from './mail/outbox.ts';
import { createMailRenderer } from './mail/render-mail.ts';
import { parseSmtpAddress } from './mail/smtp-address.ts';
import { SmtpTransport } from './mail/smtp-transport.ts';
import type { Storage } from './storage/storage.ts';

interface MailParts {
  readonly config: Config;
  /** Absent in development: mails are laid into a folder then. */
  readonly smtpUrl?: string | undefined;
  readonly storage: Storage;
  readonly sealer: Sealer;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly logger: Logger;
}

/** The mails of an installation: where they are put, and how they leave. */
export interface Mail {
  readonly outbox: Outbox;
  /** Where mails lie that would have been sent. */
  readonly folder?: MailFolder | undefined;
  /** Sends from now on. The command line never does: what it puts into the outbox is sent by the server. */
  start(): void;
  /** Resolves when nothing is under way. */
  settle(): Promise<void>;
  stop(): Promise<void>;
}

const VIEWS = join(import.meta.dirname, '../views/mail');

/** Puts outbox and mailer together; nothing is sent yet. Throws an Error of one line for an address that is none. */
export function openMail({ config, smtpUrl, storage, ...parts }: MailParts): Mail {
  const folder = new MailFolder(join(config.dataDir, 'outbox'));
  const transport = smtpUrl === undefined ? folder : new SmtpTransport(parseSmtpAddress(smtpUrl), MAIL_CONCURRENCY);
  const render = createMailRenderer({ folder: VIEWS, languages: MAIL_LANGUAGES });
  const store = storage.outbox;
  const mailer = new Mailer({ ...parts, store, render, transport, fromAddress: config.mailFrom });
  let isSending = false;
  const outbox = new Outbox({
    ...parts,
    store,
    onEnqueued: () => {
      if (isSending) mailer.wake();
    },
  });
  return {
    outbox,
    folder: transport === folder ? folder : undefined,
    start() {
      isSending = true;
      mailer.start();
    },
    settle: () => mailer.settle(),
    stop: () => mailer.stop(),
  };
}
