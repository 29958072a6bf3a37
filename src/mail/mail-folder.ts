import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { findMessageId, type MailTransport, type OutgoingMail, type SendOutcome } from './mail-transport.ts';

/** A mail that lies in the folder. */
export interface FolderMail {
  /** Of its file, without the ending. */
  readonly name: string;
  readonly date: Date;
  readonly to: string;
  readonly subject: string;
  readonly text: string;
  readonly html: string;
}

const ENDING = '.eml';
const NAME = /^\d{8}T\d{6}\d{3}Z-[\w-]{22}$/;
const LISTED = 200;

/** For development: mails are laid into a folder, one file each, which mail programs open and people can read as they are. */
export class MailFolder implements MailTransport {
  readonly #path: string;

  /** The folder is made with the first mail. */
  constructor(path: string) {
    this.#path = path;
  }

  /** A mail that is sent again takes the place of itself. */
  async send(mail: OutgoingMail): Promise<SendOutcome> {
    const file = join(this.#path, `${mail.date.toISOString().replaceAll(/[-:.]/g, '')}-${mail.id}${ENDING}`);
    await mkdir(this.#path, { recursive: true, mode: 0o700 });
    await writeFile(`${file}.part`, writeMessage(mail), { mode: 0o600 });
    await rename(`${file}.part`, file); // so that nobody reads a half
    return { type: 'sent' };
  }

  close(): void {}

  /** The newest first, two hundred at most. */
  async list(): Promise<readonly FolderMail[]> {
    const files = await readdir(this.#path).catch(ignoreAbsent);
    const names = (files ?? []).filter((file) => file.endsWith(ENDING)).map((file) => file.slice(0, -ENDING.length));
    const newest = names.toSorted().toReversed().slice(0, LISTED);
    const mails = await Promise.all(newest.map((name) => this.find(name)));
    return mails.filter((mail) => mail !== undefined);
  }

  async find(name: string): Promise<FolderMail | undefined> {
    if (!NAME.test(name)) return undefined;
    const message = await readFile(join(this.#path, `${name}${ENDING}`), 'utf8').catch(ignoreAbsent);
    return message === undefined ? undefined : { name, ...readMessage(message) };
  }
}

/** With its parts as they are: every line of ours is short enough, and UTF-8 may stand in headers too (RFC 6532). */
function writeMessage(mail: OutgoingMail): string {
  const { id, from, to, date, subject, text, html } = mail;
  const headers = [
    `From: ${JSON.stringify(from.name)} <${from.address}>`,
    `To: ${to}`,
    `Subject: ${subject}`,
    `Date: ${date.toUTCString()}`,
    `Message-ID: ${findMessageId(mail)}`,
    'Auto-Submitted: auto-generated',
    'MIME-Version: 1.0',
    `Content-Type: multipart/alternative; boundary="${id}"`,
  ];
  const parts = [
    ['plain', text],
    ['html', html],
  ].map(([type, content]) =>
    [`Content-Type: text/${type}; charset=utf-8`, 'Content-Transfer-Encoding: 8bit', '', content].join('\n'),
  );
  return [...headers, '', ...parts.map((part) => `--${id}\n${part}`), `--${id}--`, ''].join('\n');
}

/** Reads what `writeMessage` has written. */
function readMessage(message: string): Omit<FolderMail, 'name'> {
  const [head = '', ...parts] = message.split(/^--[\w-]{22}(?:--)?\n/m);
  const header = (name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(head)?.[1] ?? '';
  const [text = '', html = ''] = parts.map((part) => part.slice(part.indexOf('\n\n') + 2));
  return { date: new Date(header('Date')), to: header('To'), subject: header('Subject'), text, html };
}

function ignoreAbsent(error: unknown): undefined {
  if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
  throw error;
}
