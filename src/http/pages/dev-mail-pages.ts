import Router from '@koa/router';
import { AppError } from '../../lib/app-error.ts';
import type { FolderMail, MailFolder } from '../../mail/mail-folder.ts';
import type { AppMiddleware, AppState } from '../app-context.ts';
import type { DevMailRow, ViewModels } from '../view-models.ts';
import type { Pages } from './pages.ts';

interface Deps {
  readonly mailFolder: MailFolder;
  readonly issuer: string;
  readonly pages: Pages;
}

const LOOPBACK = /^(127\.\d+\.\d+\.\d+|::1|::ffff:127\.\d+\.\d+\.\d+)$/;
/** As strict as a mail program: a page of its own origin, without scripts, that loads nothing. */
const MAIL_POLICY =
  "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** For development: the mails that would have been sent, for whoever sits at this machine. Production has no such routes. */
export function createDevMailPages({ mailFolder, issuer, pages }: Deps): Router<AppState> {
  const router = new Router<AppState>({ prefix: '/dev/mail' });
  const shell = { organizationName: pages.organizationName };
  router.use(onlyLoopback);

  router.get('/', async (ctx) => {
    const mails = (await mailFolder.list()).map(toRow);
    pages.send(ctx, 'dev-mail', { ...shell, mails });
  });

  router.get('/:name', async (ctx) => {
    const mail = await requireMail(ctx.params.name);
    pages.send(ctx, 'dev-mail-message', { ...shell, mail: toRow(mail), paragraphs: readParagraphs(mail.text, issuer) });
  });

  router.get('/:name/html', async (ctx) => {
    const { html } = await requireMail(ctx.params.name);
    ctx.set('Content-Security-Policy', MAIL_POLICY);
    ctx.type = 'html';
    ctx.body = html;
  });

  async function requireMail(name = ''): Promise<FolderMail> {
    const mail = await mailFolder.find(name);
    if (!mail) throw new AppError('not_found');
    return mail;
  }

  return router;
}

/** The mails have links that open accounts; whatever came through a proxy may have come from anywhere. */
const onlyLoopback: AppMiddleware = async (ctx, next) => {
  const isForwarded = ctx.get('x-forwarded-for') !== '' || ctx.get('forwarded') !== '';
  if (isForwarded || !LOOPBACK.test(ctx.state.clientAddress)) throw new AppError('not_found');
  await next();
};

function toRow({ name, to, subject, date }: FolderMail): DevMailRow {
  return { name, to, subject, sentAt: date };
}

/** The text with what leads to this server as links. */
function readParagraphs(text: string, issuer: string): ViewModels['dev-mail-message']['paragraphs'] {
  return text
    .trim()
    .split('\n\n')
    .map((paragraph) => paragraph.split('\n').map((line) => ({ text: line, path: findPath(line, issuer) })));
}

function findPath(line: string, issuer: string): string | undefined {
  const url = line.startsWith(`${issuer}/`) ? URL.parse(line) : null;
  return url ? url.pathname + url.search : undefined;
}
