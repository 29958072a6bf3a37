import assert from 'node:assert/strict';
import type { FolderMail } from '../../src/mail/mail-folder.ts';
import type { TestApp } from './app.ts';

/** The mails with that in their subject, the oldest first. */
export async function findMails(site: Pick<TestApp, 'mails'>, subject: string): Promise<readonly FolderMail[]> {
  return (await site.mails()).filter((mail) => mail.subject.includes(subject));
}

/** The only mail with that in its subject. */
export async function readMail(site: Pick<TestApp, 'mails'>, subject: string): Promise<FolderMail> {
  const [mail, ...others] = await findMails(site, subject);
  assert.deepEqual(others, []);
  return mail ?? assert.fail(`no mail ${subject} among ${(await site.mails()).map((one) => one.subject)}`);
}

/** The path of the link of a mail that begins with that, such as `/not-me/`. */
export function readLink({ text }: FolderMail, start: string): string {
  const line = text.split('\n').find((one) => URL.parse(one)?.pathname.startsWith(start));
  return line === undefined ? assert.fail(`no link ${start} in ${text}`) : new URL(line).pathname;
}

/** The code of a mail. */
export function readCode({ text }: FolderMail): string {
  return /^Your code: (\d{8})$/m.exec(text)?.[1] ?? assert.fail(text);
}
