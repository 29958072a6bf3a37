import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { SMTPServer } from 'smtp-server';

/** Takes every mail and forgets it. */
export class MailServer implements AsyncDisposable {
  readonly #server = new SMTPServer({
    logger: false,
    authOptional: true,
    disabledCommands: ['STARTTLS', 'AUTH'],
    closeTimeout: 1,
    onData: (stream, _session, callback) => stream.resume().once('end', callback),
  });

  private constructor() {
    this.#server.on('error', () => undefined); // servers that are killed
  }

  static async start(): Promise<MailServer> {
    const server = new MailServer();
    await once(server.#server.listen(0, '127.0.0.1'), 'listening');
    return server;
  }

  /** As `CARDEA_SMTP_URL` names it. */
  get url(): string {
    const { port } = this.#server.server.address() as AddressInfo; // it listens on a port
    return `smtp://127.0.0.1:${port}?tls=off`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await new Promise<void>((resolve) => this.#server.close(resolve));
  }
}
