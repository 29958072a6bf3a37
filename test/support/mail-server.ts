import type { AddressInfo, Socket } from 'node:net';
import type { TestContext } from 'node:test';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';
import type { SmtpAddress } from '../../src/mail/smtp-address.ts';

/** A message as the server got it, whatever it answered. */
export interface ReceivedMail {
  readonly from: string;
  readonly to: readonly string[];
  readonly raw: string;
  readonly messageId: string;
  readonly subject: string;
}

/**
 * What becomes of the next message: it is taken; the recipient or the message is refused with a reply such as `451 4.3.0 busy`; nothing is
 * answered; or the connection ends once the server has it all.
 */
export type Behaviour =
  | 'accept'
  | 'hang'
  | 'drop'
  | { readonly refuseRecipient: string }
  | { readonly refuseMessage: string };

/** A mail server of the test's own, on a free port of loopback. */
export class MailServer {
  readonly received: ReceivedMail[] = [];
  /** Called with each message before it is answered. */
  onMessage: (mail: ReceivedMail) => void = () => undefined;
  /** For the messages to come, in their order; what follows is accepted. */
  readonly #behaviours: Behaviour[] = [];
  readonly #waiting: { readonly count: number; readonly resolve: () => void }[] = [];
  readonly #server: SMTPServer;
  readonly #sockets = new Set<Socket>();

  /** It ends with the test. */
  static async start(t: TestContext, options: SMTPServerOptions = {}): Promise<MailServer> {
    const server = new MailServer(options);
    t.after(() => server.#stop());
    await new Promise<void>((resolve) => server.#server.listen(0, '127.0.0.1', resolve));
    return server;
  }

  constructor(options: SMTPServerOptions) {
    this.#server = new SMTPServer({
      logger: false,
      authOptional: true,
      disabledCommands: ['STARTTLS', 'AUTH'],
      closeTimeout: 1,
      ...options,
      onRcptTo: (_address, _session, callback) => callback(this.#refuse('refuseRecipient')),
      onData: (stream, session, callback) => {
        const chunks: Buffer[] = [];
        stream.on('data', (chunk: Buffer) => chunks.push(chunk));
        stream.on('end', () => {
          const { mailFrom, rcptTo } = session.envelope;
          const raw = Buffer.concat(chunks).toString();
          this.#take({
            from: mailFrom ? mailFrom.address : '',
            to: rcptTo.map(({ address }) => address),
            raw,
            messageId: /^Message-ID: (.*)$/im.exec(raw)?.[1]?.trim() ?? '',
            subject: /^Subject: (.*)$/im.exec(raw)?.[1]?.trim() ?? '',
          });
          const refusal = this.#refuse('refuseMessage');
          const behaviour = refusal ? 'accept' : (this.#behaviours.shift() ?? 'accept');
          if (behaviour === 'drop') for (const socket of this.#sockets) socket.destroy();
          else if (behaviour !== 'hang') callback(refusal);
        });
      },
    });
    this.#server.server.on('connection', (socket) => this.#sockets.add(socket));
    this.#server.on('error', () => undefined); // clients that go away
  }

  get address(): SmtpAddress {
    const { port } = this.#server.server.address() as AddressInfo; // it listens on a port
    return { host: '127.0.0.1', port, tls: 'none' };
  }

  behave(...behaviours: readonly Behaviour[]): void {
    this.#behaviours.push(...behaviours);
  }

  /** Resolves when so many messages were received in all. */
  async waitFor(count: number): Promise<void> {
    if (this.received.length >= count) return;
    await new Promise<void>((resolve) => this.#waiting.push({ count, resolve }));
  }

  #stop(): Promise<void> {
    return new Promise((resolve) => this.#server.close(resolve));
  }

  #take(mail: ReceivedMail): void {
    this.received.push(mail);
    this.onMessage(mail);
    for (const { count, resolve } of this.#waiting) if (this.received.length >= count) resolve();
  }

  /** The refusal that is next, if it is one of that kind. */
  #refuse(kind: 'refuseRecipient' | 'refuseMessage'): Error | null {
    const [next] = this.#behaviours;
    if (typeof next !== 'object' || !(kind in next)) return null;
    this.#behaviours.shift();
    const reply = Object.values(next).join();
    return Object.assign(new Error(reply.slice(4)), { responseCode: Number(reply.slice(0, 3)) });
  }
}
