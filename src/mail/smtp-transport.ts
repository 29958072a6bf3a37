import { createTransport } from 'nodemailer';
import { findMessageId, type MailTransport, type OutgoingMail, type SendOutcome } from './mail-transport.ts';
import type { SmtpAddress } from './smtp-address.ts';

const LIMITS = {
  dnsTimeout: 5000,
  connectionTimeout: 5000,
  greetingTimeout: 5000,
  socketTimeout: 10_000,
  idleTimeout: 8000, // an idle connection is closed in good order before it times out
} as const;
/** Only our own outbox sends again: it knows when, and that it does. */
const NO_REQUEUE = 0;

/** Sends through a mail server. Connections are kept for the mails that follow. */
export class SmtpTransport implements MailTransport {
  readonly #transport: ReturnType<typeof openPool>;

  /** `connections` at once, at most. */
  constructor(address: SmtpAddress, connections: number) {
    this.#transport = openPool(address, connections);
  }

  async send(mail: OutgoingMail, signal: AbortSignal): Promise<SendOutcome> {
    try {
      await this.#transport.sendMail({
        messageId: findMessageId(mail),
        baseBoundary: mail.id,
        from: mail.from,
        to: { name: '', address: mail.to },
        date: mail.date,
        subject: mail.subject,
        text: mail.text,
        html: mail.html,
        headers: { 'Auto-Submitted': 'auto-generated' }, // RFC 3834 §5: no vacation answers
        xMailer: false,
        disableFileAccess: true,
        disableUrlAccess: true,
        signal,
      });
      return { type: 'sent' };
    } catch (error) {
      return describeFailure(error);
    }
  }

  close(): void {
    this.#transport.close({ force: true });
  }
}

function openPool({ host, port, tls, user, password = '' }: SmtpAddress, connections: number) {
  return createTransport({
    pool: true,
    host,
    port,
    secure: tls === 'immediate',
    requireTLS: tls === 'starttls',
    ignoreTLS: tls === 'none',
    tls: { rejectUnauthorized: true, minVersion: 'TLSv1.2' },
    ...(user !== undefined && { auth: { user, pass: password } }),
    maxConnections: connections,
    maxRequeues: NO_REQUEUE,
    ...LIMITS,
  });
}

/** In codes: what a server says may repeat the address or a link of the mail. */
function describeFailure(error: unknown): SendOutcome {
  const { code, command, response, responseCode } = error as SmtpFailure; // read as whatever it has of these
  const [, status] = /^\d{3}[ -](\d\.\d{1,3}\.\d{1,3})\b/.exec(response ?? '') ?? [];
  const failure = [code ?? 'unknown', responseCode, status].filter((part) => part !== undefined).join(' ');
  return { type: isFinal(command, responseCode, status) ? 'never' : 'later', failure };
}

interface SmtpFailure {
  readonly code?: string;
  readonly command?: string;
  readonly response?: string;
  readonly responseCode?: number;
}

/**
 * A recipient or a message that is refused for good (RFC 5321 §4.2.1). Refusals of the log-in, the sender, or by policy (RFC 3463 §3.8)
 * are for the operator to mend, and 503 says only that the conversation went wrong.
 */
function isFinal(command: string | undefined, responseCode = 0, status = ''): boolean {
  const isAboutThisMail = command === 'RCPT TO' || command === 'DATA';
  return isAboutThisMail && responseCode >= 500 && responseCode !== 503 && !status.startsWith('5.7.');
}
